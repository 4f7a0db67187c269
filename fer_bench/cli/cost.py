"""`fer-bench cost`: what models cost on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fer_bench.stages import paths


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
    from fer_bench.reports.cost_results import write_pages

    register()
    variants = {name: v.model_dump() for name, v in params.load().every_variant.items()}
    networks = chosen_networks(model or [], variants, backbone=backbone, size=size)
    plan = with_changes(QUICK if quick else plan_for(device), batch=batch)
    folder = Path("runs/cost") if quick else Path(paths.COST)
    merge = bool(model or backbone or size)
    print(measure_cost(networks, folder, device, plan, merge=merge))
    for page in write_pages(folder):
        print(page)
