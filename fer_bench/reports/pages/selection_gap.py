"""What it is worth to choose the epoch on the test faces: `best_on_test` against the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fer_bench.reports import columns, describe
from fer_bench.reports.columns import Column, Columns, of_row, over_seeds, page_table, plain, shown
from fer_bench.reports.formatting import NOTHING, opening, percent, rounded
from fer_bench.reports.reported import Reported
from fer_bench.reports.row import Row
from fer_bench.reports.scores import Scores
from fer_bench.statistics.summary import Summary, summarise

TITLE = "Selecting on the test set"
SHOWS = "What choosing the epoch on the test faces is worth, by model."
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
OTHERS = """\
Reported, not run here: both epochs of one published training log (benchmarks/reported). The higher
number is what the paper prints."""
SELECTIONS = ("last", "best_on_val", "best_on_test")


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
    on_test, other = (
        dict(row.by_seed("accuracy", row.dataset, selection=name))
        for name in ("best_on_test", selection)
    )
    return (on_test[seed] - other[seed] for seed in on_test if seed in other)


def mean_over_models(found: list[Gap]) -> tuple[Summary | None, Summary | None]:
    """The models' mean gaps over `last` and over `best_on_val`, summarised over models."""
    return (
        summarise(gap.over_last.mean for gap in found),
        summarise(gap.over_val.mean if gap.over_val else None for gap in found),
    )


def markdown(scores: Scores, reported: Sequence[Reported] = ()) -> str:
    """The page: a section a dataset, then what others' own logs say."""
    parts = [opening(INTRODUCTION)]
    for dataset in scores.datasets():
        if found := gaps(scores, dataset):
            rows = [gap.row for gap in found]
            parts += [f"## {describe.title(dataset)}", _about(rows, dataset)]
            parts += describe.warnings(rows, [dataset], scores)
            parts += describe.did_not_train(scores.collapsed(dataset))
            parts.append(page_table(COLUMNS, found, *_mean(found)))
    if len(parts) == 1:
        parts.append(NOTHING_MEASURED)
    if logged := list(_logged(reported)):
        parts += ["## In the authors' own logs", OTHERS, page_table(LOGGED, logged)]
    return "\n\n".join(parts) + "\n"


def _logged(reported: Sequence[Reported]) -> Iterator[tuple[Reported, Reported]]:
    """The numbers of others of which one log holds both: (best on test, last)."""
    of = {(r.dataset, r.model, r.subset, r.selection): r for r in reported}
    for (dataset, model, subset, selection), best in of.items():
        last = of.get((dataset, model, subset, "last"))
        if last and selection == "best_on_test":
            yield best, last


def _about(rows: list[Row], dataset: str) -> str:
    epochs = " or ".join(dict.fromkeys(str(n) for row in rows for n in row.said("epochs")))
    sizes = describe.faces(rows[0], dataset)
    return f"{describe.place(rows)} Test set: {sizes}; one of {epochs} epochs is chosen."


def _mean(found: list[Gap]) -> list[list[str]]:
    """The last line, where there are several models."""
    if len(found) < 2:
        return []
    over_last, over_val = mean_over_models(found)
    most = max(gap.over_last.max for gap in found)
    means = [f"**{percent(s.mean)}**" if s else NOTHING for s in (over_last, over_val)]
    return [[f"**mean over {len(found)} models**", *[""] * 4, *means, f"**{percent(most)}**"]]


def csv_text(scores: Scores, reported: Sequence[Reported] = ()) -> str:
    """Every row of ours on a line; numbers in percent with four decimals."""
    found = [gap for dataset in scores.datasets() for gap in gaps(scores, dataset)]
    return columns.csv_text(COLUMNS, found)


def _accuracy(selection: str) -> Column[Gap]:
    return over_seeds(
        f"{selection}_accuracy", lambda gap: gap.accuracy(selection), f"`{selection}`"
    )


LOGGED: Columns[tuple[Reported, Reported]] = (
    shown("Model", lambda pair: pair[0].model, left=True),
    shown("Test faces of", lambda pair: f"`{pair[0].dataset}`", left=True),
    shown("`last`", lambda pair: pair[1].accuracy),
    shown("`best_on_test`", lambda pair: pair[0].accuracy),
    shown("test − last", lambda pair: rounded(pair[0].percent - pair[1].percent, 2)),
)
COLUMNS: Columns[Gap] = (
    *of_row(lambda gap: gap.row, lambda gap: gap.row.dataset, named=False),
    plain("seeds", lambda gap: len(gap.row.cells), "Seeds", lambda gap: describe.seeds(gap.row)),
    *map(_accuracy, SELECTIONS),
    over_seeds("test_minus_last", lambda gap: gap.over_last, "test − last"),
    over_seeds("test_minus_val", lambda gap: gap.over_val, "test − val"),
    shown("Most", lambda gap: percent(gap.over_last.max)),
)
