"""Landmarks in pictures that are taken as they are: found, carried into the crop, counted."""

import numpy as np
import pytest
from tiny_source import spec

from fer_bench.datasets.pack import Pack
from fer_bench.faces.align import align
from fer_bench.faces.face_points import face_points
from fer_bench.faces.geometry import reference
from fer_bench.faces.mask import mask
from fer_bench.faces.small_faces import _enlarged, find_landmarks, in_boxes, points_on

CORNERS = [10, 13]
"""Which of the 24 points are the corners of the mouth."""


def test_landmarks_are_found_in_small_crops(crops, detector):
    images = [crops.load(None, {"sample_id": f"t{i:03d}"}, {}) for i in range(4)]
    found = find_landmarks(detector, images)
    assert found[3] is None
    for i in range(3):
        truth = crops.places(i, 48)
        assert np.abs(found[i] - truth).max() < 0.25 * (truth[1, 0] - truth[0, 0])


def test_large_images_are_not_enlarged_and_thin_ones_within_bounds():
    large, thin = np.zeros((200, 160, 3), np.uint8), np.zeros((1, 300, 3), np.uint8)
    assert _enlarged(large) is large
    assert _enlarged(thin).shape == (8, 2400, 3)
    assert _enlarged(np.zeros((48, 60, 3), np.uint8)).shape == (160, 200, 3)


@pytest.mark.parametrize("box", [(0, 0, 48, 48), (11, 3, 59, 83)])
def test_landmarks_where_an_aligned_face_has_them_give_its_points(box):
    """Also where the box is not square, so that the crop is squeezed."""
    size, (x0, y0, x1, y1) = 80, box
    pixels = (reference(size) + 0.5) * [x1 - x0, y1 - y0] / size + [x0, y0] - 0.5
    points = points_on(in_boxes([pixels, None], [box, box], size), size)
    aligned = face_points([reference(size)], size)[0]
    np.testing.assert_allclose(points[0], aligned, atol=1e-6)
    np.testing.assert_array_equal(points[1], face_points([None], size)[0])
    lower = points_on(in_boxes([pixels + [0, 0.1 * (y1 - y0)]], [box], size), size)[0]
    np.testing.assert_allclose(lower[:, 1] - points[0][:, 1], 0.1, atol=1e-5)
    np.testing.assert_allclose(lower[:, 0], points[0][:, 0], atol=1e-5)


@pytest.fixture
def with_points(crops, tmp_path):
    given = spec("official", size=96, pack="with_points")
    given["options"]["points"] = "detected"
    align(given, tmp_path / "with_points", workers=1, work=tmp_path / "work")
    return given, tmp_path / "with_points"


def test_points_lie_on_landmarks_that_are_found_and_the_crop_stays(capsys, with_points, official):
    assert "with_points: landmarks found on 3 of 4 faces (75.0%)" in capsys.readouterr().out
    crops, plain = official
    pack = Pack.open(with_points[1])
    np.testing.assert_array_equal(np.array(pack.faces), np.array(Pack.open(plain).faces))
    m = pack.manifest
    assert list(m["landmarks_found"]) == [True, True, True, False]
    assert m["landmarks"].isna().all(), "they did not align the face"
    points = np.stack(m["points"]).reshape(4, 24, 3)
    mean = face_points([None], 96)[0]
    np.testing.assert_array_equal(points[3], mean)
    for i in range(3):
        truth = (crops.places(i, 96) + 0.5) / 96
        far = np.abs(points[i, CORNERS, :2] - truth[3:]).max()
        assert far < 0.25 * (truth[1, 0] - truth[0, 0])
        assert far < np.abs(mean[CORNERS, :2] - truth[3:]).max()


def test_masked_faces_keep_the_points_of_the_faces_below(with_points, tmp_path):
    given, folder = with_points
    given |= {"pack": "tiny_masked", "mask_style": "blue"}
    counts = mask(given, folder, tmp_path / "m", workers=1, work=tmp_path / "work")
    assert counts == {"worn": 3, "centre_fallback": 1}
    plain, masked = Pack.open(folder).manifest, Pack.open(tmp_path / "m").manifest
    assert list(masked["landmarks_found"]) == list(plain["landmarks_found"])
    np.testing.assert_array_equal(np.stack(masked["points"]), np.stack(plain["points"]))
