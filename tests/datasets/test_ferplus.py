"""FERPlus on its miniature, from archives to pixels, whole and damaged."""

import numpy as np
import pytest
from miniatures import ferplus
from miniatures.drawing import counted, place, unpack

from fer_bench.datasets import get_dataset, get_pack
from fer_bench.datasets.ferplus import SOURCE
from fer_bench.datasets.ferplus_files import FER2013_LABELS
from fer_bench.datasets.ferplus_join import LABEL_FILES
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError
from fer_bench.labels import EIGHT, Expression

TABLE = ferplus.rows()


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ferplus")
    return unpack(ferplus.write(folder / "downloads"), folder / "unpacked")


@pytest.fixture
def raw(unpacked, tmp_path):
    return place(SOURCE, unpacked, tmp_path / "raw")


def edit(path, change):
    lines = path.read_text().splitlines()
    change(lines)
    path.write_text("\n".join(lines) + "\n")


def test_from_archives_to_pixels(raw):
    index = SOURCE.index(raw, {})
    assert counted(index) == ferplus.EXPECTED
    assert index["sample_id"].is_unique
    assert index["sample_id"].is_monotonic_increasing
    for row in index.to_dict("records")[::7]:
        pixels = SOURCE.load(raw, row, {})
        assert (pixels.shape, pixels.dtype) == ((48, 48, 3), np.uint8)
        want = ferplus.pixels_of(TABLE[row["fer2013_row"]], row["fer2013_row"])
        for channel in range(3):
            assert " ".join(map(str, pixels[..., channel].ravel())) == want
    inventory = SOURCE.inventory(raw)
    assert (inventory.listed, inventory.present) == (64, 64)
    assert inventory.notes == (
        "1 row without a name: left out",
        "1 row with another row's name: left out",
        "1 row without a majority: left out",
    )


def test_a_face_gets_its_own_label_and_pixels_by_row_then_by_name(raw):
    """Names lag behind rows by one where a row has no name, so position is not identity."""
    index = SOURCE.index(raw, {}).set_index("sample_id")
    for number, row in enumerate(TABLE):
        if number in (2, 5, 7):
            continue
        assert index.loc[row.name, "fer2013_row"] == number
        assert index.loc[row.name, "label"] == row.face
        assert tuple(index.loc[row.name, "votes"]) == row.votes
    assert (index.index.str[3:].astype(int) != index["fer2013_row"]).any()


def test_the_misnamed_row_is_dropped_not_the_one_it_is_named_after(raw):
    index = SOURCE.index(raw, {}).set_index("sample_id")
    assert TABLE[5].name == "fer0000012"
    rows = [n for n, row in enumerate(TABLE) if row.name == "fer0000012"]
    assert index.loc["fer0000012", "fer2013_row"] == max(rows) != 5
    assert 5 not in set(index["fer2013_row"])


def test_labels_are_the_shared_order_both_ways(raw):
    index = SOURCE.index(raw, {})
    for code, name in enumerate(EIGHT):
        own = set(index.loc[index["label"] == code, "sample_id"])
        assert own == {n for split in ferplus.USAGES for n in ferplus.names(split, code)}
        assert Expression[name] == code
    # FER2013's own codes, as its README lists them.
    assert FER2013_LABELS == (
        "anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"
    )  # fmt: skip
    known = index[index["label"] != Expression.contempt]
    assert [Expression[name] for name in known["fer2013_label"]] == known["label"].tolist()


def test_votes_from_the_other_source(raw):
    mine, theirs = (SOURCE.index(raw, {"votes": v}) for v in ("label_csv", "fer2013new"))
    changed = mine["label"] != theirs["label"]
    assert mine.loc[changed, "fer2013_row"].tolist() == [9]
    assert theirs.loc[changed, "label"].tolist() == [Expression.contempt]


def test_another_rule_keeps_more_faces(raw):
    index = SOURCE.index(raw, {"voting": "argmax10"})
    assert len(index) == 65
    added = index[index["fer2013_row"] == 7].iloc[0]
    assert (added["label"], added["votes"]) == (Expression.neutral, list(ferplus.UNDECIDED))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"voting": "majorty"}, r"data\.ferplus\.voting: 'majorty'; did you mean 'majority'"),
        ({"votes": "label.csv"}, r"data\.ferplus\.votes: 'label\.csv'; did you mean 'label_csv'"),
        ({"rule": "majority"}, r"data\.ferplus\.rule: unknown option"),
        ({"voting": ["majority"]}, r"data\.ferplus\.voting: \['majority'\]"),
    ],
)
def test_wrong_options(raw, options, message):
    for call in (SOURCE.check, lambda given: SOURCE.index(raw, given)):
        with pytest.raises(FerBenchError, match=message):
            call(options)


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("fer2013.csv", r"expected: fer2013\.csv \(in Kaggle's fer2013\.tar\.gz, or"),
        ("fer2013new.csv", r"expected: fer2013new\.csv"),
        ("FER2013Valid/label.csv", r"expected: data/FER2013Valid/label\.csv"),
    ],
)
def test_a_file_that_was_not_given(tmp_path, missing, message):
    folders = unpack(ferplus.write(tmp_path / "downloads"), tmp_path / "unpacked")
    [path] = [p for folder in folders for p in folder.rglob("*") if str(p).endswith("/" + missing)]
    path.unlink()
    with pytest.raises(FerBenchError, match=message):
        SOURCE.collect(Tree(folders))


