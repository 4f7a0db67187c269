"""From views to faces: several packs, caps, filters, folds."""

import numpy as np
import pandas as pd
import pytest
import torch
from toy_pack import TOY_VIEW, make_pack

from fer_bench.datasets.base import Part
from fer_bench.datasets.pack import JoinedFaces
from fer_bench.datasets.view_rows import view_rows
from fer_bench.errors import FerBenchError
from fer_bench.labels import SEVEN
from fer_bench.records.spec import View
from fer_bench.training.data import open_view, select


def rename(folder, prefix):
    path = folder / "manifest.parquet"
    manifest = pd.read_parquet(path)
    manifest["sample_id"] = prefix + manifest["sample_id"]
    manifest.to_parquet(path, index=False)


@pytest.fixture
def two(tmp_path):
    make_pack(tmp_path / "one", people=6, seed=1)
    make_pack(tmp_path / "two", people=3, seed=2)
    rename(tmp_path / "two", "other_")
    return tmp_path


def test_a_union_reads_each_face_from_its_own_pack(two):
    view = TOY_VIEW | {"parts": [Part("one", cap=2).to_json(), Part("two").to_json()]}
    pixels, rows = open_view(View(**view), two)
    assert isinstance(pixels, JoinedFaces)
    assert pixels.shape == (42 + 21, 80, 80, 3)
    faces = select(pixels, rows)
    drawn = np.random.default_rng(0).permutation(len(faces))  # batches come in any order
    images = faces.images(drawn, torch.device("cpu")).permute(0, 2, 3, 1).numpy() * 255
    for image, position in zip(images, drawn, strict=True):
        pack, sample = rows.iloc[position][["pack", "sample_id"]]
        stored = np.load(two / pack / "faces.npy")
        place = list(pd.read_parquet(two / pack / "manifest.parquet")["sample_id"]).index(sample)
        assert np.array_equal(np.rint(image), stored[place])


def test_the_cap_takes_the_first_train_faces_of_each_class_and_no_test_faces(two):
    manifest = pd.read_parquet(two / "one" / "manifest.parquet")
    rows = view_rows([Part("one", cap=2).to_json()], SEVEN, {"one": manifest})
    train = rows[rows["split"] == "train"]
    assert train.groupby("label").size().eq(2).all()
    assert set(train["subject"]) == {"p0", "p1"}  # in the pack's order
    assert len(rows[rows["split"] == "test"]) == (manifest["split"] == "test").sum()


def test_filters_and_splits(two):
    manifest = pd.read_parquet(two / "one" / "manifest.parquet")
    part = Part("one", splits=("test",), where={"subject": ("p4",)})
    rows = view_rows([part.to_json()], ("neutral", "fear"), {"one": manifest})
    assert list(rows["sample_id"]) == ["s04_0", "s04_6"]
    assert list(rows["row"]) == [4 * 7, 4 * 7 + 6]
    with pytest.raises(FerBenchError, match="no column 'frame'"):
        view_rows([Part("one", where={"frame": (1,)}).to_json()], SEVEN, {"one": manifest})


def test_a_face_may_be_taken_only_once(two):
    manifest = pd.read_parquet(two / "one" / "manifest.parquet")
    parts = [Part("one").to_json()] * 2
    with pytest.raises(FerBenchError, match="42 sample ids occur more than once"):
        view_rows(parts, SEVEN, {"one": manifest})


def test_another_models_classes_decide_targets_and_what_both_know(two):
    view = TOY_VIEW | {"parts": [Part("one").to_json()], "classes": ["fear", "neutral", "anger"]}
    _, rows = open_view(View(**view), two, ["neutral", "happiness", "fear"])
    assert rows.groupby("label")["target"].first().to_dict() == {0: 0, 6: 2}


def test_packs_of_different_sizes_are_refused(two):
    np.save(two / "two" / "faces.npy", np.zeros((21, 40, 40, 3), np.uint8))
    view = TOY_VIEW | {"parts": [Part("one").to_json(), Part("two").to_json()]}
    with pytest.raises(FerBenchError, match=r"one 80 px, two 40 px"):
        open_view(View(**view), two)
