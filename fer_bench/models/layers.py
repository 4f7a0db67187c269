"""Small pieces that several networks are built of."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

GREY = (0.299, 0.587, 0.114)
"""What red, green and blue count for in grey (ITU-R BT.601)."""


def conv_norm(
    inside: int, outside: int, kernel: int, stride: int = 1, groups: int = 1, dilation: int = 1
) -> nn.Sequential:
    """A convolution without bias that keeps the size but for its stride, and batch norm."""
    padding = dilation * (kernel // 2)
    return nn.Sequential(
        nn.Conv2d(inside, outside, kernel, stride, padding, dilation, groups, bias=False),
        nn.BatchNorm2d(outside),
    )


def grey(images: Tensor, side: int) -> Tensor:
    """Grey faces (B, 1, side, side) in [0, 1] of (B, 3, H, W) RGB."""
    weights = images.new_tensor(GREY).view(1, 3, 1, 1)
    plane = (images * weights).sum(1, keepdim=True)
    if plane.shape[2:] == (side, side):
        return plane
    return F.interpolate(plane, (side, side), mode="bilinear", antialias=True)


def quadrants(x: Tensor) -> list[Tensor]:
    """The four quarters of maps (B, C, n, n), row by row; those at the end may be smaller."""
    return [part for rows in x.chunk(2, 2) for part in rows.chunk(2, 3)]


def drop(x: Tensor, share: float) -> Tensor:
    """Dropout, drawn from torch's global generator of the CPU whatever device `x` is on."""
    kept = (torch.rand(x.shape) >= share).to(x.device)
    return x * kept / (1 - share)
