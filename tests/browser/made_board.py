"""A small leaderboard from invented answers, with everything a page can show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from made_explanation import explanation, on_occluder, with_kinds

from fer_bench.evaluation import detail
from fer_bench.evaluation.corruptions import CORRUPTIONS
from fer_bench.evaluation.metrics import measure
from fer_bench.files import write_json, write_text
from fer_bench.labels import SEVEN
from fer_bench.reports.leaderboard import build_leaderboard

EVIL = "<script>document.title='hacked'<script>"
LISTS: dict[str, list[Any]] = {
    "models": ["baseline1", "baseline_identity", "scan_cci", "scan_cci_shared", "twin_a", "twin_b",
               EVIL],
    "seeds": [0, 1, 2], "evaluate_on": ["synthetic_masked"], "init_from": ["synthetic_masked"],
    "transfer_models": ["scan_cci"], "robustness": ["scan_cci"], "explain": ["scan_cci"],
    "explain_on": ["synthetic"],
}  # fmt: skip
ENABLED = {"synthetic": LISTS}
SKILL = {"baseline1": 0.2, "baseline_identity": 1.0, "scan_cci": 2.6, "scan_cci_shared": 2.5,
         "twin_a": 1.8, "twin_b": 1.8, EVIL: 1.4, "scan_cci_from_synthetic_masked": 2.2,
         "baseline3": 1.5}  # fmt: skip
N = 140
REPORTED = """\
model,subset,accuracy,selection,backbone,pretraining,extra_data,year,evidence,source,note
Some Net,all,87.5,best_on_test,ResNet-18,MS-Celeb-1M,none,2019,verified,a repository,
<script>alert(1)</script>,all,91.20,not_stated,IR-50,,,2023,recalled,from memory,<b>not bold</b>
"""


def make_board(root: Path) -> Path:
    """Scores and further results under `root`, and the pages under `root/board`."""
    scores = root / "scores"
    for model in [*LISTS["models"], "scan_cci_from_synthetic_masked"]:
        for seed in LISTS["seeds"]:
            write_cell(scores, "synthetic", model, seed, ["synthetic", "synthetic_masked"])
    for model in ("baseline3", "scan_cci"):
        write_cell(scores, "rafdb", model, 0, ["rafdb"], partial=True, backbone="resnet50")
    write_text(root / "reported" / "rafdb.csv", REPORTED)
    write_text(root / "reported" / "affectnet8.csv", REPORTED.replace("Some Net", "Other Net"))
    for seed in LISTS["seeds"]:
        write_robustness(root / "robustness", "synthetic", "scan_cci", seed)
        write_explained(root / "explain", "synthetic", "scan_cci", seed)
    write_cost(root / "cost")
    build(root)
    return root / "board"


def build(root: Path) -> None:
    build_leaderboard(
        root / "scores", ENABLED, root / "board", robustness_dir=root / "robustness",
        explain_dir=root / "explain", cost_dir=root / "cost", reported_dir=root / "reported",
    )  # fmt: skip


def write_cell(
    scores: Path,
    dataset: str,
    model: str,
    seed: int,
    sets: Sequence[str],
    partial: bool = False,
    backbone: str = "resnet18_slim",
) -> None:
    """One score file whose three selections differ a little; twins answer alike."""
    base, _, source = model.partition("_from_")
    pretrained = {"baseline1": None, "baseline3": "vggface2"}.get(base, f"identity({dataset})")
    write_json(
        scores / dataset / model / f"{seed}.json",
        {
            "dataset": dataset, "model": model, "seed": seed, "classes": list(SEVEN),
            "training": {
                "base": base if base.startswith(("scan", "base")) else "scan_cci",
                "pretrained": pretrained, "init_from": source or None, "backbone": backbone,
                "size": 224 if backbone == "resnet50" else 80, "parameters": 1000 + len(model),
                "epochs": 8, "train_on": "train_minus_val",
                "n": {"train": 400, "val": 40, "test": N},
            },
            "spec_sha256": "ab" * 32, "predictions_sha256": {"test": f"{seed}c" * 32},
            "sets": {name: _selections(name, model, seed) for name in sets},
            "slices": {}, "folds": None, "history": {"epoch": [0], "test_accuracy": [0.5]},
            "environment": {"device": "cpu", "torch": "2.14.1", "precision": "32-true"},
            "partial": partial, "partial_sets": [],
        },
    )  # fmt: skip


def _selections(set_: str, model: str, seed: int) -> dict[str, Any]:
    skill = SKILL[model] - (0.8 if set_ == "synthetic_masked" else 0)
    found = {}
    for i, name in enumerate(("last", "best_on_val", "best_on_test")):
        who = round(100 * SKILL[model]) if "twin" in model else sum(map(ord, model))
        draw = np.random.default_rng([seed, i, who])
        labels = np.arange(N) % 7
        logits = draw.normal(size=(N, 7))
        logits[np.arange(N), labels] += skill + 0.1 * i
        some = np.arange(N) % 3 == 0
        parts = {"all": np.full(N, True), "occluded": some}
        found[name] = {part: _part(labels[m], logits[m], np.arange(N)[m], name)
                       for part, m in parts.items()}  # fmt: skip
    return found


def _part(labels: np.ndarray, logits: np.ndarray, ids: np.ndarray, selection: str) -> Any:
    measured = measure(labels, logits, SEVEN)
    if selection != "last":
        return measured
    names = pd.Series([f"s{i:04}" for i in ids])
    return {
        **measured,
        **detail.answers(labels, logits, names),
        "risk_coverage": detail.risk_coverage(labels, logits),
    }


def write_robustness(folder: Path, dataset: str, model: str, seed: int) -> None:
    """Accuracy that falls by severity, for every corruption there is."""

    def level(i: int) -> dict[str, Any]:
        accuracy = 0.9 - 0.1 * i + 0.01 * seed
        return {"level": i, "value": 0.1 * i, "accuracy": accuracy, "balanced_accuracy": accuracy,
                "flip_rate": 0.1 * i}  # fmt: skip

    levels = [level(i) for i in range(1, 6)]
    write_json(
        folder / dataset / model / f"{seed}.json",
        {
            "dataset": dataset, "model": model, "seed": seed, "n": N, "classes": list(SEVEN),
            "clean": {"accuracy": 0.9, "balanced_accuracy": 0.9},
            "corruptions": {
                name: {"group": c.group, "unit": c.unit, "severities": levels}
                for name, c in CORRUPTIONS.items()
            },
            "mean_corruption_accuracy": 0.6123 + 0.01 * seed,
            "perturbations": {"brightness": {"value": "± 3 %", "flip_rate": 0.0456}},
            "flip_rate": 0.0456, "worn": {"by_landmarks": N, "by_mean_face": 0, "left_out": None},
        },
    )  # fmt: skip


def write_explained(folder: Path, dataset: str, model: str, seed: int) -> None:
    """The numbers of a Grad-CAM record that pages read."""
    occluders = with_kinds(on_occluder(0.15, 1.5, 0.0, area=0.1))
    explanation(dataset, model, seed, dataset, areas=(0.321, 0.678), occluders=occluders).write(
        folder / dataset / model / str(seed) / f"{dataset}.json"
    )


def write_cost(folder: Path) -> None:
    """One device that timed SCAN-CCI at 80 px."""
    write_json(
        folder / "some_cpu.json",
        {
            "device": {"kind": "cpu", "label": "Some CPU, 2 cores", "slug": "some_cpu", "cores": 2,
                       "threads": 2, "load_before": None},
            "software": {"torch": "2.14.1", "python": "3.11", "cudnn": None},
            "precision": "float32",
            "models": [{
                "model": "scan_cci", "base": "scan_cci", "also": [], "configuration": "embedded",
                "backbone": "resnet18_slim", "size": 80, "classes": 7, "options": {},
                "parameters": 492_854, "flops": 120_000_000, "macs": 60_000_000,
                "latency": {"median": 0.00512, "p10": 0.0049, "p90": 0.006, "n": 50},
                "throughput": {"median": 412.0, "p10": 400.0, "p90": 430.0, "n": 10, "batch": 32},
                "memory": {"image": 52_428_800, "batch": 104_857_600, "of": "resident"},
            }],
        },
    )  # fmt: skip
