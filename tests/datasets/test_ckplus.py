import shutil
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from miniatures import ckplus as miniature
from miniatures.drawing import place, unpack

from fer_bench.datasets import get_dataset, get_pack, get_source
from fer_bench.datasets.ckplus import CODES, FRAMES, emotion_of, fold_of
from fer_bench.datasets.tree import Tree
from fer_bench.datasets.view_rows import view_rows
from fer_bench.errors import FerBenchError
from fer_bench.labels import EIGHT, SEVEN, Expression

SOURCE = get_source("ckplus")

# (lowest, highest subject with a label) of each public fold, 0 to 9
PUBLIC = [
    (156, 999), (134, 155), (122, 133), (107, 119), (93, 106),
    (81, 92), (69, 80), (58, 68), (42, 57), (5, 37),
]  # fmt: skip


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ckplus")
    return place(SOURCE, unpack(miniature.write(folder), folder / "u"), folder / "raw")


@pytest.fixture
def broken(raw, tmp_path):
    return Path(shutil.copytree(raw, tmp_path / "raw"))


def raises(match: str):
    return pytest.raises(FerBenchError, match=match)


def label_file(root: Path, person: str, sequence: str) -> Path:
    return next((root / "Emotion" / person / sequence).iterdir())


def view(name: str, manifest: pd.DataFrame) -> pd.DataFrame:
    dataset = get_dataset(name)
    parts = [part.to_json() for part in dataset.parts]
    return view_rows(parts, dataset.classes, {"ckplus": manifest})


def test_codes_both_ways():
    names = ["neutral", "anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise"]
    assert [code.name for code in CODES] == names
    assert [CODES.index(Expression[name]) for name in EIGHT] == [0, 5, 7, 6, 1, 3, 4, 2]


def test_published_counts():
    sequences = {"anger": 45, "contempt": 18, "disgust": 59, "fear": 25, "happiness": 69,
                 "sadness": 28, "surprise": 83}  # fmt: skip
    assert sum(sequences.values()) == 327
    assert SOURCE.expected == {"test": {"neutral": 327, **{k: 3 * n for k, n in sequences.items()}}}
    assert SOURCE.published == 1_308
    assert dict(get_dataset("ckplus8").sizes) == {"folds": 1_308}
    assert dict(get_dataset("ckplus7").sizes) == {"folds": 1_308 - 3 * 18}
    assert dict(get_dataset("ckplus7_first_last").sizes) == {"test": 327 + 327 - 18}


@pytest.mark.parametrize(("fold", "ends"), list(enumerate(PUBLIC)))
def test_public_folds(fold, ends):
    low, high = ends
    assert {fold_of(f"S{number:03d}") for number in range(low, high + 1)} == {fold}


def test_four_frames_of_each_labelled_sequence(raw):
    frame = SOURCE.index(raw, {})
    assert {Expression(k).name: n for k, n in frame["label"].value_counts().items()} == (
        miniature.EXPECTED["test"]
    )
    assert set(frame["split"]) == {"test"}
    assert sorted(frame["fold"].unique()) == list(range(10))
    assert (frame["fold"].astype(int) == [9 - miniature.PEOPLE.index(s) for s in frame["subject"]])\
        .all()  # fmt: skip
    rows = frame[frame["sample_id"].str.startswith("S042_001_")]
    count = miniature.length("S042", "001")
    emotion = CODES[miniature.SEQUENCES["S042", "001"]]
    assert list(rows["sample_id"]) == [
        f"S042_001_{n:08d}" for n in (1, count - 2, count - 1, count)
    ]
    assert list(rows["label"]) == [Expression.neutral, emotion, emotion, emotion]
    assert list(rows["frame"]) == list(FRAMES)
    assert list(rows["first_frame"]) == [True, False, False, False]
    assert list(rows["last_frame"]) == [False, False, False, True]
    assert set(rows["emotion_of_sequence"]) == {emotion.name}
    assert frame["sample_id"].is_unique
    assert SOURCE.load(raw, rows.iloc[0], {}).shape == (100, 130, 3)


def test_only_labelled_sequences_are_kept(raw):
    person, sequence = miniature.UNLABELLED
    assert not (raw / "cohn-kanade-images" / person / sequence).exists()
    kept = sum(miniature.length(*key) for key in miniature.SEQUENCES)
    assert len(list(raw.rglob("*.png"))) == kept
    inventory = SOURCE.inventory(raw)
    assert (inventory.listed, inventory.present, inventory.notes) == (80, 80, ())


def test_frames_of_unlabelled_sequences_are_left_out_and_counted(tmp_path):
    tree = Tree(unpack(miniature.write(tmp_path / "a"), tmp_path / "b"))
    SOURCE.collect(tree)
    assert dict(tree.left_out) == {
        "frames of sequences without a label": miniature.length(*miniature.UNLABELLED)
    }


def test_a_sequence_labelled_0_is_left_out(tmp_path, raw):
    archives = miniature.write(tmp_path, zeros=True)
    other = place(SOURCE, unpack(archives, tmp_path / "u"), tmp_path / "raw")
    assert SOURCE.index(other, {}).equals(SOURCE.index(raw, {}))
    assert SOURCE.inventory(other).notes == (
        "1 sequence labelled 0 (no clear expression): left out",
    )


