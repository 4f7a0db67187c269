"""SFEW on its miniature, from archives to pixels, whole and damaged."""

import io

import numpy as np
import pytest
from miniatures import damage, sfew
from miniatures.drawing import counted, face, lay_out, place, save, unpack
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from fer_bench.datasets import get_dataset, get_pack
from fer_bench.datasets.sfew import FOLDERS, SOURCE
from fer_bench.datasets.tree import Tree
from fer_bench.datasets.validation import carve_validation
from fer_bench.errors import FerBenchError
from fer_bench.labels import SEVEN

FILES = {split: sfew.files(split) for split in sfew.ARCHIVES}


def given(root, rename=lambda name: name):
    files = {rename(name): data for split in FILES.values() for name, data in split.items()}
    return lay_out(root, files)


@pytest.fixture
def raw(tmp_path):
    return place(SOURCE, [given(tmp_path / "given")], tmp_path / "raw")


def test_from_archives_to_pixels(tmp_path):
    archives = sfew.write(tmp_path / "downloads")
    root = place(SOURCE, unpack(archives, tmp_path / "unpacked"), tmp_path / "raw")
    index = SOURCE.index(root, {})
    assert counted(index) == sfew.EXPECTED
    for row in index.to_dict("records")[::10]:
        pixels = SOURCE.load(root, row, {})
        assert (pixels.shape, pixels.dtype) == ((181, 143, 3), np.uint8)
        assert pixels.std() > 10
    inventory = SOURCE.inventory(root)
    assert (inventory.listed, inventory.present, inventory.notes) == (42, 42, ())


@pytest.mark.parametrize(
    "nesting",
    [
        lambda name: name.replace("Val_Aligned_Faces_new/Val_", "Val_"),
        lambda name: name.replace(
            "Val_Aligned_Faces_new/Val_Aligned_Faces", "Val_Aligned_Faces_new"
        ),
        lambda name: ("Train/" if name.startswith("Train") else "Val/") + name,
        lambda name: "SFEW_2/" + name.lower(),
    ],
)
def test_every_nesting_gives_the_same_faces(tmp_path, nesting):
    root = place(SOURCE, [given(tmp_path / "given", nesting)], tmp_path / "raw")
    assert counted(SOURCE.index(root, {})) == sfew.EXPECTED


def test_folders_are_the_official_ones_both_ways():
    names = {"Angry": "anger", "Disgust": "disgust", "Fear": "fear", "Happy": "happiness",
             "Neutral": "neutral", "Sad": "sadness", "Surprise": "surprise"}  # fmt: skip
    assert {folder: label.name for folder, label in FOLDERS.items()} == names
    assert {label.name: folder for folder, label in FOLDERS.items()} == {
        name: folder for folder, name in names.items()
    }


def test_labels_come_from_folders_and_the_val_folder_is_the_test_split(raw):
    index = SOURCE.index(raw, {})
    owner = index["path"].str.split("/").str[0]
    assert owner.map({"train": "train", "val": "test"}).equals(index["split"])
    for name, label in FOLDERS.items():
        assert (index.loc[index["path"].str.contains(f"/{name}/"), "label"] == label).all()


def test_no_film_is_named_and_each_is_one_subject(raw):
    index = SOURCE.index(raw, {})
    shown = index.drop(columns="path").to_csv()
    assert "Film" not in shown
    assert index["sample_id"].str.fullmatch("sfew_[0-9a-f]{12}").all()
    assert index["sample_id"].is_unique
    films = index["path"].str.extract(r"/([^/]+)_\d+_\d+\.png$")[0]
    assert index["subject"].nunique() == films.nunique() == 2 * len(sfew.MOVIES)
    assert (index.groupby(films)["subject"].nunique() == 1).all()


def test_a_carved_validation_split_divides_no_film(raw):
    index = SOURCE.index(raw, {})
    chosen = carve_validation(index)
    assert 0 < chosen.sum() < (index["split"] == "train").sum()
    assert not set(index.loc[chosen, "subject"]) & set(
        index.loc[~chosen & (index["split"] == "train"), "subject"]
    )


def test_order_and_ids_do_not_depend_on_what_else_is_there(raw):
    whole = SOURCE.index(raw, {})
    assert whole["split"].tolist() == ["train"] * 28 + ["test"] * 14
    (raw / whole.iloc[5]["path"]).unlink()
    part = SOURCE.index(raw, {})
    assert part.equals(whole.drop(index=5).reset_index(drop=True))


def test_a_file_that_is_named_after_no_film_has_no_subject(raw):
    path = raw / SOURCE.index(raw, {}).iloc[0]["path"]
    path.rename(path.with_name("image7.png"))
    assert SOURCE.index(raw, {})["subject"].isna().sum() == 1
    assert SOURCE.inventory(raw).notes == ("1 images not named after a movie: without a subject",)


