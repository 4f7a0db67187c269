"""ExpW: labels, boxes and our split by content, and lists that are not what they should be."""

from collections import Counter

import numpy as np
import pytest
from miniatures import expw as miniature
from miniatures.drawing import lay_out, place
from PIL import Image

from fer_bench.datasets import expw, get_dataset
from fer_bench.datasets.expw import LINES, SOURCE
from fer_bench.datasets.expw_list import CODES, read_list
from fer_bench.datasets.identity_split import pseudonym
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError
from fer_bench.labels import SEVEN
from fer_bench.receiving import add

FILES = miniature.files()
LIST = "ExpW/data/label/label.lst"


@pytest.fixture
def raw(tmp_path):
    return place(SOURCE, miniature.write(tmp_path), tmp_path / "raw")


def listed(tmp_path, *lines):
    path = tmp_path / "label.lst"
    path.write_text("\n".join(lines))
    return read_list(path)


def test_labels_and_boxes_by_content(raw):
    index = SOURCE.index(raw, {}).set_index("sample_id")
    assert len(index) == sum(map(len, miniature.LABELS.values()))
    for name, codes in miniature.LABELS.items():
        for number, code in enumerate(codes):
            row = index.loc[pseudonym("expw", f"{name} {number}")]
            assert row["label"] == CODES[code]
            assert tuple(row["published_box"]) == miniature.box(number)
            assert row["published_confidence"] == 20.5 + number
            assert row["path"] == f"origin/{name}"
    assert [label.name for label in CODES] == [
        "anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"
    ]  # fmt: skip


def test_each_face_is_cut_out_of_its_photograph(raw):
    index = SOURCE.index(raw, {}).set_index("sample_id")
    row = index.loc[pseudonym("expw", "mood_person_1.jpg 1")].to_dict()
    photograph = np.asarray(Image.open(raw / row["path"]))
    assert np.array_equal(SOURCE.load(raw, row, {}), photograph[15:105, 85:175])


def test_the_split_is_ours_by_photograph(raw, tmp_path):
    index = SOURCE.index(raw, {})
    assert (index.groupby("path")["split"].nunique() == 1).all()
    splits = Counter(expw.split_of(f"photo_{i}.jpg", expw.SALT) for i in range(20_000))
    assert splits["train"] == pytest.approx(14_000, rel=0.03)
    assert splits["val"] == pytest.approx(2_000, rel=0.08)
    (raw / "origin/mood_person_0.jpg").unlink()
    rest = SOURCE.index(raw, {})
    assert rest.set_index("sample_id")["split"].equals(
        index[index["path"] != "origin/mood_person_0.jpg"].set_index("sample_id")["split"]
    )
    assert any("no split is published: ours" in note for note in SOURCE.inventory(raw).notes)


def test_repeated_and_contradicting_lines(tmp_path):
    first = miniature.line("a.jpg", 0, 3)
    found = listed(tmp_path, first, first, miniature.line("b.jpg", 0, 1),
                   miniature.line("b.jpg", 0, 2), miniature.line("b.jpg", 1, 2))  # fmt: skip
    assert [(face.image, face.number) for face in found.faces] == [("a.jpg", 0), ("b.jpg", 1)]
    assert found.lines == {CODES[3]: 2, CODES[1]: 1, CODES[2]: 2}
    assert found.notes == (
        "1 face listed more than once with the same label: taken once",
        "1 face listed with different labels: left out",
    )


