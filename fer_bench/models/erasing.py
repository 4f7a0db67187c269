"""Random erasing: of a recipe (`training/augment.py`), or a part of a model that needs it.

Zhong et al., "Random erasing data augmentation", AAAI 2020.
"""

from __future__ import annotations

from math import log

import torch
from torch import Tensor

RATIO = (0.3, 3.3)
"""The smallest and largest height / width."""


def erase(images: Tensor, probability: float, scale: tuple[float, float]) -> Tensor:
    """Set a random rectangle of each image to 0, with some probability; see `rectangles`.

    Five numbers an image come from torch's global generator of the CPU, whatever device the images
    are on.

    Args:
        images: (B, C, H, W), normalised, so that 0 is the colour that was subtracted.
        probability: that an image is erased at all.
        scale: smallest and largest share of the area.
    """
    height, width = images.shape[-2:]
    numbers = torch.rand(5, len(images), dtype=torch.float64)
    erased = rectangles(numbers, height, width, probability, scale)
    return images.masked_fill(erased[:, None].to(images.device), 0.0)


def rectangles(
    numbers: Tensor, height: int, width: int, probability: float, scale: tuple[float, float]
) -> Tensor:
    """What is erased of each image, (B, height, width) bool: a rectangle or nothing.

    Its area is drawn evenly between the shares `scale` of the image and its height / width evenly
    on a logarithmic scale between `RATIO`; a side that would be longer than the image ends with it
    (torchvision draws again instead; in a square image with up to a quarter erased none would be).

    Args:
        numbers: (5, B) float64, drawn evenly from [0, 1).
        height: of the images.
        width: of the images.
        probability: that an image is erased at all.
        scale: smallest and largest share of the area.
    """
    chance, share, ratio, down, right = numbers
    area = (scale[0] + share * (scale[1] - scale[0])) * height * width
    stretch = torch.exp(log(RATIO[0]) + ratio * (log(RATIO[1]) - log(RATIO[0])))
    tall = (area * stretch).sqrt().round().clamp(1, height)
    wide = (area / stretch).sqrt().round().clamp(1, width)
    top, left = (down * (height - tall + 1)).floor(), (right * (width - wide + 1)).floor()
    rows, columns = torch.arange(height), torch.arange(width)
    inside_rows = (rows >= top[:, None]) & (rows < (top + tall)[:, None])
    inside_columns = (columns >= left[:, None]) & (columns < (left + wide)[:, None])
    chosen = (chance < probability)[:, None, None]
    erased: Tensor = inside_rows[:, :, None] & inside_columns[:, None] & chosen
    return erased
