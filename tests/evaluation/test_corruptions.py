"""Corruptions: each does what it says, and depends on nothing but face, id and strength."""

from __future__ import annotations

import colorsys
import functools
import io
import math
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image
from rendered_pack import rendered
from scipy import ndimage

from fer_bench.evaluation.corruptions import CORRUPTIONS, PERTURBATIONS, SEVERITIES
from fer_bench.evaluation.corruptions.blur import gaussian_blur, line_kernel, motion_blur
from fer_bench.evaluation.corruptions.light import contrast, darkness
from fer_bench.evaluation.corruptions.misalignment import about_centre, moved, rotation, shift
from fer_bench.evaluation.corruptions.noise import gaussian_noise, shot_noise
from fer_bench.evaluation.corruptions.occlusion import (
    GREY,
    KINDS,
    mask_size,
    mask_type,
    patch,
    pulled_up,
)
from fer_bench.evaluation.corruptions.resolution import jpeg, pixelation
from fer_bench.faces import mask_art
from fer_bench.faces.crop_landmarks import crop_landmarks
from fer_bench.faces.geometry import reference
from fer_bench.rendering.draws import arrays

SIZE = 80
ORDERED = [name for name, corruption in CORRUPTIONS.items() if corruption.ordered]
DRAWN = ["patch", "motion_blur", "gaussian_noise", "shot_noise", "shift", "scale", "rotation",
         "mask_type", "mask_size"]  # fmt: skip


class Faces:
    def __init__(self, size: int) -> None:
        self.images, manifest = rendered(size)
        self.ids = list(manifest["sample_id"])
        self.landmarks, _ = crop_landmarks(list(manifest["landmarks"]), size)

    def under(self, name: str, value: object, which: slice | list[int] = slice(None)) -> np.ndarray:
        ids = list(np.array(self.ids)[which])
        return CORRUPTIONS[name].apply(self.images[which], value, ids, self.landmarks[which])


of_size = functools.cache(Faces)


@pytest.fixture(scope="module")
def faces() -> Faces:
    return of_size(SIZE)


def rng() -> np.random.Generator:
    return arrays("test")


def distance(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a.astype(float) - b).mean())


def test_every_kind_of_harm_that_the_benchmark_promises_is_there():
    groups = {name: corruption.group for name, corruption in CORRUPTIONS.items()}
    assert {"patch", "mask_size", "mask_type"} == {n for n, g in groups.items() if g == "occlusion"}
    assert {"shift", "scale", "rotation"} == {n for n, g in groups.items() if g == "misalignment"}
    assert {"gaussian_blur", "motion_blur", "gaussian_noise", "shot_noise", "jpeg", "pixelation",
            "darkness", "contrast"} <= set(groups)  # fmt: skip
    for corruption in CORRUPTIONS.values():
        assert len(set(corruption.values)) == len(SEVERITIES) == 5
    assert [p.value for p in PERTURBATIONS] == ["1 px", "1°", "±2 %", "quality 90", "±2 %"]


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_face_is_corrupted_alike_in_any_batch_and_any_order(faces, name):
    before = faces.images.copy()
    for value in (CORRUPTIONS[name].values_at(SIZE)[0], CORRUPTIONS[name].values_at(SIZE)[4]):
        whole = faces.under(name, value)
        assert whole.shape == faces.images.shape
        assert whole.dtype == np.uint8
        backwards = list(range(6, -1, -1))
        assert (faces.under(name, value, backwards)[::-1] == whole[:7]).all()
        assert (faces.under(name, value, [3])[0] == whole[3]).all()
    assert (faces.images == before).all()


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_what_is_drawn_differs_between_faces_only_where_something_is_drawn(faces, name):
    corruption = CORRUPTIONS[name]
    same = np.repeat(faces.images[:1], 6, axis=0)
    places = np.repeat(faces.landmarks[:1], 6, axis=0)
    value = corruption.values_at(SIZE)[3]
    many = corruption.apply(same, value, [f"s{i}" for i in range(6)], places)
    differ = len(np.unique(many.reshape(6, -1), axis=0)) > 1
    assert differ == (name in DRAWN)


