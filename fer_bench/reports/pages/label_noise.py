"""Accuracy against the share of train labels replaced on purpose."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fer_bench.reports import columns, describe
from fer_bench.reports.columns import Columns, cell, over_seeds, page_table, plain, shown
from fer_bench.reports.formatting import mean_std, opening, percent, rounded
from fer_bench.reports.row import Row
from fer_bench.reports.scores import Scores
from fer_bench.row_names import transferred
from fer_bench.statistics.summary import Summary, summarise

TITLE = "Wrong train labels"
SHOWS = "What replaced train labels cost."
INTRODUCTION = """\
# Wrong train labels

How much accuracy is lost when a share of the train labels is replaced by wrong ones?

All numbers are percent, of the `last` epoch; mean ± sample standard deviation (n − 1) over seeds.
Labels are replaced among train faces only: validation and test labels stay as published.
`symmetric` puts any other class with the same chance; `confusion` puts the classes that raters of
FERPlus vote for instead of the true one, as often as they do. **Changed** is the share that was
replaced in fact. The labels that change at a rate are among those that change at a higher one, and
equal for every model of a seed, so **loss** is taken seed by seed: the 0 % row's accuracy minus
this row's, in points. Published labels have errors of their own: 0 % is their unknown rate, not
none.
"""
NOTHING_MEASURED = (
    "No row was trained with replaced labels, so nothing is measured for this page yet (a variant "
    "with `label_noise` in its recipe makes one)."
)


@dataclass(frozen=True)
class Noisy:
    """A row with replaced labels, or (rate 0) the one it is compared with."""

    row: Row
    kind: str
    base: str
    rate: float
    clean: Row | None

    @property
    def changed(self) -> tuple[int, int]:
        """Labels replaced, of how many, over all seeds."""
        records = [cell.training.label_noise for cell in self.row.cells]
        return sum(r.changed for r in records if r), sum(r.of for r in records if r)

    @property
    def loss(self) -> Summary | None:
        """The 0 % row's accuracy minus this one's, over the seeds that both have."""
        if self.clean is None or not self.rate:
            return None
        before, after = (
            dict(row.by_seed("accuracy", row.dataset)) for row in (self.clean, self.row)
        )
        return summarise(before[seed] - after[seed] for seed in after if seed in before)


def markdown(scores: Scores) -> str:
    """The page: a section a dataset, in it a grid a kind of noise."""
    parts = [opening(INTRODUCTION)]
    headings: list[str] = []
    for dataset, kind, lines in _sections(scores):
        rows = [line.row for line in lines]
        if dataset not in headings:
            headings.append(dataset)
            parts += [f"## {describe.title(dataset)}"]
        counts = describe.class_counts(rows[0], dataset)
        parts += [
            f"### {kind}",
            f"{describe.place(rows)} Test faces: {counts}. {describe.setup(rows)}",
            *describe.warnings(rows, [dataset], scores),
            page_table(COLUMNS, lines),
        ]  # fmt: skip
    if not headings:
        parts.append(NOTHING_MEASURED)
    return "\n\n".join(parts) + "\n"


def _sections(scores: Scores) -> Iterator[tuple[str, str, list[Noisy]]]:
    """(dataset, kind, lines): models by name, each by rising rate from the row without noise."""
    for dataset in scores.datasets():
        rows = [row for row in scores.of(dataset) if row.has(dataset)]
        noisy = [(row, record) for row in rows for record in row.said("label_noise")[:1] if record]
        for kind in sorted({record.kind for _, record in noisy}):
            lines = []
            for row, record in noisy:
                if record.kind == kind:
                    base = _base(row)
                    clean = _clean(scores, dataset, base)
                    lines.append(Noisy(row, kind, base, record.rate, clean))
            starts = {line.base: line.clean for line in lines if line.clean}
            lines += [Noisy(row, kind, base, 0.0, row) for base, row in starts.items()]
            yield dataset, kind, sorted(lines, key=lambda n: (n.base, n.rate, n.row.model))


def _base(row: Row) -> str:
    """The row it is compared with: the same model and start, every label as published."""
    base = str(row.said("base")[0])
    return transferred(base, row.init_from) if row.init_from else base


def _clean(scores: Scores, dataset: str, base: str) -> Row | None:
    row = scores.get(dataset, base)
    return row if row and row.has(dataset) and not any(row.said("label_noise")) else None


def csv_text(scores: Scores) -> str:
    """Every row, kind and rate on a line; numbers in percent with four decimals."""
    return columns.csv_text(COLUMNS, [line for *_, lines in _sections(scores) for line in lines])


def _changed(line: Noisy) -> str:
    changed, of = line.changed
    return percent(changed / of) if of else percent(0.0)


def _own(metric: str, selection: str = "last") -> Callable[[Noisy], Summary | None]:
    """A metric on the row's own test faces."""
    return lambda n: n.row.summary(metric, n.row.dataset, selection=selection)


_VAL = _own("accuracy", "best_on_val")
COLUMNS: Columns[Noisy] = (
    plain("dataset", lambda n: n.row.dataset),
    plain("model", lambda n: n.row.model, "Model", lambda n: f"`{n.row.model}`", left=True),
    plain("base", lambda n: n.base),
    plain("measured", lambda n: n.row.measured),
    plain("partial", lambda n: n.row.partial(n.row.dataset)),
    plain("kind", lambda n: n.kind),
    plain("rate", lambda n: cell(n.rate), "Asked (%)", lambda n: rounded(100 * n.rate, 1)),
    plain("changed", lambda n: n.changed[0], "Changed (%)", _changed),
    plain("of", lambda n: n.changed[1]),
    plain("seeds", lambda n: len(n.row.cells), "Seeds", lambda n: describe.seeds(n.row)),
    over_seeds("last_accuracy", _own("accuracy"), "Accuracy"),
    over_seeds("last_balanced_accuracy", _own("balanced_accuracy"), "Balanced"),
    over_seeds("loss", lambda n: n.loss, "Loss", lambda loss: mean_std(loss).replace("-", "−")),
    shown("`best_on_val`", lambda n: mean_std(_VAL(n))),
)
