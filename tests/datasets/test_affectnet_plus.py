"""AffectNet+: labels and groups by content, totals, and JSON that is not what it should be."""

import json
import math
import shutil

import pandas as pd
import pytest
from miniatures import affectnet as miniature
from miniatures.drawing import lay_out, place

from fer_bench.datasets import affectnet_releases, get_dataset, get_source
from fer_bench.datasets.affectnet_labels import CODES
from fer_bench.datasets.affectnet_plus import GROUPS, MAX_BYTES, read_annotation
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError
from fer_bench.labels import EIGHT, Expression
from fer_bench.receiving import add

SOURCE = get_source("affectnet")


@pytest.fixture
def raw(tmp_path):
    return place(SOURCE, [lay_out(tmp_path / "given", miniature.plus_files())], tmp_path / "raw")


def annotations(raw):
    return raw / "train_set/annotations"


def test_labels_splits_and_order(raw):
    index = SOURCE.index(raw, {})
    for split, prefix in (("train", "train"), ("test", "val")):
        rows = index[index["split"] == split]
        numbers = {n: c for n, c in miniature.plus_numbers(split).items() if c < len(CODES)}
        assert list(rows["sample_id"]) == [f"{prefix}_{number}" for number in numbers]
        assert [CODES.index(label) for label in rows["label"]] == list(numbers.values())
        assert list(rows["path"]) == [f"{prefix}_set/images/{number}.jpg" for number in numbers]
    assert SOURCE.load(raw, index.iloc[0], {}).shape == (90, 90, 3)
    assert not list(raw.glob("no_human*"))


def test_soft_labels_are_in_the_order_of_expressions(raw):
    index = SOURCE.index(raw, {})
    for row in index.to_dict("records"):
        assert EIGHT[row["soft_label"].argmax()] == EIGHT[row["label"]]
    first = index.iloc[0]  # neutral; AffectNet's code 2 is sadness, ours 3 is surprise
    assert first["soft_label"][Expression.sadness] == pytest.approx(0.07)
    assert first["soft_label"][Expression.surprise] == pytest.approx(0.08)


def test_groups_and_numbers(raw):
    row = SOURCE.index(raw, {}).set_index("sample_id").loc["train_7"]
    assert row[list(GROUPS)].to_dict() == {
        "difficulty": "challenging", "gender": "female", "race": "indian", "age": "40-69",
        "pose": "15-30",
    }  # fmt: skip
    assert row["head_pose"].tolist() == [1.5, -24.0, 0.25]
    assert row["valence"] == pytest.approx(0.1 * 3 - 0.4)
    assert row["arousal"] == pytest.approx(-0.02)
    assert get_dataset("affectnet8").slices == GROUPS


def test_the_folder_of_validation_may_bear_2021s_name(raw, tmp_path):
    files = miniature.plus_files("val_set")
    other = place(SOURCE, [lay_out(tmp_path / "other", files)], tmp_path / "raw2")
    pd.testing.assert_frame_equal(SOURCE.index(other, {}), SOURCE.index(raw, {}))


def test_what_is_left_out_is_counted(raw):
    (raw / "val_set/images/555.jpg").write_bytes(b"x")
    inventory = SOURCE.inventory(raw)
    assert (inventory.listed, inventory.present) == (48, 48)
    assert inventory.notes == (
        "6 images labelled none, uncertain or no face: left out",
        "1 image without an annotation: left out",
    )


def test_only_totals_are_compared(raw, monkeypatch, tmp_path):
    edition = SOURCE.edition(raw)
    assert edition.expected == {}
    assert edition.published == 420_299
    assert SOURCE.faults(raw) == [
        "train_set: 414,799 annotated images published, 35 here",
        "val_set: 5,500 annotated images published, 19 here",
    ]
    release = affectnet_releases.RELEASES["json"]
    monkeypatch.setitem(release.totals, "train", 35)
    monkeypatch.setitem(release.totals, "test", 19)
    assert SOURCE.faults(raw) == []
    added = add(
        "affectnet", [tmp_path / "given"], root=tmp_path / "house", receipts_root=tmp_path / "b",
        progress=False,
    )  # fmt: skip
    assert added.receipt["partial"] is False
    assert added.receipt["images"] == {"published": 54, "listed": 48, "present": 48}
    assert any(line.split() == ["contempt", "4", "2"] for line in added.report)
    (raw / "train_set/images/1.jpg").unlink()
    assert SOURCE.faults(raw) == ["train_set: 1 annotated images are missing"]


def test_it_is_refused_when_incomplete_with_what_it_comes_as(tmp_path):
    folder = lay_out(tmp_path / "given", miniature.plus_files())
    with pytest.raises(
        FerBenchError, match="414,799 annotated images published, 35 here"
    ) as caught:
        add(
            "affectnet", [folder], root=tmp_path / "r", receipts_root=tmp_path / "b", progress=False
        )
    assert "rar" not in str(caught.value)
    assert "difference" not in str(caught.value)  # of classes none is published to compare with


@pytest.mark.parametrize("missing", ["train_set/images", "validation_set/annotations"])
def test_a_missing_folder_is_named(tmp_path, missing):
    files = {name: data for name, data in miniature.plus_files().items() if missing not in name}
    with pytest.raises(FerBenchError, match=f"{missing.replace('validation', 'val')} is missing"):
        SOURCE.collect(Tree([lay_out(tmp_path, files)]))


