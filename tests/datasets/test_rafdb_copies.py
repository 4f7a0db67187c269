"""RAF-DB as people hold it: every copy gives the same labels, or is refused with a reason."""

import json
import random
import re

import pytest
from miniatures import challenge_lists, rafdb
from miniatures.drawing import lay_out, place, save
from PIL import Image

from fer_bench.datasets.rafdb import SOURCE
from fer_bench.datasets.rafdb_labels import CODES, NEUTRAL_TRAIN, FormLabels, pairs_sha256, settle
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError
from fer_bench.receiving import add

COPIES = rafdb.copies()


def given(tmp_path, files):
    return lay_out(tmp_path / "given", files)


def refused(tmp_path, files, message):
    with pytest.raises(FerBenchError, match=message):
        SOURCE.collect(Tree([given(tmp_path, files)]))


def index_of(tmp_path, files):
    root = place(SOURCE, [given(tmp_path, files)], tmp_path / "raw")
    return SOURCE.index(root, {}), root


@pytest.mark.parametrize("name", COPIES)
def test_every_copy_gives_the_official_labels_splits_order_and_pixels(name, tmp_path):
    index, root = index_of(tmp_path, COPIES[name])
    official = rafdb.files()
    assert index["sample_id"].tolist() == list(rafdb.everything())
    assert index["label"].tolist() == [CODES[code] for code in rafdb.everything().values()]
    assert index["split"].tolist() == [stem.split("_")[0] for stem in rafdb.everything()]
    for row in index.to_dict("records"):
        face = official[f"basic/Image/aligned/{row['sample_id']}_aligned.jpg"]
        assert (root / row["path"]).read_bytes() == face
    assert SOURCE.inventory(root).present == 42


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("kaggle", "42 labels stand in more than one source, and all of these agree"),
        ("kaggle", "test_labels.csv and EmoLabel/train_labels.csv and the class folders: the offi"),
        ("flat", "42 images without manual attributes: unknown"),
        ("train_valid", "official images not shown: a copy in train/ and valid/"),
        ("from_zero_and_list", "class folders were numbered from 0"),
    ],
)
def test_what_is_said_of_a_copy(name, words, tmp_path):
    _, root = index_of(tmp_path, COPIES[name])
    assert any(words in note for note in SOURCE.inventory(root).notes)


def test_the_hash_of_names_and_labels_is_that_of_every_right_copy(tmp_path):
    hashes = set()
    for name in ("kaggle", "flat", "two_lists"):
        _, root = index_of(tmp_path / name, COPIES[name])
        hashes |= {re.search("hash to ([0-9a-f]{16})", " ".join(SOURCE.inventory(root).notes))[1]}
    labels = {stem: CODES[code] for stem, code in rafdb.everything().items()}
    assert hashes == {pairs_sha256(labels)[:16]}
    assert pairs_sha256({**labels, "test_0001": CODES[2]})[:16] not in hashes


def test_through_add_with_receipt(tmp_path):
    folder = given(tmp_path, rafdb.kaggle())
    added = add(
        "rafdb", [folder], root=tmp_path / "raw", receipts_root=tmp_path / "b",
        allow_partial=True, progress=False,
    )  # fmt: skip
    assert added.receipt["counts"]["train"] == rafdb.EXPECTED["train"] | {}
    assert "train_0" not in json.dumps(added.receipt)


def swapped(text: bytes, first: str, second: str) -> bytes:
    """The list with the codes of two faces exchanged, so that no count changes."""
    rows = [line.split(b",") for line in text.splitlines()]
    found = {row[0].decode(): row for row in rows}
    found[first][1], found[second][1] = found[second][1], found[first][1]
    return b"\n".join(b",".join(row) for row in rows)


def test_sources_that_disagree_are_refused_with_the_first_difference(tmp_path):
    files = rafdb.kaggle()
    files["train_labels.csv"] = swapped(
        files["train_labels.csv"], "train_00003_aligned.jpg", "train_00005_aligned.jpg"
    )
    refused(
        tmp_path, files,
        r"first about train_00003: sadness by given/train_labels\.csv, disgust by the class "
        r"folders \(2 of 42 differ\)",
    )  # fmt: skip


