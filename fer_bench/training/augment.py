"""Augmentation, drawn for each face: flip and colour jitter of the released code, and more.

A recipe may also ask for moves (`moves.py`), for torchvision's random operations, for grey faces
and for random erasing. What it does without is not drawn, so that all else is drawn as it would be
without such options.

Everything works on a float batch (B, 3, H, W) in [0, 1] on its device; torchvision's batched
transforms draw once for a whole batch, which is a different recipe. The tests check each
operation against torchvision's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from fer_bench.models.base import Normalise
from fer_bench.models.erasing import rectangles
from fer_bench.training import moves
from fer_bench.training.recipe import Recipe

GREY = (0.2989, 0.587, 0.114)
"""torchvision's, four digits of what `models.layers.GREY` has three of."""


@dataclass(frozen=True)
class Erasing:
    """Which rectangles cover the faces of a batch.

    Attributes:
        numbers: (5, B), with `chance` and `area` the arguments of `erasing.rectangles`.
        chance: that a face is covered.
        area: smallest and largest share.
        noise: (B,) seeds of what covers them; None for one colour.
    """

    numbers: np.ndarray
    chance: float
    area: tuple[float, float]
    noise: np.ndarray | None

    def part(self, which: slice) -> Erasing:
        """That of some faces."""
        return replace(self, numbers=self.numbers[:, which], noise=_part(self.noise, which))


@dataclass(frozen=True)
class Operations:
    """What `v2.RandAugment` does to the faces of a batch.

    Attributes:
        seeds: (B,).
        count: of operations on each face.
        strength: of 30.
    """

    seeds: np.ndarray
    count: int
    strength: int

    def part(self, which: slice) -> Operations:
        """Those of some faces."""
        return replace(self, seeds=self.seeds[which])

    def change(self, images: Tensor) -> Tensor:
        """Images (B, 3, H, W) in [0, 1] of 256 levels, changed."""
        from torchvision.transforms.v2 import RandAugment

        changes = RandAugment(self.count, self.strength)
        levels = (images * 255).round().to(torch.uint8)
        with torch.random.fork_rng(devices=[]):
            for i, seed in enumerate(self.seeds.tolist()):
                torch.default_generator.manual_seed(seed)
                levels[i] = changes(levels[i])
        return levels.to(images.dtype) / 255


@dataclass(frozen=True)
class Draws:
    """What was drawn for a batch: one entry a face.

    Attributes:
        flip: (B,) bool.
        factors: (4, B): brightness, contrast and saturation factors around 1, hue shift around 0.
        order: the order of the four colour operations, shared by the batch.
        moves: (B, 2, 3), of `moves.py`; None for none, as in what follows.
        grey: (B,) bool.
        erasing: what is covered.
        operations: of `RandAugment`.
    """

    flip: np.ndarray
    factors: np.ndarray
    order: tuple[int, ...]
    moves: np.ndarray | None = None
    grey: np.ndarray | None = None
    erasing: Erasing | None = None
    operations: Operations | None = None

    def part(self, which: slice) -> Draws:
        """The draws of some faces of the batch."""
        return Draws(
            self.flip[which],
            self.factors[:, which],
            self.order,
            _part(self.moves, which),
            _part(self.grey, which),
            self.erasing and self.erasing.part(which),
            self.operations and self.operations.part(which),
        )


def _part(values: np.ndarray | None, which: slice) -> np.ndarray | None:
    return None if values is None else values[which]


def drawn(size: int, recipe: Recipe, rng: np.random.Generator, side: int) -> Draws:
    """Draw all that the recipe says, for `size` faces of `side` pixels."""
    draws = draw(rng, size, recipe.flip, recipe.jitter)
    if recipe.jittered < 1:
        draws.factors[:, rng.random(size) >= recipe.jittered] = [[1], [1], [1], [0]]
    moved = moves.draw(rng, size, recipe, side)
    grey = rng.random(size) < recipe.grey if recipe.grey else None
    erasing = None
    if recipe.erasing:
        numbers = rng.random((5, size))
        noise = rng.integers(2**62, size=size) if recipe.erase_with == "noise" else None
        erasing = Erasing(numbers, recipe.erasing, recipe.erased, noise)
    operations, (count, strength) = None, recipe.rand_augment
    if count:
        operations = Operations(rng.integers(2**62, size=size), count, strength)
    return replace(draws, moves=moved, grey=grey, erasing=erasing, operations=operations)


