"""68 and 24 points from five landmarks: against the reference, geometry and the rendered head."""

import numpy as np
import pytest

from fer_bench.faces.face_points import (
    PLACES,
    POINTS,
    SHIFTS,
    SWAP,
    MeanShape,
    affine,
    face_points,
    mean_points,
    mirrored,
    pick24,
    seen,
)
from fer_bench.faces.geometry import apply, reference, similarity
from fer_bench.faces.mean_face import MEAN_FACE, MIRROR, five_of

EYES = 60.083  # mm, between the eyes of the mean face


def turned_head(yaw: float, size: int = 112) -> np.ndarray:
    """The five landmarks of the mean face on a head turned by `yaw` degrees, as pixels.

    Eyes and mouth lie in a plane, the tip of the nose 0.4 eye distances before it.
    """
    five = five_of(MEAN_FACE)
    out, turned = np.array([0, 0, 0.4 * EYES, 0, 0]), np.radians(yaw)
    x = five[:, 0] * np.cos(turned) + out * np.sin(turned)
    frontal = similarity(five, reference(size))
    return apply(frontal, np.stack([x, five[:, 1]], axis=1))


def test_the_mean_face_is_symmetric_and_in_ibugs_order():
    assert sorted(MIRROR) == list(range(68))
    np.testing.assert_array_equal(MIRROR[MIRROR], np.arange(68))
    np.testing.assert_array_equal(MEAN_FACE[MIRROR] * [-1, 1], MEAN_FACE)
    jaw, brow, nose, eye, mouth = (
        MEAN_FACE[part]
        for part in (slice(0, 17), slice(17, 27), slice(27, 36), slice(36, 48), slice(48, 68))
    )
    assert (np.diff(jaw[:, 0]) > 0).all()  # from image left to image right
    assert jaw[:, 1].argmax() == 8
    assert (np.diff(brow[:, 0]) > 0).all()
    assert (np.diff(nose[:4, 1]) > 0).all()
    assert brow[:, 1].max() < eye[:, 1].min() < nose[3, 1] < mouth[:, 1].min() < jaw[8, 1]


def test_the_measures_of_the_mean_face():
    def across(a, b):
        return MEAN_FACE[b, 0] - MEAN_FACE[a, 0]

    assert across(39, 42) == 32.5
    assert across(36, 45) == 88
    assert across(48, 54) == 52
    assert across(3, 13) <= 134 <= across(0, 16)
    assert across(5, 11) <= 98 <= across(4, 12)
    down = MEAN_FACE[:, 1] - MEAN_FACE[27, 1]
    assert (down[33], down[48], down[8]) == (51, 72, 117)


def test_the_mean_face_has_the_proportions_of_the_reference():
    five, target = five_of(MEAN_FACE), reference(112)
    laid = apply(similarity(five[:2], target[:2]), five)
    eye_distance = np.linalg.norm(target[1] - target[0])
    assert np.abs(laid - target).max() / eye_distance < 0.03


def test_24_points_and_their_mirror():
    assert POINTS == len(set(PLACES)) == 24
    # The released list counts from 1: its 16 points, its six pairs, its two corners of the mouth.
    singles = [19, 22, 23, 26, 39, 37, 44, 46, 28, 30, 49, 51, 53, 55, 59, 57]
    pairs = [(20, 38), (25, 45), (41, 42), (47, 48), (18, 59), (27, 57)]
    assert [tuple(n + 1 for n in place.of) for place in PLACES] == [
        *((n,) for n in singles), *pairs, (49,), (55,)
    ]  # fmt: skip
    np.testing.assert_array_equal(SWAP[SWAP], np.arange(24))
    points = pick24(MEAN_FACE, np.linspace(0, 1, 68), 256)
    moved = {0: (0, -2), 1: (0, -10), 2: (0, -10), 3: (0, -2), 22: (-16, -16), 23: (16, -16)}
    for i, place in enumerate(PLACES):
        shift = points[i, :2] - MEAN_FACE[list(place.of)].mean(axis=0)
        np.testing.assert_allclose(shift, moved.get(i, (0, 0)), atol=1e-12)
    assert points[0, 2] == pytest.approx(18 / 67)
    assert points[20, 2] == pytest.approx(17 / 67)  # the least of those it is made of
    whole = pick24(MEAN_FACE, np.ones(68), 190)
    np.testing.assert_allclose(whole[SWAP] * [-1, 1, 1], whole, atol=1e-12)


