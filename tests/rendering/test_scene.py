"""Pixels: deterministic, of the right form, and showing what the factors say."""

import dataclasses

import numpy as np
import pytest

from fer_bench.rendering.action_units import ActionUnits
from fer_bench.rendering.factors import OCCLUDERS, Factors, Settings, plan
from fer_bench.rendering.head import Pose
from fer_bench.rendering.identity import person
from fer_bench.rendering.lighting import LIGHTS
from fer_bench.rendering.scene import geometry, render

SETTINGS = Settings(noise=0.0, shadow=0.0)
WHO = dataclasses.replace(
    person(0, "anna"), hair_style="bald", beard="none", glasses=False, marks=()
)
PLAIN: Factors = dataclasses.replace(
    plan(SETTINGS, "anna", 0),
    units=ActionUnits(), pose=Pose(0.0, 0.0, 0.0, 40.0, (80.0, 80.0)), light=LIGHTS["front"],
    ambient=0.6, gain=1.0, tint=(1.0, 1.0, 1.0), contrast=1.0, blur=0.0, occluder="none",
)  # fmt: skip


def draw(**changes: object) -> np.ndarray:
    return render(SETTINGS, WHO, dataclasses.replace(PLAIN, **changes), "x").astype(float)  # type: ignore[arg-type]


def test_same_bytes_twice_and_in_any_order() -> None:
    settings = Settings(image_size=96)
    wanted = [("a", 0), ("b", 3), ("a", 1)]

    def images(order: list[tuple[str, int]]) -> dict[tuple[str, int], bytes]:
        return {
            (s, k): render(settings, person(0, s), plan(settings, s, k), s, k).tobytes()
            for s, k in order
        }

    assert images(wanted) == images(wanted[::-1])
    assert len(set(images(wanted).values())) == 3


@pytest.mark.parametrize("size", [64, 160, 224])
def test_form_and_scaling(size: int) -> None:
    settings = Settings(image_size=size)
    factors = plan(settings, "a", 0)
    image = render(settings, person(0, "a"), factors, "a", 0)
    assert image.shape == (size, size, 3)
    assert image.dtype == np.uint8
    assert image.std() > 15
    where = geometry(settings, person(0, "a"), factors)
    small = geometry(SETTINGS, person(0, "a"), plan(SETTINGS, "a", 0))
    assert where.landmarks / size == pytest.approx(small.landmarks / 160, abs=1e-9)


def test_landmarks_lie_on_the_pixels_they_name() -> None:
    where = geometry(SETTINGS, WHO, PLAIN)
    image = draw()
    x0, y0, x1, y1 = where.box
    assert ((where.landmarks > [x0, y0]) & (where.landmarks < [x1, y1])).all()
    cheek = image[int(where.landmarks[2, 1]), int(x0 + 0.25 * (x1 - x0))].sum()
    gaze = dataclasses.replace(PLAIN, gaze=(0.0, 0.0))
    looking = render(SETTINGS, WHO, gaze, "x").astype(float)
    for x, y in where.landmarks[:2]:  # pupils are the darkest there
        assert looking[round(y), round(x)].sum() < 0.55 * cheek


def test_a_light_from_the_left_brightens_the_left() -> None:
    def halves(light: str) -> float:
        image = draw(light=LIGHTS[light], ambient=0.3)[70:110]
        return float(image[:, 50:75].mean() / image[:, 85:110].mean())

    assert halves("left") > 1.15
    assert halves("right") < 0.87


@pytest.mark.parametrize("kind", OCCLUDERS)
def test_an_occluder_changes_its_part_of_the_face_only(kind: str) -> None:
    changed = np.abs(draw(occluder=kind) - draw()).sum(axis=2) > 30
    where = geometry(SETTINGS, WHO, PLAIN).landmarks
    eyes, mouth = where[:2, 1].mean(), where[3:, 1].mean()
    upper = changed[int(eyes) - 8 : int(eyes) + 8, 45:115].mean()
    lower = changed[int(mouth) - 4 : int(mouth) + 16, 55:105].mean()
    if kind in ("sunglasses", "hair"):
        assert upper > 0.12
        assert lower == 0
    else:
        assert lower > 0.12
        assert upper < 0.1


def test_yaw_hides_the_far_side() -> None:
    front = geometry(SETTINGS, WHO, PLAIN).landmarks
    pose = dataclasses.replace(PLAIN.pose, yaw=50.0)
    turned = geometry(SETTINGS, WHO, dataclasses.replace(PLAIN, pose=pose)).landmarks
    assert np.ptp(turned[:2, 0]) < 0.75 * np.ptp(front[:2, 0])
    assert turned[2, 0] > front[2, 0] + 20


def test_a_smile_changes_the_mouth_and_not_the_forehead() -> None:
    smile = ActionUnits(lip_corner_pull=1.0, lips_part=0.8)
    changed = np.abs(draw(units=smile) - draw()).sum(axis=2) > 30
    mouth = geometry(SETTINGS, WHO, PLAIN).landmarks[3:, 1].mean()
    assert changed[int(mouth) - 8 : int(mouth) + 10, 60:100].mean() > 0.15
    assert changed[40:60].mean() == 0


def test_noise_and_shadow_do_what_they_say() -> None:
    noisy = draw(noise=0.05) - draw()
    assert 8 < noisy.std() < 16
    shadow = dataclasses.replace(PLAIN.shadow, depth=0.6)
    darker = render(SETTINGS, WHO, dataclasses.replace(PLAIN, shadow=shadow), "x")
    assert darker.mean() < draw().mean() - 3
