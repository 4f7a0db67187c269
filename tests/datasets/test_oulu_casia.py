import shutil
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from miniatures import oulu_casia as miniature
from miniatures.drawing import lay_out, place, unpack

from fer_bench.datasets import get_dataset, get_pack, get_source
from fer_bench.datasets.oulu_casia import FOLDERS, fold_of
from fer_bench.datasets.tree import Tree
from fer_bench.datasets.view_rows import view_rows
from fer_bench.errors import FerBenchError
from fer_bench.labels import SEVEN, Expression

SOURCE = get_source("oulu_casia")


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    folder = tmp_path_factory.mktemp("oulu_casia")
    return place(SOURCE, unpack(miniature.write(folder), folder / "u"), folder / "raw")


@pytest.fixture
def broken(raw, tmp_path):
    return Path(shutil.copytree(raw, tmp_path / "raw"))


def raises(match: str):
    return pytest.raises(FerBenchError, match=match)


def tree(root: Path, *paths: str) -> Tree:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(path.encode())
    return Tree([root])


def test_folders_both_ways():
    six = {"Anger": "anger", "Disgust": "disgust", "Fear": "fear", "Happiness": "happiness",
           "Sadness": "sadness", "Surprise": "surprise"}  # fmt: skip
    assert {folder: code.name for folder, code in FOLDERS.items()} == six
    assert sorted(FOLDERS.values()) == sorted(set(Expression) - {0, Expression.contempt})


def test_published_counts():
    assert SOURCE.published == 480 * 4 == 1_920
    assert SOURCE.expected["test"]["neutral"] == 480
    assert set(SOURCE.expected["test"]) == set(SEVEN)
    assert dict(get_dataset("oulu_casia").sizes) == {"folds": 1_920}


