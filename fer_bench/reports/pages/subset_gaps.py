"""Subsets against the whole test set: the gap as it is, and with the class mix made equal."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from fer_bench.reports import columns, describe
from fer_bench.reports.columns import Columns, of_row, page_table, plain, share, shown
from fer_bench.reports.compare.same_faces import subset_gap
from fer_bench.reports.describe import subset_title
from fer_bench.reports.formatting import NOTHING, count, opening
from fer_bench.reports.row import Row
from fer_bench.reports.scores import Scores
from fer_bench.reports.tables.table01_to_s1 import TABLES
from fer_bench.statistics.row_intervals import FEWEST_FACES
from fer_bench.statistics.wording import signed

TITLE = "Gaps of subsets"
SHOWS = "Occluded and turned faces against all, with the class mix made equal."
INTRODUCTION = f"""\
# Gaps of subsets

How much worse are occluded and turned faces read than all faces of the same test set?

Percent and points of the `last` epoch, means over seeds. The **raw gap** is the subset's accuracy
minus the whole set's. A subset may hold more of the hard expressions, so in the **re-weighted gap**
every class counts as much as in the whole set, on both sides. Its 95 % interval is over people
(over faces, where nobody knows them), about these trained networks, not corrected for their number,
and left out under {FEWEST_FACES} faces. One that leaves out 0 is more than class mix and the choice
of people explain; other differences between the faces, and of other trainings, remain. Subset and
whole share faces: against the *other* faces the gap is larger. Rows are those of Table 3."""
NOTHING_MEASURED = (
    "No set with subsets has scores with answers by face, so nothing is measured for this page yet."
)
PARTS = ("occluded", "pose_gt_30", "pose_gt_45")
MODELS = {row.model for spec in TABLES if spec.by_subset for row in spec.rows}
"""The rows of Table 3: other models would only repeat what it is about."""
Gap = dict[str, Any]
RowGap = tuple[Row, Gap]


def gaps(row: Row) -> list[Gap]:
    """The gaps of a row's subsets of its own test faces, by `same_faces.subset_gap`."""
    known = [part for part in PARTS if part in row.subsets(row.dataset)]
    found = [subset_gap(row, row.dataset, part) for part in known]
    return [gap for gap in found if gap is not None]


def markdown(scores: Scores) -> str:
    """The page: a section a dataset, its own test faces."""
    parts = [opening(INTRODUCTION)]
    for dataset, found in _sections(scores):
        rows = [row for row, _ in found]
        parts += [f"## {describe.title(dataset)}", f"{describe.place(rows)} {_mixes(found[0][1])}"]
        parts += describe.warnings(rows, [dataset], scores)
        parts.append(page_table(COLUMNS, [(row, gap) for row, some in found for gap in some]))
    if len(parts) == 1:
        parts.append(NOTHING_MEASURED)
    return "\n\n".join(parts) + "\n"


@lru_cache(maxsize=1)
def _sections(scores: Scores) -> list[tuple[str, list[tuple[Row, list[Gap]]]]]:
    """Datasets with their rows and gaps; resampled once for page and CSV."""
    sections = []
    for dataset in scores.datasets():
        rows = scores.of(dataset)
        shown = [row for row in rows if row.method in MODELS] or rows
        found = [(row, gaps(row)) for row in shown]
        if found := [(row, some) for row, some in found if some]:
            sections.append((dataset, found))
    return sections


def _mixes(some: list[Gap]) -> str:
    """What the subsets' class mixes cannot say."""
    said = [f"{some[0]['n_full']:,} test faces."]
    for gap in some:
        name = subset_title(gap["part"])
        if gap["missing"]:
            said.append(f"No {' or '.join(gap['missing'])} among *{name}*: left out on both sides.")
        if gap["thin"]:
            said.append(f"Among *{name}*, {len(gap['thin'])} classes have under 10 faces.")
    return " ".join(said)


def _points(share: float | None) -> str:
    return NOTHING if share is None else signed(share)


def csv_text(scores: Scores) -> str:
    """Every row and subset on a line; percent and points with four decimals."""
    found = [(row, gap) for _, rows in _sections(scores) for row, some in rows for gap in some]
    return columns.csv_text(COLUMNS, found)


def _raw(item: RowGap) -> float:
    return float(item[1]["accuracy"] - item[1]["full_accuracy"])


def _interval(gap: Gap) -> str:
    return NOTHING if gap["low"] is None else f"{_points(gap['low'])} to {_points(gap['high'])}"


COLUMNS: Columns[RowGap] = (
    *of_row(lambda i: i[0], lambda i: i[0].dataset, named=False),
    plain("part", lambda i: i[1]["part"], "Faces", lambda i: subset_title(i[1]["part"]), left=True),
    plain("n", lambda i: i[1]["n"], "n", lambda i: count(i[1]["n"])),
    plain("people", lambda i: i[1]["people"], "People", lambda i: count(i[1]["people"])),
    plain("n_full", lambda i: i[1]["n_full"]),
    share("accuracy", lambda i: i[1]["accuracy"], "Accuracy"),
    share("full_accuracy", lambda i: i[1]["full_accuracy"], "All faces"),
    share("raw_gap", _raw, "Raw gap", _points),
    share("reweighted", lambda i: i[1]["reweighted"]),
    share("full_reweighted", lambda i: i[1]["full_reweighted"]),
    share("gap", lambda i: i[1]["gap"], "Re-weighted gap", _points),
    share("low", lambda i: i[1]["low"]),
    share("high", lambda i: i[1]["high"]),
    shown("95 % interval", lambda i: _interval(i[1])),
    plain("classes_missing", lambda i: " ".join(i[1]["missing"])),
    plain("classes_thin", lambda i: " ".join(i[1]["thin"])),
)
