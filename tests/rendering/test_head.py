"""Projection: turning the head shifts and foreshortens the features as it should."""

import numpy as np
import pytest

from fer_bench.rendering.head import Head, Pose, Projection

HEAD = Head(width=1.0, crown=1.33, chin=1.3, jaw=2.6, depth=1.05)
EYES = np.array([[-0.42, 0.0], [0.42, 0.0]])


def view(yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> Projection:
    return Projection(HEAD, Pose(yaw, pitch, roll, scale=40.0, centre=(80.0, 80.0)), 160)


def test_facing_front_nothing_is_moved_sideways() -> None:
    assert view().project(EYES) == pytest.approx(np.array([[63.2, 80.0], [96.8, 80.0]]))


@pytest.mark.parametrize("yaw", [20.0, 40.0, 60.0])
def test_yaw_shifts_towards_its_side_and_narrows(yaw: float) -> None:
    front, right, left = (view(y).project(EYES) for y in (0.0, yaw, -yaw))
    assert right[:, 0].mean() > front[:, 0].mean() + 5
    assert 0 < right[1, 0] - right[0, 0] < front[1, 0] - front[0, 0]
    assert left[:, 0] == pytest.approx(160.0 - right[::-1, 0])  # mirror images


def test_a_raised_point_moves_further() -> None:
    flat, nose = (view(45.0).project(np.array([[0.0, 0.4]]), lift)[0, 0] for lift in (0.0, 0.28))
    assert nose - flat == pytest.approx(0.28 * 40 * np.sin(np.pi / 4))


def test_pitch_down_lowers_the_face_and_roll_lowers_the_right_eye() -> None:
    assert (view(pitch=10.0).project(EYES)[:, 1] > 84).all()
    rolled = view(roll=15.0).project(EYES)
    assert rolled[1, 1] - rolled[0, 1] == pytest.approx(0.84 * 40 * np.sin(np.radians(15)))


def test_unplace_inverts_place() -> None:
    v = view(roll=12.0)
    x, y = np.array([0.3, -0.7]), np.array([0.1, 0.9])
    pixels = v.place(x, y)
    back = v.unplace(pixels[:, 0], pixels[:, 1])
    assert back[0] == pytest.approx(x)
    assert back[1] == pytest.approx(y)


@pytest.mark.parametrize("yaw", [0.0, 25.0, 50.0, -50.0])
def test_no_surface_point_leaves_the_silhouette(yaw: float) -> None:
    v = view(yaw)
    for y in np.linspace(-1.2, 1.2, 9):
        x = np.linspace(-1.0, 1.0, 41) * HEAD.half_width(np.array([y]))
        level = np.full(41, y)
        across = v.project(np.stack([x, level], 1))[:, 0]
        middle = 80 + 40 * HEAD.middle(np.array([y]))[0] * v.sin_yaw
        reach = 40 * v.extent(np.array([y]))[0]
        assert across.max() <= middle + reach + 1e-6
        assert across.min() >= middle - reach - 1e-6


def test_region_ends_at_the_horizon() -> None:
    y = np.linspace(-0.5, 0.8, 9)
    side = 0.95 * HEAD.half_width(y)
    edges = np.stack([-side, y], 1), np.stack([side, y], 1)
    turned = view(50.0)
    outline = turned.region(*edges)
    far = outline[len(y) :][::-1, 0]
    assert (far > turned.project(edges[1])[:, 0] + 0.1).any()  # folded back: the horizon wins
    horizon = 80 + 40 * (HEAD.middle(y) * turned.sin_yaw + turned.extent(y))
    assert far == pytest.approx(horizon, abs=1.5)