def test_a_shifted_list_is_found_by_csv_folders_or_challenge_lists(tmp_path):
    rows = rafdb.listed("test")
    shifted = [(stem, rows[i - 1][1]) for i, (stem, _) in enumerate(rows)]  # same counts
    text = rafdb.lines("train") + "".join(f"{s}.jpg {c}\n" for s, c in shifted).encode()
    wrong = {"list_patition_label.txt": text}
    refused(tmp_path / "a", rafdb.kaggle() | wrong, "disagree, first about test_0001")
    folders = rafdb.faces("{split}/{code}/{stem}_aligned.jpg")
    refused(tmp_path / "b", folders | wrong, r"test_0001: neutral by .*surprise by the class fold")
    flat = rafdb.faces()
    lists = {n: d for n, d in challenge_lists.files().items() if n.startswith("RAF_DB_dir")}
    refused(tmp_path / "c", flat | wrong | lists, r"disagree, first about test_000\d: .*RAF_DB_dir")
    assert len(index_of(tmp_path / "d", flat | wrong)[0]) == 42  # nothing to compare with


def test_shifted_train_labels_are_found_by_the_numbers_of_the_neutral_faces(tmp_path):
    rows = rafdb.listed("train")
    text = "".join(f"{stem}.jpg {rows[i - 1][1]}\n" for i, (stem, _) in enumerate(rows)).encode()
    files = rafdb.faces() | {"list_patition_label.txt": text + rafdb.lines("test")}
    refused(tmp_path, files, "officially train_09748 to train_12271 are the neutral train faces")


def test_challenge_lists_beside_a_right_copy_agree(tmp_path):
    lists = {n: d for n, d in challenge_lists.files().items() if n.startswith("RAF_DB_dir")}
    index, root = index_of(tmp_path, COPIES["flat"] | lists)
    assert len(index) == 42
    named = {stem for part in challenge_lists.listed()["rafdb"].values() for stem, _ in part}
    assert f"{len(named)} labels stand in more than one" in " ".join(SOURCE.inventory(root).notes)


def test_folders_from_zero_without_a_list_are_refused(tmp_path):
    files = rafdb.faces("{split}/{zero}/{stem}_aligned.jpg")
    refused(tmp_path, files, "numbered from 0, and nothing shows which is which")


def whole_set(seed: int = 0) -> dict[str, int]:
    """Stems and codes with the published counts, neutral train faces last."""
    draw = random.Random(seed)
    found = {}
    for split, counts in SOURCE.expected.items():
        codes = [
            c for c in CODES for _ in range(counts[CODES[c].name]) if (split, c) != ("train", 7)
        ]
        draw.shuffle(codes)
        width = 5 if split == "train" else 4
        found |= {f"{split}_{i:0{width}d}": code for i, code in enumerate(codes, start=1)}
    return found | {f"train_{number:05d}": 7 for number in NEUTRAL_TRAIN}


@pytest.mark.parametrize("order", [[1, 2, 3, 4, 5, 6, 7], [7, 4, 5, 1, 2, 3, 6]])
def test_whole_folders_from_zero_are_settled_by_their_counts(order):
    official = whole_set()
    folders = FormLabels("the class folders", {s: str(order.index(c)) for s, c in official.items()})
    labels = settle([folders], SOURCE.expected)
    assert labels == {stem: CODES[code] for stem, code in official.items()}
    one_less = dict(folders.keys)
    del one_less["train_00001"]
    with pytest.raises(FerBenchError, match="nothing shows which is which"):
        settle([FormLabels("the class folders", one_less)], SOURCE.expected)


def test_counts_alone_do_not_settle_folders_whose_neutral_faces_have_other_numbers():
    official = whole_set()
    keys = {stem: str(code - 1) for stem, code in official.items()}
    keys["train_00001"], keys["train_12000"] = keys["train_12000"], keys["train_00001"]
    with pytest.raises(FerBenchError, match=r"train_0*\d+ is .* \(2 such\)"):
        settle([FormLabels("the class folders", keys)], SOURCE.expected)


