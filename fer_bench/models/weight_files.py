"""Reading weights files of others as data, whatever they are called."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from fer_bench.errors import FerBenchError
from fer_bench.models.array_pickle import load_arrays

NESTED = ("state_dict", "model_state_dict", "model", "net")
"""Under which keys checkpoints hold their weights."""
_TORCH_LEGACY = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""The number that torch's files from before 1.6 begin with, as pickle writes it."""


def read_tensors(file: Path) -> dict[str, Tensor]:
    """The tensors of a weights file, by name.

    What a file is is judged by its content: a torch file (old or new), safetensors, or a pickle of
    NumPy arrays, which is read by an unpickler that knows nothing else.

    Raises:
        FerBenchError: it is none of them, damaged, or holds more than tensors.
    """
    if not file.is_file():
        raise FerBenchError(f"{file} is not a file: give the path of the downloaded weights")
    with open(file, "rb") as stream:
        head = stream.read(512)
    if what := _what_else(head):
        raise FerBenchError(f"{file.name} is {what}")
    if head[8:9] == b"{":
        return _of_safetensors(file)
    if head.startswith(b"PK\x03\x04") or _TORCH_LEGACY in head:
        return _of_torch(file)
    return {n: torch.from_numpy(a.copy()) for n, a in load_arrays(file).items()}


def _what_else(head: bytes) -> str | None:
    """What a download that went wrong is."""
    start = head.lstrip().lower()
    if not head:
        return "empty: download it again"
    if start.startswith((b"<!doctype", b"<html", b"<head")):
        return "a web page, not the file: open the link in a browser and save what it offers"
    if start.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer, not the file: run `git lfs pull` where it comes from"
    return None


def _of_safetensors(file: Path) -> dict[str, Tensor]:
    try:
        return load_file(file)
    except (SafetensorError, OSError, ValueError) as error:
        raise FerBenchError(f"{file.name} is damaged ({error}): download it again") from error


def _of_torch(file: Path) -> dict[str, Tensor]:
    try:
        with open(file, "rb") as stream:  # of a name torch would believe the suffix
            content: Any = torch.load(stream, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError) as error:
        # torch's own words would advise reading it without care.
        said = str(error).partition("WeightsUnpickler error: ")[2] or str(error)
        raise FerBenchError(
            f"{file.name} is refused: it is damaged, or holds more than tensors "
            f"({said.splitlines()[0] if said else type(error).__name__}). Get it again from its "
            "publisher; where it holds a whole model, ask for its state dict"
        ) from error
    while isinstance(content, Mapping):
        inside = next((content[k] for k in NESTED if isinstance(content.get(k), Mapping)), None)
        if inside is None:
            return {str(n): v for n, v in content.items() if isinstance(v, Tensor)}
        content = inside
    raise FerBenchError(f"{file.name} holds no mapping of names to tensors")