@pytest.mark.parametrize("pixels", ["official", "mtcnn", "resize"])
def test_every_kind_of_pixels_reads_the_aligned_faces(raw, pixels):
    assert pixels in SOURCE.pixels
    assert SOURCE.index(raw, {"pixels": pixels}).equals(SOURCE.index(raw, {}))


def test_one_archive_only(tmp_path):
    with pytest.raises(FerBenchError, match=r"SFEW's val faces are missing"):
        SOURCE.collect(Tree([lay_out(tmp_path, FILES["train"])]))
    with pytest.raises(FerBenchError, match=r"SFEW's train faces are missing"):
        SOURCE.collect(Tree([lay_out(tmp_path / "val", FILES["test"])]))


def test_class_folders_without_the_owners_names(tmp_path, raw):
    files = sfew.plain("train") | sfew.plain("test")
    root = place(SOURCE, [lay_out(tmp_path / "plain", files)], tmp_path / "plain_raw")
    assert SOURCE.index(root, {}).equals(SOURCE.index(raw, {}))
    assert SOURCE.faults(root) == SOURCE.faults(raw) == []


def test_whole_frames_beside_the_aligned_faces_are_left_out_and_counted(tmp_path):
    extra = sfew.whole_frames("train") | sfew.whole_frames("test")
    extra |= {"SFEW/Test/a_1_2.png": b"x", "Test_Aligned_Faces/b.png": b"x"}
    extra |= {"SFEW/Train/Angry/c.jpg": b"x"}
    tree = Tree([lay_out(tmp_path, FILES["train"] | FILES["test"] | extra)])
    assert len(SOURCE.collect(tree)) == 42
    assert dict(+tree.left_out) == {
        "whole frames in class folders beside the aligned faces": sum(
            len(sfew.whole_frames(split)) for split in FILES
        ),
        "faces of the Test folder, whose labels were never published": 2,
        "pictures in class folders that are not PNG, as SFEW's faces are": 1,
    }


def test_whole_frames_alone_are_no_aligned_faces(tmp_path):
    files = {path: save(face(0, 3900, 0, (240, 192)), "PNG")
             for split in FILES for path in sfew.plain(split)}  # fmt: skip
    root = place(SOURCE, [lay_out(tmp_path / "given", files)], tmp_path / "raw")
    (fault,) = SOURCE.faults(root)
    assert fault.startswith("42 of 42 pictures are not 143 x 181 pixels: whole frames")


def test_sizes_are_compared_of_those_that_can_be_read(raw):
    """A damaged picture is named when it is decoded; a text may be too long for Pillow to open."""
    said = PngInfo()
    said.add_text("Comment", "x" * 2**21, zip=True)
    long = io.BytesIO()
    Image.new("L", (240, 192)).save(long, "PNG", pnginfo=said)
    paths = sorted(raw.glob("*/*/*.png"))
    for path, content in zip(paths, [b"x", b"", long.getvalue()], strict=False):
        path.write_bytes(content)
        with pytest.raises(FerBenchError, match=path.name):
            SOURCE.load(raw, {"path": path.relative_to(raw)}, {})
    assert SOURCE.faults(raw) == []
    for path in paths[3:25]:
        path.write_bytes(save(face(0, 3900, 0, (240, 192)), "PNG"))
    (fault,) = SOURCE.faults(raw)
    assert fault.startswith("22 of 42 pictures are not 143 x 181 pixels")


def test_a_strange_class(tmp_path):
    files = FILES["train"] | {"Train_Aligned_Faces/Hapy/a_1_2.png": b""}
    with pytest.raises(FerBenchError, match=r"Train_Aligned_Faces/Hapy is no class.*'Happy'"):
        SOURCE.collect(Tree([lay_out(tmp_path, files)]))


def test_the_same_face_twice(tmp_path):
    roots = [given(tmp_path / "a"), given(tmp_path / "b")]
    with pytest.raises(FerBenchError, match="one copy of the set, not several"):
        SOURCE.collect(Tree(roots))


def test_one_frame_in_two_classes(raw):
    path = next((raw / "train/Sad").glob("*.png"))
    (raw / "train/Fear" / path.name).write_bytes(path.read_bytes())
    with pytest.raises(FerBenchError, match="1 frames of SFEW lie in more than one"):
        SOURCE.index(raw, {})


def test_not_added(tmp_path):
    with pytest.raises(FerBenchError, match="fer-bench data add sfew"):
        SOURCE.index(tmp_path, {})


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
    sizes = {split: sum(counts.values()) for split, counts in SOURCE.expected.items()}
    assert sizes == {"train": 891, "test": 431}
    assert SOURCE.expected["train"]["sadness"] == 161
    assert SOURCE.expected["test"]["neutral"] == 84
    dataset = get_dataset("sfew")
    assert dataset.sizes == sizes
    assert (dataset.classes, dataset.protocol) == (SEVEN, "split")
    assert (get_pack("sfew").source, get_pack("sfew").mask_style) == ("sfew", None)