def test_a_list_from_zero_is_never_trusted(tmp_path):
    rows = rafdb.everything().items()
    text = "".join(f"{stem}.jpg {code - 1}\n" for stem, code in rows).encode()
    refused(tmp_path / "a", rafdb.faces() | {"labels.txt": text}, "labels.txt: the classes are num")
    files = rafdb.kaggle() | {"labels.txt": text}
    assert len(index_of(tmp_path / "b", files)[0]) == 42
    text = text.replace(b"train_00002.jpg 1\n", b"train_00002.jpg 2\n")
    refused(tmp_path / "c", rafdb.kaggle() | {"labels.txt": text}, "first about train_00002")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"data/train-0001.parquet": b"PAR1"}, "Parquet or Arrow copy .* lost the official file"),
        (rafdb.faces(), r"nothing says their labels(.|\n)*42 aligned faces"),
        ({"list_patition_label.txt": rafdb.label_list()}, "aligned faces are missing"),
        ({"notes.txt": b"hello"}, r"not RAF-DB's basic set(.|\n)*another arrangement"),
        (
            rafdb.faces() | {"a/labels.csv": b"image,label\ntrain_00001.jpg,9\n"},
            r"given/a/labels\.csv line 2: label '9'",
        ),
        (
            rafdb.faces() | {"labels.csv": b"image,label\n../../etc/train_00001.jpg,1\n"},
            r"labels\.csv line 2: '\.\./\.\./etc/train_00001\.jpg,1' is not",
        ),
        (rafdb.faces() | {"labels.csv": b"image,label\n"}, "lists no face"),
        (
            rafdb.faces() | {"labels.csv": b"train_00001.jpg,0\ntrain_00002.jpg,7\n"},
            r"given/labels\.csv: 0, 7 are neither the official 1 to 7 nor 0 to 6",
        ),
        (rafdb.faces() | {"labels.csv": b"\xff\xfe\x00\x01" * 50}, "labels.csv line 1"),
    ],
)
def test_what_is_refused_and_why(tmp_path, files, message):
    refused(tmp_path, files, message)


def test_a_face_given_twice_is_named_with_both_places(tmp_path):
    files = rafdb.kaggle() | rafdb.faces("flat/{stem}_aligned.jpg")
    refused(tmp_path, files, r"test_0001 was found twice \(given/DATASET/test/1/.*given/flat/")


def test_photographs_named_like_faces_are_told_apart_by_their_sizes(tmp_path):
    photographs = {
        name.replace("basic/Image/original/", "photos/"): save(Image.new("RGB", (90 + i, 120)))
        for i, name in enumerate(n for n in rafdb.files() if "/original/" in n)
    }
    files = photographs | {"list_patition_label.txt": rafdb.label_list()}
    refused(tmp_path / "a", files, r"aligned faces are missing(.|\n)*42 photographs")
    _, root = index_of(tmp_path / "b", files | rafdb.faces("x/{stem}_aligned.jpg"))
    assert len(SOURCE.index(root, {"pixels": "mtcnn"})) == 42


def test_faces_of_another_size_are_marked(tmp_path):
    files = rafdb.copies()["flat"]
    files["train_00001_aligned.jpg"] = save(Image.new("RGB", (224, 224)))
    _, root = index_of(tmp_path, files)
    assert any(
        note.startswith("official images not shown: 1 aligned faces are not")
        for note in SOURCE.inventory(root).notes
    )


def test_png_faces_keep_their_format(tmp_path):
    files = {
        name.replace(".jpg", ".png"): save(Image.new("RGB", (100, 100)), "PNG")
        for name in rafdb.faces("{split}/{code}/{stem}_aligned.jpg")
    }
    index, root = index_of(tmp_path, files)
    assert index["path"].str.endswith("_aligned.png").all()
    assert SOURCE.load(root, index.iloc[0].to_dict(), {}).shape == (100, 100, 3)


def test_kept_files_that_no_longer_agree_are_noticed(tmp_path):
    _, root = index_of(tmp_path, rafdb.kaggle())
    face = next((root / "Image/aligned/4").glob("*.jpg"))
    face.rename(root / "Image/aligned/5" / face.name)
    with pytest.raises(FerBenchError, match=f"first about {face.name[:11]}"):
        SOURCE.index(root, {})


def test_a_folder_called_aligned_above_all_does_not_make_photographs_faces(tmp_path):
    root = place(SOURCE, [lay_out(tmp_path / "aligned", rafdb.files())], tmp_path / "raw")
    assert SOURCE.index(root, {"pixels": "mtcnn"})["path"].str.startswith("Image/original/").all()


def test_a_link_that_leads_out_of_the_folder_is_refused(tmp_path):
    folder = given(tmp_path, rafdb.kaggle())
    secret = tmp_path / "secret.csv"
    secret.write_bytes(rafdb.csv("train"))
    (folder / "train_labels.csv").unlink()
    (folder / "train_labels.csv").symlink_to(secret)
    with pytest.raises(FerBenchError, match="a link that leads out of the folder"):
        add("rafdb", [folder], root=tmp_path / "r", receipts_root=tmp_path / "b", progress=False)
    assert not (tmp_path / "r/rafdb").exists()
