"""Random erasing as a part of a model whose paper trains with it.

Zhong et al., "Random erasing data augmentation", AAAI 2020. The recipe's augmentation is the same
for every model; what only one paper has belongs to its model.
"""

from __future__ import annotations

from math import log

import torch
from torch import Tensor

RATIO = (0.3, 3.3)
"""The smallest and largest height / width."""


def erase(images: Tensor, probability: float, scale: tuple[float, float]) -> Tensor:
    """Set a random rectangle of each image to 0, with some probability.

    Its area is drawn evenly between the shares `scale` of the image and its height / width evenly
    on a logarithmic scale between `RATIO`; a side that would be longer than the image ends with it
    (torchvision draws again instead; in a square image with up to a quarter erased none would be).
    Five numbers an image come from torch's global generator of the CPU, whatever device the images
    are on.

    Args:
        images: (B, C, H, W), normalised, so that 0 is the colour that was subtracted.
        probability: that an image is erased at all.
        scale: smallest and largest share of the area.
    """
    height, width = images.shape[-2:]
    chance, share, ratio, down, right = torch.rand(5, len(images), dtype=torch.float64)
    area = (scale[0] + share * (scale[1] - scale[0])) * height * width
    stretch = torch.exp(log(RATIO[0]) + ratio * (log(RATIO[1]) - log(RATIO[0])))
    tall = (area * stretch).sqrt().round().clamp(1, height)
    wide = (area / stretch).sqrt().round().clamp(1, width)
    top, left = (down * (height - tall + 1)).floor(), (right * (width - wide + 1)).floor()
    rows, columns = torch.arange(height), torch.arange(width)
    inside_rows = (rows >= top[:, None]) & (rows < (top + tall)[:, None])
    inside_columns = (columns >= left[:, None]) & (columns < (left + wide)[:, None])
    erased = (
        inside_rows[:, :, None] & inside_columns[:, None] & (chance < probability)[:, None, None]
    )
    return images.masked_fill(erased[:, None].to(images.device), 0.0)