def test_flat_label_files_will_do(raw):
    assert {str(k) for k in SOURCE.collect(Tree([raw]))} == {p.name for p in raw.iterdir()}


def test_a_second_copy(tmp_path, unpacked):
    (tmp_path / "fer2013.csv").write_text("x")
    with pytest.raises(FerBenchError, match="2 files of this name"):
        SOURCE.collect(Tree([*unpacked, tmp_path]))


@pytest.mark.parametrize("name", ["fer2013.csv", "fer2013new.csv", "label_test.csv"])
def test_a_file_that_is_gone(raw, name):
    (raw / name).unlink()
    with pytest.raises(FerBenchError, match="ferplus"):
        SOURCE.index(raw, {})


def swap(lines):
    lines[1], lines[-1] = lines[-1], lines[1]


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("fer2013.csv", swap, r"in another order.*line 2 is PrivateTest in the first and Training"),
        ("fer2013.csv", lambda t: t.append(t[-1]), r"has 68 rows, fer2013new\.csv only 67"),
        ("fer2013.csv", lambda t: t.__setitem__(0, "a,b"), r"expected: emotion,pixels,Usage"),
        ("fer2013.csv", lambda t: t.clear(), r"found:    an empty file"),
        ("fer2013.csv", lambda t: t.__setitem__(4, t[4][:900]), r"line 5: 2 fields instead of 3"),
        ("fer2013.csv", lambda t: t.__setitem__(3, "7" + t[3][1:]), r"line 4: emotion '7' is none"),
        ("fer2013.csv", lambda t: t.__setitem__(3, t[3] + "s"), r"line 4: Usage 'Trainings'"),
        ("fer2013new.csv", lambda t: t.__setitem__(0, "Usage"), r"fer2013new\.csv has the wrong c"),
        ("fer2013new.csv", lambda t: t.__setitem__(2, t[2] + ",0"), r"line 3: 13 columns instead"),
        (
            "fer2013new.csv",
            lambda t: t.__setitem__(2, t[2][:-1] + "x"),
            r"line 3: votes .*x are no",
        ),
        ("fer2013new.csv", lambda t: t.__setitem__(2, t[2].replace("fer", "")), r"not a name like"),
        ("fer2013new.csv", lambda t: t.__setitem__(2, "X" + t[2]), r"Usage 'XTraining' is none of"),
        (
            "fer2013new.csv",
            lambda t: t.__setitem__(2, t[2] + "0" * 200_000),
            r"fer2013new\.csv line 3: field larger than",
        ),
        (
            "fer2013new.csv",
            lambda t: t.__setitem__(slice(31, 34), t[11:14]),
            r"fer2013new\.csv names an image twice in sequence: get it again",
        ),
        (
            "label_test.csv",
            lambda t: t.__setitem__(1, t[1][:-2]),
            r"label_test\.csv line 2: 11 col",
        ),
        ("label_test.csv", lambda t: t.__setitem__(1, t[1][:-1] + "11"), r"line 2: votes .* to 10"),
        ("label_test.csv", lambda t: t.append(t[0]), r"line 17: fer0032220 is listed a second"),
        ("label_valid.csv", lambda t: t.append(t[0].replace("28638", "00000")), r"another label f"),
    ],
)
def test_tables_that_cannot_be_understood(raw, name, change, message):
    edit(raw / name, change)
    with pytest.raises(FerBenchError, match=message):
        SOURCE.index(raw, {})


def test_votes_that_give_no_face_a_label(raw, tmp_path):
    undecided = ",".join(map(str, ferplus.UNDECIDED))
    for name in LABEL_FILES.values():
        lines = [line.rsplit(",", 10)[0] for line in (raw / name).read_text().splitlines()]
        (raw / name).write_text("".join(f"{line},{undecided}\n" for line in lines))
    with pytest.raises(FerBenchError, match=r"not one face of fer2013\.csv or of the PNG folders"):
        SOURCE.inventory(raw)
    with pytest.raises(FerBenchError, match=r"not one face has a label\. Add it again"):
        SOURCE.index(raw, {})
    assert len(SOURCE.index(raw, {"voting": "argmax10"})) == 65


