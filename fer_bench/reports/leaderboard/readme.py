"""The leaderboard as Markdown: what the pages show, for whoever reads the repository."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from fer_bench.reports import describe
from fer_bench.reports.columns import Column, Columns, page_table, shown
from fer_bench.reports.equal_chances import training, warned
from fer_bench.reports.formatting import NOTHING, READING, fold, mean_std, percent
from fer_bench.reports.leaderboard.beside import Beside
from fer_bench.reports.leaderboard.tracks import Board, RankedRow, Ranking
from fer_bench.reports.reported import EVIDENCE, NOT_STATED, SELECTIONS, Reported
from fer_bench.reports.scores import Scores

T = TypeVar("T")
INTRODUCTION = """\
# Leaderboard

Open `index.html` in a browser to sort, filter, search and compare; this page holds the same
numbers."""
LEGEND = """\
Ranked by mean test accuracy of the `last` epoch over seeds; equal means share a rank. All numbers
are percent, mean ± sample standard deviation (n − 1) over seeds; `± –` stands behind a single seed.
The 95 % interval is over people, or over faces where nobody knows the people. Where those of two
models overlap, their ranks alone show no difference: `compare.html` has the paired tests, and a
verdict on models needs five seeds of each. **Balanced** is the mean recall over classes.
`best_on_val` takes the epoch that was best on validation faces, `best_on_test` the one that was
best on these very test faces: the latter is too optimistic, and never ranks.
"""
ROBUST = """\
**Corrupted** is the mean accuracy over corruptions and severities, **flips** the share of faces
whose answer changes under a small perturbation (lower is better).
"""
RULES = "Every ranked number follows [{}](../../docs/protocol.md)."
EXTERNAL = """\
External: predictions made elsewhere by models that were not trained here, scored here on the same
faces. What their makers state stands beside them; nobody checked it. Never ranked.
"""
OFF_THE_SHELF = """\
Off the shelf: what people install instead, trained by others on other faces and labels, scored here
([benchmarks/shipped](../../benchmarks/shipped/README.md)). *May have seen* is about these very test
faces. Never ranked.
"""
APART = """\
Made by other rules than the rows above ([docs/protocol.md](../../docs/protocol.md)), so that the
numbers cannot be compared with them. Never ranked.
"""
REPORTED = """\
Reported, not run here: numbers from papers and repositories, never ranked with the measured ones.
Nearly all of them were chosen on the test set.
"""


def markdown(boards: Sequence[Board], scores: Scores) -> str:
    """The page's text: a section a dataset."""
    legend = [LEGEND.strip()]
    if any(e.robustness for b in boards for t in b.tracks for e in t.entries):
        legend.append(ROBUST.strip())
    parts = [INTRODUCTION, fold(READING, *legend)]
    if scores.protocol:
        parts.append(RULES.format(describe.rules(scores.protocol)))
    for board in boards:
        if board.own:
            parts += _section(board, scores)
    if not scores.datasets():
        parts.insert(1, "Nothing has been measured yet: run `fer-bench sweep`.")
    if still := describe.did_not_train(scores.collapsed()):
        parts.append("\n".join(f"- {text}" for text in still))
    if missing := scores.missing():
        parts.append("Not finished: " + "; ".join(missing) + ".")
    return "\n\n".join(parts) + "\n"


def _section(board: Board, scores: Scores) -> list[str]:
    parts = [f"## {describe.title(board.dataset)}"]
    if board.tracks:
        track = board.tracks[0]
        rows = [e.row for e in track.entries]
        parts.append(
            f"{describe.place(rows)} Test faces: "
            f"{describe.class_counts(rows[0], board.set)}. "
            f"{board.sampling_error}"
        )
        parts += [*describe.warnings(rows, [board.set], scores), *warned(rows), _measured(track)]
        parts.append(fold("How these rows were trained", describe.setup(rows), *training(rows)))
    for unranked, about, columns in (
        (board.off_the_shelf, OFF_THE_SHELF, TOOLS),
        (board.external, EXTERNAL, BESIDE),
        (board.apart, APART, BESIDE),
    ):
        if unranked:
            parts += [" ".join(about.split()), page_table(columns, unranked)]
    if board.reported:
        parts += [" ".join(REPORTED.split()), page_table(REPORTS, board.reported)]
    return parts


