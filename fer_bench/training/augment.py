"""Augmentation of the released code: horizontal flip and colour jitter, drawn for each face.

Everything works on a float batch (B, 3, H, W) in [0, 1] on its device; torchvision's batched
transforms draw once for a whole batch, which is a different recipe. The tests check each
operation against torchvision's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

GREY = (0.2989, 0.587, 0.114)


@dataclass(frozen=True)
class Draws:
    """What was drawn for a batch: one entry a face.

    Attributes:
        flip: (B,) bool.
        factors: (4, B): brightness, contrast and saturation factors around 1, hue shift around 0.
        order: the order of the four colour operations, shared by the batch.
    """

    flip: np.ndarray
    factors: np.ndarray
    order: tuple[int, ...]

    def part(self, which: slice) -> Draws:
        """The draws of some faces of the batch."""
        return Draws(self.flip[which], self.factors[:, which], self.order)


def draw(
    rng: np.random.Generator, size: int, flip: float, jitter: tuple[float, float, float, float]
) -> Draws:
    """Draw the augmentation of `size` faces."""
    flips = rng.random(size) < flip
    factors = np.empty((4, size))
    for i, strength in enumerate(jitter):
        centre = 1.0 if i < 3 else 0.0
        low = max(0.0, centre - strength) if i < 3 else -strength
        factors[i] = rng.uniform(low, centre + strength, size)
    return Draws(flips, factors, tuple(rng.permutation(4).tolist()))


def apply(images: Tensor, draws: Draws) -> Tensor:
    """Apply `draws` to `images` (B, 3, H, W) in [0, 1]; the result is in [0, 1] again.

    `images` stay as they are. Quickest where the planes of red, green and blue lie one after the
    other in memory, as `as_images` gives them.
    """
    flip = torch.from_numpy(draws.flip).to(images.device)[:, None, None, None]
    images = torch.where(flip, images.flip(3), images)  # a copy, which is changed in place below
    factors = torch.from_numpy(draws.factors).to(images)[:, :, None, None, None]
    for operation in draws.order:
        if (draws.factors[operation] == (operation < 3)).all():
            continue  # every factor is neutral: 1, or a hue shift of 0
        images = (_brightness, _contrast, _saturation, _hue)[operation](images, factors[operation])
    return images


def _brightness(images: Tensor, factor: Tensor) -> Tensor:
    return images.mul_(factor).clamp_(0, 1)


def _contrast(images: Tensor, factor: Tensor) -> Tensor:
    red, green, blue = torch.split(images.mean((2, 3), keepdim=True), 1, 1)
    return _blend(images, GREY[0] * red + GREY[1] * green + GREY[2] * blue, factor)


def _saturation(images: Tensor, factor: Tensor) -> Tensor:
    red, green, blue = torch.split(images, 1, 1)
    grey = (GREY[0] * red).add_(green, alpha=GREY[1]).add_(blue, alpha=GREY[2])
    return _blend(images, grey, factor)


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
