"""Masks that are the same, masks whose difference is known, and what the record counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from rendered_pack import OPTIONS, rendered, write_pack

from fer_bench.errors import FerBenchError
from fer_bench.faces.face_frame import jaw_points
from fer_bench.faces.face_points import affine
from fer_bench.faces.geometry import reference
from fer_bench.faces.mean_face import MEAN_FACE, five_of
from fer_bench.files import read_json

ROOT = Path(__file__).parents[2]


def like_ours(five: np.ndarray) -> np.ndarray:
    """68 points that agree with the five and whose bridge, chin and jaw are those of our mask."""
    points = affine(five_of(MEAN_FACE), five, MEAN_FACE)
    jaw = jaw_points(five)
    points[28], points[8], points[2], points[14] = jaw.bridge, jaw.chin, jaw.left, jaw.right
    return points


def test_equal_geometries_give_equal_masks(script):
    five = 3 * reference(112)
    same = script.compare(five, like_ours(five))
    assert same == pytest.approx(
        {"iou": 1, "iou_in_aligned_face": 1, "chin": 0, "chin_lower": 0}, abs=1e-9
    )


def test_a_chin_that_is_higher_shortens_the_mask_by_as_much(script):
    five = reference(112)
    points = like_ours(five)
    line = points[8] - points[28]
    points[8] -= 0.1 * line
    expected = 10 * np.linalg.norm(line) / np.linalg.norm(points[8] - points[27])
    found = script.compare(five, points)
    assert found["chin"] == pytest.approx(expected)
    assert found["chin_lower"] == pytest.approx(expected)
    assert found["iou"] == pytest.approx(0.9, abs=0.06)
    assert 0.8 < found["iou_in_aligned_face"] < 1
    larger = script.compare(7 * five, 7 * points)
    assert larger["iou"] == pytest.approx(found["iou"], abs=1e-6)
    points[8] += 0.2 * line
    assert script.compare(five, points)["chin_lower"] < 0


class Looks:
    """Sees every second face as it is; of the others the nose one eye distance off."""

    def __init__(self) -> None:
        self.count = 0

    def look(self, image, five):
        assert image.ndim == 3
        points = like_ours(five)
        points[30, 0] += (five[1] - five[0])[0] * (self.count % 2)
        self.count += 1
        return points


class Given:
    data = {"synthetic": OPTIONS}  # noqa: RUF012


@pytest.fixture
def project(script, tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(script.params, "load", Given)
    return tmp_path / "data/aligned/synthetic"


def test_misread_faces_are_counted_and_not_compared(script, project):
    write_pack(project, *rendered(32))
    found = script.measure("synthetic", 6, Looks())
    assert (found["photographs"], found["misread"]) == (6, 3)
    masks = found["masks"]
    assert masks["all"]["faces"] == 3
    assert masks["all"]["iou"]["median"] == 1
    assert masks["frontal"]["faces"] + masks["turned"]["faces"] == 3
    nose = found["distance_to_the_five_in_eye_distances"]["nose"]
    assert nose["high"] == pytest.approx(1, abs=0.3)


def test_a_set_without_detected_faces_is_refused(script, project):
    faces, manifest = rendered(32)
    write_pack(project, faces, manifest.assign(landmarks=None))
    with pytest.raises(FerBenchError, match="synthetic has no detected landmarks"):
        script.measure("synthetic", 6, Looks())


def test_the_page_says_what_the_record_holds():
    said = (ROOT / "benchmarks/mask_geometry/README.md").read_text()
    record = read_json(ROOT / "results/mask_geometry/facial_expressions.json")
    every = record["masks"]["all"]
    assert f"On {record['photographs']} photographs" in said
    assert f"{record['misread']} of them" in said
    for name, digits in (("iou", 2), ("iou_in_aligned_face", 2), ("chin", 1), ("chin_lower", 1)):
        low, middle, high = (f"{every[name][key]:.{digits}f}" for key in ("low", "median", "high"))
        assert f"| {middle} | {low} to {high} |".replace("-", "−") in said
