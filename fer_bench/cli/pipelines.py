"""`fer-bench pipelines`: the files that are written from the registries."""

from __future__ import annotations

from pathlib import Path

from fer_bench.errors import FerBenchError
from fer_bench.stages import paths


def pipelines() -> None:
    """Write dvc.yaml, benchmarks/*/dvc.yaml and docs/datasets.md's table, as the registries say.

    Needed after adding a dataset, table, page or figure.

    Example: fer-bench pipelines
    """
    from fer_bench.reports.dataset_table import PAGE, update_page
    from fer_bench.stages.pipeline import write_pipelines

    if not all(Path(name).is_file() for name in (paths.PARAMS, "docs/protocol.md", "dvc.yaml")):
        raise FerBenchError(
            f"{Path.cwd()} is not the project's folder, whose dvc.yaml this writes: go there first"
        )
    for path in write_pipelines():
        print(path)
    if update_page(PAGE):
        print(PAGE)
