"""The numbers of the paper's running text, with what fills them here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from itertools import groupby
from typing import Any, TypeVar

import numpy as np

from fer_bench.reports import columns
from fer_bench.reports.columns import Column, Columns, cell, page_grid, plain, shown
from fer_bench.reports.formatting import NOTHING, gap, opening, percent
from fer_bench.reports.paper import TextNumber
from fer_bench.reports.relations import masked_base
from fer_bench.reports.row import Row, classes_of
from fer_bench.reports.scores import Scores
from fer_bench.reports.tables.beside_paper import over_seeds, value
from fer_bench.row_names import split_transferred
from fer_bench.statistics.summary import Summary

T = TypeVar("T")
TITLE = "Numbers of the paper's text"
SHOWS = "Claims of the paper's text with what fills them here."
INTRODUCTION = """\
# Numbers of the paper's text

What does the text claim beyond its tables, and what do we find?

Percent and points. **Ours** is taken as the paper's numbers are: the best seed at the epoch that
was best on the test faces (`best_on_test`), or the difference of two such numbers; of classes, over
all seeds; `–` where not all of it was measured. Which differences are more than chance is said in
[claims](claims.md), whether the sentences fit the paper's own tables in
[the audit](../audit/paper.md)."""
HERE = """\
The same comparisons on other measured datasets, also by the mean over seeds of the `last` epoch,
which chooses nothing. Of several rivals those measured are taken; for Baseline3 the backbone
pre-trained on our own identities stands in."""
CLASSES = {
    "easiest": "best recall", "hardest": "worst recall", "confused": "most frequent error for {}",
}  # fmt: skip
"""Statistics that a class fills, and how it is found."""
STAND_IN = {"baseline3": "baseline_identity"}


@dataclass(frozen=True)
class Filled:
    """What one number comes to here, as fractions or a name.

    Attributes:
        said: the printed number.
        ours: best seed of `best_on_test`, or the difference; the best model's name for `best`.
        last: the same by the mean over seeds of `last`.
        by: which cells fill it.
    """

    said: TextNumber
    ours: float | str | None
    last: float | str | None
    by: str


def fill(said: TextNumber, scores: Scores) -> Filled:
    """Compute what the measured cells give for one number of the text."""
    row = scores.get(said.dataset, said.model)
    rivals = _rivals(said, scores)
    names = [f"`{name}`" for name, _ in rivals]
    by = f"`{said.dataset}/{said.model}`"
    if said.statistic == "max":
        return Filled(said, _best(row, said), _mean(row, said), by)
    if said.statistic == "best":
        every = [(said.model, row), *rivals]
        by = f"best of {by}, {', '.join(names)}"
        return Filled(said, _winner(said, every, _best), _winner(said, every, _mean), by)
    if said.statistic in CLASSES:
        by = f"{CLASSES[said.statistic].format(said.against)}, {by}"
        return Filled(said, _class(row, said, said.selection), _class(row, said, "last"), by)
    pick = min if said.against.startswith("min ") else max
    word = {"max": "best of ", "min": "worst of "}.get(said.against.split()[0], "")
    by = f"{by} − {word}{', '.join(names)}"
    ours = _minus(_best(row, said), [_best(rival, said) for _, rival in rivals], pick)
    last = _minus(_mean(row, said), [_mean(rival, said) for _, rival in rivals], pick)
    return Filled(said, ours, last, by)


def _rivals(said: TextNumber, scores: Scores) -> list[tuple[str, Row | float | None]]:
    """What it is compared with: a row, None where it is missing, or a number of the paper."""
    words = said.against.split()
    found: list[tuple[str, Row | float | None]] = []
    for name in words[1:] if words[:1] in (["max"], ["min"]) else words:
        if (number := value(name)) is not None:
            found.append((name, float(number) / 100))
        else:
            dataset, _, model = name.rpartition("/")
            found.append((name, scores.get(dataset or said.dataset, model)))
    return found


def _best(row: Row | float | None, said: TextNumber) -> float | None:
    """The best seed at the epoch best on the test faces; a number of the paper is itself."""
    summary = _summary(row, said, said.selection) if isinstance(row, Row) else None
    return row if isinstance(row, float) else summary.max if summary else None


def _mean(row: Row | float | None, said: TextNumber) -> float | None:
    """The mean over seeds of `last`; the paper has no such number."""
    summary = _summary(row, said, "last") if isinstance(row, Row) else None
    return summary.mean if summary else None


def _summary(row: Row, said: TextNumber, selection: str) -> Summary | None:
    set_ = said.set if row.dataset == said.dataset else row.dataset
    return over_seeds(row, set_, said.subset, selection)


def _class(row: Row | None, said: TextNumber, selection: str) -> str | None:
    """The class asked for, with its share of the true faces of the class, all seeds together."""
    set_ = said.set if row and row.dataset == said.dataset else said.dataset
    parts = row.parts(set_, said.subset, selection) if row else []
    if not parts:
        return None
    classes = classes_of(parts[0])
    counts = np.sum([part["confusion"] for part in parts], axis=0)
    sizes = counts.sum(axis=1)
    if said.statistic == "confused":
        if said.against not in classes or not sizes[place := classes.index(said.against)]:
            return None
        shares = counts[place] / sizes[place]
        shares[place] = -1
        found = int(shares.argmax())
    else:
        shares = np.divide(counts.diagonal(), sizes, np.full(len(sizes), np.nan), where=sizes > 0)
        found = int(np.nanargmax(shares if said.statistic == "easiest" else -shares))
    return f"{classes[found]} ({percent(float(shares[found]))} %)"


def _minus(one: float | None, others: Sequence[float | None], pick: Any) -> float | None:
    known = [other for other in others if other is not None]
    if one is None or not known or len(known) < len(others):
        return None
    return one - float(pick(known))


def _winner(
    said: TextNumber,
    rows: Sequence[tuple[str, Row | float | None]],
    number: Callable[[Row | float | None, TextNumber], float | None],
) -> str | None:
    """The names of the best models; None unless all were measured."""
    numbers = {name: number(row, said) for name, row in rows}
    known = {name: Decimal(percent(n)) for name, n in numbers.items() if n is not None}
    if len(known) < len(numbers):
        return None
    most = max(known.values())
    return ", ".join(f"`{name}`" for name, n in known.items() if n == most)


def elsewhere(said: Sequence[TextNumber], scores: Scores) -> Iterator[Filled]:
    """The differences between our own rows, on the datasets that the text is not about."""
    about = {s.dataset for s in said}
    for one in _kinds(said):
        for dataset in scores.datasets():
            folded = any(row.folded for row in scores.of(dataset))
            if dataset not in about and not masked_base(dataset) and not folded:
                filled = fill(_moved(one, dataset, scores), scores)
                if filled.last is not None:
                    yield filled


def _kinds(said: Sequence[TextNumber]) -> list[TextNumber]:
    """Each comparison of our own rows once, with everything the text prints for it."""
    kinds: dict[tuple[str, str, str], TextNumber] = {}
    for one in said:
        if one.against and value(one.against) is None:
            key = (split_transferred(one.model)[0], one.statistic, _kind(one))
            known = kinds.setdefault(key, one)
            if one.printed not in known.printed.split(" to ") and one.printed != known.printed:
                kinds[key] = replace(known, printed=f"{known.printed} to {one.printed}")
    return list(kinds.values())


def _kind(said: TextNumber) -> str:
    """What it is against, without the dataset's name."""
    return said.against.replace(f"{said.dataset}_", "_")


