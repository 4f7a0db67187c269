"""From score files to tables, figures, the leaderboard and DVC's metrics and plots.

Reports read `results/scores`, the enabled lists of params.yaml and `benchmarks/paper`, and nothing
else: no predictions, no checkpoints, no torch. Equal scores give equal bytes.
"""

from __future__ import annotations

from pathlib import Path

from fer_bench.reports.scores import Enabled


def build_tables(scores_dir: Path, params_enabled: Enabled, paper_dir: Path, out_dir: Path) -> None:
    """Write every table, page and their index into `out_dir`; see `reports.tables`."""
    from fer_bench.reports import tables

    tables.build_tables(scores_dir, params_enabled, paper_dir, out_dir)


def build_figures(
    scores_dir: Path,
    params_enabled: Enabled,
    out_dir: Path,
    *,
    paper_dir: Path | None = None,
    robustness_dir: Path | None = None,
) -> None:
    """Write every figure as PNG and PDF into `out_dir`; see `reports.figures`."""
    from fer_bench.reports import figures

    figures.build_figures(
        scores_dir, params_enabled, out_dir, paper_dir=paper_dir, robustness_dir=robustness_dir
    )


def build_leaderboard(
    scores_dir: Path,
    params_enabled: Enabled,
    out_dir: Path,
    *,
    robustness_dir: Path | None = None,
    explain_dir: Path | None = None,
    cost_dir: Path | None = None,
    reported_dir: Path | None = None,
    paper_dir: Path | None = None,
    external_dir: Path | None = None,
    cache_dir: Path | None = None,
) -> None:
    """Write the folder `out_dir` (`results/leaderboard`) as a whole; see `reports.leaderboard`."""
    from fer_bench.reports import leaderboard

    leaderboard.build_leaderboard(
        scores_dir,
        params_enabled,
        out_dir,
        robustness_dir=robustness_dir,
        explain_dir=explain_dir,
        cost_dir=cost_dir,
        reported_dir=reported_dir,
        paper_dir=paper_dir,
        external_dir=external_dir,
        cache_dir=cache_dir,
    )


def build_metrics(scores_dir: Path, params_enabled: Enabled, out_dir: Path) -> None:
    """Write `metrics.json` and `history.csv` into `out_dir`; see `reports.metrics`."""
    from fer_bench.reports import metrics

    metrics.build_metrics(scores_dir, params_enabled, out_dir)