@pytest.mark.parametrize("name", ORDERED)
def test_a_higher_severity_is_further_from_the_clean_face(faces, name):
    values = CORRUPTIONS[name].values_at(SIZE)
    away = [distance(faces.under(name, value), faces.images) for value in values]
    assert all(low < high for low, high in pairwise(away)), away


@pytest.mark.parametrize("name", ORDERED)
@pytest.mark.parametrize("size", [80, 224])
def test_the_first_severity_is_mild_at_every_crop_size(name, size):
    faces, few = of_size(size), slice(0, 4)
    found = faces.under(name, CORRUPTIONS[name].values_at(size)[0], few)
    clean = faces.images[few]
    assert distance(found, clean) > 0.05
    if name == "mask_size":  # a bright mask on a dark face is far from it, but covers little
        assert (np.abs(found.astype(int) - clean).max(axis=3) > 30).mean() < 0.2
        return
    likeness = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(found, clean, strict=True)]
    assert min(likeness) > 0.6, likeness


def test_noise_is_what_averaging_down_from_224_px_leaves():
    gaussian, shot = CORRUPTIONS["gaussian_noise"], CORRUPTIONS["shot_noise"]
    assert gaussian.values_at(224) == [8, 12, 18, 26, 38]
    assert shot.values_at(224) == [60, 25, 12, 5, 3]
    assert gaussian.values_at(112) == [4, 6, 9, 13, 19]
    assert shot.values_at(112) == [240, 100, 48, 20, 12]
    flat = np.full((224, 224, 3), 128, np.uint8)
    for name in ("gaussian_noise", "shot_noise"):
        corruption = CORRUPTIONS[name]
        large = corruption.apply(flat[None], corruption.values_at(224)[1], ["x"])[0]
        averaged = large.reshape(112, 2, 112, 2, 3).mean(axis=(1, 3))
        small = corruption.apply(flat[None, :112, :112], corruption.values_at(112)[1], ["x"])[0]
        assert averaged.std() == pytest.approx(small.std(), rel=0.03)


def test_noise_has_the_strength_it_says():
    grey = np.full((200, 200, 3), 100, np.uint8)
    assert gaussian_noise(grey, 8, rng()).std() == pytest.approx(0.08 * 255, rel=0.02)
    counted = shot_noise(grey, 60, rng())
    assert counted.mean() == pytest.approx(100, rel=0.01)
    # 100/255 of 60 photons: variance = mean, in units of 255/60 grey levels
    assert counted.std() == pytest.approx(math.sqrt(60 * 100 / 255) * 255 / 60, rel=0.02)
    assert shot_noise(np.zeros((4, 4, 3), np.uint8), 60, rng()).max() == 0


def test_a_patch_has_its_share_and_contains_the_smaller_one():
    white = np.full((100, 100, 3), 255, np.uint8)
    for seed in range(20):
        covers = []
        for percent in (4, 16, 25, 100):
            found = patch(white, percent, np.random.default_rng(seed))
            cover = (found == GREY).all(axis=2)
            assert cover.sum() == percent * 100
            covers.append(cover)
        assert all((large | ~small).all() for small, large in pairwise(covers))
    centres = [np.argwhere(patch(white, 4, np.random.default_rng(s)) == GREY).mean(axis=0)[:2]
               for s in range(200)]  # fmt: skip
    np.testing.assert_allclose(np.mean(centres, axis=0), [49.5, 49.5], atol=6)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_mask_covers_the_mouth_and_leaves_the_eyes(faces, kind):
    for image, landmarks in zip(faces.images, faces.landmarks, strict=True):
        masked = mask_type(image, kind, rng(), landmarks)
        changed = np.abs(masked.astype(int) - image).max(axis=2)
        for x, y in np.round(landmarks[:2]).astype(int):
            assert changed[y - 3 : y + 2, x - 3 : x + 4].max() < 12, "but for a soft shadow"
        x, y = np.round(landmarks[3:].mean(axis=0)).astype(int)
        assert (changed[y - 4 : y + 5, x - 8 : x + 9] > 0).mean() > 0.9