def test_folds_of_eight_people():
    folds = [fold_of(f"P{number:03d}") for number in range(1, 81)]
    assert folds == [number // 8 for number in range(80)]


def test_four_frames_of_each_sequence(raw):
    frame = SOURCE.index(raw, {})
    assert {Expression(k).name: n for k, n in frame["label"].value_counts().items()} == (
        miniature.EXPECTED["test"]
    )
    assert set(frame["split"]) == {"test"}
    assert sorted(frame["fold"].unique()) == list(range(10))
    (person, folder), count = next(iter(miniature.SEQUENCES.items()))
    rows = frame[frame["sample_id"].str.startswith(f"{person}_{folder}_")]
    numbers = (0, count - 3, count - 2, count - 1)
    assert list(rows["sample_id"]) == [f"{person}_{folder}_{n:03d}" for n in numbers]
    assert list(rows["label"]) == [Expression.neutral, *[FOLDERS[folder]] * 3]
    assert list(rows["frame"]) == ["first", "third_last", "second_last", "last"]
    assert set(rows["subject"]) == {person}
    assert SOURCE.load(raw, rows.iloc[0], {}).shape == (100, 100, 3)


def test_only_visible_light_and_strong_illumination_are_kept(raw):
    assert {path.name for path in raw.iterdir()} == {"VL"}
    assert {path.name for path in (raw / "VL").iterdir()} == {"Strong"}
    assert len(list(raw.rglob("*.jpeg"))) == sum(miniature.SEQUENCES.values())
    inventory = SOURCE.inventory(raw)
    assert (inventory.listed, inventory.present, inventory.notes) == (80, 80, ())


@given(
    emotion=st.sampled_from(["Anger", "ANGRY", "angry", "Happy", "happiness", "sad", "Surprised"]),
    inside=st.sampled_from(["", "OriginalImg/", "B_OriginalImg/B_OriginalImg/OriginalImg/"]),
    suffix=st.sampled_from(["jpeg", "JPG", "png", "bmp"]),
)
def test_other_spellings(tmp_path_factory, emotion, inside, suffix):
    path = f"{inside}vl/strong/p007/{emotion}/003.{suffix}"
    collected = SOURCE.collect(tree(tmp_path_factory.mktemp("spelt"), path))
    (target,) = collected
    wanted = {"a": "Anger", "h": "Happiness", "s": "Sadness"}[emotion[0].lower()]
    wanted = "Surprise" if emotion == "Surprised" else wanted
    assert str(target) == f"VL/Strong/P007/{wanted}/003.{suffix.lower()}"


def test_other_lights_and_cropped_copies_are_left_out_and_counted(tmp_path):
    tree = Tree(unpack(miniature.write(tmp_path / "a"), tmp_path / "b"))
    assert len(SOURCE.collect(tree)) == sum(miniature.SEQUENCES.values())
    assert dict(tree.left_out) == {
        "frames of VL/Weak": 1, "frames of VL/Dark": 1, "frames of NI/Strong": 1,
        "frames of its owners' cropped copy (PreProcess_Img)": 1,
    }  # fmt: skip


def test_the_cropped_copy_alone_is_refused_with_the_reason(tmp_path):
    given = Tree([lay_out(tmp_path, miniature.cropped())])
    with raises(r"faces as its owners cropped them(?s:.*)give B_OriginalImg\.zip"):
        SOURCE.collect(given)


def test_the_folder_strong_alone_needs_its_parent(tmp_path, raw):
    with raises(r"does not tell visible light from near infrared(?s:.*)folder above it, VL"):
        SOURCE.collect(Tree([raw / "VL" / "Strong"]))
    assert len(SOURCE.collect(Tree([raw / "VL"]))) == sum(miniature.SEQUENCES.values())


def test_what_is_unknown(tmp_path):
    with raises("unknown expression folder 'Angre': did you mean 'Anger'"):
        SOURCE.collect(tree(tmp_path / "a", "VL/Strong/P001/Angre/000.jpeg"))
    with raises("P081 is unknown: Oulu-CASIA has P001 to P080"):
        SOURCE.collect(tree(tmp_path / "b", "VL/Strong/P081/Anger/000.jpeg"))
    with raises("P000 is unknown"):
        SOURCE.collect(tree(tmp_path / "c", "VL/Strong/P000/Anger/000.jpeg"))
    with raises(r"(?s)no frames of Oulu-CASIA.*found: +NI/Strong"):
        SOURCE.collect(tree(tmp_path / "d", "NI/Strong/P001/Anger/000.jpeg"))
    with raises("was found twice"):
        SOURCE.collect(tree(tmp_path / "e", *(f"VL/Strong/P001/{name}/000.jpeg"
                                              for name in ("Happy", "Happiness"))))  # fmt: skip
    with raises("fer-bench data add oulu_casia"):
        SOURCE.index(tmp_path / "nowhere", {})


def test_sequences_with_gaps_or_too_short_are_left_out(broken):
    folders = [broken / "VL/Strong" / person / name for person, name in miniature.SEQUENCES]
    (folders[0] / "002.jpeg").unlink()
    for path in sorted(folders[1].iterdir())[3:]:
        path.unlink()
    assert len(SOURCE.index(broken, {})) == 72
    inventory = SOURCE.inventory(broken)
    assert (inventory.listed, inventory.present) == (80, 72)
    assert inventory.notes == ("2 sequences with fewer than four frames or with gaps: left out",)
    for folder in folders:
        (folder / "001.jpeg").unlink()
    with raises("not one sequence"):
        SOURCE.inventory(broken)
    with raises("not one whole sequence"):
        SOURCE.index(broken, {})


def test_a_frame_that_is_there_twice_or_empty(broken):
    (person, name), count = next(iter(miniature.SEQUENCES.items()))
    folder = broken / "VL/Strong" / person / name
    (folder / f"{count - 1:03d}.jpeg").write_bytes(b"")
    (broken / "VL/Strong" / ".DS_Store").write_bytes(b"x")
    frame = SOURCE.index(broken, {})
    with raises("0 bytes"):
        SOURCE.load(broken, frame[frame["path"].str.contains(f"{person}/{name}")].iloc[-1], {})
    (folder / "000.png").write_bytes(b"x")
    with raises("holds frame 0 more than once"):
        SOURCE.index(broken, {})


def test_what_was_collected_can_be_added_again(raw, tmp_path):
    again = place(SOURCE, [raw], tmp_path / "again")
    pd.testing.assert_frame_equal(SOURCE.index(again, {}), SOURCE.index(raw, {}))


def test_the_view(raw):
    dataset = get_dataset("oulu_casia")
    assert get_pack("oulu_casia").source == "oulu_casia"
    assert (dataset.protocol, dataset.classes) == ("folds", SEVEN)
    assert set(dataset.restrictions["without_neutral"]) == set(SEVEN) - {"neutral"}
    parts = [part.to_json() for part in dataset.parts]
    rows = view_rows(parts, dataset.classes, {"oulu_casia": SOURCE.index(raw, {})})
    assert len(rows) == 80
    for fold in range(10):
        assert len(rows[rows["fold"] == fold]) == 8
        assert rows.loc[rows["fold"] != fold, "label"].nunique() == 7
