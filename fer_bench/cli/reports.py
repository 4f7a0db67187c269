"""The commands that people call to look at scores: comparisons, differences, cost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from fer_bench.stages import paths
from fer_bench.stages.reports import enabled

SCORES, ROBUSTNESS, COST = (Path(p) for p in (paths.SCORES, paths.ROBUSTNESS, paths.COST))


def add_to(app: typer.Typer) -> None:
    """Add every command that is called by hand to `app`."""
    by_hand: tuple[Callable[..., None], ...] = (compare, report, cost)
    for command in by_hand:
        app.command(rich_help_panel="Look and measure")(command)


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

    scores = load_scores(SCORES, enabled())
    print(
        compare_text(
            scores,
            dataset,
            one,
            other,
            set_=on,
            part=part,
            margin=margin / 100,
            cache=Path(paths.STATISTICS),
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

    print(diff_markdown(Path(), diff, SCORES, enabled(), robustness_dir=ROBUSTNESS), end="")


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
