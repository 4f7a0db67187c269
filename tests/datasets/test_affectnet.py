import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from miniatures import affectnet as miniature
from miniatures.drawing import place, save, unpack, zip_of
from PIL import Image

from fer_bench.datasets import get_dataset, get_pack, get_source
from fer_bench.datasets.affectnet_labels import (
    CODES,
    COLUMNS,
    new_release,
    old_release,
    read_list,
    read_number,
)
from fer_bench.datasets.tree import Tree
from fer_bench.datasets.view_rows import view_rows
from fer_bench.errors import FerBenchError
from fer_bench.labels import EIGHT, SEVEN, Expression

SOURCE = get_source("affectnet")
PUBLISHED = ["neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt"]


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("affectnet")


@pytest.fixture(scope="module")
def old(scratch):
    return place(SOURCE, unpack(miniature.write(scratch / "old"), scratch / "u"), scratch / "raw")


@pytest.fixture(scope="module")
def new(scratch):
    archives = miniature.write_new_release(scratch / "new")
    return place(SOURCE, unpack(archives, scratch / "un"), scratch / "raw_new")


@pytest.fixture
def broken(old, tmp_path):
    return Path(shutil.copytree(old, tmp_path / "raw"))


@pytest.fixture
def broken_new(new, tmp_path):
    return Path(shutil.copytree(new, tmp_path / "raw"))


def counts(frame: pd.DataFrame) -> dict:
    return {
        split: {Expression(label).name: n for label, n in rows["label"].value_counts().items()}
        for split, rows in frame.groupby("split")
    }


def write_list(path: Path, rows, heading: bool) -> Path:
    lines = [",".join(COLUMNS)] * heading + [miniature.line(*row) for row in rows]
    path.write_text("\n".join(lines) + "\n")
    return path


def raises(match: str):
    return pytest.raises(FerBenchError, match=match)


def test_codes_both_ways():
    assert [code.name for code in CODES] == PUBLISHED
    assert [CODES.index(Expression[name]) for name in EIGHT] == [0, 1, 3, 2, 6, 5, 4, 7]
    assert sorted(CODES) == list(Expression)


def test_published_counts():
    train = [74_874, 134_415, 25_459, 14_090, 6_378, 3_803, 24_882, 3_750]
    assert SOURCE.expected["train"] == dict(zip(PUBLISHED, train, strict=True))
    assert SOURCE.expected["test"] == dict.fromkeys(PUBLISHED, 500)
    assert SOURCE.published == 287_651 + 4_000


def test_the_old_release_from_its_archives(old):
    frame = SOURCE.index(old, {})
    assert counts(frame) == miniature.EXPECTED
    for split in ("train", "test"):
        rows = frame[frame["split"] == split]
        listed = [row for row in miniature.listed(split) if row[1] < len(CODES)]
        assert list(rows["sample_id"]) == [Path(path).stem for path, _ in listed]  # file order
        assert [CODES.index(label) for label in rows["label"]] == [code for _, code in listed]
    assert frame["split"].is_monotonic_decreasing  # train first
    assert frame["sample_id"].str.fullmatch("[0-9a-f]{56}").all()
    assert frame["subject"].isna().all()
    assert str(frame["fold"].dtype) == "Int64"
    assert frame["fold"].isna().all()
    angry = frame[frame["label"] == Expression.anger]
    assert np.allclose(angry["valence"], 0.2)
    assert SOURCE.load(old, frame.iloc[0], {}).shape == (90, 90, 3)


def test_only_what_has_an_expression_is_kept(old):
    kept = [path for path in (old / "images").rglob("*") if path.is_file()]
    assert len(kept) == sum(n for split in miniature.EXPECTED.values() for n in split.values())
    assert {path.suffix for path in kept} == {".jpg", ".jpeg", ".png", ".bmp"}  # JPG became jpg
    inventory = SOURCE.inventory(old)
    assert (inventory.listed, inventory.present) == (48, 48)
    assert inventory.notes == (
        "6 images labelled none, uncertain or no face: left out",
        "1 image listed more than once with the same label: taken once",
    )


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("validation", [True, False])
def test_a_heading_is_seen_in_either_list(broken, old, training, validation):
    (broken / "training.csv").write_bytes(miniature.training_csv(training))
    (broken / "validation.csv").write_bytes(b"\xef\xbb\xbf" + miniature.validation_csv(validation))
    pd.testing.assert_frame_equal(SOURCE.index(broken, {}), SOURCE.index(old, {}))