def test_lines_are_compared_with_the_published_numbers(raw, tmp_path, monkeypatch):
    assert SOURCE.published == sum(LINES.values()) == 91_793
    assert "happiness: 30,537 lines of label.lst published, 4 here" in SOURCE.faults(raw)
    house = {"root": tmp_path / "r", "receipts_root": tmp_path / "b", "progress": False}
    with pytest.raises(FerBenchError, match="anger: 3,671 lines of label"):
        add("expw", [tmp_path / "given"], **house)
    monkeypatch.setattr(expw, "LINES", dict(read_list(raw / "label.lst").lines))
    assert SOURCE.faults(raw) == []
    assert add("expw", [tmp_path / "given"], **house).receipt["partial"] is False
    (raw / "origin/mood_person_1.jpg").unlink()
    assert SOURCE.faults(raw) == ["2 listed faces without their image"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a.jpg 0 1 2 30 40 9.5", "7 fields instead of 8"),
        ("a.jpg 0 1 2 30 40 9.5 7", "label '7' is none of 0 to 6"),
        ("a.jpg 0 1 2 30 40 9.5 happy", "label 'happy' is none of"),
        ("a.jpg 0 1 2 x 40 9.5 3", "a box that is no five whole numbers"),
        ("a.jpg 0 1 30 2 40 9.5 3", "an empty box"),
        ("../../etc/a.jpg 0 1 2 30 40 9.5 3", "its first field is no name of an image"),
        ("/etc/a.jpg 0 1 2 30 40 9.5 3", "its first field is no name of an image"),
        ("x" * 10_000, "1 fields instead of 8"),
    ],
)
def test_a_bad_line_is_left_out_and_many_are_refused(tmp_path, line, message):
    found = listed(tmp_path, *miniature.lines(), line)
    assert len(found.faces) == len(miniature.lines()) - 1
    assert message in found.notes[0]
    assert "a.jpg" not in found.notes[0]
    with pytest.raises(FerBenchError, match=message):
        listed(tmp_path, miniature.lines()[0], line)


def test_only_the_photographs_of_the_list_are_kept(raw):
    assert sorted(path.name for path in (raw / "origin").iterdir()) == sorted(miniature.LABELS)


def test_an_unreadable_photograph_with_two_faces_may_be_left_out(tmp_path):
    folder = lay_out(tmp_path / "given", FILES | {"ExpW/data/image/origin/mood_person_1.jpg": b"x"})
    house = {"root": tmp_path / "r", "receipts_root": tmp_path / "b", "progress": False}
    added = add("expw", [folder], allow_partial=True, **house)
    assert added.receipt["unreadable"] == 2
    assert not (added.folder / "origin/mood_person_1.jpg").exists()


def test_photographs_of_which_none_is_left(tmp_path, raw):
    files = {name: b"x" if name.endswith(".jpg") else data for name, data in FILES.items()}
    house = {"root": tmp_path / "r", "receipts_root": tmp_path / "b", "progress": False}
    with pytest.raises(FerBenchError, match=r"31 of 31 images cannot be used(?s:.*)Get them again"):
        add("expw", [lay_out(tmp_path / "broken", files)], allow_partial=True, **house)
    assert list((tmp_path / "r").iterdir()) == []
    for path in (raw / "origin").iterdir():
        path.unlink()
    with pytest.raises(
        FerBenchError, match=r"none of the images in label\.lst is there. Add it aga"
    ):
        SOURCE.index(raw, {})


def test_what_is_refused(tmp_path):
    without = {LIST: FILES[LIST], "ExpW/image/origin.7z.001": b"7z"}
    with pytest.raises(FerBenchError, match=r"none of the 21 images(.|\n)*7z x"):
        SOURCE.collect(Tree([lay_out(tmp_path / "a", without)]))
    files = {name: data for name, data in FILES.items() if name != LIST}
    with pytest.raises(FerBenchError, match=r"label\.lst is needed once"):
        SOURCE.collect(Tree([lay_out(tmp_path / "b", files)]))
    with pytest.raises(FerBenchError, match="does not hold expw"):
        SOURCE.index(tmp_path / "nowhere", {})
    with pytest.raises(FerBenchError, match="lists no face"):
        listed(tmp_path, "", "")


def test_the_dataset():
    dataset = get_dataset("expw")
    assert (dataset.packs, dataset.classes, dataset.protocol) == (("expw",), SEVEN, "split")