def draw(
    rng: np.random.Generator, size: int, flip: float, jitter: tuple[float, float, float, float]
) -> Draws:
    """Draw flip and jitter of `size` faces."""
    flips = rng.random(size) < flip
    factors = np.empty((4, size))
    for i, strength in enumerate(jitter):
        centre = 1.0 if i < 3 else 0.0
        low = max(0.0, centre - strength) if i < 3 else -strength
        factors[i] = rng.uniform(low, centre + strength, size)
    return Draws(flips, factors, tuple(rng.permutation(4).tolist()))


def apply(images: Tensor, draws: Draws, normalise: Normalise | None = None) -> Tensor:
    """Apply `draws` to `images` (B, 3, H, W) in [0, 1]; the result is in [0, 1] again, but noise.

    `images` stay as they are. Quickest where the planes of red, green and blue lie one after the
    other in memory, as `as_images` gives them. `normalise` is the model's: rectangles are filled
    with what it makes 0 or standard normal.
    """
    flip = torch.from_numpy(draws.flip).to(images.device)[:, None, None, None]
    images = torch.where(flip, images.flip(3), images)  # a copy, which is changed in place below
    if draws.moves is not None:
        images = moves.move(images, draws.moves)
    if draws.operations is not None:
        images = draws.operations.change(images)
    if draws.grey is not None:
        which = torch.from_numpy(draws.grey).to(images.device)[:, None, None, None]
        images = torch.where(which, _grey(images), images)
    factors = torch.from_numpy(draws.factors).to(images)[:, :, None, None, None]
    for operation in draws.order:
        if (draws.factors[operation] == (operation < 3)).all():
            continue  # every factor is neutral: 1, or a hue shift of 0
        images = (_brightness, _contrast, _saturation, _hue)[operation](images, factors[operation])
    return images if draws.erasing is None else _erase(images, draws.erasing, normalise)


def _erase(images: Tensor, erasing: Erasing, normalise: Normalise | None) -> Tensor:
    numbers, (height, width) = torch.from_numpy(erasing.numbers), images.shape[2:]
    covered = rectangles(numbers, height, width, erasing.chance, erasing.area)
    seen = torch.zeros(len(images), 3, height, width)
    for i, seed in enumerate(() if erasing.noise is None else erasing.noise):
        seen[i] = torch.randn(3, height, width, generator=torch.Generator().manual_seed(int(seed)))
    fill = seen.to(images)
    if normalise:
        fill = normalise.inverse(fill)
    return torch.where(covered[:, None].to(images.device), fill, images)


def _grey(images: Tensor) -> Tensor:
    red, green, blue = torch.split(images, 1, 1)
    return (GREY[0] * red).add_(green, alpha=GREY[1]).add_(blue, alpha=GREY[2])


def _brightness(images: Tensor, factor: Tensor) -> Tensor:
    return images.mul_(factor).clamp_(0, 1)


def _contrast(images: Tensor, factor: Tensor) -> Tensor:
    red, green, blue = torch.split(images.mean((2, 3), keepdim=True), 1, 1)
    return _blend(images, GREY[0] * red + GREY[1] * green + GREY[2] * blue, factor)


def _saturation(images: Tensor, factor: Tensor) -> Tensor:
    return _blend(images, _grey(images), factor)


def _blend(images: Tensor, other: Tensor, factor: Tensor) -> Tensor:
    """`factor` of the images and the rest of `other`."""
    return images.mul_(factor).add_(other * (1 - factor)).clamp_(0, 1)


def _hue(images: Tensor, shift: Tensor) -> Tensor:
    """Rotate the hue by `shift` turns, saturation and value kept (the HSV hexcone)."""
    value = images.amax(1)
    chroma = value - images.amin(1)
    safe = torch.where(chroma > 0, chroma, torch.ones_like(chroma))
    r, g, b = images.unbind(1)
    sixth = torch.where(
        value == r,
        (g - b) / safe,
        torch.where(value == g, 2 + (b - r) / safe, 4 + (r - g) / safe),
    )
    sixth += 6 * shift[:, 0]
    channels = []
    for offset in (5.0, 3.0, 1.0):
        k = (offset + sixth) % 6
        channels.append(value - chroma * torch.minimum(k, 4 - k).clamp(0, 1))
    return torch.stack(channels, 1)
