"""How often two ratings of one face agree, and what the best possible accuracy is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fer_bench.records.reliability import Reliability
from fer_bench.reports import columns, describe
from fer_bench.reports.columns import Columns, page_table, shown
from fer_bench.reports.face_tables import FaceTables
from fer_bench.reports.formatting import NOTHING, count, mean_std, opening, percent, rounded
from fer_bench.reports.grid import github
from fer_bench.reports.pages.reliability_lines import (
    CAST,
    COLUMNS,
    COPIED,
    Line,
    measured,
    of_models,
    of_papers,
)
from fer_bench.reports.reported import SELECTIONS, Reported
from fer_bench.reports.scores import Scores
from fer_bench.reports.twice_rated import Reached, TwiceRated, reached, twice_rated
from fer_bench.statistics.ratings import Estimate, bracket

TITLE = "How good can a label be?"
SHOWS = "How often two ratings of one face agree, and the best possible accuracy."
INTRODUCTION = """\
# How good can a label be?

How often do two ratings of one face give one label, and what is the best accuracy against one?

Some faces stand in a set more than once, pixel for pixel, and each copy was rated without anybody
knowing of the other: a test-retest of the labels. A *pair* is two copies. **Over pairs**: share of
pairs with one label; **over groups**: every face counted once, however many copies it has; **no
conflict**: share of groups without a pair that disagrees. κ is Cohen's, over groups. All numbers
but κ are percent; brackets hold 95 % intervals (percentile bootstrap over groups).

**Best possible.** If two ratings are independent given the face and agree with the mean chance A,
the best possible accuracy against one rating lies between A and √A (derived in
`fer_bench/statistics/ratings.py`): A is no ceiling itself, and √A is passed only by chance, by
fitting the test faces, or by learning their copies' labels. **In the test set's mix**: the same
with the classes weighted as among the test faces, because copies have another mix.

Measured from the files as given by `benchmarks/label_reliability`. Copies are no random sample of
all faces: they are of pictures that circulate."""
NOTHING_MEASURED = "No set's copies are recorded, so nothing is measured for this page yet."
RULES = {
    "majority": "majority",
    "majority_or_none": "majority; none an outcome",
    "argmax10": "largest count",
}
ABOUT_RULES = """\
*Majority*: as this project and most papers read the votes; ratings that no majority supports are
left out. *Majority; none an outcome*: those are kept, and a rating with a label disagrees with one
without. *Largest count*: the first largest count; ratings led by unknown or no face are left out.
Where one rating has a majority, the other gives the same label for {labelled} % (any two)."""
WHERE = {
    "train_test": "train and test",
    "all": "any two",
    "train": "train",
    "val": "val",
    "test": "test",
    "train_val": "train and val",
    "val_test": "val and test",
}
FILES = """\
They are not two versions of one thing. {differ} of {faces} faces have other votes in
`fer2013new.csv` than in `label.csv`, and {copies} of these are copies. `label.csv` holds the votes
as cast, each copy rated anew; in `fer2013new.csv` all copies have the votes that the first of them
got, in {first} of {groups} groups. So agreement there is made and says nothing:"""
BY_CLASS = """\
### By class

Where one rating gave the class, how often the other did; majority, over groups. No interval where
fewer than 30 groups have the class."""
PAPERS = """\
### What papers report

