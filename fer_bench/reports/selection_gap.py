"""What it is worth to choose the epoch on the test faces: `best_on_test` against the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tabulate import tabulate

from fer_bench.reports import describe
from fer_bench.reports.formatting import NOTHING, mean_std, percent
from fer_bench.reports.row import Row
from fer_bench.reports.scores import Scores
from fer_bench.reports.table_csv import summary_columns, text_of
from fer_bench.statistics.summary import Summary, summarise

INTRODUCTION = """\
# What selecting on the test set is worth

How much accuracy is gained by choosing the epoch on the test faces themselves?

Percent and points on a dataset's own test faces; mean ± sample standard deviation (n − 1) over
seeds. A gap is taken seed by seed: `best_on_test` minus `last`, and minus `best_on_val` (the epoch
best on validation faces). `best_on_test` is the highest of all epochs, so no gap is below 0: it is
what one gains without a better model. **Mean over models** gives every model the same weight. Of a
cross-validated set the epoch is chosen in each fold."""
NOTHING_MEASURED = (
    "No row has an epoch chosen on its test faces, so nothing is measured for this page yet."
)
HEAD = (
    "Model", "Seeds", "`last`", "`best_on_val`", "`best_on_test`", "test − last", "test − val",
    "Most",
)  # fmt: skip
ALIGN = ("left", *["right"] * 7)
SELECTIONS = ("last", "best_on_val", "best_on_test")
COLUMNS = (
    "dataset", "model", "measured", "partial", "seeds",
    *(f"{s}_accuracy_{key}" for s in SELECTIONS for key in ("mean", "std", "max")),
    *(f"{gap}_{key}" for gap in ("test_minus_last", "test_minus_val")
      for key in ("mean", "std", "max")),
)  # fmt: skip


@dataclass(frozen=True)
class Gap:
    """One row's accuracies by selection, and how far they are apart.

    Attributes:
        row: the row.
        over_last: `best_on_test` minus `last`, over seeds.
        over_val: `best_on_test` minus `best_on_val`, over seeds; None without validation.
    """

    row: Row
    over_last: Summary
    over_val: Summary | None

    def accuracy(self, selection: str) -> Summary | None:
        """Of one selection over seeds."""
        return self.row.summary("accuracy", self.row.dataset, selection=selection)


def gaps(scores: Scores, dataset: str) -> list[Gap]:
    """The rows of a dataset that have both selections, in the order of params."""
    found = []
    for row in scores.of(dataset):
        over_last = summarise(_by_seed(row, "last"))
        if over_last is not None:
            found.append(Gap(row, over_last, summarise(_by_seed(row, "best_on_val"))))
    return found


def _by_seed(row: Row, selection: str) -> Iterator[float]:
    for scored in row.cells:
        parts = [
            scored["sets"].get(row.dataset, {}).get(name, {}).get("all")
            for name in ("best_on_test", selection)
        ]
        on_test, other = (part["accuracy"] if part else None for part in parts)
        if on_test is not None and other is not None:
            yield on_test - other


def mean_over_models(found: list[Gap]) -> tuple[Summary | None, Summary | None]:
    """The models' mean gaps over `last` and over `best_on_val`, summarised over models."""
    return (
        summarise(gap.over_last.mean for gap in found),
        summarise(gap.over_val.mean if gap.over_val else None for gap in found),
    )


def markdown(scores: Scores) -> str:
    """The page: a section a dataset."""
    parts = [INTRODUCTION]
    for dataset in scores.datasets():
        if found := gaps(scores, dataset):
            rows = [gap.row for gap in found]
            parts += [f"## {describe.title(dataset)}", _about(rows, dataset)]
            parts += describe.warnings(rows, [dataset], scores)
            body = [*map(_cells, found), *_mean(found)]
            parts.append(
                tabulate(body, HEAD, tablefmt="github", colalign=ALIGN, disable_numparse=True)
            )
    if len(parts) == 1:
        parts.append(NOTHING_MEASURED)
    return "\n\n".join(parts) + "\n"


def _about(rows: list[Row], dataset: str) -> str:
    epochs = " or ".join(dict.fromkeys(str(n) for row in rows for n in row.said("epochs")))
    sizes = " or ".join(f"{n:,}" for n in rows[0].sizes(dataset))
    return f"{describe.place(rows)} {sizes} test faces; one of {epochs} epochs is chosen."


def _cells(gap: Gap) -> list[str]:
    over_val = mean_std(gap.over_val) if gap.over_val else NOTHING
    accuracies = [mean_std(gap.accuracy(s)) for s in SELECTIONS]
    return [
        f"`{gap.row.model}`", describe.seeds(gap.row), *accuracies, mean_std(gap.over_last),
        over_val, percent(gap.over_last.max),
    ]  # fmt: skip


def _mean(found: list[Gap]) -> list[list[str]]:
    """The last line, where there are several models."""
    if len(found) < 2:
        return []
    over_last, over_val = mean_over_models(found)
    most = max(gap.over_last.max for gap in found)
    means = [f"**{percent(s.mean)}**" if s else NOTHING for s in (over_last, over_val)]
    return [[f"**mean over {len(found)} models**", *[""] * 4, *means, f"**{percent(most)}**"]]


def csv_text(scores: Scores) -> str:
    """Every row on a line; numbers in percent with four decimals."""
    records = [_record(gap) for dataset in scores.datasets() for gap in gaps(scores, dataset)]
    return text_of(records, COLUMNS)


def _record(gap: Gap) -> dict[str, Any]:
    row = gap.row
    numbers: dict[str, str] = {}
    for selection in SELECTIONS:
        numbers |= summary_columns(f"{selection}_accuracy", gap.accuracy(selection))
    numbers |= summary_columns("test_minus_last", gap.over_last)
    numbers |= summary_columns("test_minus_val", gap.over_val)
    return {
        "dataset": row.dataset, "model": row.model,
        "measured": "elsewhere" if row.elsewhere else "here",
        "partial": row.partial(row.dataset), "seeds": len(row.cells), **numbers,
    }  # fmt: skip