def test_not_added(tmp_path):
    for read in (SOURCE.inventory, SOURCE.faults, lambda root: SOURCE.index(root, {})):
        with pytest.raises(
            FerBenchError, match=r"does not hold ferplus. .*data add ferplus fer2013"
        ):
            read(tmp_path)


def test_label_files_in_each_others_place(raw):
    valid, test = raw / "label_valid.csv", raw / "label_test.csv"
    texts = valid.read_text(), test.read_text()
    test.write_text(texts[0])
    valid.write_text(texts[1])
    with pytest.raises(FerBenchError, match=r"is listed in label_test\.csv but is a val face"):
        SOURCE.index(raw, {})


def test_a_table_that_is_not_text(raw):
    (raw / "label_train.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FerBenchError, match=r"label_train\.csv is not UTF-8"):
        SOURCE.index(raw, {})


def test_no_line_end_in_sight(raw):
    (raw / "fer2013.csv").write_bytes(b"emotion,pixels,Usage\n0," + b"1 " * 500_000)
    with pytest.raises(FerBenchError, match="line 2"):
        SOURCE.index(raw, {})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (" ", " 0 ", "2305 pixels instead of 2304"),
        (" ", " x", "pixels that are no numbers"),
        (" ", " 256", "a pixel outside 0 to 255|no numbers|pixels instead"),
        (" ", " -", "a pixel outside 0 to 255"),
    ],
)
def test_pixels_that_are_none(raw, old, new, message):
    edit(raw / "fer2013.csv", lambda t: t.__setitem__(4, t[4].replace(old, new, 1)))
    index = SOURCE.index(raw, {})
    row = index[index["fer2013_row"] == 3].iloc[0].to_dict()
    with pytest.raises(FerBenchError, match=rf"fer2013\.csv line 5: ({message})"):
        SOURCE.load(raw, row, {})


def test_rows_missing_at_the_end(raw):
    edit(raw / "fer2013.csv", lambda t: t.__delitem__(slice(-10, None)))
    index = SOURCE.index(raw, {})
    inventory = SOURCE.inventory(raw)
    assert len(index) == 54
    assert (inventory.listed, inventory.present) == (64, 54)
    assert inventory.notes[0] == "10 rows missing at the end of fer2013.csv"


def test_names_that_no_label_file_has(raw):
    edit(raw / "label_test.csv", lambda t: t.__delitem__(slice(3)))
    assert len(SOURCE.index(raw, {})) == 61
    assert "3 rows whose name is in no label file: left out" in SOURCE.inventory(raw).notes


def reorder(line):
    emotion, pixels, usage = line.split(",")
    return f"{emotion}, {usage}, {pixels}"


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("emotion,pixels,Usage", "emotion, pixels, Usage"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text + "\n\n",
        lambda text: "\n".join(map(reorder, text.splitlines())),
        lambda text: "\n".join('{},"{}",{}'.format(*line.split(",")) for line in text.splitlines()),
    ],
)
def test_variants_of_the_pixel_table(raw, change):
    before = SOURCE.index(raw, {})
    first = SOURCE.load(raw, before.iloc[7].to_dict(), {})
    (raw / "fer2013.csv").write_bytes(change((raw / "fer2013.csv").read_text()).encode())
    after = SOURCE.index(raw, {})
    assert after.drop(columns="offset").equals(before.drop(columns="offset"))
    assert np.array_equal(SOURCE.load(raw, after.iloc[7].to_dict(), {}), first)


def test_what_is_published():
    sizes = {split: sum(counts.values()) for split, counts in SOURCE.expected.items()}
    assert sizes == {"train": 25_045, "val": 3_191, "test": 3_137}
    assert list(SOURCE.expected["test"].values()) == [1083, 892, 394, 382, 269, 16, 86, 15]
    trainval = [SOURCE.expected["train"][e] + SOURCE.expected["val"][e] for e in EIGHT]
    assert trainval == [9913, 8146, 3547, 3370, 2387, 141, 596, 136]


def test_packs_and_datasets():
    styles = {"ferplus": None, "ferplus_masked": "blue", "ferplus_masked_mixed": "mixed"}
    for name, style in styles.items():
        assert (get_pack(name).source, get_pack(name).mask_style) == ("ferplus", style)
        dataset = get_dataset(name)
        assert (dataset.packs, dataset.classes, dataset.protocol) == ((name,), EIGHT, "split")
        assert dataset.challenge == (None if style else "ferplus")
        assert dataset.sizes == {"train": 25_045, "val": 3_191, "test": 3_137}
        assert dataset.printed == {"train": 28_558, "val": 3_589, "test": 3_589}
    assert SOURCE.pixels == ("resize", "mtcnn")
