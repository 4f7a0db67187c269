"""Write docs/where.md: where thirty things and more are, asked of the registries where they know.

python docs/where.py
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import typer

from fer_bench import datasets, models
from fer_bench.cli import app
from fer_bench.evaluation.corruptions import CORRUPTIONS
from fer_bench.reports.figures import FIGURES
from fer_bench.reports.figures.galleries import MASKED, UNMASKED
from fer_bench.reports.grid import github
from fer_bench.reports.pages import PAGES
from fer_bench.reports.tables import table01_to_s1, table_s2
from fer_bench.stages import before_training, cells, paths, reports

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/where.md"
ABOUT = """\
# Where is it?

Written by `python docs/where.py`. Guess by three rules:

1. What has a name is in the file of that name: page `x` in `reports/pages/x.py`, command `x` in
   `cli/x.py`, a source and a model family in `datasets/` and `models/`, a record in `records/`, a
   figure in the file of `reports/figures/` whose name has it among others.
2. Stage `x` is the function `x` in `stages/before_training.py`, `cells.py` or `reports.py`; what it
   runs is in `x.py` of another package: `evaluate` in `evaluation/evaluate.py`.
3. The paper's tables and figures share files whose names count them: `table01_to_s1.py`.

"""
PACKAGE = "fer_bench"


class Thing(NamedTuple):
    """Something that people look for.

    Attributes:
        what: it is, in a reader's words.
        file: where it is, below the project's folder.
        says: a text that stands in the file, where it is not known from a registry.
    """

    what: str
    file: str
    says: str = ""


def module(thing: Any) -> str:
    """The file of a module, class or function, or of the function that a partial calls."""
    thing = getattr(thing, "func", thing)
    name = thing.__name__ if inspect.ismodule(thing) else thing.__module__
    return f"{name.replace('.', '/')}.py"


def command(*words: str) -> str:
    """The file of a command of `fer-bench`."""
    inside: typer.Typer = app
    for word in words[:-1]:
        groups = {group.name: group.typer_instance for group in inside.registered_groups}
        inside = groups[word]  # type: ignore[assignment]
    return module(commands(inside)[words[-1]])


def commands(group: typer.Typer) -> dict[str, Callable[..., Any]]:
    """The functions of a group's commands, by name."""
    found = {}
    for made in group.registered_commands:
        assert made.callback is not None
        found[made.name or made.callback.__name__.replace("_", "-")] = made.callback
    return found


def preset(model: str) -> str:
    """The file of a model."""
    return f"{models.preset(model).module.replace('.', '/')}.py"


def work(stage: str) -> str:
    """The file of what a stage runs."""
    apart = ("stages", "cli", "reports", "records", "rendering")
    found = [
        path.relative_to(ROOT)
        for path in (ROOT / PACKAGE).rglob(f"{stage}.py")
        if path.relative_to(ROOT / PACKAGE).parts[0] not in apart
    ]
    assert len(found) == 1, f"{stage}: {found}"
    return found[0].as_posix()