def _moved(said: TextNumber, dataset: str, scores: Scores) -> TextNumber:
    """The same comparison on another dataset, with the rivals that were measured there."""
    words = said.against.replace(f"{said.dataset}_", f"{dataset}_").split()
    first = words[:1] if words[0] in ("max", "min") else []
    if said.statistic in CLASSES:
        return replace(
            said, place=dataset, dataset=dataset, set=dataset,
            model=split_transferred(said.model)[0],
        )  # fmt: skip
    names = words[len(first) :]
    names += [STAND_IN[name] for name in names if name in STAND_IN]
    measured = {row.model for row in scores.of(dataset) if row.has(dataset)}
    kept = [name for name in names if "/" in name or name in measured]
    if said.statistic == "best":  # the best of a part of a grid says nothing
        kept = names
    model = split_transferred(said.model)[0]
    return replace(
        said, place=dataset, dataset=dataset, set=dataset, model=model,
        against=" ".join([*(first if len(kept) > 1 else []), *(kept or names)]),
    )  # fmt: skip


def markdown(scores: Scores, said: Sequence[TextNumber]) -> str:
    """The page: a line a sentence, then the same comparisons on other datasets."""
    filled = [fill(one, scores) for one in said]
    sentences = [list(group) for _, group in groupby(filled, lambda f: f.said.says)]
    parts = [opening(INTRODUCTION), _table(SENTENCES, sentences)]
    if here := list(elsewhere(said, scores)):
        parts += ["## On other datasets", HERE, _table(OTHERS, here)]
    return "\n\n".join(parts) + "\n"


