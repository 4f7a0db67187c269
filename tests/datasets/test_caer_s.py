"""CAER-S with and without the list of boxes."""

import numpy as np
import pytest
from miniatures import caer_s as miniature
from miniatures.drawing import counted, lay_out, place, unpack
from PIL import Image

from fer_bench.datasets import get_dataset
from fer_bench.datasets.caer_s import LISTED, SOURCE
from fer_bench.datasets.caer_s_boxes import FOLDERS, read_boxes
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError
from fer_bench.labels import SEVEN
from fer_bench.receiving import add


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    scratch = tmp_path_factory.mktemp("caer_s")
    return place(SOURCE, unpack(miniature.write(scratch / "a"), scratch / "u"), scratch / "raw")


@pytest.fixture
def scenes(tmp_path):
    return lay_out(tmp_path / "CAER-S", miniature.files())


def test_labels_splits_and_boxes_by_content(raw):
    index = SOURCE.index(raw, {}).set_index("sample_id")
    assert counted(index) == miniature.EXPECTED
    assert len(index) == len(miniature.listed())
    for split, folder, number in miniature.listed():
        row = index.loc[f"caer_s_{split}_{folder.lower()}_{number:04d}"]
        assert (row["split"], row["label"]) == (split, FOLDERS[folder])
        assert row["path"] == f"{split}/{folder}/{number:04d}.png"
        assert tuple(row["published_box"]) == miniature.box(number)
    assert index["subject"].isna().all()


def test_the_face_in_the_box_is_cut_out_of_the_scene(raw):
    row = SOURCE.index(raw, {}).set_index("sample_id").loc["caer_s_train_anger_0002"]
    cut = SOURCE.load(raw, row.to_dict(), {})
    scene = np.asarray(Image.open(raw / row["path"]))
    # 60 pixels and a quarter of that on each side, as far as the scene reaches
    assert np.array_equal(cut, scene[0:87, 0:87])
    row["published_box"] = None
    assert SOURCE.load(raw, row.to_dict(), {}).shape == (120, 200, 3)


def test_what_the_list_does_not_name_is_counted(raw):
    inventory = SOURCE.inventory(raw)
    assert (inventory.listed, inventory.present) == (42, 42)
    assert inventory.notes == ("1 image without a box in the list: left out",)


def test_without_the_list_whole_scenes_are_taken(scenes, tmp_path):
    root = place(SOURCE, [scenes], tmp_path / "raw")
    index = SOURCE.index(root, {})
    assert len(index) == 43
    assert index["published_box"].isna().all()
    assert SOURCE.load(root, index.iloc[0].to_dict(), {}).shape == (120, 200, 3)
    assert SOURCE.edition(root).expected == {}
    assert "no list of boxes was given" in SOURCE.inventory(root).notes[0]


def test_lists_by_class_serve_as_well(scenes, tmp_path, raw):
    own = {name: data for name, data in miniature.lists().items() if "/" in name}
    root = place(SOURCE, [scenes, lay_out(tmp_path / "lists", own)], tmp_path / "raw")
    assert SOURCE.index(root, {}).equals(SOURCE.index(raw, {}))


def test_published_counts_are_those_of_the_list(raw, scenes, tmp_path):
    assert SOURCE.edition(raw).expected == LISTED
    assert sum(LISTED["train"].values()) == 47_966
    assert sum(LISTED["test"].values()) == 20_868
    assert LISTED["train"]["sadness"] == 6910
    house = {"root": tmp_path / "r", "receipts_root": tmp_path / "b", "progress": False}
    lists = lay_out(tmp_path / "lists", miniature.lists())
    with pytest.raises(FerBenchError, match="expected: 68,834 images"):
        add("caer_s", [scenes, lists], **house)
    assert add("caer_s", [scenes], **house).receipt["partial"] is False


GOOD = miniature.lines("train")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("train/Happy/0001.png,0,1,2,3,4", "line 2: code 0 is Anger, but the image lies in Happy"),
        (GOOD[0].rpartition(",")[0] + ",999", "has another box before"),
    ],
)
def test_a_list_that_contradicts_itself(line, message):
    with pytest.raises(FerBenchError, match=message):
        read_boxes(f"{GOOD[0]}\n{line}", "train.txt")


