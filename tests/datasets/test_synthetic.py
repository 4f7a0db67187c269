"""The `synthetic` source: counts, splits, factors, label noise, options; what a detector sees."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fer_bench import datasets
from fer_bench.datasets.synthetic import SOURCE, SUBSETS, Options, options_from
from fer_bench.errors import FerBenchError
from fer_bench.labels import SEVEN

ROOT = Path("unused")


@pytest.fixture(scope="module")
def index() -> pd.DataFrame:
    return SOURCE.index(ROOT, {})


def test_counts_and_splits(index: pd.DataFrame) -> None:
    options = Options()
    each = options.images_per_identity
    counts = index["split"].value_counts().to_dict()
    assert counts == {
        "train": options.identities_train * each, "test": options.identities_test * each,
    }  # fmt: skip
    assert len(index) <= 1000
    assert index["sample_id"].is_unique
    assert index["fold"].isna().all()


def test_no_person_is_in_both_splits(index: pd.DataFrame) -> None:
    train, test = (set(index.loc[index["split"] == s, "subject"]) for s in ("train", "test"))
    assert not train & test
    assert index["subject"].nunique() == Options().identities_train + Options().identities_test


def test_expressions_are_balanced(index: pd.DataFrame) -> None:
    for _, part in index.groupby("split"):
        share = part["label"].value_counts(normalize=True)
        assert set(share.index) == set(range(7))
        assert share.between(0.11, 0.18).all()
    assert (index.groupby("subject")["label"].nunique() == 7).all()


def test_factor_columns(index: pd.DataFrame) -> None:
    assert (index["label"] == index["true_label"]).all()
    assert set(index["occluder"]) == {"none", "hand", "sunglasses", "hair", "scarf"}
    assert index["intensity"].between(0, 1).all()
    assert (index["intensity"] == 0).equals(index["true_label"] == SEVEN.index("neutral"))
    assert index["glasses"].dtype == bool
    assert set(index["skin_tone"]) == set(range(6))
    box = np.array(index["true_box"].tolist())
    points = np.array(index["true_landmarks"].tolist()).reshape(-1, 5, 2)
    size = Options().image_size
    assert (box[:, :2] >= -2).all()
    assert (box[:, 2:] <= size + 2).all()
    assert (points >= 0).all()
    assert (points <= size).all()
    # Turned heads' nose tips may stick out of the box sideways, the rest may not.
    inner = points[:, [0, 1, 3, 4]]
    assert (inner >= box[:, None, :2] - 2).all()
    assert (inner <= box[:, None, 2:] + 2).all()
    assert (points[:, 0, 0] < points[:, 1, 0]).all()
    assert (points[:, 3, 0] < points[:, 4, 0]).all()


def test_test_subsets_are_large_enough_to_measure(index: pd.DataFrame) -> None:
    test = index[index["split"] == "test"]
    sizes = {name: int(mask(test).sum()) for name, mask in SUBSETS.items()}
    assert all(n >= 40 for n in sizes.values()), sizes
    assert sizes["pose_gt_30"] > sizes["pose_gt_45"]
    assert SUBSETS["pose_gt_45"](test).tolist() == [abs(y) > 45 for y in test["yaw"]]
    assert SUBSETS["occluded"](test).tolist() == [o != "none" for o in test["occluder"]]


def test_index_is_cheap_and_repeatable(index: pd.DataFrame) -> None:
    start = time.process_time()
    again = SOURCE.index(ROOT, {})
    assert time.process_time() - start < 10  # 0.5 s alone; drawing them all would take 20 s
    pd.testing.assert_frame_equal(again, index)


def test_more_images_leave_the_first_ones_as_they_are(index: pd.DataFrame) -> None:
    more = SOURCE.index(ROOT, {"images_per_identity": 12, "identities_test": 31})
    kept = more[more["sample_id"].isin(index["sample_id"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, index)


def test_load_needs_no_order_and_no_neighbours(index: pd.DataFrame) -> None:
    first, last = index.iloc[0].to_dict(), index.iloc[-1].to_dict()
    one = SOURCE.load(ROOT, first, {})
    SOURCE.load(ROOT, last, {})
    assert np.array_equal(SOURCE.load(ROOT, first, {}), one)
    # A manifest read from disk carries NumPy scalars and drops nothing that load needs.
    assert np.array_equal(SOURCE.load(ROOT, {k: first[k] for k in ("subject", "shot")}, {}), one)
    assert SOURCE.load(ROOT, first, {"image_size": 96}).shape == (96, 96, 3)
    assert not np.array_equal(SOURCE.load(ROOT, first, {"seed": 1}), one)


def test_label_noise_touches_train_only() -> None:
    noisy = SOURCE.index(ROOT, {"label_noise": 0.3, "images_per_identity": 14})
    wrong = noisy["label"] != noisy["true_label"]
    train = noisy["split"] == "train"
    assert wrong[train].mean() == pytest.approx(0.3, abs=0.05)
    assert not wrong[~train].any()
    assert set(noisy.loc[wrong, "label"]) == set(range(7))
    clean = SOURCE.index(ROOT, {"images_per_identity": 14})
    assert noisy["true_label"].equals(clean["label"])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"identites_train": 3}, "identities_train"),
        ({"seed": "zero"}, "whole number"),
        ({"seed": True}, "whole number"),
        ({"images_per_identity": 1.5}, "whole number"),
        ({"identities_test": 0}, "from 1"),
        ({"occluded": 1.2}, "from 0 to 1"),
        ({"yaw_max": 90}, "from 20 to 60"),
        ({"label_noise": -0.1}, "label_noise"),
        ({"intensity": 0.5}, "two numbers"),
        ({"intensity": [0.9, 0.5]}, "lowest"),
        ({"intensity": [0.5, "high"]}, "two numbers"),
    ],
)
def test_wrong_options_are_named(given: dict[str, Any], words: str) -> None:
    with pytest.raises(FerBenchError, match=words) as caught:
        SOURCE.index(ROOT, given)
    assert "params.yaml" in str(caught.value)
    assert next(iter(given)) in str(caught.value)


def test_options_accept_lists_and_whole_numbers_for_reals() -> None:
    options = options_from({"intensity": [0, 1], "occluded": 0, "yaw_max": 40})
    assert options == Options(intensity=(0.0, 1.0), occluded=0.0, yaw_max=40.0)


def test_registered_packs_and_datasets() -> None:
    assert datasets.get_source("synthetic") is SOURCE
    styles = {"synthetic": None, "synthetic_masked": "blue", "synthetic_masked_mixed": "mixed"}
    for name, style in styles.items():
        pack = datasets.get_pack(name)
        assert (pack.source, pack.mask_style) == ("synthetic", style)
        dataset = datasets.get_dataset(name)
        assert dataset.packs == (name,)
        assert dataset.classes == SEVEN
        assert set(dataset.subsets) == {"occluded", "pose_gt_30", "pose_gt_45"}


def detect(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Box IoU (0 where nothing was found) and median landmark error / inter-ocular distance."""
    import torch
    from facenet_pytorch import MTCNN

    mtcnn = MTCNN(keep_all=True, thresholds=[0.6, 0.7, 0.8], min_face_size=20, factor=0.709)
    overlaps, errors = [], []
    for start in range(0, len(rows), 32):
        part = [r.to_dict() for _, r in rows.iloc[start : start + 32].iterrows()]
        images = np.stack([SOURCE.load(ROOT, row, {}) for row in part])
        with torch.no_grad():
            boxes, _, landmarks = mtcnn.detect(images, landmarks=True)
        for row, found, points in zip(part, boxes, landmarks, strict=True):
            if found is None:
                overlaps.append(0.0)
                continue
            overlaps.append(iou(np.asarray(found[0], float), np.array(row["true_box"])))
            true = np.array(row["true_landmarks"]).reshape(5, 2)
            distance = np.linalg.norm(np.asarray(points[0], float) - true, axis=1)
            errors.append(np.median(distance) / np.linalg.norm(true[0] - true[1]))
    return np.array(overlaps), np.array(errors)


def iou(a: np.ndarray, b: np.ndarray) -> float:
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
    both = np.prod(np.clip(high - low, 0, None))
    return float(both / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - both))


def test_detector_finds_a_sample_of_the_faces(index: pd.DataFrame) -> None:
    overlaps, errors = detect(index.iloc[::15])
    assert len(overlaps) >= 60
    # Of so few; all of them must reach 0.95 (tests/test_synthetic_difficulty.py).
    assert (overlaps >= 0.5).mean() >= 0.9
    assert np.median(errors) < 0.1