def test_a_mask_pulled_up_reaches_chin_then_mouth_then_nose(faces):
    image, landmarks = faces.images[0], faces.landmarks[0]
    tops = []
    for percent in CORRUPTIONS["mask_size"].values:
        changed = np.abs(mask_size(image, percent, rng(), landmarks).astype(int) - image)
        middle = changed[:, 34:46].max(axis=(1, 2)) > 60  # the mask itself, not its shadow
        tops.append(int(np.flatnonzero(middle)[0]))
    mouth, nose = landmarks[3:, 1].mean(), landmarks[2, 1]
    assert tops == sorted(tops, reverse=True)
    assert tops[0] > mouth + 4
    assert nose < tops[2] < mouth
    assert tops[4] < nose
    worn_right = mask_type(image, "surgical_blue", rng(), landmarks)
    assert distance(mask_size(image, 100, rng(), landmarks), worn_right) < 0.5


def test_a_mask_pulled_up_is_squeezed_between_its_upper_edge_and_the_chin():
    b = np.linspace(*mask_art.B_RANGE, mask_art.HEIGHT)
    middle = mask_art.WIDTH // 2
    for share in (0.35, 0.65, 1.0):
        art = pulled_up(share)
        covered = b[art.texture[:, middle, 3] > 0.5]
        assert covered[0] == pytest.approx(1 - share, abs=0.02)
        assert covered[-1] == pytest.approx(1 + 0.04 * share, abs=0.02)
        assert all(1 - share < height < 1 for _, height in art.straps)


def test_gaussian_blur_is_scipys():
    picture = rng().integers(0, 256, (60, 60, 3), dtype=np.uint8)
    found = gaussian_blur(picture, 100 * 2 / 60, rng())
    wanted = ndimage.gaussian_filter(picture.astype(float), (2, 2, 0), mode="mirror")
    assert np.abs(found - wanted).max() < 2.5  # cv2 cuts the bell at 3 sigma and rounds


@pytest.mark.parametrize(("length", "angle"), [(9.0, 0.0), (6.2, 0.7), (3.1, math.pi / 2)])
def test_a_moved_camera_draws_an_even_line(length, angle):
    kernel = line_kernel(length, angle)
    assert kernel.sum() == pytest.approx(1)
    half = len(kernel) // 2
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    along = x * math.cos(angle) + y * math.sin(angle)
    across = y * math.cos(angle) - x * math.sin(angle)
    assert (kernel * along).sum() == pytest.approx(0, abs=1e-5)
    # a line's variance is length² / 12; sharing points among pixels adds at most 1/4
    assert 0 <= (kernel * along**2).sum() - length**2 / 12 < 0.27 + length**2 / 300
    assert (kernel * across**2).sum() < 0.27
    spot = np.zeros((41, 41, 3), np.uint8)
    spot[20, 20] = 255
    ways = [motion_blur(spot, 100 * 9 / 41, np.random.default_rng(s)) for s in range(2)]
    assert not (ways[0] == ways[1]).all()


def test_motion_blur_spreads_as_imagenet_c_does():
    for percent, (radius, sigma) in zip(
        CORRUPTIONS["motion_blur"].values,
        [(10, 3), (15, 5), (15, 8), (15, 12), (20, 15)],
        strict=True,
    ):
        x = np.linspace(0, radius, 20001)
        weight = np.exp(-(x**2) / 2 / sigma**2)
        mean = np.average(x, weights=weight)
        spread = math.sqrt(np.average((x - mean) ** 2, weights=weight))
        assert percent / 100 * 224 / math.sqrt(12) == pytest.approx(spread, rel=0.01)


def test_darkness_lowers_the_value_of_hsv():
    picture = rng().integers(0, 256, (8, 8, 3), dtype=np.uint8)
    found = darkness(picture, 30, rng())
    for pixel, dark in zip(picture.reshape(-1, 3), found.reshape(-1, 3), strict=True):
        h, s, v = colorsys.rgb_to_hsv(*(pixel / 255))
        wanted = np.multiply(colorsys.hsv_to_rgb(h, s, max(v - 0.3, 0)), 255)
        np.testing.assert_allclose(dark, wanted, atol=0.51)


