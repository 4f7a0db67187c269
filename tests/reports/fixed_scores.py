"""A few score files with round numbers, for golden files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fer_bench.files import write_json

CLASSES = ["neutral", "happiness"]


def metrics(accuracy: float, n: int = 800) -> dict[str, Any]:
    right = round(accuracy * n)
    return {
        "n": n, "accuracy": accuracy, "balanced_accuracy": accuracy - 0.01,
        "macro_f1": accuracy - 0.02, "nll": 1.0, "brier": 0.5, "ece": 0.1,
        "recall": {"neutral": accuracy, "happiness": None},
        "n_per_class": {"happiness": n // 4, "neutral": n - n // 4},
        "confusion": [[right, n - right], [0, 0]],
    }  # fmt: skip


def nobody() -> dict[str, Any]:
    empty = dict.fromkeys(metrics(0.5))
    return {**empty, "n": 0, "n_per_class": {"happiness": 0, "neutral": 0}}


def write_cell(
    folder: Path,
    dataset: str,
    model: str,
    seed: int,
    sets: dict[str, dict[str, dict[str, Any]]],
    partial: bool = False,
    extra: dict[str, Any] | None = None,
    **training: Any,
) -> None:
    """One score file; `sets` holds the METRICS of `last` by set and subset, `extra` further keys.

    Without `extra` it is a file from before folds, slices and partial sets were scored.
    """
    start = {"pretrained": f"identity({dataset})", "init_from": None, "parameters": 14_330_989}
    common = {"train_on": "train_minus_val", "n": {"train": 2000, "val": 200, "test": 800}}
    network = {"backbone": "resnet18_slim", "size": 80, "epochs": 8}
    better = {
        name: {s: metrics(m["accuracy"] + 0.005, m["n"]) if m["n"] else m for s, m in parts.items()}
        for name, parts in sets.items()
    }
    write_json(
        folder / dataset / model / f"{seed}.json",
        {
            "dataset": dataset, "model": model, "seed": seed, "classes": CLASSES,
            "training": {**start, **common, **network, **training}, "spec_sha256": "ab" * 32,
            "predictions_sha256": {}, "partial": partial, "environment": {"device": "cpu"},
            "history": {"epoch": [1, 2], "test_accuracy": [0.5, 0.6], "val_accuracy": [None, None]},
            "sets": {k: {"last": v, "best_on_test": better[k]} for k, v in sets.items()},
            **(extra or {}),
        },
    )  # fmt: skip


def write_fixed(folder: Path) -> dict[str, dict[str, list[Any]]]:
    """Write the files; returns the enabled lists that go with them."""
    for seed, accuracy in ((0, 0.88), (1, 0.8825)):  # mean 0.88125: half up gives 88.13
        parts = {
            "all": metrics(accuracy),
            "occluded": metrics(accuracy - 0.08, 200),
            "pose_gt_30": metrics(accuracy - 0.04, 240),
            "pose_gt_45": nobody(),
        }
        sets = {"synthetic": parts, "synthetic_masked": {"all": metrics(accuracy - 0.25)}}
        write_cell(folder, "synthetic", "scan_cci", seed, sets)
        write_cell(
            folder, "synthetic", "scan_cci_shared", seed, {"synthetic": {"all": parts["all"]}}
        )
    write_cell(
        folder, "synthetic", "baseline1", 0, {"synthetic": {"all": metrics(0.7)}},
        pretrained=None, parameters=2_800_000,
    )  # fmt: skip
    write_cell(
        folder, "synthetic_masked", "scan_cci_from_synthetic", 0,
        {"synthetic_masked": {"all": metrics(0.75)}},
        pretrained="identity(synthetic)", init_from="synthetic",
    )  # fmt: skip
    write_cell(folder, "synthetic", "forgotten", 0, {"synthetic": {"all": metrics(0.99)}})
    for seed in range(3):
        for model, accuracy in (("baseline3", 0.7643), ("scan_cci", 0.8902)):
            sets = {"rafdb": {"all": metrics(accuracy - 0.01 * seed)}}
            write_cell(folder, "rafdb", model, seed, sets, partial=True, pretrained="vggface2")
    lists: dict[str, list[Any]] = {"evaluate_on": [], "init_from": [], "transfer_models": []}
    return {
        "synthetic": {
            **lists, "models": ["baseline1", "scan_cci_shared", "scan_cci"], "seeds": [0, 1],
            "evaluate_on": ["synthetic_masked"],
        },
        "synthetic_masked": {
            **lists, "models": [], "seeds": [0], "init_from": ["synthetic"],
            "transfer_models": ["scan_cci"],
        },
        "rafdb": {**lists, "models": [], "seeds": []},
    }  # fmt: skip