Accuracies on all test faces, most of them chosen on these; not run here. Of {n} numbers {above} lie
above A (majority, any two, in the test set's mix: {low}) and {over} above √A ({high})."""
MODELS = """\
Test faces of which a labelled copy stands anywhere: {n}. For {trained} of them a copy stands in
train, where models learn its label. Two ratings of these faces agree for {agree} % (over faces);
{conflict} conflict with every copy. Accuracy of `last`, mean ± sample standard deviation over
seeds; *other*: the share of a face's copies that carry the model's answer."""


def markdown(
    scores: Scores, found: Sequence[Reliability], reported: Sequence[Reported], tables: FaceTables
) -> str:
    """The page: a section a set."""
    parts = [opening(INTRODUCTION)]
    for record in found:
        parts += [f"## {describe.title(record.dataset)}", *_section(record)]
        parts += _papers(record, reported)
        parts += _models(record, scores, tables)
    if not found:
        parts.append(NOTHING_MEASURED)
    return "\n\n".join(parts) + "\n"


def _section(record: Reliability) -> Iterator[str]:
    cast = [line for line in record.agreement if line["file"] == CAST]
    yield (
        f"{count(record.copies)} of {count(record.faces)} faces stand in {count(record.groups)} "
        "groups of equal pixels. Votes as cast (`label.csv`):"
    )
    yield page_table(AGREEMENT, cast)
    yield ABOUT_RULES.format(labelled=interval(_line(record, "majority_or_none")["of_labelled"]))
    yield page_table(BEST, cast)
    yield BY_CLASS
    yield _by_class(record)
    yield "### The two files of votes"
    made = [x for x in record.agreement if x["file"] == COPIED]
    yield FILES.format(
        differ=count(record.differ), faces=count(record.faces), copies=count(record.differ_copies),
        first=count(record.first_for_all), groups=count(record.groups),
    )  # fmt: skip
    yield page_table(MADE, made)
    yield _files(record)


def interval(estimate: Estimate, places: int = 2, scale: float = 100) -> str:
    """`91.18 [89.63, 92.68]`."""
    if estimate["value"] is None:
        return NOTHING
    if estimate["low"] is None:
        return rounded(estimate["value"] * scale, places)
    value, low, high = (
        rounded((estimate[k] or 0) * scale, places) for k in ("value", "low", "high")
    )
    return f"{value} [{low}, {high}]"


def best(estimate: Estimate) -> str:
    """`91.18 to 95.49 [89.63, 96.27]`: A to √A, and the ends' outer intervals."""
    value, low, high = estimate["value"], estimate["low"], estimate["high"]
    if value is None or low is None or high is None:
        return NOTHING
    ends = bracket(value)
    return (
        f"{percent(ends[0])} to {percent(ends[1])} "
        f"[{percent(bracket(low)[0])}, {percent(bracket(high)[1])}]"
    )


_PLACE: tuple[Any, ...] = (
    shown("Rule", lambda line: RULES[line["rule"]], left=True),
    shown("Pairs of", lambda line: WHERE[line["where"]], left=True),
)
AGREEMENT: Columns[Mapping[str, Any]] = (
    *_PLACE,
    shown("Groups", lambda line: count(line["groups"])),
    shown("In conflict", lambda line: count(line["conflicts"])),
    shown("Pairs", lambda line: count(line["pairs"])),
    shown("Over pairs", lambda line: interval(line["over_pairs"])),
    shown("Over groups (A)", lambda line: interval(line["over_groups"])),
    shown("No conflict", lambda line: interval(line["whole_groups"])),
    shown("κ", lambda line: interval(line["kappa_over_groups"], 3, 1)),
)
MADE: Columns[Mapping[str, Any]] = (
    *AGREEMENT[:5],
    shown("Over groups in `fer2013new.csv`", lambda line: interval(line["over_groups"])),
)
BEST: Columns[Mapping[str, Any]] = (
    *_PLACE,
    shown("Best possible, A to √A", lambda line: best(line["over_groups"])),
    shown("A in the test set's mix", lambda line: interval(line["in_mix"])),
    shown("Best possible in that mix", lambda line: best(line["in_mix"])),
)


def _by_class(record: Reliability) -> str:
    places = ("train_test", "all")
    lines = {(x["outcome"], x["where"]): x for x in record.classes if x["rule"] == "majority"}
    names = list(dict.fromkeys(name for name, _ in lines))
    head = ["Class", *(f"{WHERE[w]}: {x}" for w in places for x in ("groups", "agreement"))]
    body = []
    for name in names:
        found = [lines.get((name, where)) for where in places]
        body.append([name, *(t for x in found for t in (
            (count(x["groups"]), interval(x)) if x else (NOTHING, NOTHING)))])  # fmt: skip
    return github(head, body)


def _files(record: Reliability) -> str:
    by = {(x["file"], x["where"]): x for x in record.votes}
    head = ["Pairs of", "Pairs", "`label.csv`: equal votes", "same largest count",
            "`fer2013new.csv`: equal votes", "same largest count"]  # fmt: skip
    body = []
    for where in dict.fromkeys(x["where"] for x in record.votes):
        found = [by[file, where] for file in (CAST, COPIED)]
        counts = [count(x[key]) for x in found for key in ("equal_votes", "same_largest")]
        body.append([WHERE[where], count(found[0]["pairs"]), *counts])
    return github(head, body)


def _line(record: Reliability, rule: str) -> Mapping[str, Any]:
    """What any two copies say by a rule, from votes as cast."""
    wanted = (CAST, rule, "all")
    return next(x for x in record.agreement if (x["file"], x["rule"], x["where"]) == wanted)


def _of(record: Reliability, reported: Sequence[Reported]) -> list[Reported]:
    return [r for r in reported if r.dataset == record.dataset and r.subset == "all"]


def _papers(record: Reliability, reported: Sequence[Reported]) -> Iterator[str]:
    if not (found := _of(record, reported)):
        return
    low, high = bracket(_line(record, "majority")["in_mix"]["value"])
    shares = [r.percent / 100 for r in found]
    yield PAPERS.format(
        n=len(found), above=sum(s > low for s in shares), over=sum(s > high for s in shares),
        low=percent(low), high=percent(high),
    )  # fmt: skip
    body = [[r.model, r.accuracy, SELECTIONS[r.selection], str(r.year)] for r in found]
    yield github(["Model", "Accuracy", "Epoch chosen on", "Year"], body, (0, 2))


def _models(record: Reliability, scores: Scores, tables: FaceTables) -> Iterator[str]:
    yield "### What models reach"
    rows, faces = _reached(record, scores, tables)
    if faces is None:
        yield (
            "Which test faces were rated twice is not known here: "
            f"`results/faces/{record.dataset}.parquet` is missing (`fer-bench audit` writes it)."
        )
        return
    yield MODELS.format(
        n=count(len(faces.own)), trained=count(int(faces.trained.sum())),
        agree=percent(float(faces.share(faces.own).mean())) if len(faces.own) else NOTHING,
        conflict=count(int(faces.conflict.sum())),
    )  # fmt: skip
    yield page_table(REACHED, rows) if rows else "No model was scored with this table of faces yet."


def _reached(
    record: Reliability, scores: Scores, tables: FaceTables
) -> tuple[list[Reached], TwiceRated | None]:
    table = tables.table(record.dataset)
    if table is None:
        return [], None
    faces = twice_rated(table.rows)
    return list(reached(scores, record.dataset, tables, faces)) if len(faces.own) else [], faces


REACHED: Columns[Reached] = (
    shown("Model", lambda r: f"`{r.row.model}`", left=True),
    shown("Seeds", lambda r: describe.seeds(r.row)),
    shown("All test faces", lambda r: mean_std(r.all)),
    shown("Rated twice: own", lambda r: mean_std(r.own)),
    shown("other", lambda r: mean_std(r.other)),
    shown("In conflict: own", lambda r: mean_std(r.conflict_own)),
    shown("other", lambda r: mean_std(r.conflict_other)),
)


def csv_text(
    scores: Scores, found: Sequence[Reliability], reported: Sequence[Reported], tables: FaceTables
) -> str:
    """Every number on a line."""
    lines: list[Line] = []
    for record in found:
        rows, faces = _reached(record, scores, tables)
        lines += measured(record)
        lines += of_papers(_of(record, reported))
        lines += of_models(record.dataset, rows, faces) if faces else ()
    return columns.csv_text(COLUMNS, lines)
