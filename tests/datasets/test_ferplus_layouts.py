"""FERPlus in every form it is held in: the same faces, labels and splits, or a reason."""

import numpy as np
import pytest
from miniatures import ferplus
from miniatures.drawing import counted, lay_out, place, save, unpack
from PIL import Image

from fer_bench.datasets.ferplus import SOURCE
from fer_bench.datasets.ferplus_files import FER2013_LABELS
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError

TABLE = ferplus.rows()
PNG, VOTES = ferplus.png_files(TABLE), ferplus.vote_files(TABLE)
NAMES = "FERPlus-master/fer2013new.csv"
OWN = ["fer2013_label", "fer2013_row", "offset", "path", "other_pixels"]


def given(root, files):
    return place(SOURCE, [lay_out(root / "given", files)], root / "raw")


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reference")
    return place(SOURCE, unpack(ferplus.write(folder), folder / "unpacked"), folder / "raw")


def labels(root):
    return SOURCE.index(root, {}).drop(columns=OWN).set_index("sample_id").sort_index()


@pytest.mark.parametrize("without", [(), (NAMES,)])
def test_png_give_the_faces_labels_and_pixels_of_the_table(tmp_path, reference, without):
    raw = given(tmp_path, {k: v for k, v in (PNG | VOTES).items() if k not in without})
    assert labels(raw).equals(labels(reference))
    index = SOURCE.index(raw, {})
    assert counted(index) == ferplus.EXPECTED
    assert index["fer2013_label"].isna().all()
    own = {row.name: number for number, row in enumerate(TABLE) if row.name and not row.misnamed}
    for row in index.to_dict("records"):
        pixels = SOURCE.load(raw, row, {})
        assert (pixels.shape, pixels.dtype) == ((48, 48, 3), np.uint8)
        number = own[row["sample_id"]]
        assert np.array_equal(pixels[..., 0], ferplus.grey_of(TABLE[number], number))
        assert without or row["fer2013_row"] == number
    inventory = SOURCE.inventory(raw)
    assert (inventory.listed, inventory.present) == (64, 64)
    assert inventory.notes == ("1 face without a majority: left out",)
    assert SOURCE.faults(raw) == []


def test_png_with_the_votes_of_the_other_table_alone(tmp_path):
    files = PNG | {NAMES: VOTES[NAMES]}
    raw = given(tmp_path, files)
    index = SOURCE.index(raw, {})
    assert index.equals(SOURCE.index(raw, {"votes": "fer2013new"}))
    theirs = {row.name: row.new or row.votes for row in TABLE if row.name and not row.misnamed}
    assert {r["sample_id"]: tuple(r["votes"]) for r in index.to_dict("records")}.items() <= (
        theirs.items()
    )
    assert "label.csv was not given" in SOURCE.inventory(raw).notes[-1]
    edition = SOURCE.edition(raw)
    sizes = {split: sum(counts.values()) for split, counts in edition.expected.items()}
    assert sizes == {"train": 25_057, "val": 3_199, "test": 3_153}
    with pytest.raises(FerBenchError, match=r"label_train\.csv is missing"):
        SOURCE.index(raw, {"votes": "label_csv"})
    (raw / "fer2013new.csv").unlink()
    with pytest.raises(FerBenchError, match=r"fer2013new\.csv is missing: add ferplus again"):
        SOURCE.index(raw, {})


def test_the_edition_with_the_label_files_is_the_source_itself(reference):
    assert SOURCE.edition(reference) is SOURCE


@pytest.mark.parametrize("form", ["whole zip", "icml alone", "icml beside"])
def test_tables_of_kaggle(tmp_path, reference, form):
    if form == "icml alone":
        files = {"icml_face_data.csv": ferplus.icml_csv(TABLE)} | VOTES
    else:
        files = {
            "fer2013/fer2013.csv": ferplus.fer2013_csv(TABLE),
            "icml_face_data.csv": ferplus.icml_csv(TABLE),
            "train.csv": b"emotion,pixels\n",
        } | VOTES
    tree = Tree([lay_out(tmp_path / "given", files)])
    SOURCE.collect(tree)
    assert sum(tree.left_out.values()) == (form != "icml alone")
    raw = given(tmp_path, files)
    assert labels(raw).equals(labels(reference))
    mine, theirs = (SOURCE.index(root, {}) for root in (raw, reference))
    assert mine["fer2013_label"].equals(theirs["fer2013_label"])
    for i in range(0, len(mine), 9):
        images = [SOURCE.load(r, x.iloc[i], {}) for r, x in ((raw, mine), (reference, theirs))]
        assert np.array_equal(*images)


def test_a_face_that_shows_another_rows_pixels_is_kept_and_flagged(tmp_path):
    table = ferplus.overwritten()
    raw = given(tmp_path, ferplus.png_files(table) | ferplus.vote_files(table))
    index = SOURCE.index(raw, {}).set_index("sample_id")
    late = table[-1]
    assert list(index.index[index["other_pixels"]]) == [late.name]
    assert counted(index.reset_index()) == ferplus.EXPECTED
    shown = SOURCE.load(raw, index.loc[late.name], {})[..., 0]
    assert np.array_equal(shown, ferplus.grey_of(late, len(table) - 1))
    assert any("1 face whose PNG shows another row's" in n for n in SOURCE.inventory(raw).notes)
    # Row 5 carries a later row's name, which wins: nothing is wrong with that face.
    assert not index.loc["fer0000012", "other_pixels"]


