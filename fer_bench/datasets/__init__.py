"""Sources and datasets, found by scanning the files of this package.

A file defines module-level `SOURCE` (a `Source`), `PACKS` and `DATASETS`, or `RECEIVABLE` where it
is something to add that has no faces; adding a file is enough to add a source. A set of somebody's
own needs no file here but a `benchmarks/<name>/source.yaml` in the project (see `own`).
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TypeVar

from fer_bench.datasets.base import Dataset, Family, PackSpec, Source
from fer_bench.datasets.receivable import Receivable
from fer_bench.errors import FerBenchError, nearest

T = TypeVar("T")

PROJECT = Path("benchmarks")
"""Where a project's receipts and its own sets' definitions stand."""


@cache
def _scan() -> tuple[
    dict[str, Source], dict[str, PackSpec], dict[str, Dataset], dict[str, Receivable]
]:
    sources: dict[str, Source] = {}
    packs: dict[str, PackSpec] = {}
    datasets: dict[str, Dataset] = {}
    others: dict[str, Receivable] = {}
    for info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{info.name}")
        if isinstance(source := getattr(module, "SOURCE", None), Source):
            sources[source.name] = source
        if isinstance(other := getattr(module, "RECEIVABLE", None), Receivable):
            others[other.name] = other
        for pack in getattr(module, "PACKS", ()):
            packs[pack.name] = pack
        for dataset in getattr(module, "DATASETS", ()):
            datasets[dataset.name] = dataset
    return sources, packs, datasets, others


def own_sets(root: Path = PROJECT) -> Mapping[str, Family]:
    """The sets of one's own that are defined below `root`, by name."""
    if not any(root.glob("*/source.yaml")):
        return {}
    # By name: no stage's code depends on how such sets are read but those that stand on one.
    found: Mapping[str, Family] = importlib.import_module(f"{__name__}.own.registry").find(root)
    return {name: one for name, one in found.items() if name not in _scan()[0]}


def sources() -> dict[str, Source]:
    """Every source by name."""
    return {**_scan()[0], **{name: one.source for name, one in own_sets().items()}}


def packs() -> dict[str, PackSpec]:
    """Every pack by name."""
    return {**_scan()[1], **{pack.name: pack for one in own_sets().values() for pack in one.packs}}


def datasets() -> dict[str, Dataset]:
    """Every dataset by name."""
    return {**_scan()[2], **{d.name: d for one in own_sets().values() for d in one.datasets}}


def receivables() -> dict[str, Receivable]:
    """Everything that somebody adds, by name: sources, and what has no faces of its own."""
    found = {name: s for name, s in sources().items() if isinstance(s, Receivable)}
    return {**found, **_scan()[3]}


def get_receivable(name: str) -> Receivable:
    """What is added as `name`; raises FerBenchError naming the nearest valid one."""
    return _get(name, receivables(), "source")


def get_source(name: str) -> Source:
    """The source called `name`; raises FerBenchError naming the nearest valid one."""
    return _get(name, sources(), "source")


def get_pack(name: str) -> PackSpec:
    """The pack called `name`; raises FerBenchError naming the nearest valid one."""
    return _get(name, packs(), "pack")


def get_dataset(name: str) -> Dataset:
    """The dataset called `name`; raises FerBenchError naming the nearest valid one."""
    return _get(name, datasets(), "dataset")


def _get(name: str, known: dict[str, T], kind: str) -> T:
    if name not in known:
        raise FerBenchError(f"unknown {kind} {name!r}: {nearest(name, known)}")
    return known[name]