def test_an_image_listed_twice(tmp_path):
    train = [("1/aa.jpg", 1), ("1/bb.jpg", 2), ("1/aa.jpg", 1), ("1/bb.jpg", 9), ("1/cc.jpg", 3),
             ("1/DD.JPG", 4), ("2/dd.jpg", 5)]  # fmt: skip
    test = [("1/cc.jpg", 6)]
    lists = {
        "train": write_list(tmp_path / "training.csv", train, True),
        "test": write_list(tmp_path / "validation.csv", test, False),
    }
    labels = old_release(lists)
    rows = labels.rows
    assert list(rows["sample_id"]) == ["aa", "dd", "dd_2_jpg", "cc"]
    assert [CODES.index(label) for label in rows["label"]] == [1, 4, 5, 6]
    assert list(rows["split"]) == ["train", "train", "train", "test"]
    assert list(rows["path"]) == [f"images/{f}" for f in ("1/aa.jpg", "1/dd.jpg", "2/dd.jpg",
                                                         "1/cc.jpg")]  # fmt: skip
    assert labels.notes == (
        "1 image listed more than once with the same label: taken once",
        "1 image listed with different labels: left out",
        "1 image of the training list also in the validation list: left out of train",
    )


def test_lines_without_anything_are_no_faces(tmp_path):
    path = tmp_path / "validation.csv"
    path.write_text(f"{miniature.line('1/aa.jpg', 1)}\n\n{miniature.line('1/bb.jpg', 2)}\n\n\n")
    frame, notes = read_list(path, path.name)
    assert list(frame["expression"]) == [1, 2]
    assert notes == ()


GOOD = miniature.line("1/aa.jpg", 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", " lists no image"),
        ("\n\n" + ",".join(COLUMNS) + "\n", " lists no image"),
        (f"{GOOD}\n{miniature.line('1/bb.jpg', 11)}", " line 2: expression '11' is no number from"),
        (f"{GOOD}\n{miniature.line('1/bb.jpg', -1)}", " line 2: expression '-1' is no number"),
        (f"{GOOD}\n{GOOD}\n{GOOD.replace(',1,', ',happy,')}", " line 3: expression 'happy' is no"),
        (GOOD.replace(",1,", ",1.5,"), " line 1: expression '1.5' is no number"),
        (f"{','.join(COLUMNS)}\n{GOOD}\n{GOOD[:700]}", " line 3: 6 fields instead of 9"),
        (f"{GOOD}\n{GOOD.rpartition(',')[0]}", " line 2: 8 fields instead of 9"),
        (f"{GOOD}\n{GOOD.rpartition(',')[0]},", " line 2: no valence and arousal"),
        (f"{GOOD}\n{','.join(COLUMNS)}\n", " line 2: its first field is no <folder>/<image fi"),
        (f"{GOOD}\n{GOOD},7", " line 2: 10 fields instead of 9"),
        (f"{GOOD}\n\n../{GOOD}", " line 3: its first field is no <folder>/<image file>"),
        (f"{GOOD}\n{GOOD[2:]}", " line 2: its first field is no <folder>/<image file>"),
        ("path,expression\n1/aa.jpg,3", " line 1: 2 fields"),
        ("a,b,c,d,e,f,g,h,i\n" + GOOD, r" has the wrong columns(.|\n)*found: +a, b, c"),
        (",".join(COLUMNS[::-1]) + "\n" + GOOD, " has the wrong columns"),
    ],
)
def test_a_list_that_cannot_be_understood(broken, text, message):
    for name in ("training.csv", "validation.csv"):
        before = (broken / name).read_bytes()
        (broken / name).write_text(text)
        with raises(name + message):
            SOURCE.index(broken, {})
        (broken / name).write_bytes(before)


def test_a_list_that_is_not_text(broken):
    (broken / "training.csv").write_bytes(miniature.training_csv() + b"\xff\xfe,\x00,")
    with raises(r"training\.csv is not UTF-8"):
        SOURCE.index(broken, {})


CODE = st.integers(0, 10)
ROW = st.tuples(
    st.from_regex(r"[0-9]{1,4}/[0-9a-f]{8,56}\.(jpg|JPG|png|bmp)", fullmatch=True), CODE
)


