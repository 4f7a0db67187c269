"""Rotation, shifts, scale and cuts: against torchvision's operations, and scipy's in float64."""

import numpy as np
import pytest
import torch
from scipy.ndimage import map_coordinates
from torchvision.transforms import InterpolationMode, RandomResizedCrop
from torchvision.transforms.v2 import functional as reference

from fer_bench.training.augment import apply, drawn
from fer_bench.training.moves import WHOLE, _affine, _cut, _matrix, draw, move, move_points
from fer_bench.training.recipe import Recipe

SIDE = 24
LINEAR = InterpolationMode.BILINEAR


@pytest.fixture
def images():
    return torch.rand(5, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1)).double()


def of(seed=0, size=5, **keys):
    return draw(np.random.default_rng(seed), size, Recipe.of(keys), SIDE)


def inner(pixels, edge=3):
    return pixels[..., edge:-edge, edge:-edge]


def test_an_affine_move_is_torchvisions(images):
    recipe = Recipe(rotation=20, translation=0.2, scale=(0.8, 1.3))
    moves = of(rotation=20.0, translation=0.2, scale=[0.8, 1.3])
    ours = move(images.clone(), moves)
    rng = np.random.default_rng(0)  # the same numbers in the same order
    angles, scales = rng.uniform(-20, 20, 5), rng.uniform(0.8, 1.3, 5)
    shifts = np.rint(rng.uniform(-0.2 * SIDE, 0.2 * SIDE, (2, 5)))
    assert len(np.unique(shifts)) > 3
    for i, image in enumerate(images):
        theirs = reference.affine(
            image, float(angles[i]), shifts[:, i].tolist(), float(scales[i]), [0.0], LINEAR
        )
        shown = reference.affine(  # at the border torchvision mixes black in
            torch.ones_like(image), float(angles[i]), shifts[:, i].tolist(), float(scales[i]),
            [0.0], LINEAR,
        )  # fmt: skip
        whole = shown > 1 - 1e-9
        assert whole.float().mean() > 0.4
        torch.testing.assert_close(ours[i][whole], theirs[whole], atol=1e-6, rtol=0)
        assert (ours[i][shown == 0] == 0).all()
    assert np.array_equal(moves, _affine(np.random.default_rng(0), 5, recipe, SIDE)[:, :2])


def test_a_padded_crop_is_torchvisions(images):
    moves = of(padded_crop=0.25)
    ours = move(images.clone(), moves)
    shifts = np.random.default_rng(0).integers(-6, 7, (2, 5))
    padded = torch.nn.functional.pad(images, [6] * 4)
    for i, (x, y) in enumerate(shifts.T):
        theirs = reference.crop(padded[i], 6 + y, 6 + x, SIDE, SIDE)
        torch.testing.assert_close(ours[i], theirs, atol=1e-12, rtol=0)


def test_a_cut_is_torchvisions_resized_crop(images):
    for seed in range(20):
        (moves,) = of(seed, 1, resized_crop=[0.08, 1.0])
        sides = moves[[0, 1], [0, 1]] * SIDE
        left, top = ((moves[:, 2] * SIDE + SIDE - sides) / 2).round().astype(int).tolist()
        wide, high = sides.round().astype(int).tolist()
        ours = move(images[:1].clone(), moves[None])[0]
        theirs = reference.resized_crop(
            images[0], top, left, high, wide, [SIDE, SIDE], LINEAR, True
        )
        edge = int(np.ceil(SIDE / min(wide, high)))  # at a cut's edge torchvision repeats pixels
        torch.testing.assert_close(inner(ours, edge), inner(theirs, edge), atol=1e-6, rtol=0)


def test_cuts_are_spread_as_torchvisions():
    torch.manual_seed(0)
    face = torch.zeros(1, SIDE, SIDE)
    theirs = np.array(
        [RandomResizedCrop.get_params(face, [0.3, 1.0], [0.5, 2.0]) for _ in range(3000)]
    )  # top, left, height, width
    recipe = Recipe(resized_crop=(0.3, 1.0), aspect=(0.5, 2.0))
    cuts = _cut(np.random.default_rng(0), 3000, recipe, SIDE)
    sides = cuts[:, [0, 1], [0, 1]] * SIDE
    corners = (cuts[:, :2, 2] * SIDE + SIDE - sides) / 2
    ours = np.stack([corners[:, 1], corners[:, 0], sides[:, 1], sides[:, 0]], 1)
    np.testing.assert_allclose(ours, np.rint(ours), atol=1e-9)
    np.testing.assert_allclose(ours.mean(0), theirs.mean(0), atol=0.4)
    np.testing.assert_allclose(ours.std(0), theirs.std(0), atol=0.3)
    np.testing.assert_allclose(ours.min(0), theirs.min(0), atol=1)


