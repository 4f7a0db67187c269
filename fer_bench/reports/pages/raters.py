"""Agreement with annotators' votes, between what people agree on and the best possible answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fer_bench.reports import columns, describe
from fer_bench.reports.columns import Columns, of_row, page_table, plain, share, shown
from fer_bench.reports.formatting import count, mean_std, opening, percent, rounded
from fer_bench.reports.row import Row
from fer_bench.reports.scores import Scores
from fer_bench.statistics.summary import Summary, summarise

TITLE = "Agreement with annotators"
SHOWS = "How often models answer as people do, and how often people agree."
INTRODUCTION = """\
# Agreement with annotators

How close does a model come to what people see in the faces?

Several people voted on each test face. All numbers are of the `last` epoch; mean ± sample standard
deviation (n − 1) over seeds. **Agreement**: the share of a face's raters who gave the model's
answer, averaged over faces. **People**: the chance that two raters of one face agree. **Ceiling**:
the agreement of the answer most raters gave, which no single answer can exceed. **Of the way**: how
far the model came from people (0 %) to the ceiling (100 %); below 0 it agrees with a rater less
than another rater does. **Cross-entropy** of the vote distribution and the model's probabilities
in nats (lower is better), with its smallest possible value, the entropy of the votes."""
NOTHING_MEASURED = (
    "No scored set has annotators' votes, so nothing is measured for this page yet "
    "(of the datasets here, FERPlus has them)."
)
Votes = Sequence[Mapping[str, Any]]
Tested = tuple[Row, str]
"""A row and the set it was scored on."""


def votes(row: Row, set_: str) -> Votes:
    """What the seeds' scores say about raters; empty for sets without votes and older files."""
    return [p["raters"] for p in row.parts(set_) if p.get("raters")]


def over_seeds(found: Votes, key: str) -> Summary | None:
    """One of the numbers over seeds."""
    return summarise(one[key] for one in found)


def of_the_way(found: Votes) -> Summary | None:
    """(agreement − human) / (ceiling − human) over seeds; None where people always agree."""
    spans = [(one, one["ceiling"] - one["human"]) for one in found]
    return summarise((one["agreement"] - one["human"]) / span for one, span in spans if span > 0)


def markdown(scores: Scores) -> str:
    """The page: a section a dataset and set."""
    parts = [opening(INTRODUCTION)]
    for dataset, set_, rows in _sections(scores):
        on = "" if dataset == set_ else f", by models trained on {dataset}"
        parts += [f"## {describe.title(set_)}{on}", _about(rows, set_)]
        parts += describe.warnings(rows, [set_], scores)
        parts.append(page_table(COLUMNS, [(row, set_) for row in rows]))
    if len(parts) == 1:
        parts.append(NOTHING_MEASURED)
    return "\n\n".join(parts) + "\n"


def _sections(scores: Scores) -> Iterator[tuple[str, str, list[Row]]]:
    """(trained on, set, rows), own sets first."""
    for dataset, set_ in scores.tested():
        if rows := [row for row in scores.of(dataset) if votes(row, set_)]:
            yield dataset, set_, rows


def _about(rows: Sequence[Row], set_: str) -> str:
    first = votes(rows[0], set_)[0]
    return (
        f"{describe.place(rows)} {count(first['n'])} test faces with votes. People: "
        f"{percent(first['human'])} %; ceiling: {percent(first['ceiling'])} %; entropy of the "
        f"votes: {rounded(first['entropy'], 3)} nats. {describe.setup(rows)}"
    )


def _nats(summary: Summary | None) -> str:
    if summary is None:
        return "–"
    std = "–" if summary.std is None else rounded(summary.std, 3)
    return f"{rounded(summary.mean, 3)} ± {std}"


def csv_text(scores: Scores) -> str:
    """Every row and set on a line; percent with four decimals, entropies in nats."""
    found = [(row, set_) for _, set_, rows in _sections(scores) for row in rows]
    return columns.csv_text(COLUMNS, found)


def _first(item: Tested) -> Mapping[str, Any]:
    return votes(*item)[0]


def _way(summary: Summary | None) -> str:
    return mean_std(summary).replace("-", "−")


COLUMNS: Columns[Tested] = (
    *of_row(lambda i: i[0], lambda i: i[1]),
    plain("seeds", lambda i: len(votes(*i)), "Seeds", lambda i: describe.seeds(i[0])),
    plain("n", lambda i: _first(i)["n"]),
    share("human", lambda i: _first(i)["human"]),
    share("ceiling", lambda i: _first(i)["ceiling"]),
    columns.over_seeds("agreement", lambda i: over_seeds(votes(*i), "agreement"), "Agreement"),
    columns.over_seeds("of_the_way", lambda i: of_the_way(votes(*i)), "Of the way", _way),
    columns.over_seeds(
        "cross_entropy", lambda i: over_seeds(votes(*i), "cross_entropy"), "Cross-entropy", _nats, 1
    ),
    share("entropy", lambda i: _first(i)["entropy"], scale=1),
    shown("Accuracy", lambda i: mean_std(i[0].summary("accuracy", i[1]))),
)
