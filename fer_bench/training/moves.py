"""Rotated, shifted, scaled and cut out faces: all that a recipe says of it, sampled at once.

A face's move is a matrix that says where in the face the colour of each of its new pixels comes
from, x and y from -1 to 1 over the side (`torch.nn.functional.affine_grid`). Between pixels
colours are mixed linearly; what lies outside the face is black. torchvision, whose draws are done
here alike, samples once for each operation and by default takes the nearest pixel: it also cuts
away what an operation moves out of the face and the next would move back.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from fer_bench.training.recipe import Recipe

TRIES = 10
"""For a cut that fits into the face; else the face stays whole."""
WHOLE = np.eye(2, 3)


def draw(rng: np.random.Generator, size: int, recipe: Recipe, side: int) -> np.ndarray | None:
    """The moves of `size` faces of `side` pixels, (size, 2, 3), or None for a recipe without."""
    matrix = np.tile(np.eye(3), (size, 1, 1))
    if recipe.rotation or recipe.translation or recipe.scale != (1, 1):
        matrix = matrix @ _affine(rng, size, recipe, side)
    if recipe.padded_crop:
        most = round(recipe.padded_crop * side)
        matrix = matrix @ _matrix(
            np.ones((2, size)), rng.integers(-most, most + 1, (2, size)), side
        )
    if recipe.moved < 1:
        matrix[rng.random(size) >= recipe.moved] = np.eye(3)
    if recipe.resized_crop != (1, 1):
        matrix = matrix @ _cut(rng, size, recipe, side)
    return None if (matrix == np.eye(3)).all() else matrix[:, :2]


def _affine(rng: np.random.Generator, size: int, recipe: Recipe, side: int) -> np.ndarray:
    """RandomAffine: a turn and a scale about the middle, then a shift of whole pixels."""
    angle = np.deg2rad(rng.uniform(-recipe.rotation, recipe.rotation, size))
    scale = rng.uniform(*recipe.scale, size)
    most = recipe.translation * side
    shift = np.rint(rng.uniform(-most, most, (2, size)))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) / scale
    back = np.tile(np.eye(3), (size, 1, 1))
    back[:, :2, :2] = turn.transpose(2, 0, 1)
    moves: np.ndarray = back @ _matrix(np.ones((2, size)), -shift, side)
    return moves


def _cut(rng: np.random.Generator, size: int, recipe: Recipe, side: int) -> np.ndarray:
    """RandomResizedCrop: a part of the face, of whole pixels, as large as the face."""
    area = side * side * rng.uniform(*recipe.resized_crop, (TRIES, size))
    low, high = np.log(recipe.aspect)
    ratio = np.exp(rng.uniform(low, high, (TRIES, size)))
    sides = np.rint(np.sqrt([area * ratio, area / ratio]))  # width and height
    fits = ((sides > 0) & (sides <= side)).all(0)
    first = sides[:, fits.argmax(0), np.arange(size)]
    first[:, ~fits.any(0)] = side
    corner = np.floor(rng.random((2, size)) * (side - first + 1))
    return _matrix(first / side, corner + (first - side) / 2, side)


def _matrix(share: np.ndarray, shift: np.ndarray, side: int) -> np.ndarray:
    """Parts of faces: `share` (2, B) of their sides, their middle `shift` (2, B) pixels off."""
    matrix = np.tile(np.eye(3), (share.shape[1], 1, 1))
    matrix[:, [0, 1], [0, 1]] = share.T
    matrix[:, :2, 2] = 2 * shift.T / side
    return matrix


def move(images: Tensor, moves: np.ndarray) -> Tensor:
    """Images (B, C, H, W) moved by (B, 2, 3); those that stay keep their bits.

    The result may be `images`, changed in place.
    """
    which = np.flatnonzero((moves != WHOLE).any((1, 2)))
    if len(which):
        chosen = torch.from_numpy(which).to(images.device)
        part = images[chosen]
        grid = F.affine_grid(torch.from_numpy(moves[which]).to(part), part.shape, False)  # type: ignore[arg-type]
        inside = (grid.abs() <= 1).all(3)[:, None]
        images[chosen] = F.grid_sample(part, grid, "bilinear", "border", False) * inside
    return images


def move_points(points: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """Points (B, P, 3) of faces, x and y as shares of the side, where the faces' moves take them.

    Those that leave the face stay at its edge, seen not at all.
    """
    back = np.linalg.inv(moves[:, :, :2])
    found = (2 * points[..., :2] - 1 - moves[:, None, :, 2]) @ back.transpose(0, 2, 1)
    inside = (np.abs(found) <= 1).all(2)
    place = (np.clip(found, -1, 1) + 1) / 2
    return np.concatenate([place, points[..., 2:] * inside[..., None]], 2).astype(points.dtype)
