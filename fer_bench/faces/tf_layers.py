"""TensorFlow's padding in torch: where sides cannot be padded alike, right and lower get more."""

from __future__ import annotations

import torch
import torch.nn.functional as F


def conv_same(
    x: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None = None,
    stride: int = 1,
    groups: int = 1,
) -> torch.Tensor:
    """A convolution with padding SAME; x (B, C, H, W)."""
    return F.conv2d(_padded(x, weight.shape[-1], stride, 0.0), weight, bias, stride, groups=groups)


def max_pool_same(x: torch.Tensor, size: int = 3, stride: int = 2) -> torch.Tensor:
    """Largest of each window, padding SAME; what is added is never the largest."""
    return F.max_pool2d(_padded(x, size, stride, -torch.inf), size, stride)


def separable(
    x: torch.Tensor,
    depthwise: torch.Tensor,
    pointwise: torch.Tensor,
    bias: torch.Tensor | None,
    stride: int = 1,
) -> torch.Tensor:
    """Each channel by itself (padding SAME), then a 1 x 1 convolution."""
    return F.conv2d(conv_same(x, depthwise, None, stride, len(depthwise)), pointwise, bias)


def _padded(x: torch.Tensor, size: int, stride: int, value: float) -> torch.Tensor:
    sides = []
    for length in (x.shape[-1], x.shape[-2]):
        total = max((-(-length // stride) - 1) * stride + size - length, 0)
        sides += [total // 2, total - total // 2]
    return F.pad(x, sides, value=value)