def things() -> list[Thing]:
    """What people look for, and where it is."""
    pictures = UNMASKED | MASKED
    rafdb, affectnet = (type(datasets.get_source(name)) for name in ("rafdb", "affectnet"))
    assert any(spec.name == "08" for spec in table01_to_s1.TABLES)
    return [
        Thing("Table 8 of the paper", module(table01_to_s1), "        8,"),
        Thing("Table S2 (inference time)", module(table_s2)),
        Thing("the paper's printed numbers of Table 8", f"{paths.PAPER}/table08.csv"),
        Thing("Figure 5", module(FIGURES["figure05"])),
        Thing("Figure 9 (Grad-CAM)", module(pictures["figure09"]), "figure09"),
        Thing("figure `intervals`", module(FIGURES["intervals"])),
        Thing("page `across_datasets`", module(PAGES["across_datasets"])),
        Thing("page `robustness`", module(PAGES["robustness"])),
        Thing("the leaderboard's page of a model", "fer_bench/reports/leaderboard/model_page.py"),
        Thing("stage `starts`", module(before_training.starts)),
        Thing("what `starts` runs", work("starts"), "def write_starts"),
        Thing("stage `view`", module(before_training.view)),
        Thing("what `view` runs", work("view"), "def write_view"),
        Thing("stage `evaluate`", module(cells.evaluate)),
        Thing("what `evaluate` runs", work("evaluate"), "def evaluate_cell"),
        Thing("stage `table`", module(reports.table)),
        Thing("where any file of the pipeline lies", "fer_bench/stages/paths.py", "RUNS"),
        Thing("command `weights add`", command("weights", "add")),
        Thing("command `data add`", command("data", "add")),
        Thing("command `compare`", command("compare")),
        Thing("option `--jobs` of `sweep`", command("sweep"), '"--jobs"'),
        Thing("option `precision` of `compute`", "fer_bench/params.py", "precision:"),
        Thing("a learning rate, epochs, the batch", "fer_bench/training/recipe.py", "heads_lr"),
        Thing("option `m` of `scan_cci`", preset("scan_cci"), "m:"),
        Thing("variant `scan_cci_noise20`", paths.PARAMS, "scan_cci_noise20:"),
        Thing("own recipe of DAN", "fer_bench/model_texts.yaml", "dan_own_recipe:"),
        Thing("model `dan`", preset("dan"), "def dan"),
        Thing("backbone `resnet50`", "fer_bench/models/backbones.py", '"resnet50"'),
        Thing("the optimizer", "fer_bench/training/optimizer.py", "def optimizer_for"),
        Thing("augmentation", "fer_bench/training/augment.py", "def apply"),
        Thing("the training loop", "fer_bench/training/loop.py", "def fit"),
        Thing("checkpoints", "fer_bench/training/checkpoint.py"),
        Thing("dataset `affectnet7`", module(affectnet), '"affectnet7"'),
        Thing("the datasheet of RAF-DB", module(rafdb), "licence"),
        Thing("a receipt", paths.receipt("facial_expressions"), "sha256"),
        Thing("how a receipt is written", "fer_bench/receiving/receipt.py"),
        Thing("a spec of a row", "fer_bench/specs/row_specs.py", "def row_spec"),
        Thing("the record of a score", "fer_bench/records/score.py", "class Score"),
        Thing("the record of a training", "fer_bench/records/training.py", "class Training"),
        Thing("the table of a set's faces", "fer_bench/records/faces.py", "class FaceTable"),
        Thing("saved predictions", "fer_bench/records/predictions.py"),
        Thing("metric `balanced_accuracy`", "fer_bench/evaluation/metrics.py", "balanced_accuracy"),
        Thing("corruption `gaussian_noise`", module(CORRUPTIONS["gaussian_noise"].function)),
        Thing("the face detector", "fer_bench/faces/detect.py", "def detect"),
        Thing("masks that faces wear", "fer_bench/faces/wear_mask.py"),
        Thing("near duplicates", "fer_bench/audit/near.py", "def near_pairs"),
        Thing("McNemar's test", "fer_bench/statistics/pairs.py", "def exact"),
        Thing("what `predict` runs", "fer_bench/inference/trained.py", "def predict"),
        Thing("ONNX", "fer_bench/contract/onnx_export.py", "onnx"),
        Thing("what a model must keep to", "fer_bench/contract/check_model.py", "CONTRACT"),
        Thing("the rules of the protocol", "docs/protocol.md", "<!-- rules -->"),
    ]


def markdown() -> str:
    """The page."""
    lines = [(thing.what, f"[{thing.file}](../{thing.file})") for thing in things()]
    return ABOUT + github(("looked for", "is in"), lines, None) + "\n"


if __name__ == "__main__":
    PAGE.write_text(markdown(), encoding="utf-8")