@given(rows=st.lists(ROW, min_size=1), heading=st.booleans(), data=st.data())
def test_whatever_is_listed_is_read(scratch, rows, heading, data):
    path = write_list(scratch / "drawn.csv", rows, heading)
    frame, _ = read_list(path, "drawn.csv")
    assert list(frame["file"]) == [file.lower() for file, _ in rows]
    assert list(frame["expression"]) == [code for _, code in rows]
    spoilt = data.draw(st.integers(0, len(rows) - 1))
    lines = path.read_text().splitlines()
    fields = lines[heading + spoilt].split(",")
    fields[6] = data.draw(st.sampled_from(["11", "-1", "", "x", "1.5", "nan", "1e9"]))
    lines[heading + spoilt] = ",".join(fields)
    path.write_text("\n".join(lines))
    where = f"line {heading + spoilt + 1}: expression"
    if len(rows) < 20:  # one in twenty may be bad
        with raises(f"drawn.csv {where}"):
            read_list(path, "drawn.csv")
    else:
        rest, (note,) = read_list(path, "drawn.csv")
        assert where in note
        assert list(rest["file"]) == [f.lower() for i, (f, _) in enumerate(rows) if i != spoilt]


def test_missing_and_empty_images(broken):
    first, second = (broken / path for path in SOURCE.index(broken, {})["path"][:2])
    first.unlink()
    second.write_bytes(b"")
    frame = SOURCE.index(broken, {})
    assert len(frame) == 47
    inventory = SOURCE.inventory(broken)
    assert (inventory.listed, inventory.present) == (48, 47)
    with raises("0 bytes"):
        SOURCE.load(broken, frame.iloc[0], {})
    shutil.rmtree(broken / "images")
    for call in (SOURCE.inventory, lambda root: SOURCE.index(root, {})):
        with raises("none of the .*labelled images"):
            call(broken)


def test_a_list_is_missing(old, broken, tmp_path):
    (broken / "validation.csv").unlink()
    with raises("does not hold AffectNet"):
        SOURCE.index(broken, {})
    with raises(r"validation\.csv is needed once"):
        SOURCE.collect(Tree([broken]))
    with raises(r"(?s)training\.csv is needed once.*2 files of this name"):
        SOURCE.collect(Tree([old, broken]))
    with raises("fer-bench data add affectnet"):
        SOURCE.index(tmp_path / "nowhere", {})


def test_what_is_not_affectnet(tmp_path, old):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "list.txt").write_text("x")
    with raises(r"(?s)not AffectNet.*expected: .*AffectNet\+.*found: .*\(1\)$"):
        SOURCE.collect(Tree([tmp_path / "other"]))
    for name in ("Manually_Annotated.part1.rar", "human.z01", "train.7z.001", "train.zip.002"):
        (tmp_path / "other" / name).write_bytes(b"PK")
        with raises("have to be unpacked first"):
            SOURCE.collect(Tree([tmp_path / "other"]))
        (tmp_path / "other" / name).unlink()
    lists = tmp_path / "lists"
    lists.mkdir()
    for name in ("training.csv", "validation.csv"):
        shutil.copy(old / name, lists / name)
    with raises("none of the 48 images"):
        SOURCE.collect(Tree([lists]))


def test_a_copy_given_twice_and_the_other_half_of_affectnet(tmp_path, scratch):
    roots = unpack(miniature.write(tmp_path / "a"), tmp_path / "b")
    images = roots[0] / "Manually_Annotated_Images"
    shutil.copytree(images, tmp_path / "auto" / "Automatically_Annotated_Images")
    assert len(SOURCE.collect(Tree([*roots, tmp_path / "auto"]))) == 48 + 2
    with raises("was found twice"):
        SOURCE.collect(Tree([*roots, images]))


def test_the_new_release_from_its_archives(new):
    frame = SOURCE.index(new, {})
    assert counts(frame) == miniature.EXPECTED
    for split, prefix in (("train", "train"), ("test", "val")):
        rows = frame[frame["split"] == split]
        numbers = miniature.new_numbers(split)
        assert list(rows["sample_id"]) == [f"{prefix}_{number}" for number in numbers]
        assert [CODES.index(label) for label in rows["label"]] == list(numbers.values())
    assert np.allclose(frame.loc[frame["label"] == Expression.anger, "valence"], 0.2)
    assert np.allclose(frame["arousal"], -0.02)
    assert not list(new.rglob("*_lnd.npy"))
    assert SOURCE.load(new, frame.iloc[-1], {}).shape == (90, 90, 3)
    assert SOURCE.inventory(new) == type(SOURCE.inventory(new))(48, 48, ())


