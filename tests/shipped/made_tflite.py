"""Tiny TensorFlow Lite files, written by the FlatBuffers library, which the reader does without."""

from __future__ import annotations

from dataclasses import dataclass

import flatbuffers
import numpy as np

TYPES = {"float32": 0, "int32": 2, "uint8": 3, "int8": 9}


@dataclass
class Held:
    """A tensor as the file holds it; `scale` and `zero` by channel along `axis`, where given."""

    values: np.ndarray
    scale: tuple[float, ...] = ()
    zero: tuple[int, ...] = ()
    axis: int = 0


def tflite(tensors: list[Held], operators: list[tuple[int, list[int], list[int]]]) -> bytes:
    """A file of one graph: operators are (code, inputs, outputs), tensors by their numbers."""
    b = flatbuffers.Builder()
    buffers = [_table(b, {0: _bytes(b, t.values.tobytes())}) for t in tensors]
    held = [_tensor(b, tensor, i) for i, tensor in enumerate(tensors)]
    codes = sorted({code for code, _, _ in operators})
    listed = [_table(b, {}, {3: ("Int32", code)}) for code in codes]
    run = [
        _table(b, {1: _ints(b, given), 2: _ints(b, out)}, {0: ("Uint32", codes.index(code))})
        for code, given, out in operators
    ]
    graph = _table(b, {0: _offsets(b, held), 3: _offsets(b, run)})
    model = _table(b, {1: _offsets(b, listed), 2: _offsets(b, [graph]), 4: _offsets(b, buffers)})
    b.Finish(model, b"TFL3")
    return bytes(b.Output())


def _tensor(b, tensor: Held, number: int) -> int:
    fields = {0: _ints(b, list(tensor.values.shape))}
    if tensor.scale:
        scale = b.CreateNumpyVector(np.array(tensor.scale, "<f4"))
        zero = b.CreateNumpyVector(np.array(tensor.zero or [0] * len(tensor.scale), "<i8"))
        fields[4] = _table(b, {2: scale, 3: zero}, {6: ("Int32", tensor.axis)})
    kind = TYPES[tensor.values.dtype.name]
    return _table(b, fields, {1: ("Int8", kind), 2: ("Uint32", number)})


def _table(b, offsets: dict[int, int], numbers: dict[int, tuple[str, int]] | None = None) -> int:
    b.StartObject(8)
    for field, offset in offsets.items():
        b.PrependUOffsetTRelativeSlot(field, offset, 0)
    for field, (kind, value) in (numbers or {}).items():
        getattr(b, f"Prepend{kind}Slot")(field, value, 0)
    return b.EndObject()


def _bytes(b, content: bytes) -> int:
    return b.CreateNumpyVector(np.frombuffer(content, "u1"))


def _ints(b, numbers: list[int]) -> int:
    return b.CreateNumpyVector(np.array(numbers, "<i4"))


def _offsets(b, offsets: list[int]) -> int:
    b.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        b.PrependUOffsetTRelative(offset)
    return b.EndVector()
