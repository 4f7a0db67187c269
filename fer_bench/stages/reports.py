"""The stages that read scores and write what people read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from fer_bench.stages import paths
from fer_bench.stages.base import Stage

SPEC = f"{paths.SPECS}/reports.json"
"""What is enabled, and the hash of all that the reports run."""
SCORED = [paths.SCORES, paths.TUNING, paths.RELIABILITY]
"""Scores, the logs of searches that they name, and what labels allow."""
MEASURED = [paths.ROBUSTNESS, paths.EXPLAIN, paths.COST]


def table(
    name: Annotated[str, typer.Argument(help="01 to 11, s1 or s2: the paper's numbers.")],
) -> Stage:
    """Write one table of the paper as Markdown, CSV and LaTeX, its numbers beside ours.

    Example: dvc --wait-for-lock repro table08
    """
    from fer_bench.reports.tables import build_table, is_timed, table_outputs

    def run() -> None:
        from fer_bench import params

        build_table(
            name, Path(paths.SCORES), enabled(), Path(paths.PAPER), Path(paths.TABLES),
            reference=params.load().reference, cost_dir=Path(paths.COST),
            cache=Path(paths.STATISTICS),
        )  # fmt: skip

    files = table_outputs(name, Path(paths.TABLES))
    if is_timed(name):
        deps = [paths.COST, paths.PAPER, SPEC]
        return Stage(f"table {name}", deps, [], run, results=_texts(files))
    return _report(f"table {name}", [*SCORED, paths.PAPER], files, run)


def tables() -> Stage:
    """Write the pages that the paper has no table for, and the index of all tables.

    Example: dvc --wait-for-lock repro tables
    """
    from fer_bench.reports.pages import build_pages, page_outputs
    from fer_bench.reports.tables import NAMES, table_outputs

    def run() -> None:
        build_pages(
            Path(paths.SCORES), enabled(), Path(paths.PAPER), Path(paths.TABLES),
            cost_dir=Path(paths.COST), robustness_dir=Path(paths.ROBUSTNESS),
            explain_dir=Path(paths.EXPLAIN), reliability_dir=Path(paths.RELIABILITY),
            reported_dir=Path(paths.REPORTED), faces_dir=Path(paths.FACES),
            external_dir=Path(paths.EXTERNAL),
        )  # fmt: skip

    folder = Path(paths.TABLES)
    written = [f for name in NAMES for f in table_outputs(name, folder) if f.suffix == ".csv"]
    deps = [*_texts(written), *SCORED, paths.PAPER, *MEASURED]
    # Not results/faces: every set's audit writes there, also of sets that nobody enabled. A table
    # that changes changes the scores that name its hash.
    deps += [paths.REPORTED, paths.EXTERNAL]
    return _report("tables", deps, page_outputs(folder), run)


def figures() -> Stage:
    """Draw every figure that needs scores alone.

    Example: dvc --wait-for-lock repro figures
    """
    from fer_bench.reports.figures import FIGURES, INDEX

    def run() -> None:
        from fer_bench.reports.figures import build_figures

        build_figures(
            Path(paths.SCORES), enabled(), Path(paths.FIGURES), paper_dir=Path(paths.PAPER),
            robustness_dir=Path(paths.ROBUSTNESS),
        )  # fmt: skip

    deps = [*SCORED, paths.PAPER, paths.ROBUSTNESS]
    files = [*_pictures(FIGURES), Path(paths.FIGURES, INDEX)]
    return _report("figures", deps, files, run)


def galleries() -> Stage:
    """Draw the figures that show faces: masks, Grad-CAM maps, failures, channel responses.

    Those of rendered faces go to results/figures, those of photographs to results/galleries, which
    git ignores.

    Example: dvc --wait-for-lock repro galleries
    """
    from fer_bench.reports.figures.galleries import FIGURES, build_galleries

    def run() -> None:
        maps = Path(paths.RUNS) / "explain"
        build_galleries(maps, enabled(), Path(paths.FIGURES), Path(paths.GALLERIES))

    return _report("galleries", [paths.EXPLAIN], _pictures(FIGURES), run)


def leaderboard() -> Stage:
    """Write the leaderboard page, results/metrics.json and results/history.csv.

    Example: dvc --wait-for-lock repro leaderboard
    """

    def run() -> None:
        from fer_bench.reports.leaderboard import build_leaderboard
        from fer_bench.reports.leaderboard.dvc_metrics import build_metrics

        build_leaderboard(
            Path(paths.SCORES),
            enabled(),
            Path(paths.LEADERBOARD),
            robustness_dir=Path(paths.ROBUSTNESS),
            explain_dir=Path(paths.EXPLAIN),
            cost_dir=Path(paths.COST),
            reported_dir=Path(paths.REPORTED),
            paper_dir=Path(paths.PAPER),
            external_dir=Path(paths.EXTERNAL),
            cache_dir=Path(paths.STATISTICS),
        )
        build_metrics(Path(paths.SCORES), enabled(), Path(paths.METRICS).parent)

    deps = [*SCORED, paths.PAPER, *MEASURED, paths.REPORTED, paths.EXTERNAL]
    outs = [Path(paths.LEADERBOARD), Path(paths.HISTORY)]
    return _report("leaderboard", deps, outs, run, metrics=[paths.METRICS])


def _report(
    command: str,
    deps: list[str],
    files: Iterable[Path],
    run: Callable[[], None],
    metrics: Iterable[str] = (),
) -> Stage:
    """A report of what params enable."""
    return Stage(command, [*deps, SPEC], [], run, results=_texts(files), metrics=list(metrics))


def _texts(files: Iterable[Path]) -> list[str]:
    return [file.as_posix() for file in files]


def _pictures(names: Iterable[str]) -> list[Path]:
    return [Path(paths.FIGURES, f"{name}{end}") for name in names for end in (".png", ".pdf")]


def enabled() -> dict[str, dict[str, list[Any]]]:
    """What params.yaml enables, as the reports take it."""
    from fer_bench import params

    return {name: cells.model_dump() for name, cells in params.load().enabled.items()}
