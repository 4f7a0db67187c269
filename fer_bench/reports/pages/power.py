"""Which difference each set could show, and how many seeds a claim needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from fer_bench.errors import FerBenchError, nearest
from fer_bench.reports import columns
from fer_bench.reports.columns import Column, Columns, page_table, plain, share
from fer_bench.reports.compare.same_faces import tracks_of
from fer_bench.reports.formatting import NOTHING, count, opening
from fer_bench.reports.scores import Scores
from fer_bench.statistics import wording
from fer_bench.statistics.power import MOST, Variances, variances

TITLE = "Power"
SHOWS = "The smallest difference that each set's faces, people and seeds can show."
INTRODUCTION = """\
# Power

Which difference of two models can be told apart, and how many seeds does a claim need?

Points of accuracy that one pair shows with 80 % power (p below 0.05, not corrected for further
pairs), by seeds of each model, from variances measured on all pairs of the set. **Any**: with seeds
without end, since people stay as few as they are. **Seeds for a claim** of 1 and 0.5 points: about
these very faces / about other people like these (`–`: no number of seeds). Other numbers:
`fer-bench plan DATASET --seeds 10 --people 300`."""
NOTHING_MEASURED = (
    "No set has two models of two seeds each, so nothing is measured for this page yet."
)
SEEDS = (2, 5, 10, 20)
CLAIMS = (0.01, 0.005)


@dataclass(frozen=True)
class Planned:
    """What a dataset's own test faces say: faces, known people, and the variances."""

    dataset: str
    faces: int
    people: int | None
    found: Variances


@lru_cache(maxsize=1)
def planned(scores: Scores) -> list[Planned]:
    """The datasets with two models of two seeds; measured once for page and CSV."""
    every = []
    for dataset in scores.datasets():
        rows = [row for row in scores.of(dataset) if row.has(dataset)]
        for track in tracks_of(rows, dataset)[0][:1]:
            if found := variances(track):
                every.append(Planned(dataset, track.n, track.units.people, found))
    return every


def markdown(scores: Scores) -> str:
    """The page: a line a dataset."""
    found = planned(scores)
    return (
        f"{opening(INTRODUCTION)}\n\n{page_table(COLUMNS, found) if found else NOTHING_MEASURED}\n"
    )


def csv_text(scores: Scores) -> str:
    """The same, in points with four decimals."""
    return columns.csv_text(COLUMNS, planned(scores))


def plan_text(
    scores: Scores, dataset: str, *, seeds: int | None, people: int | None, points: float
) -> str:
    """What a comparison on a dataset could show: `fer-bench plan`.

    Args:
        scores: every row.
        dataset: with at least two models of two seeds.
        seeds: of each model; None: some numbers of them.
        people: on the test faces (faces, where nobody knows people); None: as many as there are.
        points: the difference of a claim.

    Raises:
        FerBenchError: nothing is known of the dataset's variances.
    """
    known = {one.dataset: one for one in planned(scores)}
    if dataset not in known:
        hint = nearest(dataset, list(known)) if known else "train two models with two seeds each"
        raise FerBenchError(f"no two models of two seeds were measured on {dataset!r}: {hint}")
    one, v = known[dataset], known[dataset].found
    who = "people" if one.people else "faces"
    whose = f" of {one.people:,} people" if one.people else ", people not known"
    units = people or v.units
    lines = [
        f"{dataset}: {one.faces:,} faces{whose}; {v.rows} models",
        f"runs of one model differ by ±{wording.points(_spread(one))} points (standard deviation), "
        f"a difference of two models by ±{wording.points(v.people**0.5)} over {who}",
        "",
        f"One pair, {units:,} {who}: shown with 80 % power is a difference of",
    ]
    lines += [f"  {wording.points(v.smallest(n, units)):>5} points with {n} seeds of each"
              for n in ([seeds] if seeds else SEEDS)]  # fmt: skip
    lines.append(f"  {wording.points(v.smallest(MOST, units)):>5} points with seeds without end")
    lines += ["", f"A claim of {wording.margin_text(points / 100)} needs"]
    for same, about in ((True, "these very faces"), (False, f"other {who} like these")):
        needed = v.seeds_needed(points / 100, same_people=same, units=units)
        lines.append(f"  about {about}: " + (f"{needed:,} seeds of each model" if needed
                     else f"more {who}; no number of seeds is enough"))  # fmt: skip
    return "\n".join(lines)


def _spread(one: Planned) -> float:
    return float((one.found.seeds + one.found.chance) ** 0.5)


def _needed(difference: float, same_people: bool, one: Planned) -> int | None:
    return one.found.seeds_needed(difference, same_people=same_people)


def _smallest(seeds: int) -> Column[Planned]:
    head, name = ("Any", "any") if seeds == MOST else (f"{seeds} seeds", str(seeds))
    return share(f"smallest_{name}", lambda one: one.found.smallest(seeds), head,
                 lambda v: NOTHING if v is None else wording.points(v))  # fmt: skip


def _claims(difference: float) -> Sequence[Column[Planned]]:
    same, other = (partial(_needed, difference, same) for same in (True, False))
    name = f"seeds_for_{100 * difference:g}"
    return (
        plain(f"{name}_these_faces", same, f"For {100 * difference:g}",
              lambda one: f"{count(same(one))} / {count(other(one))}"),
        plain(f"{name}_other_people", other),
    )  # fmt: skip


COLUMNS: Columns[Planned] = (
    plain("dataset", lambda one: one.dataset, "Test faces of", lambda one: f"`{one.dataset}`",
          left=True),
    plain("faces", lambda one: one.faces, "Faces", lambda one: count(one.faces)),
    plain("people", lambda one: one.people, "People", lambda one: count(one.people)),
    plain("models", lambda one: one.found.rows, "Models"),
    share("std_over_seeds", _spread, "± seeds", lambda v: wording.points(v or 0)),
    share("std_over_people", lambda one: one.found.people**0.5, "± people",
          lambda v: wording.points(v or 0)),
    *map(_smallest, (*SEEDS, MOST)),
    *(column for difference in CLAIMS for column in _claims(difference)),
)  # fmt: skip
