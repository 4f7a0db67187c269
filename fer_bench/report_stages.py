"""The root dvc.yaml: specs at one end of the pipeline, reports at the other."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from fer_bench.datasets import own_sets
from fer_bench.files import write_text

HEADER = """\
# Written by `fer-bench pipelines`; edit fer_bench/report_stages.py instead.
# The two ends of the pipeline; each dataset's stages are in benchmarks/<dataset>/dvc.yaml.
# Plain `dvc repro` runs what params.yaml enables, because the reports depend on results/scores.
"""
SCORES = ["results/scores", "benchmarks/paper"]
CODE = [
    "fer_bench/reports", "fer_bench/statistics", "fer_bench/datasets", "fer_bench/labels.py",
    "fer_bench/rows.py", "fer_bench/evaluation/corruptions",
]  # fmt: skip
TABLES, FIGURES = Path("results/tables"), Path("results/figures")
MODEL_FILES = "benchmarks/model_files"
Stage = dict[str, Any]


def write_root(path: Path = Path("dvc.yaml")) -> Path:
    """Write the root dvc.yaml; returns its path."""
    document = {"stages": _stages(), "plots": _plots()}
    # Without aliases: the file is read more often by people than by DVC.
    text = yaml.dump(document, Dumper=_Plain, sort_keys=False, width=100)
    write_text(path, HEADER + text)
    return path


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _stages() -> dict[str, Stage]:
    from fer_bench.reports.attention_galleries import FIGURES as GALLERIES
    from fer_bench.reports.figures import FIGURES as DRAWN
    from fer_bench.reports.tables import NAMES, page_outputs, table_outputs

    stages: dict[str, Stage] = {
        # Their receipts are what tells the specs of an edit.
        "model_file": {
            "matrix": {"file": "${model_files}"},
            "cmd": "fer-bench models receipt ${item.file}",
            "deps": ["${item.file}"],
            "outs": [{f"{MODEL_FILES}/${{item.file}}.json": {"cache": False}}],
        },
        "specs": {
            "cmd": "fer-bench specs",
            "deps": ["params.yaml", "fer_bench", "benchmarks/weights.json",
                     "benchmarks/challenge_lists", MODEL_FILES, "docs/protocol.md",
                     *(f"benchmarks/{name}/source.yaml" for name in own_sets())],
            "outs": ["runs/specs"],
        },
    }  # fmt: skip
    written: list[Path] = []
    for name in NAMES:
        outs = table_outputs(name, TABLES)
        written += [out for out in outs if out.suffix == ".csv"]
        timed = name == "s2"
        deps = ["results/cost", "benchmarks/paper", "fer_bench/reports"] if timed else SCORES + CODE
        stages[outs[0].stem] = _report(f"fer-bench table {name}", deps, outs, enabled=not timed)
    measured = ["results/robustness", "results/explain", "results/cost"]
    stages["tables"] = _report(
        "fer-bench tables",
        [*(out.as_posix() for out in written), *SCORES, *measured, *CODE],
        page_outputs(TABLES),
    )
    stages["audit_paper"] = _report(
        "fer-bench audit-paper",
        ["benchmarks/paper", "fer_bench/audit"],
        [Path("results/audit/paper.md")],
        enabled=False,
    )
    stages["figures"] = _report(
        "fer-bench figures", [*SCORES, "results/robustness", *CODE], _pictures(DRAWN)
    )
    stages["galleries"] = _report(
        "fer-bench galleries", ["results/explain", *CODE], _pictures(GALLERIES)
    )
    stages["leaderboard"] = _report(
        "fer-bench leaderboard",
        [*SCORES, *measured, "benchmarks/reported", "results/external", *CODE],
        [Path("results/leaderboard"), Path("results/history.csv")],
    ) | {"metrics": [{"results/metrics.json": {"cache": False}}]}
    return stages


def _report(cmd: str, deps: list[str], outs: Iterable[Path], *, enabled: bool = True) -> Stage:
    stage: Stage = {"cmd": cmd, "deps": deps}
    if enabled:
        stage["params"] = ["enabled"]
    return stage | {"outs": [{out.as_posix(): {"cache": False}} for out in outs]}


def _pictures(names: Iterable[str]) -> list[Path]:
    return [FIGURES / f"{name}{suffix}" for name in names for suffix in (".png", ".pdf")]


def _plots() -> list[Any]:
    curves = (
        ("test accuracy by epoch", "test_accuracy", "test accuracy (mean over seeds)"),
        ("train loss by epoch", "train_loss", "training loss (mean over seeds)"),
    )
    drawn = [
        {
            title: {
                "x": "epoch", "y": {"results/history.csv": column}, "x_label": "epoch",
                "y_label": label, "template": "benchmarks/plots/history.json",
            }
        }
        for title, column, label in curves
    ]  # fmt: skip
    return [*drawn, "results/figures/figure05.png"]
