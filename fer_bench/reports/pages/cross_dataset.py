"""Every model on every other dataset's test faces, over the seven classes all sets share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from fer_bench.labels import SEVEN
from fer_bench.reports import columns, describe
from fer_bench.reports.columns import Columns, over_seeds, plain
from fer_bench.reports.formatting import NOTHING, mean_std, opening
from fer_bench.reports.grid import github
from fer_bench.reports.relations import masked_base
from fer_bench.reports.row import Row, classes_of
from fer_bench.reports.scores import Scores
from fer_bench.reports.seen_before import no_new_ground
from fer_bench.statistics.summary import Summary

TITLE = "Across datasets"
SHOWS = "Models trained on one dataset, tested on another."
INTRODUCTION = """\
# Across datasets

How much of what a model learned on one dataset holds on another?

Accuracy of the `last` epoch in percent, mean ± sample standard deviation (n − 1) over seeds; rows
say what was trained on, columns what was tested on, `–` stands where nothing was measured. Nothing
was adapted to the tested set. The common ground is seven classes (all but contempt): where a model
or a set has an eighth, only faces of the seven are counted, and only their logits compared.

- **bold**: the model's own test faces (for a cross-validated set, each by the fold that left it
  out): the only places inside a dataset.
- `*`: the tested set takes images of a source that was trained or pre-trained on, so it is new
  faces, but no new dataset.
- `(8)`, or another number: the set was scored among that many classes, so the place is no part of
  the seven-class comparison.

Compare inside a column: sets differ in how hard they are, and in how often each class occurs.
Masked sets stand in Table 10.
"""
NOTHING_MEASURED = (
    "No model has been scored on another dataset than its own, so nothing is measured for this "
    "page yet."
)


@dataclass(frozen=True)
class RowOnSet:
    """One row on one set.

    Attributes:
        subset: the part that is over the seven classes, or `all` where there is none.
        classes: among how many classes it was scored.
        own: whether these are the row's own test faces.
        shared: whether it is `no_new_ground`.
    """

    row: Row
    set: str
    subset: str
    classes: int
    own: bool
    shared: bool

    def over_seeds(self, metric: str) -> Summary | None:
        """One metric of `last`."""
        return self.row.summary(metric, self.set, self.subset)

    @property
    def text(self) -> str:
        """As it stands in the matrix."""
        text = mean_std(self.over_seeds("accuracy"))
        text = f"**{text}**" if self.own else text
        text += "*" if self.shared and not self.own else ""
        return text if self.classes == len(SEVEN) else f"{text} ({self.classes})"


def markdown(scores: Scores) -> str:
    """The page: a matrix a model, SCAN-CCI first."""
    parts = [opening(INTRODUCTION)]
    found = list(_models(scores))
    for model, lines in found:
        rows = [places[0].row for places in lines]
        sets = list(dict.fromkeys(place.set for places in lines for place in places))
        parts += [f"## {model}", f"{describe.place(rows)} {describe.setup(rows)}"]
        parts += describe.warnings(rows, sets, scores)
        parts.append(_matrix(lines, _columns(scores, sets)))
    if not found:
        parts.append(NOTHING_MEASURED)
    return "\n\n".join(parts) + "\n"


def _models(scores: Scores) -> Iterator[tuple[str, list[list[RowOnSet]]]]:
    """Each model with its rows, as the places of each row; rows on their own set alone left out."""
    bases = dict.fromkeys(row.method for row in scores if row.cells)
    for model in sorted(bases, key=lambda name: name != "scan_cci"):
        rows = [r for r in scores if r.cells and r.method == model]
        lines = [list(_places(row)) for row in rows if not masked_base(row.dataset)]
        if lines := [places for places in lines if any(not place.own for place in places)]:
            yield model, lines


def _places(row: Row) -> Iterator[RowOnSet]:
    for set_ in row.scored_on:
        if masked_base(set_):
            continue
        subset, classes = _seven(row, set_)
        own, shared = set_ == row.dataset, no_new_ground(row, set_)
        yield RowOnSet(row, set_, subset, classes, own, shared)


def _seven(row: Row, set_: str) -> tuple[str, int]:
    """The part over the seven classes, and how many classes it has: fewer or more if none does."""
    sizes = {s: classes_of(row.parts(set_, s)[0]) for s in row.subsets(set_)}
    if "common_classes" in sizes:
        return "common_classes", len(sizes["common_classes"])
    if sizes["all"] == list(SEVEN):
        return "all", len(SEVEN)
    whole = (name for name in sizes if name == "without_contempt" and sizes[name] == list(SEVEN))
    subset = next(whole, "all")
    return subset, len(sizes[subset])


def _columns(scores: Scores, sets: Iterable[str]) -> list[str]:
    """Sets in the order of params, then those that nothing is trained on by name."""
    order = scores.datasets()
    return sorted(sets, key=lambda s: (order.index(s) if s in order else len(order), s))


def _matrix(lines: Sequence[Sequence[RowOnSet]], sets: Sequence[str]) -> str:
    sizes = {
        name: dict.fromkeys(
            describe.faces(p.row, name, p.subset)
            for places in lines for p in places if p.set == name
        )
        for name in sets
    }  # fmt: skip
    head = ["Trained on", "Seeds"]
    head += [f"{name} ({' or '.join(sizes[name])})" for name in sets]
    body = []
    for places in lines:
        texts = {place.set: place.text for place in places}
        row = places[0].row
        found = (texts.get(name, NOTHING) for name in sets)
        body.append([describe.trained_on(row), describe.seeds(row), *found])
    return github(head, body)


def csv_text(scores: Scores) -> str:
    """Every place of every matrix on a line; numbers in percent with four decimals."""
    places = [place for _, lines in _models(scores) for line in lines for place in line]
    return columns.csv_text(COLUMNS, places)


COLUMNS: Columns[RowOnSet] = (
    plain("model", lambda p: p.row.method),
    plain("trained_on", lambda p: describe.trained_on(p.row)),
    plain("set", lambda p: p.set),
    plain("own", lambda p: p.own),
    plain("shares_images", lambda p: p.shared),
    plain("measured", lambda p: p.row.measured),
    plain("partial", lambda p: p.row.partial(p.set)),
    plain("subset", lambda p: p.subset),
    plain("classes", lambda p: p.classes),
    plain("seeds", lambda p: len(p.row.cells)),
    plain("n", lambda p: " ".join(map(str, p.row.sizes(p.set, p.subset)))),
    plain("people", lambda p: describe.people_count(p.row, p.set, p.subset)),
    over_seeds("last_accuracy", lambda p: p.over_seeds("accuracy")),
    over_seeds("last_balanced_accuracy", lambda p: p.over_seeds("balanced_accuracy")),
)