def test_all_together_sample_once_where_the_matrices_say(images):
    keys = {"rotation": 30.0, "scale": [0.7, 1.2], "padded_crop": 0.2, "resized_crop": [0.3, 0.9]}
    moves = of(3, **keys)
    ours = move(images.clone(), moves).numpy()
    grid = (np.arange(SIDE) + 0.5) / SIDE * 2 - 1
    y, x = np.meshgrid(grid, grid, indexing="ij")
    for matrix, image, made in zip(moves, images.numpy(), ours, strict=True):
        places = np.einsum("ij,jhw->ihw", matrix, np.stack([x, y, np.ones_like(x)]))
        pixels = ((places + 1) * SIDE - 1) / 2
        for channel in range(3):
            wanted = map_coordinates(image[channel], pixels[::-1], order=1, mode="nearest")
            wanted[(np.abs(places) > 1).any(0)] = 0
            np.testing.assert_allclose(made[channel], wanted, atol=1e-9)


def test_a_turn_and_then_a_shift_are_done_in_this_order():
    rng = np.random.default_rng(5)
    turn = _affine(rng, 1, Recipe(rotation=45), SIDE)
    shift = _matrix(np.ones((2, 1)), rng.integers(-6, 7, (2, 1)), SIDE)
    np.testing.assert_allclose(of(5, 1, rotation=45.0, padded_crop=0.25)[0], (turn @ shift)[0, :2])


def test_faces_that_stay_keep_their_bits(images):
    moves = of(0, 400, rotation=10.0, padded_crop=0.1, moved=0.3)
    still = (moves == WHOLE).all((1, 2))
    assert still.mean() == pytest.approx(0.7, abs=0.06)
    many = images.float().repeat(80, 1, 1, 1)
    after = move(many.clone(), moves)
    assert (after == many).flatten(1).all(1).numpy().tolist() == still.tolist()
    assert of(0, 5) is None


def test_points_go_where_their_faces_go():
    """A bright pixel is found again where its point went."""
    rng = np.random.default_rng(0)
    side, count = 60, 40
    faces, points = torch.zeros(count, 1, side, side), np.ones((count, 1, 3), np.float32)
    for i in range(count):
        x, y = rng.integers(5, side - 5, 2)
        faces[i, 0, y - 1 : y + 2, x - 1 : x + 2] = 1
        points[i, 0, :2] = (x + 0.5) / side, (y + 0.5) / side
    recipe = Recipe(rotation=30, scale=(0.9, 1.3), padded_crop=0.3, resized_crop=(0.5, 1))
    moves = draw(rng, count, recipe, side)
    shown, found = move(faces, moves).numpy(), move_points(points, moves)
    assert found.dtype == np.float32
    gone = found[:, 0, 2] == 0
    assert 0 < gone.sum() < count / 2
    for image, (x, y, seen) in zip(shown[:, 0], found[:, 0], strict=True):
        assert 0 <= x <= 1
        assert 0 <= y <= 1
        if seen:
            near = (x * side > 4, y * side > 4, x * side < side - 4, y * side < side - 4)
            total = image.sum()
            if all(near):
                middle = [
                    (image.sum(axis) * (np.arange(side) + 0.5)).sum() / total for axis in (0, 1)
                ]
                assert middle == pytest.approx([x * side, y * side], abs=0.5)


def test_a_share_of_a_batch_is_moved_as_in_the_whole(images):
    recipe = Recipe(rotation=10, grey=0.5, erasing=0.8, erase_with="noise", jittered=0.5)
    draws = drawn(5, recipe, np.random.default_rng(0), SIDE)
    whole = apply(images.float(), draws)
    for share in (slice(0, None, 2), slice(1, None, 2)):
        part = apply(images.float()[share], draws.part(share))
        torch.testing.assert_close(part, whole[share], atol=1e-6, rtol=0)
