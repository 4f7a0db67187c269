"""The commands that DVC stages call, made from the stages, and two that look after them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import typer

from fer_bench.cli import predictions
from fer_bench.cli.log import logged
from fer_bench.cores import one_thread
from fer_bench.errors import FerBenchError
from fer_bench.stages import cells, packs, paths, reports
from fer_bench.stages.base import Stage

PANEL = "Pipeline stages (called by `dvc repro` and `fer-bench sweep`)"
BUILDERS: tuple[Callable[..., Stage], ...] = (
    packs.model_file, packs.specs, packs.align, packs.mask, packs.view, packs.audit,
    packs.identity, packs.starts, cells.train, cells.transfer, cells.evaluate, cells.robustness,
    cells.explain, cells.score, reports.table, reports.tables,
    reports.figures, reports.galleries, reports.leaderboard,
)  # fmt: skip


def add_to(app: typer.Typer) -> None:
    """Add every stage command to `app`, in pipeline order."""
    app.command(rich_help_panel="Set-up")(check)
    app.command(rich_help_panel="Set-up")(pipelines)
    for build in BUILDERS:
        command = predictions.score if build is cells.score else command_of(build)
        app.command(rich_help_panel=PANEL)(command)
    app.command(rich_help_panel="Look and measure")(predictions.keep)


def command_of(build: Callable[..., Stage]) -> Callable[..., None]:
    """The command of a stage: its arguments and help, and doing it."""

    @wraps(build)
    def command(*args: Any, **kwargs: Any) -> None:
        one_thread()
        stage = build(*args, **kwargs)
        with logged(stage.log):
            stage.run()

    return command


def check() -> None:
    """Validate params.yaml: every key, value and name, and that each enabled model can be built.

    Example: fer-bench check
    """
    from fer_bench import params, specs
    from fer_bench.protocol import read_protocol
    from fer_bench.receiving import empty_classes

    loaded = params.load()
    specs.resolve(loaded)
    protocol = read_protocol()
    print(f"protocol: version {protocol.version}, {protocol.sha256}")
    used: dict[str, None] = {}
    for name, enabled in loaded.enabled.items():
        count = len(enabled.seeds) * (
            len(enabled.models) + len(enabled.init_from) * len(enabled.transfer_models)
        )
        print(f"{name}: {count} cells" if count else f"{name}: disabled")
        if count:
            used |= dict.fromkeys([name, *enabled.evaluate_on])
    for name in used:
        for sentence in empty_classes(name):
            print(f"{name}: {sentence}")


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
