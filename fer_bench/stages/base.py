"""What a stage is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any

import typer

from fer_bench.row_names import MOST_SEED
from fer_bench.stages import paths

Dataset = Annotated[str, typer.Argument(help="A dataset of params.yaml, e.g. synthetic.")]
Model = Annotated[str, typer.Argument(help="A model or variant, e.g. scan_cci.")]
Seed = Annotated[int, typer.Argument(help="The seed of the cell.", min=0, max=MOST_SEED)]

TAUGHT = "taught_"
"""How the names of stages begin that train a student; its row follows."""


@dataclass(frozen=True)
class Stage:
    """One stage of the pipeline, or with `${...}` in its names what DVC's matrix makes many of.

    Args:
        command: what follows `fer-bench`.
        deps: paths it reads.
        outs: paths it writes that DVC's cache keeps.
        results: paths it writes that git keeps.
        run: does it.
        metrics: a path that `dvc metrics show` reads; git keeps it.
        log: its file below `runs/.log`, where its time is worth keeping.
    """

    command: str
    deps: list[str]
    outs: list[str]
    run: Callable[[], Any]
    results: list[str] = field(default_factory=list)
    metrics: list[str] = field(default_factory=list)
    log: str | None = None

    def to_dvc(self, **matrix: str) -> dict[str, Any]:
        """The stage as dvc.yaml holds it; `matrix`: the lists of params it is repeated over."""
        outs: list[Any] = [*self.outs, *map(_in_git, self.results)]
        shown = {"matrix": matrix, "cmd": f"fer-bench {self.command}", "deps": self.deps,
                 "outs": outs, "metrics": [_in_git(path) for path in self.metrics]}  # fmt: skip
        return {key: value for key, value in shown.items() if value}


def _in_git(path: str) -> dict[str, Any]:
    return {path: {"cache": False}}


def aligned(dataset: str) -> list[str]:
    """The packs that a dataset looks at."""
    return [paths.pack(name) for name in _packs(dataset)]


def receipts(dataset: str) -> list[str]:
    """The receipts of the sources that a dataset looks at."""
    return [path for name in sorted(set(map(source_of, _packs(dataset)))) for path in receipt(name)]


def receipt(source: str) -> list[str]:
    """The receipt of a source; none where it is drawn here."""
    from fer_bench import datasets

    return [] if datasets.get_source(source).rendered else [paths.receipt(source)]


def source_of(pack: str) -> str:
    """The source of a pack."""
    from fer_bench import datasets  # loads pandas, which `--help` can do without

    return datasets.get_pack(pack).source


def _packs(dataset: str) -> tuple[str, ...]:
    from fer_bench import datasets

    return tuple(datasets.get_dataset(dataset).packs)
