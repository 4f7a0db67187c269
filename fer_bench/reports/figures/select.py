"""Which datasets, models and runs a figure shows, and how they are called.

A benchmark may grow to twenty datasets and models; a figure may not. Whatever is left out, the
figure's caption names.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matplotlib.lines import Line2D

from fer_bench.reports.enabled import Enabled
from fer_bench.reports.figures.style import look
from fer_bench.reports.formatting import mean_std, percent
from fer_bench.reports.paper import TextNumber
from fer_bench.reports.row import Row
from fer_bench.reports.scores import Scores

OURS = "scan_cci"
COLUMNS = (("baseline1",), ("baseline3", "baseline_identity"), (OURS,))
"""Compared side by side where three fit; of alternatives the first that was measured."""

LINE_MODELS = (
    "baseline1", "baseline3", "baseline_identity", OURS, "scan_cci_shared", "scan_cci_no_cci",
)  # fmt: skip
"""Compared as lines in one panel, each with the same look in every figure."""

MOST_DATASETS = 6
MOST_FAMILIES = 4
"""How many models that are neither baselines nor SCAN-CCI join LINE_MODELS in a figure."""


@dataclass(frozen=True)
class Inputs:
    """Everything that figures read.

    Attributes:
        scores: the measured rows.
        robustness: the folder with the robustness stage's files; None where there is none.
        said: the numbers of the paper's running text.
        enabled: params.yaml's `enabled`.
    """

    scores: Scores
    robustness: Path | None = None
    said: Sequence[TextNumber] = ()
    enabled: Enabled = field(default_factory=dict)


def measured(scores: Scores, dataset: str, models: Iterable[str]) -> list[Row]:
    """The rows of these models that have test faces of their own dataset, in this order."""
    rows = (scores.main(dataset, model) for model in models)
    return [row for row in rows if row is not None and row.has(dataset)]


def columns(scores: Scores, dataset: str) -> list[Row | None]:
    """A place for each of COLUMNS, None where none of its models was measured.

    Free places go to further rows of SCAN-CCI: on masked faces those that started from unmasked
    ones.
    """
    found = [next(iter(measured(scores, dataset, models)), None) for models in COLUMNS]
    others = _moved(scores, dataset, [row for row in found if row])
    for place in reversed(range(len(found))):
        if found[place] is None and others:
            found[place] = others.pop(0)
    return found


def _moved(scores: Scores, dataset: str, known: list[Row]) -> list[Row]:
    """SCAN-CCI's rows that started from another dataset, unless already known."""
    rows = [row for row in scores.of(dataset) if row.method == OURS and row.has(dataset)]
    return [row for row in rows if row not in known]


def lines(scores: Scores, dataset: str) -> list[Row]:
    """LINE_MODELS, SCAN-CCI from another dataset's cell, then other families, of one dataset."""
    found = measured(scores, dataset, LINE_MODELS)
    found += _moved(scores, dataset, found)[:1]
    return found + measured(scores, dataset, families(scores)[:MOST_FAMILIES])


def families(scores: Scores) -> list[str]:
    """The measured models that are neither baselines nor SCAN-CCI with its variants."""
    models = dict.fromkeys(row.method for row in scores if row.cells)
    return [model for model in models if not model.startswith((OURS, "baseline"))]


def lines_left_out(scores: Scores) -> str:
    """A sentence for the caption that names the families `lines` leaves out."""
    others = families(scores)[MOST_FAMILIES:]
    return f" Not drawn, to keep lines apart: {', '.join(others)}." if others else ""


def looks(rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """Row name -> look. LINE_MODELS have the same in every figure, others follow in order.

    A transferred row looks like its model, unless both stand in one dataset's panel. No figure has
    more than `MOST_LINES`: LINE_MODELS, MOST_FAMILIES, and a transferred row a dataset.
    """
    plain = {(row.dataset, row.model) for row in rows}
    slots = {r.model: r.method for r in rows}
    slots |= {r.model: r.model for r in rows if (r.dataset, r.method) in plain}
    free = [slot for slot in dict.fromkeys(slots.values()) if slot not in LINE_MODELS]
    order = (*LINE_MODELS, *free)
    return {name: look(order.index(slot)) for name, slot in slots.items()}


def legend_of(rows: Sequence[Row], line: bool = True) -> list[Line2D]:
    """One legend entry a row name, for the rows of all panels; without `line` markers only."""
    handles = [Line2D([], [], label=short(name), **found) for name, found in looks(rows).items()]
    for handle in () if line else handles:
        handle.set_linestyle("none")
    return handles


def capped(names: Iterable[str], most: int = MOST_DATASETS) -> tuple[list[str], str]:
    """The first `most` names, and a sentence for the caption that names the others."""
    names = list(dict.fromkeys(names))
    if len(names) <= most:
        return names, ""
    rule = f" To keep the figure readable, {most} of {len(names)} are shown; the others: "
    return names[:most], rule + ", ".join(names[most:]) + "."


def arranged(panels: int) -> tuple[int, int]:
    """Lines and columns for small panels: three beside each other, two where there are few."""
    across = 3 if panels > 2 else 2
    return -(-panels // across), across


def short(name: str, most: int = 34) -> str:
    """A name without its middle where it is too long for its place."""
    if len(name) <= most:
        return name
    half = (most - 1) // 2
    return f"{name[:half]}…{name[-half:]}"


def headed(row: Row, *facts: str, set_: str | None = None) -> str:
    """A panel's title: the dataset, facts in a line each, and what makes the data less than usual.

    Args:
        row: whose dataset or predictions are shown.
        facts: further lines.
        set_: the set of faces, if not the row's own.
    """
    set_ = set_ or row.dataset
    marks = ["measured elsewhere"] * row.elsewhere + ["incomplete set"] * row.partial(set_)
    return "\n".join([set_, *facts, *([f"({', '.join(marks)})"] if marks else [])])


def accuracy(row: Row, set_: str, subset: str = "all") -> str:
    """The `last` accuracy with its spread over seeds, in percent; `–` for no face."""
    summary = row.summary("accuracy", set_, subset)
    if summary is None or summary.std is None:
        return f"{percent(summary.mean if summary else None)} %"
    return f"{mean_std(summary)} %"


def seeds(rows: Sequence[Row]) -> str:
    """`2 seeds`, or `1 to 3 seeds` where rows differ."""
    counts = sorted({len(row.cells) for row in rows})
    if len(counts) > 1:
        return f"{counts[0]} to {counts[-1]} seeds"
    return f"{counts[0]} seed" + "s" * (counts[0] > 1)


def needs(names: tuple[str, ...] | list[str]) -> str:
    """What fills a figure of these datasets."""
    return (
        f"Nothing measured yet: it needs {OURS} on {', '.join(names)}. Obtain the images "
        "(`fer-bench data status` says how), enable the dataset in params.yaml and run "
        "`fer-bench sweep`."
    )
