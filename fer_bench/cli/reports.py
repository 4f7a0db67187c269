"""The commands that read scores: tables, figures, the leaderboard, comparisons, cost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

SCORES, ROBUSTNESS, EXPLAIN, COST = (
    Path("results") / name for name in ("scores", "robustness", "explain", "cost")
)
EXTERNAL = Path("results/external")
PAPER, REPORTED = Path("benchmarks/paper"), Path("benchmarks/reported")
FIGURES = Path("results/figures")
CACHE = Path("runs/.statistics")  # of resampled comparisons; no out, deleting it changes nothing
PANEL = "Reports (called by `dvc repro`)"


def add_to(app: typer.Typer) -> None:
    """Add every report command to `app`."""
    stages: tuple[Callable[..., None], ...] = (table, tables, figures, galleries, leaderboard)
    for command in stages:
        app.command(rich_help_panel=PANEL)(command)
    by_hand: tuple[Callable[..., None], ...] = (compare, report, cost)
    for command in by_hand:
        app.command(rich_help_panel="Look and measure")(command)


def table(
    name: Annotated[str, typer.Argument(help="01 to 11, s1 or s2: the paper's numbers.")],
) -> None:
    """Write one table of the paper as Markdown, CSV and LaTeX, its numbers beside ours.

    Example: dvc repro table08
    """
    from fer_bench.reports.tables import build_table

    build_table(name, SCORES, _enabled(), PAPER, Path("results/tables"), cost_dir=COST, cache=CACHE)


def tables() -> None:
    """Write the pages that the paper has no table for, and the index of all tables.

    Example: dvc repro tables
    """
    from fer_bench.reports.pages import build_pages

    build_pages(
        SCORES,
        _enabled(),
        PAPER,
        Path("results/tables"),
        cost_dir=COST,
        robustness_dir=ROBUSTNESS,
        explain_dir=EXPLAIN,
    )


def figures() -> None:
    """Draw every figure that needs scores alone.

    Example: dvc repro figures
    """
    from fer_bench.reports.figures import build_figures

    build_figures(SCORES, _enabled(), FIGURES, paper_dir=PAPER, robustness_dir=ROBUSTNESS)


def galleries() -> None:
    """Draw the figures that show faces: masks, Grad-CAM maps, failures, channel responses.

    Those of rendered faces go to results/figures, those of photographs to results/galleries, which
    git ignores.

    Example: dvc repro galleries
    """
    from fer_bench.reports.figures.galleries import build_galleries

    build_galleries(Path("runs/explain"), _enabled(), FIGURES, Path("results/galleries"))


def leaderboard() -> None:
    """Write the leaderboard page, results/metrics.json and results/history.csv.

    Example: dvc repro leaderboard
    """
    from fer_bench.reports.leaderboard import build_leaderboard
    from fer_bench.reports.metrics import build_metrics

    build_leaderboard(
        SCORES,
        _enabled(),
        Path("results/leaderboard"),
        robustness_dir=ROBUSTNESS,
        explain_dir=EXPLAIN,
        cost_dir=COST,
        reported_dir=REPORTED,
        paper_dir=PAPER,
        external_dir=EXTERNAL,
        cache_dir=CACHE,
    )
    build_metrics(SCORES, _enabled(), Path("results"))


def compare(
    dataset: Annotated[str, typer.Argument(help="What both were trained on, e.g. synthetic.")],
    one: Annotated[str, typer.Argument(help="A row, e.g. scan_cci.")],
    other: Annotated[str, typer.Argument(help="The row it is compared with.")],
    on: Annotated[str | None, typer.Option(help="Another set, e.g. synthetic_masked.")] = None,
    part: Annotated[str, typer.Option(help="A part of the set, e.g. occluded.")] = "all",
    margin: Annotated[float, typer.Option(help="What counts as equal, in points.")] = 1.0,
) -> None:
    """Say whether one row is better than another, and how sure that is.

    Example: fer-bench compare synthetic scan_cci baseline_identity
    """
    from fer_bench.reports.compare.in_words import compare_text
    from fer_bench.reports.scores import load_scores

    scores = load_scores(SCORES, _enabled())
    print(
        compare_text(
            scores, dataset, one, other, set_=on, part=part, margin=margin / 100, cache=CACHE
        )
    )


def report(
    diff: Annotated[
        str, typer.Option(help="A git revision, e.g. origin/main.", show_default=False)
    ],
) -> None:
    """Print what changed in the scores against another git revision, as Markdown.

    Example: fer-bench report --diff origin/main
    """
    from fer_bench.reports.compare.diff import diff_markdown

    print(diff_markdown(Path(), diff, SCORES, _enabled(), robustness_dir=ROBUSTNESS), end="")


def cost(
    model: Annotated[list[str] | None, typer.Argument(help="Models or variants.")] = None,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    backbone: Annotated[str | None, typer.Option(help="Instead of resnet50.")] = None,
    size: Annotated[int | None, typer.Option(help="Pixels, instead of 224.")] = None,
    batch: Annotated[int | None, typer.Option(help="Images in a batch.", min=1)] = None,
    quick: Annotated[bool, typer.Option(help="See that it runs; quote nothing.")] = False,
) -> None:
    """Measure parameters, FLOPs, latency, throughput and peak memory on this machine.

    Writes results/cost/<device>.json and .md; commit both. With models, backbone or size named, the
    other networks of the file stay. The weights are random: time does not depend on them. Leave the
    machine alone meanwhile: the numbers are worth no more than its rest. With --quick, they go to
    runs/cost.

    Examples: make cost; fer-bench cost scan_cci scan_cci_shared --device cuda
    """
    from fer_bench import params
    from fer_bench.cli.models import register
    from fer_bench.evaluation.cost import chosen_networks, measure_cost, with_changes
    from fer_bench.evaluation.timing import QUICK, plan_for
    from fer_bench.reports.cost import write_pages

    register()
    variants = {name: v.model_dump() for name, v in params.load().variants.items()}
    networks = chosen_networks(model or [], variants, backbone=backbone, size=size)
    plan = with_changes(QUICK if quick else plan_for(device), batch=batch)
    folder = Path("runs/cost") if quick else COST
    merge = bool(model or backbone or size)
    print(measure_cost(networks, folder, device, plan, merge=merge))
    for page in write_pages(folder):
        print(page)


def _enabled() -> dict[str, dict[str, list[Any]]]:
    from fer_bench import params

    return {name: cells.model_dump() for name, cells in params.load().enabled.items()}
