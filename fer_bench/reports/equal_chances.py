"""How rows were trained, where it forbids a verdict on their models.

A row whose validation accuracy still rose when its recipe ended might have overtaken the other, and
so might one for which fewer recipes were tried. One that saw rare classes more often than the other
answers them more often, which costs it accuracy where they are rare among test faces, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from fer_bench.reports.formatting import rounded
from fer_bench.reports.row import Row
from fer_bench.statistics.corrections import MARGIN

QUARTERS = 4
UNEQUAL = 2
"""Times as many train faces as the smallest class the largest has, where classes are uneven."""
RULE = "the last quarter of epochs over 1 point above the quarter before"


def rise(row: Row) -> float | None:
    """By how much validation accuracy rose at the end, as a fraction.

    Mean over seeds and the last quarter of epochs, less that of the quarter before; None where
    there are not so many epochs, or validation faces were trained on.
    """
    curves = [c.history.get("val_accuracy") or [] for c in row.cells]
    if "all" in row.said("train_on") or len({len(curve) for curve in curves}) != 1:
        return None
    known = [curve for curve in curves if None not in curve]
    quarter = -(-len(curves[0]) // QUARTERS)
    if not known or len(curves[0]) < 2 * quarter or quarter == 0:
        return None
    mean = np.mean(np.array(known, dtype=float), axis=0)
    return float(mean[-quarter:].mean() - mean[-2 * quarter : -quarter].mean())


def still_rises(row: Row) -> bool:
    """Whether it rose by more than the margin of differences that matter."""
    return (rise(row) or 0.0) > MARGIN


def reservations(one: Row, other: Row) -> tuple[str, ...]:
    """Why the pair carries no verdict on the models, in a few words each; none where it may."""
    rising = " and in ".join(f"{name} ({by})" for name, by in _rising(_named([one, other])))
    found = [f"validation accuracy still rises in {rising}"] if rising else []
    budgets = [_budget(row) for row in (one, other)]
    if budgets[0] != budgets[1]:
        found.append(f"tuned with {' and with '.join(budgets)}")
    samplers = [_sampler(row) for row in (one, other)]
    if None not in samplers and samplers[0] != samplers[1] and _base(one) != _base(other):
        found.append(f"classes drawn by `{samplers[0]}` and by `{samplers[1]}`")
    return tuple(found)


def warned(rows: Sequence[Row]) -> list[str]:
    """What stands above a table of rows: that some still rise, or draw train faces otherwise."""
    every = {(row.dataset, row.model): still_rises(row) for row in rows}
    rising = sum(every.values())
    rest = f"in {rising} of {len(every)} rows, so they carry no verdict."
    said = [f"**Validation accuracy still rises** {rest}"] if rising else []
    return said + _drawn_otherwise(rows)


def uneven(row: Row) -> bool:
    """Whether its largest class has many more train faces than its smallest."""
    return bool(sizes := row.train_sizes) and max(sizes) >= UNEQUAL * min(sizes)


def _drawn_otherwise(rows: Sequence[Row]) -> list[str]:
    """Which rows of other methods draw train faces in another way than most rows."""
    known = {name: by for name, row in _named(rows).items() if (by := _sampler(row))}
    if len(set(known.values())) < 2 or len({_base(row) for row in rows}) < 2:
        return []
    usual = Counter(known.values()).most_common(1)[0][0]
    other = ", ".join(f"`{name}` ({by})" for name, by in known.items() if by != usual)
    rest = f"in {other}; the others: {usual}. Compare balanced accuracy."
    return [f"**Train faces are drawn otherwise** {rest}"]


def _sampler(row: Row) -> str | None:
    """How train faces are drawn, where it matters; None where not known or classes are even."""
    found = {(cell.training.recipe or {}).get("sampler") for cell in row.cells}
    return found.pop() if len(found) == 1 and uneven(row) else None


def _base(row: Row) -> str | None:
    """The model that it is a variant of; None where nobody knows."""
    return row.cells[-1].training.base if row.cells else None


def training(rows: Iterable[Row]) -> list[str]:
    """What stands behind a fold: which rows still rise and by how much, and how each was tuned."""
    named, said = _named(rows), []
    if rising := ", ".join(f"`{name}` ({by})" for name, by in _rising(named)):
        said.append(f"Validation accuracy still rises ({RULE}), so no verdict: {rising}.")
    if any(row.tuning for row in named.values()):
        each = "; ".join(f"`{name}` {tuned(row)}" for name, row in named.items())
        said.append(f"Tuned on validation faces: {each}.")
    return said


def _named(rows: Iterable[Row]) -> dict[str, Row]:
    rows = list(rows)
    several = len({row.dataset for row in rows}) > 1
    return {f"{row.dataset}/{row.model}" if several else row.model: row for row in rows}


def _rising(named: Mapping[str, Row]) -> list[tuple[str, str]]:
    """Each of the rows that still rise and by how many points, `+1.3`."""
    return [(name, f"+{rounded(100 * (rise(row) or 0), 1)}")
            for name, row in named.items() if still_rises(row)]  # fmt: skip


def tuned(row: Row) -> str:
    """`6 trials of 3 epochs, best 61.1 % (results/tuning/ferplus/baseline1.json)`."""
    if not row.tuning:
        return "no trials"
    best = max(trial["val_accuracy"] for trial in row.tuning["trials"])
    return f"{_budget(row)}, best {rounded(100 * best, 1)} % (results/tuning/{row.tuning['log']})"


def _budget(row: Row) -> str:
    """`6 trials of 3 epochs`; a variant that takes over its base's recipe has its base's."""
    if not row.tuning:
        return "no trials"
    epochs = dict.fromkeys(str(t["recipe"]["epochs"]) for t in row.tuning["trials"])
    return f"{len(row.tuning['trials'])} trials of {' or '.join(epochs)} epochs"
