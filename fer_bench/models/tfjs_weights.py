"""Weights in the format of TensorFlow.js: a manifest of tensors, and their bytes in a row."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from fer_bench.errors import FerBenchError

DTYPES = {"float32": "<f4", "int32": "<i4", "uint8": "u1", "uint16": "<u2"}


def read_tensors(entries: Sequence[Mapping[str, Any]], content: bytes) -> dict[str, torch.Tensor]:
    """The tensors by name, in the layout of the file: kernels (H, W, in, out).

    Args:
        entries: the manifest's `weights`: name, shape, dtype and, of a quantised tensor, how its
            bytes become numbers (value = byte * scale + min).
        content: the file that they describe.

    Raises:
        FerBenchError: the file is shorter or longer than its manifest says.
    """
    found, start = {}, 0
    for entry in entries:
        quantised = entry.get("quantization")
        dtype = np.dtype(DTYPES[quantised["dtype"] if quantised else entry["dtype"]])
        end = start + math.prod(entry["shape"]) * dtype.itemsize
        if end > len(content):
            raise FerBenchError(f"the weights end within {entry['name']}: the file is cut off")
        values = np.frombuffer(content[start:end], dtype).astype(np.float32)
        if quantised:
            values = values * np.float32(quantised["scale"]) + np.float32(quantised["min"])
        found[str(entry["name"])] = torch.from_numpy(values.reshape(entry["shape"]))
        start = end
    if start != len(content):
        raise FerBenchError(f"{len(content) - start} bytes of the weights belong to no tensor")
    return found


def kernel(tensor: torch.Tensor) -> torch.Tensor:
    """A kernel (H, W, in, out) as torch has it, (out, in, H, W)."""
    return tensor.permute(3, 2, 0, 1).contiguous()


def depthwise_kernel(tensor: torch.Tensor) -> torch.Tensor:
    """A depthwise kernel (H, W, channels, 1) as torch has it, (channels, 1, H, W)."""
    return tensor.permute(2, 3, 0, 1).contiguous()
