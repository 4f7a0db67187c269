"""One step of the reports from the invented score files: what `reports.py` starts and times.

python report_steps.py tables|figures|page ROOT CACHE [few]
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import invented_scores

from fer_bench.reports.figures import build_figures
from fer_bench.reports.leaderboard import build_leaderboard
from fer_bench.reports.leaderboard.dvc_metrics import build_metrics
from fer_bench.reports.pages import build_tables_and_pages

PROJECT = Path(__file__).parents[2]
PAPER, COST = PROJECT / "benchmarks/paper", PROJECT / "results/cost"


def tables(root: Path, cache: Path, few: bool) -> None:
    """Every table and page of `results/tables`."""
    build_tables_and_pages(
        root / "scores", invented_scores.enabled(few), PAPER, root / "out/tables", cost_dir=COST,
        robustness_dir=root / "robustness", cache=cache,
    )  # fmt: skip


def figures(root: Path, cache: Path, few: bool) -> None:
    """As the stage `figures`; it keeps nothing."""
    build_figures(
        root / "scores", invented_scores.enabled(few), root / "out/figures", paper_dir=PAPER,
        robustness_dir=root / "robustness",
    )  # fmt: skip


def page(root: Path, cache: Path, few: bool) -> None:
    """As the stage `leaderboard`."""
    lists, out = invented_scores.enabled(few), root / "out"
    build_leaderboard(
        root / "scores", lists, out / "leaderboard", robustness_dir=root / "robustness",
        cost_dir=COST, reported_dir=PROJECT / "benchmarks/reported", paper_dir=PAPER,
        cache_dir=cache,
    )  # fmt: skip
    build_metrics(root / "scores", lists, out)


STEPS: dict[str, Callable[[Path, Path, bool], None]] = {
    "tables": tables, "figures": figures, "page": page,
}  # fmt: skip

if __name__ == "__main__":
    step, root, cache, *few = sys.argv[1:]
    STEPS[step](Path(root), Path(cache), bool(few))
