"""Write a model file that already trains."""

from __future__ import annotations

import re
import time
from importlib.resources import files
from pathlib import Path

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.files import write_text

TEMPLATE, PLAIN = "new_model.py.txt", "new_plain_model.py.txt"


def write_model(name: str, folder: Path, plain: bool = False) -> Path:
    """Write `folder/<name>.py`, a small network with every part explained; returns its path.

    Args:
        name: of the model.
        folder: where it goes.
        plain: a network of its own with two heads, instead of one on a backbone.

    Raises:
        FerBenchError: the name cannot be a model's, is taken, or the file exists.
    """
    if not re.fullmatch("[a-z][a-z0-9_]*", name):
        raise FerBenchError(f"model name {name!r}: use a-z, 0-9 and _ only, a letter first")
    if name in models.names():
        raise FerBenchError(f"a model called {name!r} exists already: choose another name")
    path = folder / f"{name}.py"
    if path.exists():
        raise FerBenchError(f"{path} exists already: choose another name, or move it away")
    text = files(__package__).joinpath(PLAIN if plain else TEMPLATE).read_text(encoding="utf-8")
    text = text.replace("THIS_YEAR", time.strftime("%Y"))
    text = text.replace("FILE", path.as_posix())
    write_text(path, re.sub(r"\bNAME\b|NAME(?=_wide)", name, text))
    return path
