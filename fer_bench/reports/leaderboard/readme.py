"""The leaderboard as Markdown: what the pages show, for whoever reads the repository."""

from __future__ import annotations

from collections.abc import Sequence

from fer_bench.reports import describe
from fer_bench.reports.formatting import NOTHING, mean_std, percent
from fer_bench.reports.grid import github
from fer_bench.reports.leaderboard.beside import Beside
from fer_bench.reports.leaderboard.reported import EVIDENCE, NOT_STATED, SELECTIONS, Reported
from fer_bench.reports.leaderboard.tracks import Board, Entry, Track
from fer_bench.reports.scores import Scores

INTRODUCTION = """\
# Leaderboard

Open `index.html` in a browser to sort, filter, search and compare; this page holds the same
numbers.

Ranked by mean test accuracy of the `last` epoch over seeds; equal means share a rank. All numbers
are percent, mean ± sample standard deviation (n − 1) over seeds; `± –` stands behind a single seed.
The 95 % interval is over faces. Where those of two models overlap, their ranks alone show no
difference: `compare.html` has the paired tests. **Balanced** is the mean recall over classes.
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
APART = """\
Made by other rules than the rows above ([docs/protocol.md](../../docs/protocol.md)), so that the
numbers cannot be compared with them. Never ranked.
"""
REPORTED = """\
Reported, not run here: numbers from papers and repositories, never ranked with the measured ones.
Nearly all of them were chosen on the test set.
"""
HEAD = (
    "Rank", "Model", "Accuracy", "95 % interval", "Balanced", "Macro-F1", "`best_on_val`",
    "`best_on_test`",
)  # fmt: skip
ROBUST_HEAD = ("Corrupted", "Flips")
TAIL = ("Seeds", "Parameters", "Pre-trained on")
BESIDE_HEAD = (
    "Model", "Rules", "Accuracy", "95 % interval", "Balanced", "Macro-F1", "Runs",
    "Pre-trained on", "Extra data", "Landmarks", "Year", "Paper", "Code",
)  # fmt: skip
REPORTED_HEAD = (
    "Model", "Part", "Accuracy", "Epoch chosen on", "Backbone", "Pre-trained on", "Extra data",
    "Year", "Evidence", "Source",
)  # fmt: skip


def markdown(boards: Sequence[Board], scores: Scores) -> str:
    """The page's text: a section a dataset."""
    parts = [INTRODUCTION.strip()]
    if scores.protocol:
        parts.append(RULES.format(describe.rules(scores.protocol)))
    if any(e.robustness for b in boards for t in b.tracks for e in t.entries):
        parts.append(ROBUST.strip())
    for board in boards:
        if board.own:
            parts += _section(board, scores)
    if not scores.datasets():
        parts.insert(1, "Nothing has been measured yet: run `dvc repro`.")
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
            f"{describe.sampling_error(rows, board.set)} {describe.setup(rows)}"
        )
        parts += describe.warnings(rows, [board.set], scores)
        parts.append(_measured(track))
    for unranked, about in ((board.external, EXTERNAL), (board.apart, APART)):
        if unranked:
            body = [_beside(b) for b in unranked]
            parts += [" ".join(about.split()), github(BESIDE_HEAD, body, None)]
    if board.reported:
        parts.append(" ".join(REPORTED.split()))
        parts.append(github(REPORTED_HEAD, [_reported(r) for r in board.reported], None))
    return parts


def _measured(track: Track) -> str:
    robust = any(e.robustness for e in track.entries)
    head = (*HEAD, *(ROBUST_HEAD if robust else ()), *TAIL)
    return github(head, [_cells(e, robust) for e in track.entries], (1, len(head) - 1))


def _cells(entry: Entry, robust: bool) -> list[str]:
    row, own = entry.row, entry.row.dataset
    beside = entry.robustness
    extra = [
        mean_std(beside.mean_corruption_accuracy) if beside else NOTHING,
        mean_std(beside.flip_rate) if beside else NOTHING,
    ]
    return [
        str(entry.rank),
        _code(row.model),
        mean_std(entry.accuracy),
        f"{percent(entry.interval.low)} to {percent(entry.interval.high)}",
        mean_std(entry.balanced),
        mean_std(entry.macro_f1),
        mean_std(row.summary("accuracy", own, selection="best_on_val")),
        mean_std(row.summary("accuracy", own, selection="best_on_test")),
        *(extra if robust else ()),
        describe.seeds(row),
        describe.parameters(row),
        describe.pretrained(row),
    ]


def _beside(row: Beside) -> list[str]:
    low, high = percent(row.interval.low), percent(row.interval.high)
    name = " ".join([_code(row.row.model), *(f"({n})" for n in row.notes if n != row.rules)])
    return [
        name, row.rules, mean_std(row.accuracy), f"{low} to {high}", mean_std(row.balanced),
        mean_std(row.macro_f1), str(len(row.row.cells)),
        *(_cell(t) for t in (row.pretraining, row.extra_data, row.landmarks, row.year, row.paper,
                             row.code)),
    ]  # fmt: skip


def _reported(number: Reported) -> list[str]:
    source = f"{number.source} ({number.note})" if number.note else number.source
    return [_cell(text) for text in (
        number.model, number.subset, number.accuracy, SELECTIONS[number.selection],
        number.backbone or NOT_STATED, number.pretraining or NOT_STATED,
        number.extra_data or NOT_STATED, str(number.year),
        f"{number.evidence}: {EVIDENCE[number.evidence]}", source,
    )]  # fmt: skip


def _code(text: str) -> str:
    return f"`{text.replace('`', '').replace('|', '/')}`"


def _cell(text: str) -> str:
    """A text that ends no cell and begins no HTML."""
    return text.replace("|", "/").replace("<", "&lt;")
