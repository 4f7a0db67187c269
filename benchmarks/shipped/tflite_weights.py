"""Weights of a TensorFlow Lite file: its layers in the order in which they run.

The file is a FlatBuffer: tables whose fields are found through a table of offsets. The numbers of
fields, types and operators are those of the published schema (version 3).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from fer_bench.errors import FerBenchError

CONV, DEPTHWISE, DEQUANTIZE, DENSE = 3, 4, 6, 9
DTYPES = {0: "<f4", 1: "<f2", 2: "<i4", 3: "u1", 4: "<i8", 9: "i1"}


@dataclass(frozen=True)
class Layer:
    """A convolution or dense layer.

    Attributes:
        kind: CONV, DEPTHWISE or DENSE.
        weight: as torch has it: (out, in, H, W), (channels, 1, H, W) or (out, in).
        bias: (out,).
    """

    kind: int
    weight: torch.Tensor
    bias: torch.Tensor


def read_layers(content: bytes) -> list[Layer]:
    """All layers of a file's first graph that have weights; quantised weights as the numbers meant.

    Raises:
        FerBenchError: it is no such file.
    """
    if content[4:8] != b"TFL3":
        raise FerBenchError("this is no TensorFlow Lite file: it does not say TFL3")
    model = _Table(content, struct.unpack_from("<I", content)[0])
    graph = model.tables(2)[0]
    tensors, buffers = graph.tables(0), model.tables(4)
    codes = [max(c.number(0, "b", 0), c.number(3, "<i", 0)) for c in model.tables(1)]
    operators = [
        (codes[o.number(0, "<I", 0)], o.numbers(1, "<i4"), o.numbers(2, "<i4"))
        for o in graph.tables(3)
    ]
    meant = {int(out[0]): int(given[0]) for code, given, out in operators if code == DEQUANTIZE}

    def values(index: int) -> torch.Tensor:
        tensor = tensors[meant.get(index, index)]
        dtype = DTYPES[tensor.number(1, "b", 0)]
        if dtype == "u1" and index not in meant:
            # Layers that take bytes as they are read them with a sign, whatever the file calls
            # them: converters of 2018 and 2019 wrote them so.
            dtype = "i1"
        return torch.from_numpy(_values(tensor, buffers[tensor.number(2, "<I", 0)], dtype))

    found = []
    for code, given, _ in operators:
        if code in (CONV, DEPTHWISE, DENSE):
            weight, bias = values(int(given[1])), values(int(given[2]))
            found.append(Layer(code, _as_torch(code, weight), bias))
    return found


def _as_torch(code: int, weight: torch.Tensor) -> torch.Tensor:
    if code == CONV:  # (out, H, W, in)
        return weight.permute(0, 3, 1, 2).contiguous()
    if code == DEPTHWISE:  # (1, H, W, channels)
        return weight.permute(3, 0, 1, 2).contiguous()
    return weight


def _values(tensor: _Table, buffer: _Table, dtype: str) -> np.ndarray:
    """A tensor's numbers; quantised ones by channel or all alike, value = (q - zero) * scale."""
    shape = tensor.numbers(0, "<i4")
    raw = buffer.numbers(0, "u1").view(dtype).reshape(shape)
    stated = tensor.table(4)
    scale = stated.numbers(2, "<f4") if stated else np.empty(0)
    if stated is None or not len(scale):
        return raw.astype(np.float32)
    zero = stated.numbers(3, "<i8")
    along = np.ones(len(shape), int)
    along[stated.number(6, "<i", 0)] = len(scale)
    offset = zero.reshape(along) if len(zero) == len(scale) else 0
    return ((raw.astype(np.float32) - offset) * scale.reshape(along)).astype(np.float32)


@dataclass(frozen=True)
class _Table:
    """A table of the FlatBuffer at `at`."""

    content: bytes
    at: int

    def _field(self, number: int) -> int | None:
        """Where a field lies; None where it was left out, being the default."""
        offsets = self.at - struct.unpack_from("<i", self.content, self.at)[0]
        if 4 + 2 * number >= struct.unpack_from("<H", self.content, offsets)[0]:
            return None
        offset = struct.unpack_from("<H", self.content, offsets + 4 + 2 * number)[0]
        return self.at + offset if offset else None

    def number(self, field: int, form: str, default: int) -> int:
        """A scalar field."""
        place = self._field(field)
        return default if place is None else int(struct.unpack_from(form, self.content, place)[0])

    def numbers(self, field: int, dtype: str) -> np.ndarray[Any, Any]:
        """A vector of numbers; empty where it was left out. `dtype` as NumPy writes it."""
        place = self._vector(field)
        if place is None:
            return np.empty(0, dtype)
        (size,) = struct.unpack_from("<I", self.content, place)
        return np.frombuffer(self.content, dtype, size, place + 4)

    def table(self, field: int) -> _Table | None:
        """A table that a field points to."""
        place = self._vector(field)
        return None if place is None else _Table(self.content, place)

    def tables(self, field: int) -> list[_Table]:
        """A vector of tables."""
        return list(self._tables(field))

    def _tables(self, field: int) -> Iterator[_Table]:
        place = self._vector(field)
        if place is not None:
            (count,) = struct.unpack_from("<I", self.content, place)
            for at in range(place + 4, place + 4 + 4 * count, 4):
                yield _Table(self.content, at + struct.unpack_from("<I", self.content, at)[0])

    def _vector(self, field: int) -> int | None:
        place = self._field(field)
        return None if place is None else place + struct.unpack_from("<I", self.content, place)[0]
