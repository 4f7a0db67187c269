import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_bench.errors import FerBenchError
from fer_bench.faces.geometry import (
    REFERENCE_112,
    align_face,
    apply,
    centre_square,
    cut_out,
    reference,
    resize_box,
    similarity,
    warp,
)


@settings(deadline=None, max_examples=50)
@given(
    turn=st.floats(-3.1, 3.1),
    scale=st.floats(0.1, 10),
    x=st.floats(-500, 500),
    y=st.floats(-500, 500),
)
def test_a_known_similarity_is_recovered(turn, scale, x, y):
    known = np.array(
        [
            [scale * np.cos(turn), -scale * np.sin(turn), x],
            [scale * np.sin(turn), scale * np.cos(turn), y],
        ]
    )
    found = similarity(REFERENCE_112, apply(known, REFERENCE_112))
    np.testing.assert_allclose(found, known, atol=1e-8)


def test_noisy_points_agree_with_the_normal_equations():
    rng = np.random.default_rng(1)
    source, target = rng.normal(size=(5, 2)) * 30, rng.normal(size=(5, 2)) * 30
    # x' = a x - b y + c, y' = b x + a y + d, solved as ordinary least squares
    rows = []
    for x, y in source:
        rows += [[x, -y, 1, 0], [y, x, 0, 1]]
    a, b, c, d = np.linalg.lstsq(np.array(rows), target.ravel(), rcond=None)[0]
    np.testing.assert_allclose(similarity(source, target), [[a, -b, c], [b, a, d]], atol=1e-9)


def test_a_mirrored_face_is_not_reflected():
    mirrored = REFERENCE_112 * np.array([-1, 1])
    assert np.linalg.det(similarity(mirrored, REFERENCE_112)[:, :2]) > 0


def test_coinciding_landmarks_are_an_error():
    with pytest.raises(FerBenchError, match="one point"):
        similarity(np.ones((5, 2)), REFERENCE_112)


def test_reference_at_224_is_twice_112():
    expected = [[76.5892, 103.3926], [147.0636, 103.0028], [112.0504, 143.4732],
                [83.0986, 184.7310], [141.4598, 184.4082]]  # fmt: skip
    np.testing.assert_allclose(reference(224), expected, atol=1e-4)


@pytest.mark.parametrize("size", [80, 112, 224])
@pytest.mark.parametrize(("scale", "turn"), [(1.0, 0.0), (3.3, 0.4), (0.6, -0.7)])
def test_marked_landmarks_land_on_the_reference_within_a_pixel(size, scale, turn):
    c, s = scale * np.cos(turn), scale * np.sin(turn)
    landmarks = (REFERENCE_112 - 56) @ np.array([[c, s], [-s, c]]) + np.array([250, 240])
    image = np.zeros((500, 500, 3), np.uint8)
    ys, xs = np.mgrid[:500, :500]
    for k, (x, y) in enumerate(landmarks):
        spot = 255 * np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / (2 * (2.5 * scale) ** 2))
        image[..., k % 3] = np.maximum(image[..., k % 3], spot.astype(np.uint8))
    face = align_face(image, landmarks, size).astype(float)
    assert face.shape == (size, size, 3)
    ys, xs = np.mgrid[:size, :size]
    for k, (x, y) in enumerate(reference(size)):
        near = face[..., k % 3] * (np.hypot(xs - x, ys - y) < size * 0.09)
        centre = np.array([(near * xs).sum(), (near * ys).sum()]) / near.sum()
        assert np.hypot(*(centre - [x, y])) < 0.6


def test_identity_warp_changes_nothing():
    image = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    np.testing.assert_array_equal(warp(image, np.array([[1.0, 0, 0], [0, 1, 0]]), 40), image)


def test_strong_reduction_averages_instead_of_aliasing():
    image = np.zeros((400, 400, 3), np.uint8)
    image[::2] = 255  # lines one pixel wide: sampling would give all black or all white
    small = warp(image, np.array([[0.1, 0, 0], [0, 0.1, 0]]), 40)
    assert np.abs(small[2:-2, 2:-2].astype(int) - 127).max() <= 3


def test_outside_the_image_is_black():
    image = np.full((20, 20, 3), 200, np.uint8)
    moved = warp(image, np.array([[1.0, 0, 10], [0, 1, 0]]), 20)
    assert moved[:, :9].max() == 0
    assert moved[:, 12:].min() == 200


def test_centre_square_of_wide_and_tall_images():
    assert centre_square(100, 60) == (20, 0, 80, 60)
    assert centre_square(59, 92) == (0, 16, 59, 75)


def test_without_landmarks_the_box_is_resized():
    image = np.zeros((60, 100, 3), np.uint8)
    image[:, 20:80] = 90
    face = cut_out(image, None, centre_square(100, 60), 30)
    np.testing.assert_array_equal(face, np.full((30, 30, 3), 90))
    np.testing.assert_array_equal(face, resize_box(image, (20, 0, 80, 60), 30))