@pytest.mark.parametrize(
    "files",
    [
        {"train/0/a.jpg": b"", "train/7/b.jpg": b"", "valid/3/c.jpg": b""},  # DAN's
        {"anger/image0000006.jpg": b"", "labels.csv": b"pth,label,relFCs"},  # Kaggle's
        {"test/Surprise/x.png": b""},
    ],
)
def test_class_folders_are_not_the_published_set(tmp_path, files):
    with pytest.raises(FerBenchError, match="not the published set"):
        SOURCE.collect(Tree([lay_out(tmp_path, files)]))


def test_images_with_a_csv_are_told_what_is_missing(tmp_path):
    files = {"train_set/images/1.jpg": b"", "val_set/images/1.jpg": b"", "affectnet.csv": b"x"}
    with pytest.raises(FerBenchError, match="train_set/annotations is missing"):
        SOURCE.collect(Tree([lay_out(tmp_path, files)]))


NESTED = b"[" * 200_000 + b"]" * 200_000


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no JSON"),
        (b"\xff\xfe\x00", "no JSON"),
        (b"[1, 2]", "no object"),
        (b"{}", "human-label is 'None'"),
        (b'{"human-label": 11}', "human-label is '11', no number from 0 to 10"),
        (b'{"human-label": true}', "human-label is 'True'"),
        (b'{"human-label": [3]}', "human-label is"),
        (b'{"human-label": 2.0}', "human-label is '2.0'"),
        (NESTED, "nested"),
        (b'{"a":' * 150_000 + b"1" + b"}" * 150_000, "nested"),  # Python 3.14 reads 50,000
        (b" " * (MAX_BYTES + 1), "far more than an annotation"),
    ],
)
def test_an_annotation_that_cannot_be_understood_is_left_out_and_counted(raw, content, message):
    (annotations(raw) / "7.json").write_bytes(content)
    assert "train_7" not in set(SOURCE.index(raw, {})["sample_id"])
    note = SOURCE.inventory(raw).notes[0]
    assert note.startswith("1 file of train_set/annotations cannot be understood: left out (")
    assert message in note
    for number in (1, 3, 5):
        (annotations(raw) / f"{number}.json").write_bytes(content)
    with pytest.raises(FerBenchError, match="4 of 35 files that cannot be understood"):
        SOURCE.index(raw, {})


def test_annotations_that_are_gone_or_all_without_an_expression(raw):
    for path in raw.rglob("*.json"):
        path.write_text('{"human-label": 8}')
    with pytest.raises(FerBenchError, match="has an expression: get AffectNet\\+ again"):
        SOURCE.index(raw, {})
    shutil.rmtree(raw / "val_set/annotations")
    with pytest.raises(
        FerBenchError, match="val_set/annotations is missing: add AffectNet\\+ again"
    ):
        SOURCE.index(raw, {})


@pytest.mark.parametrize(
    "meta",
    [
        None, 3, [], {}, {"age": "old", "gender": 7, "race": [], "pose": "left"},
        {"age": -1, "gender": {"female": "x"}, "race": {"white": math.nan}, "pose": [1, 2]},
        {"age": 1e400, "gender": {}, "race": None, "pose": {"yaw": "?"}},
        {"age": True, "valence": {}, "pose": [[1, 2, 3]]},
    ],
)  # fmt: skip
def test_what_is_missing_or_of_another_type_is_unknown(tmp_path, meta):
    path = tmp_path / "1.json"
    text = {"human-label": "4", "soft-label": {"a": 1}, "subset": "hard", "meta-data": meta}
    path.write_text(json.dumps(text))
    found = read_annotation(path)
    assert found["expression"] == 4
    assert [found[name] for name in GROUPS] == ["unknown"] * 5
    assert found["soft_label"] is None
    assert found["head_pose"] is None
    assert math.isnan(found["valence"])


@pytest.mark.parametrize(
    ("age", "group"),
    [(0, "0-3"), (3.9, "0-3"), (4, "4-19"), ("27", "20-39"), (69, "40-69"), (70, "70+"),
     (151, "unknown")],
)  # fmt: skip
def test_groups_of_age(tmp_path, age, group):
    path = tmp_path / "1.json"
    path.write_text(json.dumps({"human-label": 0, "meta-data": {"age": age, "gender": "Male"}}))
    assert read_annotation(path)["age"] == group
    assert read_annotation(path)["gender"] == "male"


def test_paths_that_leave_the_folder_are_no_annotations(tmp_path):
    files = miniature.plus_files()
    files["human_annotated/train_set/images/../../escape.jpg"] = b"x"
    collected = SOURCE.collect(Tree([lay_out(tmp_path / "given", files)]))
    assert all(".." not in target.parts for target in collected)


def test_a_link_that_leads_out_is_refused(tmp_path):
    folder = lay_out(tmp_path / "given", miniature.plus_files())
    secret = tmp_path / "secret.json"
    secret.write_text("{}")
    link = folder / "human_annotated/train_set/annotations/1.json"
    link.unlink()
    link.symlink_to(secret)
    with pytest.raises(FerBenchError, match="a link that leads out of the folder"):
        add(
            "affectnet", [folder], root=tmp_path / "r", receipts_root=tmp_path / "b", progress=False
        )
    assert not (tmp_path / "r" / "affectnet").exists()