def _measured(track: Ranking) -> str:
    robust = any(e.robustness for e in track.entries)
    return page_table((*RANKED, *(ROBUST_COLUMNS if robust else ()), *TRAINED), track.entries)


def _code(text: str) -> str:
    return f"`{text.replace('`', '').replace('|', '/')}`"


def _cell(text: str) -> str:
    """A text that ends no cell and begins no HTML."""
    return text.replace("|", "/").replace("<", "&lt;")


def _interval(found: RankedRow | Beside) -> str:
    return f"{percent(found.interval.low)} to {percent(found.interval.high)}"


def _own(entry: RankedRow, selection: str) -> str:
    return mean_std(entry.row.summary("accuracy", entry.row.dataset, selection=selection))


def _named(row: Beside) -> str:
    return " ".join([_code(row.row.model), *(f"({n})" for n in row.notes if n != row.rules)])


def _stated(head: str, text: Callable[[T], str]) -> Column[T]:
    """A column of what others say."""
    return shown(head, lambda item: _cell(text(item) or NOT_STATED), left=True)


RANKED: Columns[RankedRow] = (
    shown("Rank", lambda e: str(e.rank)),
    shown("Model", lambda e: _code(e.row.model), left=True),
    shown("Accuracy", lambda e: mean_std(e.accuracy)),
    shown("95 % interval", _interval),
    shown("Balanced", lambda e: mean_std(e.balanced)),
    shown("Macro-F1", lambda e: mean_std(e.macro_f1)),
    shown("`best_on_val`", lambda e: _own(e, "best_on_val")),
    shown("`best_on_test`", lambda e: _own(e, "best_on_test")),
)
ROBUST_COLUMNS: Columns[RankedRow] = (
    shown(
        "Corrupted",
        lambda e: mean_std(e.robustness.mean_corruption_accuracy) if e.robustness else NOTHING,
    ),
    shown("Flips", lambda e: mean_std(e.robustness.flip_rate) if e.robustness else NOTHING),
)
TRAINED: Columns[RankedRow] = (
    shown("Seeds", lambda e: describe.seeds(e.row)),
    shown("Parameters", lambda e: describe.parameters(e.row)),
    shown("Pre-trained on", lambda e: describe.pretrained(e.row), left=True),
)
BESIDE: Columns[Beside] = (
    shown("Model", _named, left=True),
    shown("Rules", lambda b: b.rules, left=True),
    shown("Accuracy", lambda b: mean_std(b.accuracy), left=True),
    shown("95 % interval", _interval, left=True),
    shown("Balanced", lambda b: mean_std(b.balanced), left=True),
    shown("Macro-F1", lambda b: mean_std(b.macro_f1), left=True),
    shown("Runs", lambda b: str(len(b.row.cells)), left=True),
    _stated("Pre-trained on", lambda b: b.pretraining),
    _stated("Extra data", lambda b: b.extra_data),
    _stated("Landmarks", lambda b: b.landmarks),
    _stated("Year", lambda b: b.year),
    _stated("Paper", lambda b: b.paper),
    _stated("Code", lambda b: b.code),
)
TOOLS: Columns[Beside] = (
    *BESIDE[:4],
    shown("Among its classes", lambda b: mean_std(b.common) if b.common else NOTHING, left=True),
    *BESIDE[4:7],
    _stated("Trained on", lambda b: b.trained_on or NOT_STATED),
    _stated("May have seen", lambda b: b.may_have_seen or NOT_STATED),
    *BESIDE[9:],
)
REPORTS: Columns[Reported] = (
    _stated("Model", lambda r: r.model),
    _stated("Part", lambda r: r.subset),
    _stated("Accuracy", lambda r: r.accuracy),
    _stated("Epoch chosen on", lambda r: SELECTIONS[r.selection]),
    _stated("Backbone", lambda r: r.backbone),
    _stated("Pre-trained on", lambda r: r.pretraining),
    _stated("Extra data", lambda r: r.extra_data),
    _stated("Year", lambda r: str(r.year)),
    _stated("Evidence", lambda r: f"{r.evidence}: {EVIDENCE[r.evidence]}"),
    _stated("Source", lambda r: f"{r.source} ({r.note})" if r.note else r.source),
)
