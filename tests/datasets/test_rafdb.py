"""RAF-DB on its miniature, from archive to pixels, whole and damaged."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from miniatures import damage, rafdb
from miniatures.drawing import counted, lay_out, place, unpack

from fer_bench.datasets import get_dataset, get_pack
from fer_bench.datasets.rafdb import SOURCE
from fer_bench.datasets.rafdb_labels import CODES, read_list
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError
from fer_bench.labels import SEVEN, Expression

FILES = rafdb.files()
LIST = "EmoLabel/list_patition_label.txt"


def folder(root, files=FILES):
    return lay_out(root, files)


@pytest.fixture
def raw(tmp_path):
    return place(SOURCE, [folder(tmp_path / "given")], tmp_path / "raw")


def test_from_archive_to_pixels(tmp_path):
    archives = rafdb.write(tmp_path / "downloads")
    root = place(SOURCE, unpack(archives, tmp_path / "unpacked"), tmp_path / "raw")
    index = SOURCE.index(root, {})
    assert counted(index) == rafdb.EXPECTED
    assert index["sample_id"].tolist() == [
        stem for split in ("train", "test") for stem, _ in rafdb.listed(split)
    ]
    assert index["subject"].isna().all()
    assert index["fold"].isna().all()
    for row in index.to_dict("records")[::10]:
        pixels = SOURCE.load(root, row, {})
        assert (pixels.shape, pixels.dtype) == ((100, 100, 3), np.uint8)
        assert pixels.std() > 10
    inventory = SOURCE.inventory(root)
    assert (inventory.listed, inventory.present) == (42, 42)
    assert inventory.notes[0] == "1 image without manual attributes: unknown"
    assert [note[:21] for note in inventory.notes[1:]] == ["names and labels hash"]


def test_codes_are_the_official_ones_both_ways():
    names = {1: "surprise", 2: "fear", 3: "disgust", 4: "happiness", 5: "sadness", 6: "anger",
             7: "neutral"}  # fmt: skip
    assert {code: label.name for code, label in CODES.items()} == names
    assert {label: code for code, label in CODES.items()} == {
        Expression[name]: code for code, name in names.items()
    }
    assert {label.name for label in CODES.values()} == set(SEVEN)


def test_labels_and_splits_are_those_of_the_list(raw):
    index = SOURCE.index(raw, {}).set_index("sample_id")
    for split in ("train", "test"):
        for stem, code in rafdb.listed(split):
            assert index.loc[stem, "label"] == CODES[code]
            assert index.loc[stem, "split"] == split


def test_which_pixels(raw):
    official = SOURCE.index(raw, {"pixels": "official"})
    assert official.equals(SOURCE.index(raw, {}))
    for kind in ("mtcnn", "resize"):
        photographs = SOURCE.index(raw, {"pixels": kind})
        assert photographs["path"].str.startswith("Image/original/").all()
        assert photographs.drop(columns="path").equals(official.drop(columns="path"))
        assert SOURCE.load(raw, photographs.iloc[0].to_dict(), {}).shape == (130, 130, 3)


def test_originals_are_needed_only_where_asked_for(tmp_path):
    files = {name: data for name, data in FILES.items() if "/original/" not in name}
    root = place(SOURCE, [folder(tmp_path / "given", files)], tmp_path / "raw")
    assert len(SOURCE.index(root, {})) == 42
    assert "42 images without its original" in SOURCE.inventory(root).notes[0]
    with pytest.raises(FerBenchError, match=r"Image/original/, which\n? ?`align\.rafdb\.pixels: m"):
        SOURCE.index(root, {"pixels": "mtcnn"})


def test_attributes_in_words(raw):
    manual = raw / "Annotation/manual"
    lines = "\n".join(["1\t2"] * 5)
    (manual / "train_00001_manu_attri.txt").write_text(f"{lines}\n1\n2\n4\n")
    (manual / "train_00002_manu_attri.txt").write_bytes(f"{lines}\n2\n1\n0".encode())
    (manual / "train_00003_manu_attri.txt").write_text(f"{lines}\n1\n3\n4\n")  # no such race
    (manual / "train_00004_manu_attri.txt").write_text(f"{lines}\n1\n2\n")  # cut off
    (manual / "train_00005_manu_attri.txt").unlink()
    index = SOURCE.index(raw, {}).set_index("sample_id")[["gender", "race", "age"]]
    assert index.loc["train_00001"].tolist() == ["female", "asian", "70+"]
    assert index.loc["train_00002"].tolist() == ["unsure", "african_american", "0-3"]
    for stem in ("train_00003", "train_00004", "train_00005"):
        assert index.loc[stem].tolist() == ["unknown"] * 3
    assert SOURCE.inventory(raw).notes[:2] == (
        "2 images without manual attributes: unknown",
        "2 images with attributes that are not understood: unknown",
    )


def test_the_compound_set_beside_it_is_passed_by(tmp_path):
    compound = {name.replace("basic/", "compound/"): b"compound" for name in FILES}
    root = place(SOURCE, [folder(tmp_path / "given", FILES | compound)], tmp_path / "raw")
    assert len(SOURCE.index(root, {})) == 42


def test_parts_unpacked_into_folders_of_their_own(tmp_path):
    pieces = {
        "list": "basic/EmoLabel/",
        "faces": "basic/Image/aligned/",
        "rest": "basic/Annotation",
    }
    roots = [
        folder(tmp_path / piece, {n.removeprefix("basic/Image/").removeprefix("basic/"): data
                                  for n, data in FILES.items() if n.startswith(start)})
        for piece, start in pieces.items()
    ]  # fmt: skip
    assert len(SOURCE.index(place(SOURCE, roots, tmp_path / "raw"), {})) == 42


def test_a_missing_list_missing_faces_and_two_copies(tmp_path):
    without = {name: data for name, data in FILES.items() if not name.endswith(LIST)}
    with pytest.raises(FerBenchError, match=r"nothing says their labels(.|\n)*42 aligned faces"):
        SOURCE.collect(Tree([folder(tmp_path / "a", without)]))
    without = {name: data for name, data in FILES.items() if "/aligned/" not in name}
    with pytest.raises(FerBenchError, match=r"Unpack Image/aligned\.zip"):
        SOURCE.collect(Tree([folder(tmp_path / "b", without)]))
    with pytest.raises(FerBenchError, match=r"found twice \(c/basic/.* and d/basic/"):
        SOURCE.collect(Tree([folder(tmp_path / "c"), folder(tmp_path / "d")]))


def test_missing_and_superfluous_faces_are_counted(raw):
    aligned = raw / "Image/aligned"
    (aligned / "train_00001_aligned.jpg").rename(aligned / "train_99999_aligned.jpg")
    inventory = SOURCE.inventory(raw)
    assert (inventory.listed, inventory.present) == (42, 41)
    assert "1 image without a label: left out" in inventory.notes
    index = SOURCE.index(raw, {})
    assert len(index) == 41
    assert not {"train_00001", "train_99999"} & set(index["sample_id"])


def test_no_face_at_all(raw):
    for path in (raw / "Image/aligned").iterdir():
        path.unlink()
    with pytest.raises(FerBenchError, match="none of the 42 images that have a label"):
        SOURCE.inventory(raw)
    with pytest.raises(FerBenchError, match="none of the listed images"):
        SOURCE.index(raw, {})


def test_not_added(tmp_path):
    with pytest.raises(FerBenchError, match="fer-bench data add rafdb"):
        SOURCE.index(tmp_path, {})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("train_00001.jpg 8\n", r"line 1: label '8' is none of 1 to 7"),
        ("train_00001.jpg 1\n\ntrain_00002.jpg 0\n", r"line 3: label '0'"),
        ("train_00001.jpg 1\ntrain_00002.jpg\n", r"line 2: 'train_00002\.jpg' is not"),
        ("train_00001.jpg 1 2\n", r"line 1: 'train_00001\.jpg 1 2' is not"),
        ("val_00001.jpg 1\n", r"line 1: 'val_00001\.jpg 1' is not"),
        ("../train_00001.jpg 1\n", r"line 1: '\.\./train"),
        ("train_00001.jpg 1\ntrain_00001.jpg 2\n", r"line 2: .* another label before"),
        ("test_0001.jpg ٣\n", r"line 1: label '٣'"),
    ],
)
def test_a_list_that_cannot_be_understood(raw, text, message):
    (raw / LIST).write_text(text, encoding="utf-8")
    with pytest.raises(FerBenchError, match=message):
        SOURCE.index(raw, {})
    with pytest.raises(FerBenchError, match="list_patition_label"):
        SOURCE.inventory(raw)


def test_a_repeated_line_is_taken_once(raw):
    text = (raw / LIST).read_text() + "test_0001.jpg 1\n"
    (raw / LIST).write_text(text)
    assert len(SOURCE.index(raw, {})) == 42
    assert "1 image listed more than once with the same label: taken once" in (
        SOURCE.inventory(raw).notes
    )


LABELS = st.dictionaries(
    st.one_of(
        st.integers(1, 99_999).map("train_{:05d}".format),
        st.integers(1, 9_999).map("test_{:04d}".format),
    ),
    st.integers(1, 7),
    min_size=1,
)


@given(LABELS, st.sampled_from(["\n", "\r\n"]), st.sampled_from([" ", "  ", "\t"]), st.booleans())
def test_any_list_is_read_back(labels, end, gap, last):
    lines = [f"{stem}.jpg{gap}{code}" for stem, code in labels.items()]
    text = end.join(lines) + end * last
    said = read_list(text, "list_patition_label.txt")
    assert said.keys == {stem: str(code) for stem, code in labels.items()}


@pytest.mark.parametrize("kind", damage.REFUSED)
def test_images_that_are_refused(raw, kind):
    content, message = damage.REFUSED[kind]
    row = SOURCE.index(raw, {}).iloc[3].to_dict()
    (raw / row["path"]).write_bytes(content)
    with pytest.raises(FerBenchError, match=message) as caught:
        SOURCE.load(raw, row, {})
    assert row["sample_id"] in str(caught.value)


@pytest.mark.parametrize("kind", damage.TAKEN)
def test_images_that_are_taken(raw, kind):
    content, grey = damage.TAKEN[kind]
    row = SOURCE.index(raw, {}).iloc[3].to_dict()
    (raw / row["path"]).write_bytes(content)
    assert np.abs(SOURCE.load(raw, row, {}).astype(int) - grey).max() <= 3


def test_what_is_published():
    sizes = {split: sum(counts.values()) for split, counts in SOURCE.expected.items()}
    assert sizes == {"train": 12_271, "test": 3_068}
    assert SOURCE.expected["test"]["happiness"] == 1185
    assert SOURCE.pixels == ("official", "mtcnn", "resize")


def test_packs_and_datasets():
    styles = {"rafdb": None, "rafdb_masked": "blue", "rafdb_masked_mixed": "mixed"}
    for name, style in styles.items():
        assert (get_pack(name).source, get_pack(name).mask_style) == ("rafdb", style)
        dataset = get_dataset(name)
        assert (dataset.packs, dataset.classes, dataset.protocol) == ((name,), SEVEN, "split")
        assert dataset.slices == ("gender", "race", "age")
        assert dataset.challenge == (None if style else "rafdb")
        assert dataset.sizes == {"train": 12_271, "test": 3_068}


def test_it_takes_no_options():
    with pytest.raises(FerBenchError, match=r"data\.rafdb"):
        SOURCE.check({"voting": "majority"})