def test_numbers_are_ordered_as_numbers_and_optional_labels_may_lack(broken_new):
    frame = SOURCE.index(broken_new, {})
    order = [int(name.split("_")[1]) for name in frame.loc[frame["split"] == "train", "sample_id"]]
    assert order == sorted(order)
    assert order != sorted(order, key=str)
    for path in broken_new.rglob("*_val.npy"):
        path.unlink()
    assert SOURCE.index(broken_new, {})["valence"].isna().all()
    (broken_new / "train_set/annotations/2_exp.npy").write_bytes(miniature.npy(np.int64(9)))
    assert len(SOURCE.index(broken_new, {})) == 47
    assert SOURCE.inventory(broken_new).notes == (
        "1 image labelled none, uncertain or no face: left out",
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (miniature.npy(np.array("11")), "expression 11 is no code"),
        (miniature.npy(np.array("2.5")), "expression 2.5 is no code"),
        (miniature.npy(np.array("happy")), "does not hold one number"),
        (miniature.npy(np.array("nan")), "does not hold one number"),
        (miniature.npy(np.array(["1", "2"])), r"array of shape \(2,\)"),
        (miniature.npy(np.array([])), r"array of shape \(0,\)"),
        (miniature.npy(np.array([1, "x"], dtype=object)), "does not hold one number"),
        (miniature.npy(np.array("7"))[:-2], "does not hold one number"),
        (b"", "does not hold one number"),
        (b"<html>", "does not hold one number"),
    ],
)
def test_a_label_file_that_cannot_be_understood(broken_new, content, message):
    # One of the 32 in train is left out, counted and shown; one of the 16 in val is too many.
    (broken_new / "train_set/annotations/5_exp.npy").write_bytes(content)
    frame = SOURCE.index(broken_new, {})
    assert len(frame) == 47
    assert "train_5" not in set(frame["sample_id"])
    (note,) = SOURCE.inventory(broken_new).notes
    assert re.match(r"1 image of train_set/annotations cannot be understood: left out \(", note)
    assert re.search(message, note)
    assert "5_exp" not in note
    (broken_new / "val_set/annotations/5_exp.npy").write_bytes(content)
    with raises(f"val_set/annotations .*{message}.*1 of 16 images"):
        SOURCE.index(broken_new, {})


@given(
    number=st.integers(-3, 12) | st.floats(-2, 2),
    kind=st.sampled_from([np.float64, np.float32, str, np.bytes_]),
    shape=st.sampled_from([(), (1,), (1, 1)]),
)
def test_any_array_of_one_number_is_read(scratch, number, kind, shape):
    text = kind(str(number)) if kind in (str, np.bytes_) else kind(number)
    (scratch / "drawn.npy").write_bytes(miniature.npy(np.array(text).reshape(shape)))
    assert read_number(str(scratch / "drawn.npy")) == pytest.approx(number, rel=1e-6)


def test_parts_of_the_new_release_are_missing(new, broken_new, tmp_path):
    shutil.rmtree(broken_new / "val_set" / "annotations")
    with raises("val_set/annotations is missing"):
        SOURCE.collect(Tree([broken_new]))
    with raises("val_set/annotations is missing"):
        SOURCE.index(broken_new, {})
    (broken_new / "val_set" / "annotations").mkdir()
    for path in (broken_new / "train_set" / "annotations").iterdir():
        path.unlink()
    with raises("no <number>_exp.npy"):
        new_release(broken_new)
    only = tmp_path / "only"
    shutil.copytree(new / "train_set", only / "train_set")
    with raises("val_set/images is missing"):
        SOURCE.collect(Tree([only]))


def test_missing_images_of_the_new_release(broken_new):
    (broken_new / "train_set/images/2.jpg").unlink()
    assert len(SOURCE.index(broken_new, {})) == 47
    assert (SOURCE.inventory(broken_new).listed, SOURCE.inventory(broken_new).present) == (48, 47)


def test_both_releases_at_once(old, new, broken):
    with raises("more releases of AffectNet than one"):
        SOURCE.collect(Tree([old, new]))
    shutil.copytree(new / "train_set", broken / "train_set")
    with raises("holds two releases"):
        SOURCE.index(broken, {})


def test_what_was_collected_can_be_added_again(old, new, tmp_path):
    for number, root in enumerate((old, new)):
        again = place(SOURCE, [root], tmp_path / str(number))
        pd.testing.assert_frame_equal(SOURCE.index(again, {}), SOURCE.index(root, {}))


