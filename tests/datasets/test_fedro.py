"""FED-RO on its miniature, from archive to pixels, whole and damaged."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from miniatures import damage, fedro
from miniatures.drawing import lay_out, place, unpack

from fer_bench.datasets import get_dataset, get_pack
from fer_bench.datasets.fedro import FOLDERS, SOURCE, missing_numbers
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError
from fer_bench.labels import SEVEN

FILES = fedro.files()


def folder(root, files=FILES):
    return lay_out(root, files)


@pytest.fixture
def raw(tmp_path):
    return place(SOURCE, [folder(tmp_path / "given")], tmp_path / "raw")


def test_from_archive_to_pixels(tmp_path):
    archives = fedro.write(tmp_path / "downloads")
    root = place(SOURCE, unpack(archives, tmp_path / "unpacked"), tmp_path / "raw")
    index = SOURCE.index(root, {})
    assert {"test": {"all": len(index)}} == fedro.EXPECTED
    assert (index["split"] == "test").all()
    assert (index["label"].value_counts() == 2).all()
    for row in index.to_dict("records"):
        pixels = SOURCE.load(root, row, {})
        number = int(row["sample_id"].rsplit("_", 1)[1])
        assert (pixels.shape, pixels.dtype) == ((120, 110 + 3 * number, 3), np.uint8)
    inventory = SOURCE.inventory(root)
    assert (inventory.listed, inventory.present) == (14, 14)
    assert inventory.notes == ("numbers missing in the file names: 3, 8-9, 18-400",)


def test_folders_are_the_official_ones_both_ways(raw):
    names = {"neural": "neutral", "disgust": "disgust", "fear": "fear", "anger": "anger",
             "happy": "happiness", "surprise": "surprise", "sad": "sadness"}  # fmt: skip
    assert {folder: label.name for folder, label in FOLDERS.items()} == names
    assert {label.name: folder for folder, label in FOLDERS.items()} == {
        name: folder for folder, name in names.items()
    }
    index = SOURCE.index(raw, {})
    for folder_name, label in FOLDERS.items():
        own = index[index["path"].str.startswith(f"{folder_name}/")]
        assert (own["label"] == label).all()
        assert own["sample_id"].str.startswith(f"fedro_{names[folder_name]}_").all()


def test_numbers_that_start_anew_in_each_class(raw):
    for name in FOLDERS:
        pictures = [path.read_bytes() for path in sorted((raw / name).iterdir())]
        for path in (raw / name).iterdir():
            path.unlink()
        for k, picture in enumerate(pictures, start=1):
            (raw / name / f"occ_img_{2 * k}.jpg").write_bytes(picture)
    index = SOURCE.index(raw, {})
    assert index["sample_id"].is_unique
    assert len(index) == 14
    assert SOURCE.inventory(raw).notes == tuple(f"numbers missing in {f}: 1, 3" for f in FOLDERS)


def test_a_folder_spelled_right_and_other_file_types(tmp_path):
    files = {name.replace("neural", "Neutral").replace(".jpg", ".JPEG"): data
             for name, data in FILES.items()}  # fmt: skip
    root = place(SOURCE, [folder(tmp_path / "given", files)], tmp_path / "raw")
    assert len(SOURCE.index(root, {})) == 14
    assert (root / "neural").is_dir()


@pytest.mark.parametrize("names", [fedro.SPELT, {name: f"{i}_{name.upper()}" for i, name in
                                                 enumerate(FOLDERS)}])  # fmt: skip
def test_every_spelling_gives_the_same_faces_and_labels(tmp_path, raw, names):
    files = fedro.spelt(names=names)
    root = place(SOURCE, [folder(tmp_path / "spelt", files)], tmp_path / "spelt_raw")
    index = SOURCE.index(root, {})
    assert index.equals(SOURCE.index(raw, {}))
    for row in index.to_dict("records"):
        number = int(row["sample_id"].rsplit("_", 1)[1])
        (own,) = [name for name, numbers in fedro.numbers().items() if number in numbers]
        assert row["label"] == FOLDERS[own]


@pytest.mark.parametrize("name", ["contempt", "3", "class_a"])
def test_a_folder_whose_class_is_not_known_is_refused_not_dropped(tmp_path, name):
    files = fedro.spelt(names={"happy": name, "sad": "Sadness"})
    with pytest.raises(
        FerBenchError, match=rf"found:    {name}/ \(2\)(?s:.*)A number says nothing"
    ):
        SOURCE.collect(Tree([folder(tmp_path, files)]))


def test_other_pictures_are_left_out_and_counted(tmp_path):
    files = FILES | {"FED-RO/readme.txt": b"x", "FED-RO/happy/other.jpg": b"x"}
    tree = Tree([folder(tmp_path / "given", files | {"FED-RO/sad/occ_img.png": b"x"})])
    assert len(SOURCE.collect(tree)) == 14
    assert dict(tree.left_out) == {
        "pictures in class folders, not named occ_img_<n>": 2,
    }


def test_a_class_without_faces_is_said(tmp_path):
    files = {path: data for path, data in FILES.items() if "/sad/" not in path}
    root = place(SOURCE, [folder(tmp_path / "given", files)], tmp_path / "raw")
    assert SOURCE.inventory(root).notes[0] == "not one face of sadness"


def test_what_is_not_fedro(tmp_path):
    with pytest.raises(
        FerBenchError, match=r"this is not FED-RO.*\n.*neural,disgust.*\n.*no files"
    ):
        SOURCE.collect(Tree([tmp_path]))
    with pytest.raises(FerBenchError, match="fer-bench data add fedro"):
        SOURCE.index(tmp_path, {})
    with pytest.raises(FerBenchError, match="not one FED-RO image"):
        SOURCE.inventory(tmp_path)


def test_one_number_twice(raw):
    path = next((raw / "sad").iterdir())
    (raw / "sad" / f"{path.stem}.png").write_bytes(path.read_bytes())
    with pytest.raises(FerBenchError, match="one number twice in a class"):
        SOURCE.index(raw, {})


@given(st.sets(st.integers(1, 60), min_size=1), st.integers(61, 70))
def test_missing_numbers_are_the_complement(there, end):
    ranges = [part.split("-") for part in missing_numbers(there, end).split(", ") if part]
    named = [n for part in ranges for n in range(int(part[0]), int(part[-1]) + 1)]
    assert named == [n for n in range(1, end) if n not in there]


@pytest.mark.parametrize("kind", damage.REFUSED)
def test_images_that_are_refused(raw, kind):
    content, message = damage.REFUSED[kind]
    row = SOURCE.index(raw, {}).iloc[3].to_dict()
    (raw / row["path"]).write_bytes(content)
    with pytest.raises(FerBenchError, match=message):
        SOURCE.load(raw, row, {})


@pytest.mark.parametrize("kind", damage.TAKEN)
def test_images_that_are_taken(raw, kind):
    content, grey = damage.TAKEN[kind]
    row = SOURCE.index(raw, {}).iloc[3].to_dict()
    (raw / row["path"]).write_bytes(content)
    assert np.abs(SOURCE.load(raw, row, {}).astype(int) - grey).max() <= 3


def test_what_is_published():
    dataset = get_dataset("fedro")
    assert SOURCE.expected == {"test": {"all": 400}}
    assert (dataset.sizes, dataset.classes, dataset.protocol) == ({"test": 400}, SEVEN, "test")
    assert (get_pack("fedro").source, SOURCE.pixels) == ("fedro", ("mtcnn", "resize"))
