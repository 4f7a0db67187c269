"""FER2013 with its own labels: from the table and from folders of JPEG."""

import numpy as np
import pytest
from miniatures import damage, fer2013, ferplus
from miniatures.drawing import counted, lay_out, place, unpack
from PIL import Image

from fer_bench.datasets import fer2013 as fer2013_source
from fer_bench.datasets import get_dataset, get_pack
from fer_bench.datasets.fer2013 import CODES, FOLDERS, SOURCE
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError
from fer_bench.labels import SEVEN

ROWS = fer2013.rows()
PICTURES = fer2013.folders()


def given(root, files):
    return place(SOURCE, [lay_out(root / "given", files)], root / "raw")


@pytest.fixture
def raw(tmp_path):
    return given(tmp_path, PICTURES)


def test_from_the_table_to_pixels(tmp_path):
    archives = fer2013.write(tmp_path / "downloads")
    root = place(SOURCE, unpack(archives, tmp_path / "unpacked"), tmp_path / "raw")
    index = SOURCE.index(root, {})
    assert counted(index) == fer2013.EXPECTED
    for number, row in enumerate(index.to_dict("records")):
        assert row["sample_id"] == f"fer2013_{number:05d}"
        assert (row["label"], row["split"]) == (ROWS[number].face, ROWS[number].split)
        pixels = SOURCE.load(root, row, {})
        assert (pixels.shape, pixels.dtype) == ((48, 48, 3), np.uint8)
        assert np.array_equal(pixels[..., 1], ferplus.grey_of(ROWS[number], number))
    assert set(index["pixels_from"]) == {"csv"}
    assert SOURCE.inventory(root).notes == ()
    assert SOURCE.faults(root) == []


def test_the_other_table_gives_the_same(tmp_path):
    tables = {
        "fer2013.csv": ferplus.fer2013_csv(ROWS),
        "icml_face_data.csv": ferplus.icml_csv(ROWS),
    }
    both = [given(tmp_path / name, {name: content}) for name, content in tables.items()]
    one, other = (SOURCE.index(root, {}).drop(columns="offset") for root in both)
    assert one.equals(other)
    tree = Tree([lay_out(tmp_path / "whole", tables)])
    SOURCE.collect(tree)
    assert dict(+tree.left_out) == {"second table of pixels (icml_face_data.csv)": 1}


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("kind", ["jpg", "png"])
def test_folders_whose_names_tell_the_split(tmp_path, kind, apart):
    raw = given(tmp_path, fer2013.folders(kind=kind, apart=apart))
    index = SOURCE.index(raw, {})
    assert counted(index) == fer2013.EXPECTED
    assert index["sample_id"].is_unique
    by_id = index.set_index("sample_id", drop=False)
    for number, row in enumerate(ROWS):
        used = 2 if number == 4 else number
        folder = FOLDERS[CODES.index(row.face)]
        found = by_id.loc[f"fer2013_{folder}_{fer2013.name(row.split, used)}"]
        assert (found["label"], found["split"]) == (row.face, row.split)
        pixels = SOURCE.load(raw, found, {})[..., 0].astype(int)
        gap = np.abs(pixels - ferplus.grey_of(row, number)).mean()
        assert gap == 0 if kind == "png" else 0 < gap < 6
    (note,) = SOURCE.inventory(raw).notes
    assert (
        note
        == {
            "jpg": "56 pictures are JPEG copies: not the exact pixels",
            "png": "56 pictures are PNG copies: not compared with fer2013.csv",
        }[kind]
    )


@pytest.mark.parametrize("spell", [str.upper, str.title, "3_{}".format])
def test_other_spellings_of_the_classes(tmp_path, spell):
    names = {"angry": "anger", "happy": "happiness", "sad": "sadness", "surprise": "suprise"}
    files = {}
    for path, content in PICTURES.items():
        top, folder, name = path.split("/")
        files[f"{top}/{spell(names.get(folder, folder))}/{name}"] = content
    raw = given(tmp_path, files)
    reference = given(tmp_path / "reference", PICTURES)
    assert SOURCE.index(raw, {}).equals(SOURCE.index(reference, {}))


@pytest.mark.parametrize("folder", ["3", "contempt", "hapy"])
def test_a_folder_that_is_no_class_is_refused_with_its_name(tmp_path, folder):
    files = {path.replace("/happy/", f"/{folder}/"): data for path, data in PICTURES.items()}
    with pytest.raises(FerBenchError, match=rf"^{folder}/ is no class of FER2013.*\n.*angry"):
        given(tmp_path, files)


def test_added_and_other_pictures_are_left_out_and_counted(tmp_path):
    files = PICTURES | fer2013.added(PICTURES) | {"train/happy/other.png": b"x"}
    tree = Tree([lay_out(tmp_path / "given", files)])
    assert len(SOURCE.collect(tree)) == len(PICTURES)
    assert dict(tree.left_out) == {
        "added pictures (*.jpg0.jpg and so on), made of others": 2 * 8,
        "pictures in class folders, without Usage in the name": 1,
    }


def test_pictures_beside_the_table_are_left_out_and_counted(tmp_path):
    files = PICTURES | {"fer2013.csv": ferplus.fer2013_csv(ROWS)}
    tree = Tree([lay_out(tmp_path / "given", files)])
    assert [str(path) for path in SOURCE.collect(tree)] == ["fer2013.csv"]
    assert dict(+tree.left_out) == {"pictures in class folders beside the table of pixels": 56}


