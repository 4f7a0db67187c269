"""Write `benchmarks/<name>/dvc.yaml`: every source's and dataset's stages from one template."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from fer_bench import datasets as registry
from fer_bench.datasets.base import Dataset
from fer_bench.files import write_text
from fer_bench.specs import ALIGNED, identity_home

HEADER = "# Written by `fer-bench pipelines`; edit fer_bench/pipelines.py instead.\n"
CELL = {"model": "${item.model}", "seed": "${item.seed}"}
Stage = dict[str, Any]


def write_pipelines(folder: Path = Path("benchmarks")) -> list[Path]:
    """Write one dvc.yaml for each source and dataset; returns the paths."""
    written = []
    for name in sorted({*registry.sources(), *registry.datasets()}):
        stages: dict[str, Stage] = {}
        if name in registry.sources():
            stages |= _source_stages(name)
        if name in registry.datasets():
            stages |= _dataset_stages(registry.get_dataset(name))
        document = {"vars": ["../../params.yaml"], "stages": stages}
        path = folder / name / "dvc.yaml"
        write_text(path, HEADER + yaml.safe_dump(document, sort_keys=False, width=100))
        written.append(path)
    return written


def _stage(cmd: str, deps: list[str], outs: list[Any], **matrix: str) -> Stage:
    stage: Stage = {"matrix": matrix} if matrix else {}
    return stage | {"wdir": "../..", "cmd": cmd, "deps": deps, "outs": outs}


def _source_stages(name: str) -> dict[str, Stage]:
    stages = {}
    receipt = _receipts([name])
    for pack in registry.packs().values():
        if pack.source != name:
            continue
        deps = [f"runs/specs/packs/{pack.name}.json", *receipt]
        out = f"{ALIGNED}/{pack.name}"
        if pack.mask_style is None:
            stages["align"] = _stage(f"fer-bench align {pack.name}", deps, [out])
        else:
            deps.append(f"{ALIGNED}/{name}")
            stages[f"mask_{pack.mask_style}"] = _stage(f"fer-bench mask {pack.name}", deps, [out])
    return stages


def _dataset_stages(dataset: Dataset) -> dict[str, Stage]:
    name = dataset.name
    enabled = f"enabled.{name}"
    packs = [f"{ALIGNED}/{pack}" for pack in dataset.packs]
    specs, home = f"runs/specs/{name}", identity_home(dataset)
    grid = {"model": f"${{{enabled}.models}}", "seed": f"${{{enabled}.seeds}}"}
    transfer = {
        "model": f"${{{enabled}.transfer_models}}",
        "source": f"${{{enabled}.init_from}}",
        "seed": f"${{{enabled}.seeds}}",
    }
    run = f"runs/{name}/${{item.model}}/${{item.seed}}"
    moved = "${item.model}_from_${item.source}"
    moved_run = f"runs/{name}/{moved}/${{item.seed}}"
    manifests = [f"{pack}/manifest.parquet" for pack in packs]
    receipts = _receipts(sorted({registry.get_pack(p).source for p in dataset.packs}))
    stages: dict[str, Stage] = {}
    if home == name:
        stages["identity"] = _stage(
            f"fer-bench identity {name}",
            [f"runs/specs/identity/{name}.json", *packs],
            [f"runs/{name}/identity"],
        )
    stages["view"] = _stage(
        f"fer-bench view {name}",
        [f"runs/specs/views/{name}.json", *packs],
        [f"runs/views/{name}.json"],
    )
    stages["starts"] = _stage(
        f"fer-bench starts {name}", [specs, f"runs/{home}/identity"], [f"runs/{name}/starts"]
    )
    stages["train"] = _stage(
        f"fer-bench train {name} ${{item.model}} ${{item.seed}}",
        [f"{specs}/${{item.model}}.json", f"runs/{name}/starts/${{item.model}}.json", *packs],
        [f"{run}/train"],
        **grid,
    )
    stages["transfer"] = _stage(
        f"fer-bench transfer {name} ${{item.model}} ${{item.source}} ${{item.seed}}",
        [
            f"{specs}/{moved}.json",
            "runs/${item.source}/${item.model}/${item.seed}/train/weights/last.safetensors",
            *packs,
        ],
        [f"{moved_run}/train"],
        **transfer,
    )
    stages["evaluate"] = _stage(
        f"fer-bench evaluate {name} ${{item.model}} ${{item.seed}} ${{item.set}}",
        [
            f"{specs}/${{item.model}}.json",
            "runs/views/${item.set}.json",
            f"{run}/train/weights",
        ],
        [f"{run}/on_${{item.set}}"],
        **grid,
        set=f"${{{enabled}.evaluate_on}}",
    )
    for stage, axes, folder, row in (
        ("score", grid, run, "${item.model}"),
        ("score_transfer", transfer, moved_run, moved),
    ):
        stages[stage] = _stage(
            f"fer-bench score {name} {row} ${{item.seed}}",
            [f"runs/specs/scores/{name}.json", folder, *manifests, *receipts],
            [{f"results/scores/{name}/{row}/${{item.seed}}.json": {"cache": False}}],
            **axes,
        )
    return stages


def _receipts(sources: list[str]) -> list[str]:
    return [
        f"benchmarks/{name}/source.json"
        for name in sources
        if not registry.get_source(name).rendered
    ]
