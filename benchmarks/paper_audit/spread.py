"""What chance does to the paper's numbers: runs behind a maximum, and the error of one test set."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from claims import EMPTY
from possible import units
from printed import Size

from fer_bench.reports.paper import Printed

Tables = Mapping[str, Sequence[Printed]]


def number(printed: str) -> tuple[float, float]:
    """A printed number, and half a unit of its last digit."""
    value, places = units(printed)
    return value / 10**places, 0.5 / 10**places


def deviations(maximum: str, mean_std: str) -> tuple[float, float]:
    """How many standard deviations a maximum lies above its mean.

    Returns:
        As printed, and the least that rounding of the three numbers allows.
    """
    (top, top_half) = number(maximum)
    (mean, mean_half), (std, std_half) = (number(part) for part in mean_std.split("±"))
    return (top - mean) / std, (top - top_half - mean - mean_half) / (std + std_half)


def runs_needed(z: float, ddof: int = 1) -> int:
    """Fewest runs of which one can lie `z` standard deviations above their mean.

    One of n values is at most (n - 1) / sqrt(n) sample standard deviations (ddof = 1) from their
    mean, and sqrt(n - 1) population ones (ddof = 0): reached when the others are all equal.
    """
    n = 2
    while z > ((n - 1) / math.sqrt(n) if ddof else math.sqrt(n - 1)):
        n += 1
    return n


def maxima(tables: Tables) -> list[tuple[str, str, str, str]]:
    """(row, dataset, maximum, mean±std) of Table 1."""
    places = {(p.row, p.column): p.printed for p in tables["1"]}
    return [
        (row, column.removesuffix(" Max"), printed, places[row, f"{column[:-4]} Mean±Std"])
        for (row, column), printed in places.items()
        if column.endswith(" Max")
    ]


def sampling_error(percent: float, n: int) -> float:
    """Half the 95 % interval of an accuracy measured on `n` faces, in points (normal)."""
    p = percent / 100
    return 100 * 1.96 * math.sqrt(p * (1 - p) / n)


def leads(tables: Tables, sizes: Sequence[Size]) -> list[list[object]]:
    """Ours against the best other number of Tables 2 to 4: lead and error of one run."""
    lines: list[list[object]] = []
    for ours in (p for table in ("2", "3", "4") for p in tables[table] if p.row == "Ours"):
        others = {
            p.row: number(p.printed)[0]
            for p in tables[ours.table]
            if p.column == ours.column and p.row != "Ours" and p.printed != EMPTY
        }
        if not others:
            continue
        best = max(others, key=lambda row: others[row])
        part = (ours.set, ours.subset, "actual")
        n = next(s.n for s in sizes if (s.set, s.subset, s.kind) == part)
        value, _ = number(ours.printed)
        lead, error = value - others[best], sampling_error(value, n)
        place = f"Table {ours.table}, {'FED-RO' if ours.set == 'fedro' else ours.column}"
        verdict = "inside" if abs(lead) < error else "outside"
        lines.append([place, n, ours.printed, best, f"{lead:+.2f}", f"±{error:.1f}", verdict])
    return lines
