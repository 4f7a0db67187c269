import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from miniatures import jaffe as miniature
from miniatures.drawing import lay_out, place, unpack

from fer_bench.datasets import get_dataset, get_pack, get_source
from fer_bench.datasets.jaffe import CODES, PEOPLE, label_of
from fer_bench.datasets.tree import Tree
from fer_bench.datasets.view_rows import view_rows
from fer_bench.errors import FerBenchError
from fer_bench.labels import SEVEN, Expression

SOURCE = get_source("jaffe")


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    folder = tmp_path_factory.mktemp("jaffe")
    return place(SOURCE, unpack(miniature.write(folder), folder / "u"), folder / "raw")


@pytest.fixture
def broken(raw, tmp_path):
    return Path(shutil.copytree(raw, tmp_path / "raw"))


def raises(match: str):
    return pytest.raises(FerBenchError, match=match)


def test_codes_both_ways():
    names = {"AN": "anger", "DI": "disgust", "FE": "fear", "HA": "happiness", "NE": "neutral",
             "SA": "sadness", "SU": "surprise"}  # fmt: skip
    assert {code: expression.name for code, expression in CODES.items()} == names
    assert sorted(CODES.values()) == list(Expression)[:7]


def test_published_counts():
    assert SOURCE.published == 213
    assert dict(get_dataset("jaffe").sizes) == {"test": 213}
    assert SOURCE.expected["test"] == {"anger": 30, "disgust": 29, "fear": 32, "happiness": 31,
                                       "neutral": 30, "sadness": 31, "surprise": 30}  # fmt: skip
    assert len(set(PEOPLE)) == 10


def test_every_picture(raw):
    frame = SOURCE.index(raw, {})
    assert {Expression(k).name: n for k, n in frame["label"].value_counts().items()} == (
        miniature.EXPECTED["test"]
    )
    assert set(frame["split"]) == {"test"}
    assert frame["fold"].isna().all()
    assert list(frame["sample_id"]) == sorted(miniature.PICTURES)
    row = frame.set_index("sample_id").loc["KA.AN2.40"]
    assert (row["label"], row["subject"], row["serial"]) == (Expression.anger, "KA", 40)
    assert SOURCE.load(raw, row, {}).shape == (100, 100, 3)
    assert {path.suffix for path in raw.iterdir()} == {".tiff"}
    inventory = SOURCE.inventory(raw)
    assert (inventory.listed, inventory.present, inventory.notes) == (32, 32, ())


def test_a_repeated_serial_is_left_out_and_a_damaged_picture_is_named(broken):
    (broken / "KA.AN3.39.tiff").write_bytes((broken / "KA.AN1.39.tiff").read_bytes())
    (broken / "KA.AN1.39.tiff").write_bytes(b"")
    frame = SOURCE.index(broken, {})
    assert len(frame) == 32
    assert SOURCE.inventory(broken).notes == (
        "1 of one person, expression and serial number as another one: left out",
    )
    with raises("0 bytes"):
        SOURCE.load(broken, frame.iloc[0], {})
    (broken / "KA.AN1.39.tiff").write_bytes((broken / "KA.AN3.39.tiff").read_bytes()[:500])
    with raises("damaged or truncated"):
        SOURCE.load(broken, frame.iloc[0], {})


@given(
    person=st.sampled_from(PEOPLE), code=st.sampled_from([*CODES]), n=st.integers(0, 9),
    serial=st.integers(1, 999),
)  # fmt: skip
def test_every_name_has_its_label(person, code, n, serial):
    assert label_of(f"{person}.{code}{n}.{serial}") is CODES[code]


@given(
    stem=st.from_regex(r"[A-Z]{2}\.[A-Z]{2}[0-9]\.[0-9]{1,3}", fullmatch=True)
    | st.text(max_size=12)
)
def test_every_other_name_is_refused(stem):
    known = stem[:2] in PEOPLE and stem[3:5] in CODES and stem.isascii()
    if known and stem[2] == stem[6:7] == "." and stem[5:6].isdigit() and stem[7:].isdigit():
        assert label_of(stem) is CODES[stem[3:5]]
    else:
        with raises("no picture of JAFFE"):
            label_of(stem)


@pytest.mark.parametrize("name", ["KA.XX1.39.tiff", "ZZ.AN1.39.TIF", "KA.AN12.39.tif"])
def test_a_name_that_cannot_be_understood(tmp_path, raw, name):
    (tmp_path / name).write_bytes(b"x")
    with raises("is no picture of JAFFE: expected a person"):
        SOURCE.collect(Tree([raw, tmp_path]))


@pytest.mark.parametrize("in_classes", [False, True])
@pytest.mark.parametrize("ending", miniature.FORMATS)
def test_every_format_gives_the_same_faces(tmp_path, raw, ending, in_classes):
    files = miniature.files(ending, in_classes)
    root = place(SOURCE, [lay_out(tmp_path / "given", files)], tmp_path / "raw")
    index, reference = SOURCE.index(root, {}), SOURCE.index(raw, {})
    assert index.drop(columns="path").equals(reference.drop(columns="path"))
    for mine, theirs in zip(index.to_dict("records"), reference.to_dict("records"), strict=True):
        gap = np.abs(SOURCE.load(root, mine, {}).astype(int) - SOURCE.load(raw, theirs, {})).max()
        assert (gap == 0) == (ending != ".jpg")
    notes = SOURCE.inventory(root).notes
    assert notes == (("32 JPEG copies: not the exact pixels",) if ending == ".jpg" else ())


def test_two_formats_together_are_refused(tmp_path):
    files = miniature.files(".tiff") | miniature.files(".png")
    with raises(r"found as \.(png|tiff) and as \.(png|tiff): give one copy"):
        SOURCE.collect(Tree([lay_out(tmp_path, files)]))


def test_other_pictures_are_left_out_and_counted(tmp_path):
    files = miniature.files() | {"jaffe/mean_face.png": b"x", "jaffe/README": b"x"}
    tree = Tree([lay_out(tmp_path, files)])
    assert len(SOURCE.collect(tree)) == len(miniature.PICTURES)
    assert dict(tree.left_out) == {"pictures not named as JAFFE's are": 1}


def test_what_is_not_jaffe(tmp_path, raw):
    (tmp_path / "README").write_text("x")
    with raises(r"(?s)no pictures of JAFFE.*KA.AN1.39.tiff"):
        SOURCE.collect(Tree([tmp_path]))
    with raises("fer-bench data add jaffe"):
        SOURCE.index(tmp_path, {})
    shutil.copy(raw / "KA.AN1.39.tiff", tmp_path / "ka.an1.39.TIF")
    with raises("was found twice"):
        SOURCE.collect(Tree([raw, tmp_path]))


def test_the_view(raw):
    dataset = get_dataset("jaffe")
    assert get_pack("jaffe").source == "jaffe"
    assert (dataset.protocol, dataset.classes) == ("test", SEVEN)
    parts = [part.to_json() for part in dataset.parts]
    assert len(view_rows(parts, dataset.classes, {"jaffe": SOURCE.index(raw, {})})) == 32
