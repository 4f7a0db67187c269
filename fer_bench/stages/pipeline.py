"""`dvc.yaml` and `benchmarks/*/dvc.yaml`, written from the stages.

A stage of cells is called once with `${item.model}` in the model's place: DVC's matrix makes the
cells that params.yaml enables, so that enabling one is a list entry there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from fer_bench import datasets as registry
from fer_bench.files import write_text
from fer_bench.row_names import transferred
from fer_bench.specs.options import identity_home
from fer_bench.stages import before_training as before
from fer_bench.stages import cells, paths, reports
from fer_bench.stages.base import TAUGHT, Stage

HEADER = "# Written by `fer-bench pipelines`; edit fer_bench/stages instead.\n"
ABOUT = """\
# The two ends of the pipeline; each dataset's stages are in benchmarks/<dataset>/dvc.yaml.
# Plain `dvc repro` runs what params.yaml enables, because the reports depend on results/scores.
"""
MODEL, SOURCE, SET = "${item.model}", "${item.source}", "${item.set}"
SEED: Any = "${item.seed}"
Stages = dict[str, dict[str, Any]]


def write_pipelines(folder: Path = Path()) -> list[Path]:
    """Write dvc.yaml below `folder`, and one for each source and dataset; returns the paths."""
    root = {"stages": _ends(), "plots": _plots()}
    written = [_write(folder / "dvc.yaml", HEADER + ABOUT, root)]
    for name in sorted({*registry.sources(), *registry.datasets()}):
        stages = _of_source(name) | (_of_dataset(name) if name in registry.datasets() else {})
        placed = {key: {"wdir": "../..", **stage} for key, stage in stages.items()}
        document = {"vars": ["../../params.yaml"], "stages": placed}
        written.append(_write(folder / paths.BENCHMARKS / name / "dvc.yaml", HEADER, document))
    return written


class _Plain(yaml.SafeDumper):
    """Without aliases: the files are read more often by people than by DVC."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _write(path: Path, above: str, document: dict[str, Any]) -> Path:
    write_text(path, above + yaml.dump(document, Dumper=_Plain, sort_keys=False, width=100))
    return path


def _ends() -> Stages:
    """What comes before every dataset, and the reports."""
    from fer_bench.reports.tables import NAMES

    stages: Stages = {
        # Their receipts are what tells the specs of an edit.
        "model_file": before.model_file("${item.file}").to_dvc(file="${model_files}"),
        "specs": before.specs().to_dvc(),
    }
    stages |= {f"table{_stem(name)}": reports.table(name).to_dvc() for name in NAMES}
    for build in (reports.tables, reports.figures, reports.galleries,
                  reports.leaderboard):  # fmt: skip
        stages[build.__name__] = build().to_dvc()
    return stages


def _stem(table: str) -> str:
    return table if table[0].isdigit() else f"_{table}"


def _plots() -> list[Any]:
    curves = (
        ("test accuracy by epoch", "test_accuracy", "test accuracy (mean over seeds)"),
        ("train loss by epoch", "train_loss", "training loss (mean over seeds)"),
    )
    drawn = [
        {
            title: {
                "x": "epoch", "y": {paths.HISTORY: column}, "x_label": "epoch",
                "y_label": label, "template": "benchmarks/plots/history.json",
            }
        }
        for title, column, label in curves
    ]  # fmt: skip
    return [*drawn, f"{paths.FIGURES}/figure05.png"]


def _of_source(name: str) -> Stages:
    stages: Stages = {}
    for pack in registry.packs().values():
        if pack.source == name and pack.mask_style is None:
            stages["align"] = before.align(pack.name).to_dvc()
        elif pack.source == name:
            stages[f"mask_{pack.mask_style}"] = before.mask(pack.name).to_dvc()
    return stages


def _of_dataset(name: str) -> Stages:
    dataset = registry.get_dataset(name)
    stages = {
        "view": before.view(name).to_dvc(),
        "audit": before.audit(name).to_dvc(),
    }
    if dataset.protocol == "test":
        return stages
    if identity_home(dataset) == name:
        stages["identity"] = before.identity(name).to_dvc()
    stages["starts"] = before.starts(name).to_dvc()
    stages["train"] = _repeated(name, cells.train(name, MODEL, SEED))
    stages["transfer"] = _moved(name, cells.transfer(name, MODEL, SOURCE, SEED))
    if dataset.protocol == "split":
        on = {"set": f"${{enabled.{name}.evaluate_on}}"}
        stages["evaluate"] = _repeated(name, cells.evaluate(name, MODEL, SEED, SET), **on)
        for build in (cells.robustness, cells.explain):
            key = build.__name__
            stages[key] = _repeated(name, build(name, MODEL, SEED), models=key)
    stages |= _taught(name, dataset.protocol == "split")
    stages["score"] = _repeated(name, cells.score(name, MODEL, SEED))
    stages["score_transfer"] = _moved(name, cells.score(name, transferred(MODEL, SOURCE), SEED))
    return stages


def _taught(name: str, evaluated: bool) -> Stages:
    """The stages of each row that params.yaml has another one teach: a list cannot say of whom."""
    from fer_bench import params

    of, stages = f"${{enabled.{name}", Stages()
    enabled = params.load().enabled
    for row, teacher in (enabled[name].students if name in enabled else {}).items():
        seeds = {"seed": f"{of}.seeds}}"}
        stages[f"{TAUGHT}{row}"] = cells.taught(name, row, teacher, SEED).to_dvc(**seeds)
        if evaluated:
            on = seeds | {"set": f"{of}.evaluate_on}}"}
            stages[f"evaluate_{row}"] = cells.evaluate(name, row, SEED, SET).to_dvc(**on)
        stages[f"score_{row}"] = cells.score(name, row, SEED).to_dvc(**seeds)
    return stages


def _repeated(name: str, stage: Stage, models: str = "models", **axes: str) -> dict[str, Any]:
    """A stage for each enabled model and seed."""
    of = f"enabled.{name}"
    return stage.to_dvc(model=f"${{{of}.{models}}}", seed=f"${{{of}.seeds}}", **axes)


def _moved(name: str, stage: Stage) -> dict[str, Any]:
    """A stage for each row that starts from another dataset's cell."""
    of = f"enabled.{name}"
    return stage.to_dvc(
        model=f"${{{of}.transfer_models}}", source=f"${{{of}.init_from}}", seed=f"${{{of}.seeds}}"
    )
