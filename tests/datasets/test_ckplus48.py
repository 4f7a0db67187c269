"""CK+48 on its miniature, and the copies of CK+ that are told apart or refused."""

import numpy as np
import pytest
from miniatures import ckplus as whole
from miniatures import ckplus48, damage
from miniatures.drawing import counted, lay_out, place, unpack

from fer_bench.datasets import get_dataset, get_pack, get_source
from fer_bench.datasets.ckplus import CODES, fold_of
from fer_bench.datasets.tree import Tree
from fer_bench.datasets.view_rows import view_rows
from fer_bench.errors import FerBenchError
from fer_bench.labels import EIGHT

SOURCE, CKPLUS = get_source("ckplus48"), get_source("ckplus")
FILES = ckplus48.files()


def raises(match):
    return pytest.raises(FerBenchError, match=match)


def given(root, files):
    return place(SOURCE, [lay_out(root / "given", files)], root / "raw")


@pytest.fixture
def raw(tmp_path):
    return given(tmp_path, FILES)


def test_from_archive_to_pixels(tmp_path):
    archives = ckplus48.write(tmp_path / "downloads")
    root = place(SOURCE, unpack(archives, tmp_path / "unpacked"), tmp_path / "raw")
    index = SOURCE.index(root, {})
    assert counted(index) == ckplus48.EXPECTED
    for row in index.to_dict("records"):
        person, sequence, _ = row["sample_id"].split("_")
        code = whole.SEQUENCES[person, sequence]
        assert row["label"] == CODES[code]
        assert row["emotion_of_sequence"] == CODES[code].name
        assert (row["subject"], row["fold"], row["split"]) == (person, fold_of(person), "test")
        assert SOURCE.load(root, row, {}).shape == (48, 48, 3)
    assert (SOURCE.inventory(root).present, SOURCE.inventory(root).notes) == (60, ())


def test_frames_are_the_last_three_in_order(raw):
    index = SOURCE.index(raw, {})
    rows = index[index["sample_id"].str.startswith("S042_001_")]
    last = whole.length("S042", "001")
    assert list(rows["sample_id"]) == [f"S042_001_{n:08d}" for n in (last - 2, last - 1, last)]
    assert list(rows["frame"]) == ["third_last", "second_last", "last"]


def test_a_sequence_without_three_frames_keeps_them_without_places(raw):
    path = raw / SOURCE.index(raw, {}).iloc[0]["path"]
    path.unlink()
    index = SOURCE.index(raw, {})
    assert index["frame"].isna().sum() == 2
    assert SOURCE.inventory(raw).notes == ("1 sequence without exactly three frames",)


@pytest.mark.parametrize("spell", [str.upper, str.title, "{}_1".format])
def test_other_spellings(tmp_path, raw, spell):
    names = {"happy": "happiness", "sadness": "sad"}
    files = {}
    for path, data in FILES.items():
        top, folder, name = path.split("/")
        files[f"{top}/{spell(names.get(folder, folder))}/{name}"] = data
    other = given(tmp_path / "other", files)
    assert SOURCE.index(other, {}).equals(SOURCE.index(raw, {}))


def test_a_folder_that_is_no_class_is_refused(tmp_path):
    files = {path.replace("/fear/", "/feer/"): data for path, data in FILES.items()}
    with raises(r"feer is no class of CK\+48(?s:.*)expected: anger, contempt"):
        given(tmp_path, files)


@pytest.mark.parametrize("name", ["Screenshot.png", "S010_004.png", "S010_004_0000001x.png"])
def test_a_file_that_is_not_named_like_a_frame(raw, name):
    (raw / "fear" / name).write_bytes(next((raw / "fear").iterdir()).read_bytes())
    for read in (SOURCE.inventory, lambda root: SOURCE.index(root, {})):
        with raises(rf"fear/{name} is not named like a frame of CK\+48 .*: take it out"):
            read(raw)


def test_a_sequence_in_two_classes(raw):
    path = raw / SOURCE.index(raw, {}).iloc[0]["path"]
    other = raw / ("fear" if path.parent.name != "fear" else "anger") / path.name
    other.write_bytes(path.read_bytes())
    with raises("lies in more than one class"):
        SOURCE.index(raw, {})


def test_the_two_sets_send_each_other_what_is_theirs(tmp_path):
    copy = Tree([lay_out(tmp_path / "copy", FILES)])
    with raises(r"this is CK\+48.*`fer-bench data add ckplus48 PATH`"):
        CKPLUS.collect(copy)
    official = Tree(unpack(whole.write(tmp_path / "a"), tmp_path / "b"))
    with raises(r"this is CK\+ itself.*`fer-bench data add ckplus PATH"):
        SOURCE.collect(official)


@pytest.mark.parametrize("name", ["ckextended.csv", "CK+extended.csv"])
def test_a_table_without_people_is_refused_with_the_reason(tmp_path, name):
    text = b"emotion,pixels,Usage\n0,1 2 3,Training\n"
    tree = Tree([lay_out(tmp_path / "given", {name: text})])
    for source in (SOURCE, CKPLUS):
        with raises("does not say whom a face shows, so folds of whole people cannot"):
            source.collect(tree)


def test_what_is_not_ckplus48(tmp_path):
    with raises(r"not CK\+48.*\n.*980 more\n.*no files"):
        SOURCE.collect(Tree([tmp_path]))
    with raises("fer-bench data add ckplus48"):
        SOURCE.index(tmp_path, {})


@pytest.mark.parametrize("kind", damage.REFUSED)
def test_images_that_are_refused(raw, kind):
    content, message = damage.REFUSED[kind]
    row = SOURCE.index(raw, {}).iloc[3].to_dict()
    (raw / row["path"]).write_bytes(content)
    with raises(message):
        SOURCE.load(raw, row, {})


def test_what_was_collected_can_be_added_again(tmp_path, raw):
    again = place(SOURCE, [raw], tmp_path / "again")
    assert SOURCE.index(again, {}).equals(SOURCE.index(raw, {}))


def test_the_view(raw):
    dataset = get_dataset("ckplus48")
    assert (dataset.protocol, dataset.classes, dataset.sizes) == (
        "folds",
        EIGHT[1:],
        {"folds": 981},
    )
    assert get_pack("ckplus48").source == "ckplus48"
    assert sum(SOURCE.expected["test"].values()) == SOURCE.published == 981
    assert {k: n // 3 for k, n in SOURCE.expected["test"].items()} == {
        "anger": 45, "contempt": 18, "disgust": 59, "fear": 25, "happiness": 69, "sadness": 28,
        "surprise": 83,
    }  # fmt: skip
    parts = [part.to_json() for part in dataset.parts]
    rows = view_rows(parts, dataset.classes, {"ckplus48": SOURCE.index(raw, {})})
    assert len(rows) == 60
    assert np.isin(rows["label"], range(1, 8)).all()
