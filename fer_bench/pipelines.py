"""Write `benchmarks/<name>/dvc.yaml`: every source's and dataset's stages from one template."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from fer_bench import datasets as registry
from fer_bench.datasets.base import Dataset
from fer_bench.files import write_text
from fer_bench.rows import transferred
from fer_bench.specs.options import identity_home

HEADER = "# Written by `fer-bench pipelines`; edit fer_bench/pipelines.py instead.\n"
MOVED = transferred("${item.model}", "${item.source}")
Stage = dict[str, Any]
ALIGNED = "data/aligned"


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
    packs = [f"{ALIGNED}/{pack}" for pack in dataset.packs]
    receipts = _receipts(sorted({registry.get_pack(p).source for p in dataset.packs}))
    stages = {
        "view": _stage(
            f"fer-bench view {name}",
            [f"runs/specs/views/{name}.json", *packs],
            [f"runs/views/{name}.json"],
        ),
        "audit": _stage(
            f"fer-bench audit {name}",
            [f"runs/specs/audit/{name}.json", *packs, *receipts],
            [f"runs/audit/{name}.json", {f"results/audit/{name}.md": {"cache": False}}],
        ),
    }
    if dataset.protocol != "test":
        stages |= _training_stages(dataset, packs)
        stages |= _score_stages(dataset, packs, receipts)
    return stages


def _training_stages(dataset: Dataset, packs: list[str]) -> dict[str, Stage]:
    name, specs = dataset.name, f"runs/specs/{dataset.name}"
    home = identity_home(dataset)
    stages: dict[str, Stage] = {}
    if home == name:
        stages["identity"] = _stage(
            f"fer-bench identity {name}",
            [f"runs/specs/identity/{name}.json", *packs],
            [f"runs/{name}/identity"],
        )
    stages["starts"] = _stage(
        f"fer-bench starts {name}", [specs, f"runs/{home}/identity"], [f"runs/{name}/starts"]
    )
    stages["train"] = _stage(
        f"fer-bench train {name} ${{item.model}} ${{item.seed}}",
        [f"{specs}/${{item.model}}.json", f"runs/{name}/starts/${{item.model}}.json", *packs],
        [f"{_run(name)}/train"],
        **_grid(name),
    )
    stages["transfer"] = _stage(
        f"fer-bench transfer {name} ${{item.model}} ${{item.source}} ${{item.seed}}",
        [
            f"{specs}/{MOVED}.json",
            "runs/${item.source}/${item.model}/${item.seed}/train/weights/last.safetensors",
            *packs,
        ],
        [f"{_run(name, MOVED)}/train"],
        **_transfer_grid(name),
    )
    if dataset.protocol == "split":
        stages["evaluate"] = _stage(
            f"fer-bench evaluate {name} ${{item.model}} ${{item.seed}} ${{item.set}}",
            [
                f"{specs}/${{item.model}}.json",
                "runs/views/${item.set}.json",
                "runs/audit/${item.set}.json",
                f"{_run(name)}/train/weights",
            ],
            [f"{_run(name)}/on_${{item.set}}"],
            **_grid(name),
            set=f"${{enabled.{name}.evaluate_on}}",
        )
        stages |= _examinations(name, specs)
    return stages


def _examinations(name: str, specs: str) -> dict[str, Stage]:
    """Trained weights on corrupted faces, and what Grad-CAM says of them."""
    row, cell = f"{specs}/${{item.model}}.json", "${item.model}/${item.seed}"
    return {
        "robustness": _stage(
            f"fer-bench robustness {name} ${{item.model}} ${{item.seed}}",
            [row, "runs/specs/robustness.json", f"runs/views/{name}.json",
             f"{_run(name)}/train/weights"],
            [{f"results/robustness/{name}/{cell}.json": {"cache": False}}],
            **_grid(name, "robustness"),
        ),
        "explain": _stage(
            f"fer-bench explain {name} ${{item.model}} ${{item.seed}}",
            [row, f"runs/specs/explain/{name}.json", f"runs/views/{name}.json", _run(name)],
            [f"runs/explain/{name}/{cell}",
             {f"results/explain/{name}/{cell}": {"cache": False}}],
            **_grid(name, "explain"),
        ),
    }  # fmt: skip


def _score_stages(dataset: Dataset, packs: list[str], receipts: list[str]) -> dict[str, Stage]:
    name = dataset.name
    manifests = [f"{pack}/manifest.parquet" for pack in packs]
    return {
        stage: _stage(
            f"fer-bench score {name} {row} ${{item.seed}}",
            [
                f"runs/specs/scores/{name}.json",
                f"runs/specs/cards/{row}.json",
                _run(name, row),
                f"runs/audit/{name}.json",
                *manifests,
                *receipts,
            ],
            [{f"results/scores/{name}/{row}/${{item.seed}}.json": {"cache": False}}],
            **axes,
        )
        for stage, axes, row in (
            ("score", _grid(name), "${item.model}"),
            ("score_transfer", _transfer_grid(name), MOVED),
        )
    }


def _run(name: str, row: str = "${item.model}") -> str:
    return f"runs/{name}/{row}/${{item.seed}}"


def _grid(name: str, models: str = "models") -> dict[str, str]:
    return {"model": f"${{enabled.{name}.{models}}}", "seed": f"${{enabled.{name}.seeds}}"}


def _transfer_grid(name: str) -> dict[str, str]:
    return {
        "model": f"${{enabled.{name}.transfer_models}}",
        "source": f"${{enabled.{name}.init_from}}",
        "seed": f"${{enabled.{name}.seeds}}",
    }


def _receipts(sources: list[str]) -> list[str]:
    return [
        f"benchmarks/{name}/source.json"
        for name in sources
        if not registry.get_source(name).rendered
    ]
