"""TensorFlow's layers in NumPy, by its documentation: (B, H, W, C), kernels (H, W, in, out)."""

from __future__ import annotations

import numpy as np


def windows(x: np.ndarray, size: int, stride: int, padding: str, fill: float = 0.0) -> np.ndarray:
    """(B, H, W, C, size, size), the window of each output."""
    if padding == "SAME":
        sides = []
        for length in x.shape[1:3]:
            out = (length + stride - 1) // stride
            needed = max((out - 1) * stride + size - length, 0)
            sides.append((needed // 2, needed - needed // 2))
        x = np.pad(x, [(0, 0), *sides, (0, 0)], constant_values=fill)
    return np.lib.stride_tricks.sliding_window_view(x, (size, size), (1, 2))[:, ::stride, ::stride]


def conv(x, kernel, bias=0.0, stride=1, padding="SAME"):
    return np.einsum("bhwcij,ijco->bhwo", windows(x, len(kernel), stride, padding), kernel) + bias


def depthwise(x, kernel, stride=1, padding="SAME"):
    return np.einsum("bhwcij,ijc->bhwc", windows(x, 3, stride, padding), kernel[..., 0])


def max_pool(x, size=3, stride=2):
    return windows(x, size, stride, "SAME", -np.inf).max((-2, -1))


def relu(x):
    return np.maximum(x, 0)


def relu6(x):
    return np.clip(x, 0, 6)
