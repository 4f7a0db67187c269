"""Read a pickle of NumPy arrays without letting it run anything.

A pickle can name any function and call it. This reader resolves only what arrays are made of and
refuses every other name, so that a weights file from a stranger is data.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fer_bench.errors import FerBenchError


def _latin1(text: str, encoding: str) -> bytes:
    """`codecs.encode` for the one codec Python 3 uses to write bytes in protocols 0 to 2."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"the codec {encoding!r} is not allowed")
    return text.encode("latin1")


# NumPy 2 moved its internals from numpy.core to numpy._core; files name either.
_rebuild = np.empty(0).__reduce__()[0]
_ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): _rebuild,
    ("numpy._core.multiarray", "_reconstruct"): _rebuild,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("collections", "OrderedDict"): OrderedDict,
    ("_codecs", "encode"): _latin1,
}


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which is no array")
        return _ALLOWED[module, name]


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """Read a pickled mapping of names to numeric arrays, as written by Python 2 or 3.

    Raises:
        FerBenchError: the file is no such mapping, or holds anything else than arrays.
    """
    try:
        with open(path, "rb") as stream:
            content = _ArrayUnpickler(stream, encoding="latin1").load()
    # A broken or hostile pickle can raise nearly anything; all of it means the same to the user.
    except Exception as error:
        raise FerBenchError(
            f"{path.name} is refused: {error}. Only a pickle of NumPy arrays is read; get the "
            "file again from its publisher, or use a .pth or .safetensors file"
        ) from error
    if not isinstance(content, Mapping):
        raise FerBenchError(
            f"{path.name} holds a {type(content).__name__}, not a mapping of names to arrays"
        )
    for name, value in content.items():
        if (
            not isinstance(name, str)
            or not isinstance(value, np.ndarray)
            or value.dtype.kind not in "fiu"
        ):
            raise FerBenchError(f"{path.name}: entry {name!r} is no numeric array; file refused")
    return dict(content)
