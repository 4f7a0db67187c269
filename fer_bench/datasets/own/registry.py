"""The sets of one's own that a project has: `benchmarks/*/source.yaml`."""

from __future__ import annotations

import re
from collections.abc import Collection
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

from fer_bench.datasets.base import Dataset, Family, PackSpec, Part
from fer_bench.datasets.own import definition
from fer_bench.datasets.own.definition import Definition
from fer_bench.datasets.own.source import OwnSource
from fer_bench.errors import FerBenchError

MASKS = {"": None, "_masked": "blue", "_masked_mixed": "mixed"}


def find(root: Path) -> dict[str, Family]:
    """Every set defined below `root`; raises FerBenchError when a definition is not valid."""
    paths = sorted(root.glob("*/source.yaml"))
    return {
        path.parent.name: family(path.parent.name, _read(path.resolve(), path.stat().st_mtime_ns))
        for path in paths
    }


def family(name: str, said: Definition) -> Family:
    """What a definition makes; no datasets while its protocol is not known."""
    packs = tuple(PackSpec(name + end, name, mask_style=style) for end, style in MASKS.items())
    datasets = tuple(
        Dataset(
            name + end,
            (Part(name + end),),
            classes=said.classes,
            protocol=said.protocol,
            title=f"{said.title}, {style} masks" if style else said.title,
        )
        for end, style in MASKS.items()
        if said.protocol and said.classes
    )
    return Family(OwnSource(name, said), packs, datasets)


def begin(name: str, root: Path, known: Collection[str]) -> OwnSource:
    """A new set, of which nothing is said yet, or the one defined below `root`.

    Args:
        name: its name.
        root: the folder of definitions.
        known: names of sources, packs and datasets that exist already.

    Raises:
        FerBenchError: the name cannot be used, or looks like a slip for a known one.
    """
    path = definition.path_of(root, name)
    if path.is_file():
        return OwnSource(name, definition.read(path))
    where = f"unknown source {name!r}: "
    if close := get_close_matches(name, known, n=1, cutoff=0.8):
        raise FerBenchError(
            f"{where}did you mean {close[0]!r}? Call a set of your own less like a known one."
        )
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,40}", name) or "_from_" in name or "_masked" in name:
        raise FerBenchError(
            f"{where}a set of your own is called by lower-case letters, digits and underscores, "
            "without `_from_` and `_masked`: my_faces."
        )
    if path.parent.exists() and any(p.name != "dvc.yaml" for p in path.parent.iterdir()):
        raise FerBenchError(f"{where}{path.parent} holds something else: choose another name.")
    return OwnSource(name, Definition(title=name.replace("_", " ").capitalize()))


@lru_cache(maxsize=256)
def _read(path: Path, changed: int) -> Definition:
    return definition.read(path)
