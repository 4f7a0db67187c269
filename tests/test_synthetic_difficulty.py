"""The embedded dataset is neither trivial nor hopeless: the committed scores, and raw pixels."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression

from fer_bench import params, specs
from fer_bench.datasets.pack import Pack
from fer_bench.faces.align import align
from fer_bench.faces.detect import overlap
from fer_bench.files import read_json

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def cells():
    """(model, seed) -> subset -> metrics of `last` on the own test split, as committed."""
    enabled = params.load(ROOT / "params.yaml").enabled["synthetic"]
    return {
        (model, seed): read_json(ROOT / f"results/scores/synthetic/{model}/{seed}.json")["sets"][
            "synthetic"
        ]["last"]
        for model in enabled.models
        for seed in enabled.seeds
    }


def mean_accuracy(cells, model: str) -> float:
    return float(np.mean([c["all"]["accuracy"] for (m, _), c in cells.items() if m == model]))


def test_scan_cci_is_far_above_chance_and_baseline1_below_saturation(cells):
    assert mean_accuracy(cells, "scan_cci") >= 0.60
    assert 1 / 7 + 0.1 < mean_accuracy(cells, "baseline1") < 0.95


@pytest.mark.parametrize("subset", ["occluded", "pose_gt_30", "pose_gt_45"])
def test_challenge_subsets_are_harder_than_the_whole(cells, subset):
    # Pooled over models and seeds: one cell's subset of 40 to 120 faces is within noise.
    whole = np.mean([c["all"]["accuracy"] for c in cells.values()])
    part = np.mean([c[subset]["accuracy"] for c in cells.values()])
    assert all(c[subset]["n"] >= 40 for c in cells.values())
    assert part < whole - 0.03


@pytest.fixture(scope="module")
def pack(tmp_path_factory) -> Pack:
    """Every enabled face as the grid trains on it: drawn, searched for and cut out once, here."""
    folder = tmp_path_factory.mktemp("pack")
    spec = specs.resolve(params.load(ROOT / "params.yaml"))["packs/synthetic"]
    align(spec, folder / "synthetic", workers=1, work=folder / "work")
    return Pack.open(folder / "synthetic")


@pytest.mark.slow  # draws and searches every enabled picture: about 30 s on one core
def test_the_detector_finds_the_faces(pack):
    # `align` finds what facenet-pytorch does (tests/faces/test_face_cascade.py).
    rows = pack.manifest
    found = rows["detection"].notna()
    overlaps = [
        overlap(np.array([box]), np.array(true))[0] if there else 0.0
        for box, true, there in zip(rows["box"], rows["true_box"], found, strict=True)
    ]
    assert (np.array(overlaps) >= 0.5).mean() >= 0.95
    points, true = (
        np.stack(rows.loc[found, name].to_list()).reshape(-1, 5, 2)
        for name in ("landmarks", "true_landmarks")
    )
    far = np.median(np.linalg.norm(points - true, axis=2), axis=1)
    assert np.median(far / np.linalg.norm(true[:, 0] - true[:, 1], axis=1)) < 0.1


@pytest.mark.slow  # of the same pictures
def test_raw_pixels_stay_15_points_below_scan_cci(cells, pack):
    small = [
        np.asarray(Image.fromarray(f).resize((32, 32), Image.Resampling.BOX)) for f in pack.faces
    ]
    pixels = np.stack(small).reshape(len(small), -1) / 255.0
    train = (pack.manifest["split"] == "train").to_numpy()
    labels = pack.manifest["label"].to_numpy()
    best = max(
        LogisticRegression(C=strength, max_iter=500)
        .fit(pixels[train], labels[train])
        .score(pixels[~train], labels[~train])
        for strength in (0.01, 0.1, 1.0)
    )
    assert 1 / 7 < best <= mean_accuracy(cells, "scan_cci") - 0.15