def test_images_of_other_kinds_are_no_images(tmp_path):
    drawn = save(Image.new("RGB", (8, 8)))
    path = zip_of(tmp_path / "x.zip", {"train_set/images/1_crop.jpg": drawn, "a/training.txt": b""})
    with raises("not AffectNet"):
        SOURCE.collect(Tree(unpack([path], tmp_path / "u")))


def test_a_bad_line_is_left_out_counted_and_shown_without_its_file(broken, old):
    lines = miniature.training_csv().decode().splitlines()
    fields = lines[6].split(",")
    fields[6] = ""
    (broken / "training.csv").write_text("\n".join([*lines[:6], ",".join(fields), *lines[7:]]))
    index = SOURCE.index(broken, {})
    assert set(SOURCE.index(old, {})["sample_id"]) - set(index["sample_id"]) == {
        Path(fields[0]).stem
    }
    note = SOURCE.inventory(broken).notes[0]
    assert note == (
        "1 line of training.csv cannot be understood: left out (line 7: expression '' is no "
        "number from 0 to 10)"
    )


def test_each_release_has_its_own_published_counts(old, new):
    first, second = SOURCE.edition(old), SOURCE.edition(new)
    assert first.expected == SOURCE.expected
    assert second.expected["train"] == first.expected["train"]
    assert second.expected["test"] == first.expected["test"] | {"contempt": 499}
    assert (first.published, second.published) == (291_651, 291_650)
    assert "rar" in first.archives[0]
    assert second.archives == ("train_set", "val_set")
    assert SOURCE.published == 291_651  # itself unchanged


def test_other_releases_know_no_groups(old, new):
    for root in (old, new):
        index = SOURCE.index(root, {})
        for column in ("difficulty", "gender", "race", "age", "pose"):
            assert (index[column] == "unknown").all()


def test_totals_and_missing_images_are_faults_of_affectnet_plus_only(old, broken_new):
    (broken_new / "train_set/images/2.jpg").unlink()
    assert SOURCE.faults(old) == SOURCE.faults(broken_new) == []


def test_images_without_an_annotation_are_counted(broken_new):
    (broken_new / "train_set/images/999.jpg").write_bytes(b"x")
    assert SOURCE.inventory(broken_new).notes == ("1 image without an annotation: left out",)


def big_manifest() -> pd.DataFrame:
    """The published numbers of faces, shuffled."""
    rows = [
        pd.DataFrame({"label": np.repeat([Expression[name] for name in c], list(c.values()))})
        .sample(frac=1, random_state=0)
        .assign(split=split)
        for split, c in SOURCE.expected.items()
    ]
    frame = pd.concat(rows, ignore_index=True)
    return frame.assign(sample_id=[f"a{k}" for k in range(len(frame))])


@pytest.mark.parametrize(
    ("name", "train", "test"), [("affectnet7", 104_271, 3_500), ("affectnet8", 108_021, 4_000)]
)
def test_views_of_the_published_set(name, train, test):
    dataset, manifest = get_dataset(name), big_manifest()
    parts = [part.to_json() for part in dataset.parts]
    rows = view_rows(parts, dataset.classes, {"affectnet": manifest})
    sizes = rows["split"].value_counts()
    assert (sizes["train"], sizes["test"]) == (train, test)
    assert dict(dataset.sizes) == {"train": train, "test": test}
    assert dataset.challenge == "affectnet"
    for code in CODES[: len(dataset.classes)]:
        kept = rows.loc[(rows["split"] == "train") & (rows["label"] == code), "row"]
        everything = np.flatnonzero((manifest["split"] == "train") & (manifest["label"] == code))
        assert list(kept) == list(everything[:20_000])  # the first ones in file order


def test_the_miniature_seen_through_each_view(old):
    frame = SOURCE.index(old, {})
    for name, train, test in (("affectnet7", 28, 14), ("affectnet8", 32, 16)):
        dataset = get_dataset(name)
        parts = [part.to_json() for part in dataset.parts]
        rows = view_rows(parts, dataset.classes, {"affectnet": frame})
        assert rows["split"].value_counts().to_dict() == {"train": train, "test": test}


def test_pack_and_restriction():
    assert get_pack("affectnet").source == "affectnet"
    assert SOURCE.pixels == ("mtcnn", "resize")
    seven = get_dataset("affectnet7")
    assert seven.classes == SEVEN
    assert set(seven.restrictions["without_neutral"]) == set(SEVEN) - {"neutral"}
    assert get_dataset("affectnet8").classes == EIGHT
