"""From score files to tables, figures, the leaderboard and DVC's metrics and plots.

Reports read `results/scores`, the enabled lists of params.yaml and `benchmarks/paper`, and nothing
else: no predictions, no checkpoints, no torch. Equal scores give equal bytes.
"""

from __future__ import annotations

from pathlib import Path

from fer_bench.reports.scores import Enabled


def build_tables(scores_dir: Path, params_enabled: Enabled, paper_dir: Path, out_dir: Path) -> None:
    """Write `table<NN>.md` and `.csv` into `out_dir`; see `reports.tables`."""
    from fer_bench.reports import tables

    tables.build_tables(scores_dir, params_enabled, paper_dir, out_dir)


def build_figures(scores_dir: Path, params_enabled: Enabled, out_dir: Path) -> None:
    """Write confusion matrices, curves and subset accuracy into `out_dir`; see `figures`."""
    from fer_bench.reports import figures

    figures.build_figures(scores_dir, params_enabled, out_dir)


def build_leaderboard(scores_dir: Path, params_enabled: Enabled, out_dir: Path) -> None:
    """Write `leaderboard.md` into `out_dir`; see `reports.leaderboard`."""
    from fer_bench.reports import leaderboard

    leaderboard.build_leaderboard(scores_dir, params_enabled, out_dir)


def build_metrics(scores_dir: Path, params_enabled: Enabled, out_dir: Path) -> None:
    """Write `metrics.json` and `history.csv` into `out_dir`; see `reports.metrics`."""
    from fer_bench.reports import metrics

    metrics.build_metrics(scores_dir, params_enabled, out_dir)
