"""The paper's printed numbers: `benchmarks/paper/table<NN>.csv`, one printed place a line.

Columns: table, row and column as printed; printed (the characters, `–` for an empty place);
dataset, model, set, subset, selection, statistic: which cell of ours fills the place (no model: a
row the paper only reports); note: what is known to be odd about it.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, fields
from pathlib import Path

from fer_bench.errors import FerBenchError

STATISTICS = ("max", "mean_std")


@dataclass(frozen=True)
class Printed:
    """One place of a printed table; attributes as the file's columns."""

    table: str
    row: str
    column: str
    printed: str
    dataset: str
    model: str
    set: str
    subset: str
    selection: str
    statistic: str
    note: str


def load_paper(paper_dir: Path, number: int) -> list[Printed]:
    """The places of one table in printed order; raises FerBenchError if the file is malformed."""
    path = paper_dir / f"table{number:02}.csv"
    if not path.is_file():
        raise FerBenchError(f"{path} is missing: restore it with `git checkout -- {paper_dir}`")
    with open(path, encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        names = [f.name for f in fields(Printed)]
        if reader.fieldnames != names:
            raise FerBenchError(f"{path}: the first line must be {','.join(names)}")
        places = [Printed(**line) for line in reader]
    for place in places:
        if place.table != str(number) or place.statistic not in STATISTICS:
            raise FerBenchError(
                f"{path}: {place.row} / {place.column} has table {place.table!r} and statistic "
                f"{place.statistic!r}; expected {number} and one of {', '.join(STATISTICS)}"
            )
    return places
