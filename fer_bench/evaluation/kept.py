"""Predictions that are kept in git, so that scores can be made again without the faces.

`results/predictions/<dataset>/<row>/<seed>/` is a cell's folder without its weights.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from fer_bench.errors import FerBenchError
from fer_bench.evaluation.score import score_cell
from fer_bench.files import replacing_folder
from fer_bench.receiving import is_partial
from fer_bench.records.faces import STAMP
from fer_bench.records.predictions import FILE
from fer_bench.records.training import FILE as TRAINING
from fer_bench.rules import Protocol

KEPT = (FILE, STAMP, TRAINING, "history.csv")


def keep(runs: Path, dataset: str, out: Path) -> int:
    """Copy what a dataset's cells predicted; returns how many bytes they take.

    Args:
        runs: `runs`.
        dataset: whose cells.
        out: `results/predictions`.

    Raises:
        FerBenchError: no cell of it was trained here.
    """
    cells = [file.parent.parent for file in sorted(runs.glob(f"{dataset}/*/*/train/{TRAINING}"))]
    if not cells:
        raise FerBenchError(f"{runs}/{dataset} holds no trained cell: run `fer-bench sweep` first")
    for cell in cells:
        with replacing_folder(out / cell.relative_to(runs)) as folder:
            for file in (f for name in KEPT for f in sorted(cell.glob(f"*/{name}"))):
                place = folder / file.relative_to(cell)
                place.parent.mkdir(exist_ok=True)
                shutil.copyfile(file, place)
    return sum(file.stat().st_size for file in (out / dataset).rglob("*") if file.is_file())


def cells_of(folder: Path) -> Iterator[tuple[str, str, int]]:
    """The cells below `folder`: dataset, row and seed."""
    for file in sorted(folder.glob(f"*/*/*/train/{TRAINING}")):
        *_, dataset, row, seed, _, _ = file.parts
        yield dataset, row, int(seed)


def score_again(
    folder: Path,
    cells: Iterable[tuple[str, str, int]],
    out: Path,
    rules: Protocol,
    faces: Path,
    lists: Path = Path("runs/lists"),
) -> None:
    """Score kept predictions, on every set that they hold.

    Parts of challenge lists are left out where `lists` does not say which faces these name.

    Args:
        folder: `results/predictions`.
        cells: some of `cells_of(folder)`.
        out: where `<dataset>/<row>/<seed>.json` go; `results/scores`.
        rules: the rules in force.
        faces: `results/faces`.
        lists: `runs/lists`, made by the audit of who holds a set and its lists.
    """
    for dataset, row, seed in cells:
        cell = folder / dataset / row / str(seed)
        sets = sorted(place.name.removeprefix("on_") for place in cell.glob("on_*"))
        score_cell(
            cell,
            (dataset, row, seed),
            out / dataset / row / f"{seed}.json",
            rules=rules.to_json(),
            sets=sets,
            partial=[name for name in (dataset, *sets) if is_partial(name)],
            faces=faces,
            lists=lists,
        )