def test_the_folder_of_ferplus_will_do(tmp_path):
    table = ferplus.rows()
    files = {"fer2013.csv": ferplus.fer2013_csv(table), "fer2013new.csv": b"votes"}
    assert len(SOURCE.index(given(tmp_path, files), {})) == len(table)


def test_the_png_of_ferplus_lack_the_labels(tmp_path):
    files = ferplus.png_files(ferplus.rows())
    with pytest.raises(FerBenchError, match=r"do not say FER2013's own labels.*add ferplus"):
        given(tmp_path, files)


def test_names_that_do_not_tell_the_two_tests_apart(tmp_path):
    files = {f"test/happy/im{k}.png": b"x" for k in range(3)}
    with pytest.raises(FerBenchError, match=r"It holds 3 pictures.*cannot be told apart"):
        given(tmp_path, files)


def test_one_emotion_in_every_row_is_a_fault(tmp_path):
    lines = ferplus.fer2013_csv(ROWS).decode().splitlines()
    zeros = "\n".join([lines[0], *("0" + line[1:] for line in lines[1:])])
    raw = given(tmp_path, {"fer2013.csv": zeros.encode()})
    assert SOURCE.faults(raw) == [
        "every face has one label, angry: a copy rebuilt without the labels"
    ]


def test_one_picture_given_twice(tmp_path):
    path = next(p for p in PICTURES if "test/" in p)
    files = PICTURES | {path.replace("test/", "all/"): PICTURES[path]}
    with pytest.raises(FerBenchError, match="was found twice"):
        given(tmp_path, files)


def test_not_added(tmp_path):
    (tmp_path / "x").mkdir()
    with pytest.raises(FerBenchError, match="fer-bench data add fer2013"):
        SOURCE.index(tmp_path, {})
    with pytest.raises(FerBenchError, match=r"not FER2013.*\n.*icml_face_data.*\n.*no files"):
        SOURCE.collect(Tree([tmp_path]))


@pytest.mark.parametrize("kind", damage.REFUSED)
def test_images_that_are_refused(raw, kind):
    content, message = damage.REFUSED[kind]
    row = SOURCE.index(raw, {}).iloc[3].to_dict()
    (raw / row["path"]).write_bytes(content)
    with pytest.raises(FerBenchError, match=message):
        SOURCE.load(raw, row, {})


def test_a_resized_copy(raw):
    row = SOURCE.index(raw, {}).iloc[3].to_dict()
    (raw / row["path"]).write_bytes(damage.TAKEN["tiny"][0])
    with pytest.raises(FerBenchError, match="is 19 x 19 pixels, not FER2013's 48 x 48"):
        SOURCE.load(raw, row, {})


def test_equalised_copies_are_noticed(raw, monkeypatch):
    monkeypatch.setattr(fer2013_source, "SAMPLED", 20)
    monkeypatch.setattr(fer2013_source, "EQUALISED", 0.0)
    assert len(SOURCE.inventory(raw).notes) == 1
    monkeypatch.setattr(fer2013_source, "EQUALISED", 20.0)
    rng = np.random.default_rng(0)
    for path in raw.glob("*/*/*.jpg"):
        image = Image.fromarray(rng.integers(0, 256, (48, 48), np.uint8))
        image.save(path)
    assert "histogram equalisation" in SOURCE.inventory(raw).notes[1]
    for number, path in enumerate(raw.glob("*/*/*.jpg")):
        Image.new("L", (48, 48), 20 + 4 * number).save(path)
    assert len(SOURCE.inventory(raw).notes) == 1


def test_pictures_that_cannot_be_read_say_nothing_of_contrast(raw, monkeypatch):
    monkeypatch.setattr(fer2013_source, "SAMPLED", 20)
    paths = sorted(raw.glob("*/*/*.jpg"))
    noise = np.random.default_rng(0).integers(0, 256, (len(paths), 48, 48), np.uint8)
    for path, pixels in zip(paths, noise, strict=True):
        Image.fromarray(pixels).save(path)
    for path in paths[:10]:
        path.write_bytes(b"x")
    assert "mean grey levels differ by 1 from" in SOURCE.inventory(raw).notes[1]
    for path in paths:  # a resized copy, of which not one picture is FER2013's
        Image.new("L", (224, 224)).save(path)
    assert SOURCE.inventory(raw).notes == ("56 pictures are JPEG copies: not the exact pixels",)


def test_what_is_published():
    sizes = {split: sum(counts.values()) for split, counts in SOURCE.expected.items()}
    assert sizes == {"train": 28_709, "val": 3_589, "test": 3_589}
    by_code = [SOURCE.expected["train"][label.name] for label in CODES]
    assert by_code == [3995, 436, 4097, 7215, 4830, 3171, 4965]
    both = [sum(SOURCE.expected[s][label.name] for s in ("val", "test")) for label in CODES]
    assert both == [958, 111, 1024, 1774, 1247, 831, 1233]
    dataset = get_dataset("fer2013")
    assert (dataset.sizes, dataset.classes, dataset.protocol) == (sizes, SEVEN, "split")
    assert (get_pack("fer2013").source, SOURCE.pixels) == ("fer2013", ("resize", "mtcnn"))
    names = {"angry": "anger", "disgust": "disgust", "fear": "fear", "happy": "happiness",
             "sad": "sadness", "surprise": "surprise", "neutral": "neutral"}  # fmt: skip
    assert {f: label.name for f, label in zip(FOLDERS, CODES, strict=True)} == names