def _ours(sentence: Sequence[Filled]) -> str:
    """Ours of everything that one sentence is about."""
    if all(f.ours is None for f in sentence):
        return NOTHING
    return "; ".join(f"{f.said.place}: {_text(f.ours, f.said.statistic)}" for f in sentence)


def _by(sentence: Sequence[Filled]) -> str:
    first = sentence[0].said
    if value(first.against) is not None:
        return f"`{first.model}` − the rival's printed number"
    return sentence[0].by.replace(f"{first.dataset}/", "").replace(first.dataset, "…")


def _table(columns: Columns[T], items: Iterable[T]) -> str:
    """Not padded: one long sentence would pad every line."""
    grid = page_grid(columns, items)
    lines = [grid.head, ["---"] * len(grid.head), *grid.body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _text(number: float | str | None, statistic: str) -> str:
    if number is None or isinstance(number, str):
        return number or NOTHING
    return percent(number) if statistic == "max" else gap(number)


def csv_text(scores: Scores, said: Sequence[TextNumber]) -> str:
    """Every number on a line, then those on other datasets; percent and points, four decimals."""
    lines = [(fill(one, scores), True) for one in said]
    lines += [(one, False) for one in elsewhere(said, scores)]
    return columns.csv_text(COLUMNS, lines)


def _plain(number: float | str | None) -> str:
    return number.replace("`", "") if isinstance(number, str) else cell(number)


def _of_the_paper(name: str) -> Column[tuple[Filled, bool]]:
    return plain(name, lambda x: getattr(x[0].said, name))


COLUMNS: Columns[tuple[Filled, bool]] = (
    *(_of_the_paper(f.name) for f in fields(TextNumber)),
    plain("in_paper", lambda x: x[1]),
    plain("ours", lambda x: _plain(x[0].ours)),
    plain("last_mean", lambda x: _plain(x[0].last)),
    plain("filled_by", lambda x: x[0].by.replace("`", "")),
)
SENTENCES: Columns[Sequence[Filled]] = (
    shown("Section", lambda s: s[0].said.section),
    shown("The paper says", lambda s: f"“{s[0].said.says}”"),
    shown("Ours", _ours),
    shown("What fills it", _by),
)
OTHERS: Columns[Filled] = (
    shown("Section", lambda f: f.said.section),
    shown("What", lambda f: f.by.replace(f"{f.said.dataset}/", "")),
    shown("Dataset", lambda f: f.said.dataset),
    shown("Paper", lambda f: f.said.printed),
    shown("`best_on_test`, best seed", lambda f: _text(f.ours, f.said.statistic)),
    shown("`last`, mean", lambda f: _text(f.last, f.said.statistic)),
)
