"""The few numbers `dvc metrics` shows and the curves `dvc plots` draws."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd

from fer_bench.files import write_json, write_text
from fer_bench.reports.enabled import Enabled
from fer_bench.reports.row import Row
from fer_bench.reports.scores import Scores, load_scores

HEADLINES = ("baseline1", "baseline2", "baseline3", "baseline_identity", "scan_cci")
"""`dvc metrics show` prints one line with a column a number, so only these rows are in it, or a
transferred one where the plain row was not measured, and models of one's own, which have a card;
every row stands in the leaderboard."""

CURVES = ("train_loss", "train_accuracy", "val_accuracy", "test_accuracy")


def build_metrics(scores_dir: Path, params_enabled: Enabled, out_dir: Path) -> None:
    """Write `metrics.json` and `history.csv` into `out_dir` (`results`)."""
    scores = load_scores(scores_dir, params_enabled)
    write_json(out_dir / "metrics.json", headline_numbers(scores))
    write_text(out_dir / "history.csv", history_text(scores))


def headline_numbers(scores: Scores) -> dict[str, float]:
    """`<dataset>.<model>` -> mean test accuracy of the `last` epoch in percent, measured here."""
    numbers = {}
    own = dict.fromkeys(row.method for row in scores if row.card)
    shown = (*HEADLINES, *own)
    rows = [scores.main(dataset, model) for dataset in scores.datasets() for model in shown]
    for row in filter(None, rows):
        summary = row.summary("accuracy", row.dataset)
        if summary and not row.elsewhere:
            numbers[f"{row.dataset}.{row.model}"] = round(100 * summary.mean, 2)
    return numbers


def history(row: Row) -> dict[str, np.ndarray]:
    """A row's curves: name -> (seeds, epochs), NaN where nothing was measured in an epoch.

    Seeds of different length (a recipe that changed between them) are cut to the shortest.
    """
    runs = [cell.history for cell in row.cells]
    length = min(len(run["epoch"]) for run in runs)
    names = [name for name in runs[0] if all(name in run for run in runs)]
    return {
        name: np.array([run[name][:length] for run in runs], dtype=np.float64) for name in names
    }


def history_text(scores: Scores) -> str:
    """Long CSV: a line a dataset, model and epoch, each curve's mean over the row's seeds."""
    frames = []
    for row in scores:
        if not row.cells:
            continue
        curves = history(row)
        means = {name: curves[name].mean(axis=0) for name in CURVES if name in curves}
        frames.append(
            pd.DataFrame(
                {
                    "dataset": row.dataset,
                    "model": row.model,
                    "epoch": curves["epoch"][0].astype(int),
                    **means,
                    "seeds": len(row.cells),
                }
            )
        )
    columns = ["dataset", "model", "epoch", *CURVES, "seeds"]
    frame = pd.concat(frames) if frames else pd.DataFrame()
    text = io.StringIO()
    frame.reindex(columns=columns).to_csv(
        text, index=False, float_format="%.6g", lineterminator="\n"
    )
    return text.getvalue()
