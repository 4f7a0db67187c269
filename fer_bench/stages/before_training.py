"""The stages before any training: specs, faces, and what is known of each dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fer_bench.files import read_json, write_json
from fer_bench.stages import paths
from fer_bench.stages.base import Dataset, Stage, aligned, receipt, receipts, source_of
from fer_bench.stages.recorded import forget_if_recorded

PARTS = [
    paths.PARAMS, "fer_bench", f"{paths.BENCHMARKS}/weights.json",
    f"{paths.BENCHMARKS}/challenge_lists", paths.MODEL_FILES, "docs/protocol.md",
]  # fmt: skip


def model_file(
    file: Annotated[str, typer.Argument(help="A Python file of params.yaml's model_files.")],
) -> Stage:
    """Record a model file's code, so that an edit makes its cells stale."""
    out = f"{paths.MODEL_FILES}/{file}.json"

    def run() -> None:
        from fer_bench.models import outside

        write_json(out, outside.receipt(Path(file)))

    return Stage(f"model-file {file}", [file], [], run, results=[out])


def specs() -> Stage:
    """Resolve params.yaml into one spec a stage, runs/specs/**.json."""
    from fer_bench import datasets

    def run() -> None:
        from fer_bench import params
        from fer_bench.specs import write_specs

        write_specs(params.load(), Path(paths.SPECS))

    own = [paths.own_set(name) for name in datasets.own_sets()]
    return Stage("specs", [*PARTS, *own], [paths.SPECS], run)


def align(pack: Annotated[str, typer.Argument(help="A pack, e.g. synthetic.")]) -> Stage:
    """Detect, align and pack the faces of a source.

    Example: fer-bench align facial_expressions
    """
    spec = paths.spec("packs", pack)

    def run() -> None:
        from fer_bench.faces.align import align as faces

        faces(read_json(spec), Path(paths.pack(pack)))

    deps = [spec, *receipt(source_of(pack))]
    return Stage(f"align {pack}", deps, [paths.pack(pack)], run, log=f"packs/{pack}")


def mask(pack: Annotated[str, typer.Argument(help="A masked pack.")]) -> Stage:
    """Put face masks on a source's images and pack them with the unmasked faces' landmarks.

    Example: fer-bench mask synthetic_masked
    """
    spec, source = paths.spec("packs", pack), source_of(pack)

    def run() -> None:
        from fer_bench.faces.mask import mask as faces

        faces(read_json(spec), Path(paths.pack(source)), Path(paths.pack(pack)))

    deps = [spec, *receipt(source), paths.pack(source)]
    return Stage(f"mask {pack}", deps, [paths.pack(pack)], run, log=f"packs/{pack}")


def view(dataset: Dataset) -> Stage:
    """Write runs/views/<dataset>.json: its packs, classes and the hashes of its faces."""
    spec, out = paths.spec("views", dataset), paths.view(dataset)

    def run() -> None:
        from fer_bench.faces.view import write_view

        write_view(Path(spec), Path(paths.ALIGNED), Path(out))

    return Stage(f"view {dataset}", [spec, *aligned(dataset)], [out], run)


def audit(dataset: Dataset) -> Stage:
    """Look for duplicates, label conflicts, shared people, undetected faces and wrong counts.

    Writes results/audit/<dataset>.md to read, and results/faces/<dataset>.parquet for scoring.

    Example: fer-bench audit synthetic
    """
    spec, table, page, listed = (
        paths.spec("audit", dataset), paths.faces(dataset), paths.audit_page(dataset),
        paths.lists(dataset),
    )  # fmt: skip

    def run() -> None:
        from fer_bench.audit.audit import audit_dataset

        audit_dataset(
            read_json(spec),
            packs_root=Path(paths.ALIGNED),
            receipts_root=Path(paths.BENCHMARKS),
            lists_root=Path(paths.CHALLENGE_LISTS),
            page=Path(page),
            table=Path(table),
            listed=Path(listed),
        )

    deps = [spec, *aligned(dataset), *receipts(dataset)]
    return Stage(f"audit {dataset}", deps, [listed], run, results=[page, table])


def identity(dataset: Dataset) -> Stage:
    """Pre-train the backbones that rows start from to tell the dataset's train people apart."""
    spec, out = paths.spec("identity", dataset), paths.identity(dataset)

    def run() -> None:
        from fer_bench.training.identity import train_identity

        train_identity(Path(spec), Path(out), Path(paths.ALIGNED))

    deps = [spec, *aligned(dataset)]
    return Stage(f"identity {dataset}", deps, [out], run, log=f"{dataset}/identity")


def starts(dataset: Dataset) -> Stage:
    """Write what each row's weights start from, runs/<dataset>/starts/<row>.json."""
    rows, out = f"{paths.SPECS}/{dataset}", paths.starts(dataset)
    homes = _identity_homes(dataset)

    def run() -> None:
        from fer_bench import params
        from fer_bench.training.starts import write_starts

        write_starts(Path(rows), params.load().enabled[dataset].trained, Path(out))
        for home in homes:
            forget_if_recorded(paths.identity(home), home, f"{home}/identity_*/*")

    return Stage(f"starts {dataset}", [rows, *map(paths.identity, homes)], [out], run)


def _identity_homes(dataset: str) -> list[str]:
    """Datasets whose identity weights its rows may start from, as params.yaml says."""
    from fer_bench import datasets, params
    from fer_bench.specs.options import identity_homes

    return identity_homes(params.load(), datasets.get_dataset(dataset))