def test_png_beside_the_table_are_compared_with_it(tmp_path):
    files = PNG | VOTES | {"fer2013.csv": ferplus.fer2013_csv(TABLE)}
    raw = given(tmp_path, files)
    assert set(SOURCE.index(raw, {})["path"]) == {"fer2013.csv"}
    assert SOURCE.inventory(raw).notes[-1] == (
        f"{len(PNG)} PNG beside fer2013.csv: compared with it, not read"
    )
    assert SOURCE.faults(raw) == []
    changed = np.array(ferplus.grey_of(TABLE[9], 9))
    changed[3, 4] ^= 1
    (raw / f"FER2013Train/{TABLE[9].name}.png").write_bytes(save(Image.fromarray(changed), "PNG"))
    (fault,) = SOURCE.faults(raw)
    assert fault.startswith(f"1 of {len(PNG)} PNG differ from fer2013.csv, the first from its line")
    assert "line 11:" in fault
    assert "fer00" not in fault  # faults go into receipts, which hold no names


def shuffled():
    """The rows of each split in turned order: counts and Usage stay, faces lose their names."""
    lines = ferplus.fer2013_csv(TABLE).decode().splitlines()
    head, rows = lines[0], lines[1:]
    by_split: dict[str, list[str]] = {}
    for line in rows:
        by_split.setdefault(line.rpartition(",")[2], []).append(line)
    turned = [line for of in by_split.values() for line in [*of[3:], *of[:3]]]
    return "\n".join([head, *turned]).encode() + b"\n"


def test_rows_in_another_order_within_a_split_are_found_by_their_own_labels(tmp_path, reference):
    assert SOURCE.faults(reference) == []
    raw = given(tmp_path, VOTES | {"fer2013.csv": shuffled()})
    assert counted(SOURCE.index(raw, {})) == ferplus.EXPECTED
    (fault,) = SOURCE.faults(raw)
    assert "rows are in another order than those of fer2013new.csv" in fault


def test_a_table_rebuilt_with_one_emotion_in_every_row_is_noticed(tmp_path):
    lines = ferplus.fer2013_csv(TABLE).decode().splitlines()
    zeros = [lines[0], *("0" + line[1:] for line in lines[1:])]
    raw = given(tmp_path, VOTES | {"fer2013.csv": "\n".join(zeros).encode()})
    index = SOURCE.index(raw, {})
    assert index["fer2013_label"].isna().all()
    assert counted(index) == ferplus.EXPECTED
    assert any("all with one emotion" in note for note in SOURCE.inventory(raw).notes)
    assert SOURCE.faults(raw) == []


def test_an_augmented_copy_is_refused_by_name(tmp_path):
    with pytest.raises(FerBenchError, match=r"arnabkumarroy02/ferplus.*augmented") as caught:
        given(tmp_path, ferplus.augmented() | VOTES)
    assert "class folders: test 3, train 9, validation 6" in str(caught.value)
    assert "fer-bench data add fer2013" in str(caught.value)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (PNG, r"the votes are missing(?s:.*)|fer2013new\.csv .* is needed once"),
        (VOTES, r"the pixels are missing.*\n.*icml_face_data.*FER2013Train"),
        (
            PNG | {k: v for k, v in VOTES.items() if "Valid" not in k},
            r"FER2013Valid/label\.csv .* is needed once",
        ),
        ({"fer2013.csv": b"x"} | {"b/fer2013.csv": b"x"}, r"2 files of this name"),
    ],
)
def test_what_is_missing_is_said(tmp_path, files, message):
    with pytest.raises(FerBenchError, match=message):
        given(tmp_path, files)


def test_png_that_are_missing_or_in_no_list(tmp_path):
    names = [k for k in PNG if "Test" in k]
    files = {k: v for k, v in PNG.items() if k not in names[:3]}
    files["FERPlus-master/data/FER2013Test/fer0099999.png"] = PNG[names[0]]
    raw = given(tmp_path, files | VOTES)
    inventory = SOURCE.inventory(raw)
    assert (inventory.listed, inventory.present) == (64, 61)
    assert inventory.notes[:2] == (
        "3 faces listed without a picture",
        "1 face with a picture that no list names: left out",
    )
    assert len(SOURCE.index(raw, {})) == 61


def test_folders_in_each_others_place(tmp_path):
    turn = {"FER2013Valid": "FER2013Test", "FER2013Test": "FER2013Valid"}
    files = {}
    for path, content in PNG.items():
        folder = path.split("/")[2]
        files[path.replace(folder, turn.get(folder, folder))] = content
    raw = given(tmp_path, files | VOTES)
    with pytest.raises(FerBenchError, match=r"listed in label_valid\.csv but is a test face"):
        SOURCE.index(raw, {})


def test_one_picture_in_two_folders(tmp_path):
    first = next(iter(PNG))
    files = PNG | {first.replace("Train", "Test"): PNG[first]}
    raw = given(tmp_path, files | VOTES)
    with pytest.raises(FerBenchError, match="lies in FER2013Test and in FER2013Train"):
        SOURCE.index(raw, {})


def test_a_resized_copy(tmp_path):
    first = next(iter(PNG))
    raw = given(tmp_path, PNG | VOTES)
    path = raw / "FER2013Train" / first.rpartition("/")[2]
    path.write_bytes(save(Image.new("L", (224, 224), 90), "PNG"))
    row = SOURCE.index(raw, {}).set_index("sample_id", drop=False).loc[path.stem]
    with pytest.raises(FerBenchError, match="is 224 x 224 pixels, not FER2013's 48 x 48"):
        SOURCE.load(raw, row, {})


def test_what_was_collected_can_be_added_again(tmp_path):
    raw = given(tmp_path, PNG | VOTES)
    again = place(SOURCE, [raw], tmp_path / "again")
    assert SOURCE.index(again, {}).equals(SOURCE.index(raw, {}))


def test_own_labels_are_the_shared_names():
    assert set(FER2013_LABELS) < set(ferplus.EXPECTED["test"])