def test_contrast_keeps_the_mean_colour():
    picture = np.zeros((2, 2, 3), np.uint8)
    picture[0] = [200, 100, 0]
    assert contrast(picture, 40, rng())[:, 0].tolist() == [[140, 70, 0], [60, 30, 0]]


def test_jpeg_and_pixelation_against_the_library_by_hand():
    picture = rng().integers(0, 256, (16, 16, 3), dtype=np.uint8)
    found = jpeg(picture, 15, rng())
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=15)
    assert (found == np.asarray(Image.open(file))).all()
    blocks = pixelation(picture, 25, rng())
    means = picture.reshape(4, 4, 4, 4, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(blocks, means.repeat(4, axis=0).repeat(4, axis=1), atol=1.01)


def test_misalignment_against_transforms_made_by_hand():
    picture = rng().integers(0, 256, (21, 21, 3), dtype=np.uint8)
    right_down = moved(picture, np.array([[1.0, 0, 3], [0, 1, 2]]))
    assert (right_down[2:, 3:] == picture[:-2, :-3]).all()
    assert (right_down[:, :3] == right_down[:, 3:4]).all(), "the border is repeated"
    assert (right_down[:2] == right_down[2:3]).all()
    clockwise = moved(picture, about_centre(picture, degrees=90))
    assert (clockwise == np.rot90(picture, -1)).all()
    twice = moved(picture, about_centre(picture, factor=2))
    assert (twice[10, 10] == picture[10, 10]).all()
    assert (twice[::2, ::2] == picture[5:16, 5:16]).all()


def test_shift_and_rotation_are_as_large_as_they_say():
    x, y = np.meshgrid(np.arange(100), np.arange(100))
    picture = np.stack([x * 2, y * 2, np.zeros_like(x)], axis=2).astype(np.uint8)
    ways = []
    for seed in range(40):
        found = shift(picture, 10, np.random.default_rng(seed)).astype(float)
        dx, dy = (picture[50, 50, :2] - found[50, 50, :2]) / 2
        assert math.hypot(dx, dy) == pytest.approx(10, abs=0.5)
        ways.append((dx > 0, dy > 0))
    assert len(set(ways)) == 4
    turns = set()
    for seed in range(10):
        found = rotation(picture, 15, np.random.default_rng(seed)).astype(float)
        row = found[50, 40:60, 1]
        turns.add(round(math.degrees(math.atan((row[-1] - row[0]) / 2 / 19))))
    assert turns == {-15, 15}


def test_small_perturbations_go_in_every_direction(faces):
    image = faces.images[0]
    shifted, turned, scaled, saved, brighter = (p.steps for p in PERTURBATIONS)
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)), mode="edge")
    wanted = [padded[1:-1, 2:], padded[1:-1, :-2], padded[2:, 1:-1], padded[:-2, 1:-1]]
    for step, want in zip(shifted, wanted, strict=True):
        assert (step(image) == want).all()
    ramps = np.mgrid[:80, :80] * 3.0
    ramp = np.stack([*ramps, ramps[0]], axis=2).clip(0, 255).astype(np.uint8)
    right = (39, 69)  # 29.5 px from the centre: 0.51 px down by 1°, 0.59 px outwards by 2 %
    for steps, channel in ((turned, 0), (scaled, 1)):
        ways = [int(step(ramp)[right][channel]) - int(ramp[right][channel]) for step in steps]
        assert abs(ways[0]) == abs(ways[1]) == 2
        assert sum(ways) == 0
    assert (saved[0](image) == jpeg(image, 90, rng())).all()
    darker, lighter = (step(np.full((1, 1, 3), 100, np.uint8))[0, 0, 0] for step in brighter)
    assert (darker, lighter) == (98, 102)


def test_landmarks_follow_the_face_into_its_crop():
    target = reference(80)
    turn = np.array([[0.8, -0.6], [0.6, 0.8]])
    photographed = target @ turn.T * 3 + [40, 7]
    places, known = crop_landmarks(
        [photographed.ravel().tolist(), None, [0.0] * 10, [math.nan] * 10], 80
    )
    assert known.tolist() == [True, False, False, False]
    np.testing.assert_allclose(places[0], target, atol=1e-9)
    np.testing.assert_allclose(places[1:], np.tile(target, (3, 1, 1)))