def test_a_sequence_without_frames(broken):
    shutil.rmtree(broken / "cohn-kanade-images" / "S042" / "001")
    assert len(SOURCE.index(broken, {})) == 76
    inventory = SOURCE.inventory(broken)
    assert (inventory.listed, inventory.present) == (80, 76)
    assert inventory.notes == ("1 sequence labelled but without frames: left out",)
    shutil.rmtree(broken / "cohn-kanade-images")
    for call in (SOURCE.inventory, lambda root: SOURCE.index(root, {})):
        with raises("not one frame"):
            call(broken)


def test_a_frame_that_is_missing_or_empty(broken):
    folder = broken / "cohn-kanade-images" / "S042" / "001"
    (folder / "S042_001_00000001.png").unlink()
    last = folder / f"S042_001_{miniature.length('S042', '001'):08d}.png"
    last.write_bytes(b"")
    frame = SOURCE.index(broken, {})
    assert len(frame) == 79
    assert SOURCE.inventory(broken).present == 79
    row = frame[frame["sample_id"] == last.stem].iloc[0]
    with raises("0 bytes"):
        SOURCE.load(broken, row, {})


@pytest.mark.parametrize("text", ["", "   \n", "happy", "3.5", "8", "-1", "nan", "inf", "3 4", "é"])
def test_a_label_that_cannot_be_understood(broken, text):
    label_file(broken, "S042", "001").write_text(text)
    with raises("S042_001_[0-9]{8}_emotion.txt does not hold an emotion"):
        SOURCE.index(broken, {})


@given(
    code=st.integers(0, 7),
    write=st.sampled_from(["   {:.7e}", "{}", "{:.1f}\r\n", "\t+{}\n", "{:.16e}"]),
)
def test_every_way_to_write_a_code(code, write):
    assert emotion_of(write.format(code)) == code


@given(number=st.floats() | st.integers())
def test_every_other_number_is_refused(number):
    if number in range(8):
        assert emotion_of(str(number)) == number
    else:
        with pytest.raises((ValueError, OverflowError)):
            emotion_of(str(number))


def test_labels_that_contradict_the_sequences(broken):
    path = label_file(broken, "S042", "001")
    second = path.with_name("S042_001_00000044_emotion.txt")
    shutil.copy(path, second)
    with raises("S042_001 has more than one label"):
        SOURCE.index(broken, {})
    second.unlink()
    short = Path(shutil.move(path, path.with_name("S042_001_00000003_emotion.txt")))
    with raises("ends at frame 3: it needs at least four"):
        SOURCE.index(broken, {})
    shutil.move(short, short.with_name("S042_1_00000009_emotion.txt"))
    with raises("S042_1_00000009_emotion.txt does not name a frame"):
        SOURCE.index(broken, {})


def test_what_is_not_ckplus(tmp_path):
    images, labels = unpack(miniature.write(tmp_path / "a"), tmp_path / "b")
    with raises(r"(?s)the labels of CK\+ are missing.*expected.*found: +cohn-kanade-images"):
        SOURCE.collect(Tree([images]))
    with raises(r"the frames of CK\+ are missing"):
        SOURCE.collect(Tree([labels]))
    with raises("was found twice"):
        SOURCE.collect(Tree([images, labels, images / "cohn-kanade-images"]))
    with raises("fer-bench data add ckplus"):
        SOURCE.index(tmp_path / "nowhere", {})
    (tmp_path / "empty" / "Emotion").mkdir(parents=True)
    with raises("holds no label"):
        SOURCE.index(tmp_path / "empty", {})


def test_what_was_collected_can_be_added_again(raw, tmp_path):
    again = place(SOURCE, [raw], tmp_path / "again")
    assert SOURCE.index(again, {}).equals(SOURCE.index(raw, {}))


def published() -> pd.DataFrame:
    """A manifest of 327 sequences with the published classes."""
    rows = [
        {
            "sample_id": f"{emotion.name}_{k}_{frame}",
            "label": int(Expression.neutral if frame == "first" else emotion),
            "split": "test",
            "frame": frame,
        }
        for emotion in CODES[1:]
        for k in range(SOURCE.expected["test"][emotion.name] // 3)
        for frame in FRAMES
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize("name", ["ckplus7", "ckplus8", "ckplus7_first_last"])
def test_views_of_the_published_set(name):
    rows = view(name, published())
    assert [len(rows)] == list(get_dataset(name).sizes.values())
    assert (rows["label"] == Expression.neutral).sum() == 327  # contempt's sequences' too


def test_the_miniature_seen_through_each_view(raw):
    frame = SOURCE.index(raw, {})
    contempt = miniature.EXPECTED["test"]["contempt"]
    assert len(view("ckplus8", frame)) == 80
    assert len(view("ckplus7", frame)) == 80 - contempt
    ends = view("ckplus7_first_last", frame)
    assert len(ends) == 40 - contempt // 3
    assert (ends["first_frame"] | ends["last_frame"]).all()
    # every fold tests somebody, and every class is trained on in every fold
    eight = view("ckplus8", frame)
    for fold in range(10):
        assert len(eight[eight["fold"] == fold]) == 8
        assert eight.loc[eight["fold"] != fold, "label"].nunique() == 8


def test_datasets():
    assert get_pack("ckplus").source == "ckplus"
    assert {get_dataset(name).protocol for name in ("ckplus7", "ckplus8")} == {"folds"}
    assert get_dataset("ckplus7_first_last").protocol == "test"
    for name, classes in (("ckplus7", SEVEN), ("ckplus8", EIGHT)):
        assert get_dataset(name).classes == classes
        assert set(get_dataset(name).restrictions["without_neutral"]) == {*classes} - {"neutral"}
