"""The commands that DVC stages call, made from the stages."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import typer

from fer_bench.cli import score, table
from fer_bench.cli.log import logged
from fer_bench.cores import one_thread
from fer_bench.stages import before_training as before
from fer_bench.stages import cells, reports
from fer_bench.stages.base import Stage

PANEL = "Pipeline stages (called by `dvc repro` and `fer-bench sweep`)"
BUILDERS: tuple[Callable[..., Stage], ...] = (
    before.model_file, before.specs, before.align, before.mask, before.view, before.audit,
    before.identity, before.starts, cells.train, cells.transfer, cells.evaluate, cells.robustness,
    cells.explain, cells.score, reports.table, reports.tables, reports.figures, reports.galleries,
    reports.leaderboard,
)  # fmt: skip

BY_HAND_TOO: dict[Callable[..., Stage], Callable[..., None]] = {
    cells.score: score.score, reports.table: table.table,
}  # fmt: skip
"""Stages whose command can do more."""


def add_to(app: typer.Typer) -> None:
    """Add every stage command to `app`, in pipeline order."""
    for build in BUILDERS:
        command = BY_HAND_TOO.get(build) or command_of(build)
        app.command(rich_help_panel=PANEL)(command)


def command_of(build: Callable[..., Stage]) -> Callable[..., None]:
    """The command of a stage: its arguments and help, and doing it."""

    @wraps(build)
    def command(*args: Any, **kwargs: Any) -> None:
        one_thread()
        stage = build(*args, **kwargs)
        with logged(stage.log):
            stage.run()

    return command
