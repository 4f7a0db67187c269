"""What stages left for others: read, or refused by its name with the way to get it back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tokenize import TokenError
from typing import TYPE_CHECKING, Any

from fer_bench.errors import FerBenchError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

AGAIN = "delete it, then `dvc checkout` brings it back, or `fer-bench sweep` makes it anew"


@contextmanager
def reading(file: Path, again: str = AGAIN) -> Iterator[None]:
    """Say in one message what the block cannot read.

    Args:
        file: what it reads.
        again: how to get it back.

    Raises:
        FerBenchError: it is missing, empty, damaged or of another shape.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise FerBenchError(f"{file} is missing: {again}") from error
    except (OSError, ValueError, EOFError, KeyError, NotImplementedError, TokenError) as error:
        said = str(error).strip().splitlines() or [type(error).__name__]
        raise FerBenchError(f"{file} cannot be read ({said[0]}): {again}") from error


def read_table(file: Path, columns: Sequence[str] = (), again: str = AGAIN) -> pd.DataFrame:
    """A Parquet file that has at least `columns`; raises FerBenchError as `reading` does."""
    import pandas as pd

    with reading(file, again):
        table = pd.read_parquet(file)
        if lost := [name for name in columns if name not in table]:
            raise ValueError(f"it has no column {', '.join(lost)}")
        return table


def read_array(file: Path, again: str = AGAIN) -> np.ndarray:
    """A .npy file, memory-mapped read-only; raises FerBenchError as `reading` does."""
    import numpy as np

    with reading(file, again):
        return np.lib.format.open_memmap(file, mode="r")


def load_weights(network: Any, file: Path, again: str = AGAIN) -> None:
    """Load a safetensors file into a torch module.

    Raises:
        FerBenchError: as `reading` does, or it holds the weights of another network.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    with reading(file, again):
        try:
            network.load_state_dict(load_file(file))
        except (SafetensorError, RuntimeError) as error:
            raise ValueError(str(error).partition("\n")[0]) from error
