"""Which enabled cells are not up to date, what made them so, and how long they will take."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from fer_bench.files import read_json
from fer_bench.params import Params
from fer_bench.records.spec import FILE
from fer_bench.reports.enabled import row_names
from fer_bench.specs import resolve
from fer_bench.stages import paths

NEVER, UNSCORED = "not trained yet", "trained, not scored yet"
WORDS = {"code": "code that trains it", "align": "how faces are cut"}
"""Keys of a spec whose values say nothing to a reader."""


@dataclass(frozen=True)
class Pending:
    """Cells of one row that are not up to date for one reason.

    Attributes:
        dataset, row: which.
        seeds: of the cells.
        why: `NEVER`, `UNSCORED`, or what changed, each as `key: old → new`.
        seconds: a training is likely to take, from those recorded here; None if none is, 0 where
            nothing is trained.
    """

    dataset: str
    row: str
    seeds: tuple[int, ...]
    why: tuple[str, ...]
    seconds: float | None


def pending(params: Params, folder: Path = Path()) -> list[Pending]:
    """The rows with cells that are not up to date, in the order of params.

    Raises:
        FerBenchError: params.yaml is wrong.
    """
    specs = json.loads(json.dumps(resolve(params)))  # as their files hold them
    found = []
    for dataset, cells in params.enabled.items():
        for row in row_names(cells.model_dump()):
            reasons: dict[tuple[str, ...], list[int]] = {}
            for seed in cells.seeds:
                if why := _why(folder, (dataset, row, seed), specs[f"{dataset}/{row}"]):
                    reasons.setdefault(why, []).append(seed)
            found += [
                Pending(dataset, row, tuple(seeds), why, _seconds(folder, dataset, row, why))
                for why, seeds in reasons.items()
            ]
    return found


def changes(old: Mapping[str, Any], new: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """What differs between two specs, as `key: old → new`, keys joined by dots."""
    for key in dict.fromkeys([*old, *new]):
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        name = f"{above}{key}"
        if name in WORDS:
            yield WORDS[name]
        elif isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from changes(before, after, f"{name}.")
        else:
            yield f"{name}: {_short(before)} → {_short(after)}"


def _why(folder: Path, cell: tuple[str, str, int], spec: Mapping[str, Any]) -> tuple[str, ...]:
    made = folder / paths.trained(*cell) / FILE
    if not made.is_file():
        return (NEVER,)
    if differing := tuple(changes(read_json(made), spec)):
        return differing
    return () if (folder / paths.score(*cell)).is_file() else (UNSCORED,)


def _seconds(folder: Path, dataset: str, row: str, why: tuple[str, ...]) -> float | None:
    if why == (UNSCORED,):
        return 0.0
    for pattern in (f"{dataset}/{row}/*/train.json", f"{dataset}/*/*/train.json"):
        if logs := [read_json(file)["seconds"] for file in folder.glob(f"runs/.log/{pattern}")]:
            return float(mean(logs))
    return None


def _short(value: Any) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= 40 else text[:37] + "..."