@pytest.mark.parametrize(
    "line", ["", "train/../../etc/0001.png,0,1,2,3,4", "/train/Anger/0001.png,0,1,2,3,4",
             "train/Anger/0001.png,7,1,2,3,4", "train/Anger/0001.png,0,1,2,3", "x" * 10_000]
)  # fmt: skip
def test_a_bad_line_is_left_out_and_many_are_refused(line):
    read = read_boxes("\n".join([*GOOD, line]), "train.txt")
    assert len(read.boxes) == len(GOOD)
    if line:
        assert read.notes[0].startswith("1 line of train.txt cannot be understood")
        with pytest.raises(FerBenchError, match=r"train\.txt line 2 is not like"):
            read_boxes("\n".join([GOOD[0], line]), "train.txt")


def test_blank_lines_are_no_lines_of_the_list():
    spaced = "\n\n".join([*GOOD[:10], "x"])
    with pytest.raises(FerBenchError, match=r"line 21 is not like .* That makes 1 of 11 lines"):
        read_boxes(spaced, "train.txt")
    assert read_boxes(f"\n \n{spaced[:-1]}", "train.txt").boxes.keys() == {
        line.partition(".")[0] for line in GOOD[:10]
    }


def test_a_list_of_other_images_is_refused(scenes, tmp_path):
    others = {name: data.replace(b"/00", b"/90") for name, data in miniature.lists().items()}
    house = {"root": tmp_path / "r", "receipts_root": tmp_path / "b", "progress": False}
    with pytest.raises(FerBenchError, match=r"none of the 42 images in the list .* or none\."):
        add("caer_s", [scenes, lay_out(tmp_path / "lists", others)], **house)
    assert list((tmp_path / "r").iterdir()) == []


@pytest.mark.parametrize("with_list", [True, False])
def test_one_number_twice_in_a_class(scenes, tmp_path, with_list):
    (scenes / "train/Happy/0001.jpg").write_bytes((scenes / "train/Happy/0002.png").read_bytes())
    lists = [lay_out(tmp_path / "lists", miniature.lists())] if with_list else []
    root = place(SOURCE, [scenes, *lists], tmp_path / "raw")
    for read in (SOURCE.inventory, lambda root: SOURCE.index(root, {})):
        with pytest.raises(FerBenchError, match=r"one number twice in a class\. Keep one of them"):
            read(root)


def test_a_box_outside_its_image_is_named(raw):
    row = SOURCE.index(raw, {}).iloc[0].to_dict()
    for box in ([500, 10, 560, 70], [20, 20, 20, 60], [50, 50, 20, 20]):
        with pytest.raises(FerBenchError, match=r"no part of this image of 200 x 120"):
            SOURCE.load(raw, {**row, "published_box": box}, {})


def test_what_is_refused(tmp_path, scenes, raw):
    with pytest.raises(FerBenchError, match=r"train images are missing(.|\n)*Anger,Disgust"):
        SOURCE.collect(Tree([lay_out(tmp_path / "x", {"a.txt": b""})]))
    only = {name: data for name, data in miniature.files().items() if name.startswith("train/")}
    with pytest.raises(FerBenchError, match="test images are missing"):
        SOURCE.collect(Tree([lay_out(tmp_path / "y", only)]))
    with pytest.raises(FerBenchError, match="found twice"):
        SOURCE.collect(Tree([scenes, raw]))
    with pytest.raises(FerBenchError, match="does not hold caer_s"):
        SOURCE.index(tmp_path / "nowhere", {})
    with pytest.raises(FerBenchError, match=r"data\.caer_s"):
        SOURCE.check({"x": 1})


def test_the_dataset():
    dataset = get_dataset("caer_s")
    assert (dataset.packs, dataset.classes, dataset.protocol) == (("caer_s",), SEVEN, "split")
    assert dict(dataset.sizes) == {"train": 47_966, "test": 20_868}
    assert {label.name for label in FOLDERS.values()} == set(SEVEN)
