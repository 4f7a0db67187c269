"""Small pieces that several networks are built of."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def conv_norm(
    inside: int, outside: int, kernel: int, stride: int = 1, groups: int = 1, dilation: int = 1
) -> nn.Sequential:
    """A convolution without bias that keeps the size but for its stride, and batch norm."""
    padding = dilation * (kernel // 2)
    return nn.Sequential(
        nn.Conv2d(inside, outside, kernel, stride, padding, dilation, groups, bias=False),
        nn.BatchNorm2d(outside),
    )


def drop(x: Tensor, share: float) -> Tensor:
    """Dropout, drawn from torch's global generator of the CPU whatever device `x` is on."""
    kept = (torch.rand(x.shape) >= share).to(x.device)
    return x * kept / (1 - share)