def test_the_example_of_the_released_list():
    """Four points of its brows, in pixels of 256, and what it makes of them, in pixels of 224."""
    points = np.zeros((68, 2))
    points[18], points[21] = (78.2819, 34.4547), (106.693, 50.228)
    points[22], points[25] = (135.723, 49.4309), (193.035, 44.856)
    found = pick24(points, np.ones(68), 256)[:4, :2] * 224 / 256 + 0.5
    assert found.astype(int).tolist() == [[68, 28], [93, 35], [119, 35], [169, 37]]


def test_mirroring_points_is_mirroring_the_face():
    size = 80
    five = reference(size) + np.random.default_rng(0).normal(0, 2, (5, 2))
    flipped = (five * [-1, 1] + [size - 1, 0])[[1, 0, 2, 4, 3]]
    shape = MeanShape()

    def points(landmarks):
        found = pick24(*shape(None, landmarks), size)
        found[:, :2] = (found[:, :2] + 0.5) / size
        return found

    np.testing.assert_allclose(mirrored(points(five)), points(flipped), atol=1e-9)
    np.testing.assert_array_equal(mirrored(mirrored(points(five)))[..., 1:], points(five)[..., 1:])


def test_an_affine_map_is_recovered():
    rng = np.random.default_rng(1)
    matrix, shift = rng.normal(size=(2, 2)), rng.normal(size=2)
    source, others = rng.normal(size=(5, 2)), rng.normal(size=(7, 2))
    moved = affine(source, source @ matrix.T + shift, others)
    np.testing.assert_allclose(moved, others @ matrix.T + shift, atol=1e-9)


@pytest.mark.parametrize("size", [80, 112, 224])
def test_points_of_an_undetected_face_are_the_mean_faces(size):
    points = face_points([None, None], size)
    assert points.shape == (2, 24, 3)
    assert points.dtype == np.float32
    np.testing.assert_allclose(points[0], mean_points(), atol=0.01)
    assert (points[..., 2] > 0.99).all()
    mouth = points[0, [10, 13], :2] * size - 0.5
    assert np.abs(mouth - reference(size)[3:]).max() < 0.02 * size


def test_points_do_not_depend_on_where_the_face_was_in_its_photograph():
    landmarks = reference(224) + np.random.default_rng(2).normal(0, 4, (5, 2))
    turn = np.radians(20)
    moved = (
        1.7 * landmarks @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    )
    moved += [300, 40]
    here, there = face_points([landmarks.ravel(), moved.ravel()], 80)
    np.testing.assert_allclose(here, there, atol=1e-5)
    assert not np.allclose(here, mean_points(), atol=0.005)


def test_what_is_seen_of_a_turned_head():
    frontal = seen(turned_head(0))
    np.testing.assert_allclose(frontal, 1, atol=1e-9)
    right = seen(turned_head(40))  # the nose points to image right
    left = seen(turned_head(-40))
    np.testing.assert_allclose(left[MIRROR], right, atol=1e-9)
    assert (right[:6] == 1).all(), "the near side of the jaw is seen"
    assert right[27] == pytest.approx(np.cos(np.radians(40)), abs=0.02)
    assert (right[45], right[15]) < (0.6, 0.1), "the far eye corner hardly, the far jaw not at all"
    assert right[45] == pytest.approx(
        np.cos(np.arcsin(44 / EYES / 1.2468) + np.radians(40))
        / np.cos(np.arcsin(44 / EYES / 1.2468)),
        abs=0.02,
    )
    assert (np.diff(right[:17]) <= 1e-12).all()
    assert (seen(turned_head(20)) >= right - 1e-12).all()


def test_a_point_outside_the_crop_is_not_seen():
    high = reference(112) + [0, -45]  # brows above the upper edge, were the crop not aligned

    def there(face, five):
        return affine(five_of(MEAN_FACE), high, MEAN_FACE), np.ones(68)

    points = face_points([None], 112, source=there)[0]
    outside = points[:, 1] < 0
    assert 0 < outside.sum() < 24
    np.testing.assert_array_equal(points[:, 2], ~outside)


def test_another_source_can_be_plugged_in():
    faces = np.arange(3, dtype=np.uint8)[:, None, None, None] * np.ones((1, 8, 8, 3), np.uint8)
    given = []

    def source(face, five):
        given.append((int(face.max()), five.shape))
        return np.full((68, 2), 3.5), np.full(68, 0.25)

    points = face_points([None] * 3, 8, faces, source)
    assert given == [(0, (5, 2)), (1, (5, 2)), (2, (5, 2))]
    np.testing.assert_allclose(points[..., :2], np.broadcast_to(0.5 + SHIFTS, (3, 24, 2)))
    np.testing.assert_allclose(points[..., 2], 0.25)
