"""One page: every model on every dataset, ranked by the `last` epoch, never by a chosen one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tabulate import tabulate

from fer_bench.evaluation.statistics import Summary
from fer_bench.files import write_text
from fer_bench.reports import describe
from fer_bench.reports.formatting import mean_std
from fer_bench.reports.row import Row
from fer_bench.reports.scores import Enabled, Scores, load_scores

INTRODUCTION = """\
# Leaderboard

Ranked by mean test accuracy of the `last` epoch over seeds; equal means share a rank. All numbers
are percent, mean ± sample standard deviation (n − 1) over seeds; `± –` stands behind a single seed.
Models whose means differ by less than that spread should be read as equal. **Balanced** is the mean
recall over classes. `best_on_val` takes the epoch that was best on validation faces, `best_on_test`
the one that was best on these very test faces: the latter is too optimistic, and never ranks.
"""
HEAD = (
    "Rank", "Model", "Accuracy", "Balanced", "Macro-F1", "`best_on_val`", "`best_on_test`",
    "Seeds", "Parameters", "Pre-trained on",
)  # fmt: skip
ALIGN = ("right", "left", *["right"] * 7, "left")


def build_leaderboard(scores_dir: Path, params_enabled: Enabled, out_dir: Path) -> None:
    """Write `leaderboard.md` into `out_dir` (`results`)."""
    write_text(out_dir / "leaderboard.md", markdown(load_scores(scores_dir, params_enabled)))


def markdown(scores: Scores) -> str:
    """The page's text: a section a dataset."""
    parts = [INTRODUCTION.strip()]
    for dataset in scores.datasets():
        rows = [row for row in scores.of(dataset) if row.has(dataset)]
        parts.append(f"## {describe.title(dataset)}")
        parts.append(
            f"{describe.place(rows)} Test faces: "
            f"{describe.class_counts(rows[0], dataset)}. "
            f"{describe.sampling_error(rows, dataset)} {describe.setup(rows)}"
        )
        parts += describe.warnings(rows, [dataset], scores)
        body = [_cells(rank, row) for rank, row in ranked(rows)]
        parts.append(tabulate(body, HEAD, tablefmt="github", colalign=ALIGN, disable_numparse=True))
    if not scores.datasets():
        parts.append("Nothing has been measured yet: run `dvc repro`.")
    if missing := scores.missing():
        parts.append("Not finished: " + "; ".join(missing) + ".")
    return "\n\n".join(parts) + "\n"


def ranked(rows: Sequence[Row]) -> list[tuple[int, Row]]:
    """Rows by falling mean accuracy, with 1, 2, 2, 4 for equal means; ties stand by name."""
    means = {row.model: round(_accuracy(row).mean, 12) for row in rows}
    order = sorted(rows, key=lambda row: (-means[row.model], row.model))
    better = {m: sum(other > means[m] for other in means.values()) for m in means}
    return [(better[row.model] + 1, row) for row in order]


def _accuracy(row: Row) -> Summary:
    summary = row.summary("accuracy", row.dataset)
    assert summary is not None, "rows without scores are not ranked"
    return summary


def _cells(rank: int, row: Row) -> list[str]:
    own = row.dataset
    return [
        str(rank),
        f"`{row.model}`",
        mean_std(row.summary("accuracy", own)),
        mean_std(row.summary("balanced_accuracy", own)),
        mean_std(row.summary("macro_f1", own)),
        mean_std(row.summary("accuracy", own, selection="best_on_val")),
        mean_std(row.summary("accuracy", own, selection="best_on_test")),
        describe.seeds(row),
        describe.parameters(row),
        describe.pretrained(row),
    ]
