"""A few score files with round numbers, for golden files."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from fer_bench.files import write_json

CLASSES = ["neutral", "happiness"]


def metrics(accuracy: float, n: int = 800, faces: str | None = None) -> dict[str, Any]:
    """One part's metrics; the first neutral faces are the wrong ones.

    Args:
        accuracy: of n faces; balanced accuracy and macro-F1 are one and two points below it.
        n: faces, a quarter of them happy.
        faces: which faces these are; with it, there are answers, as scoring now keeps them.
    """
    right, happy = round(accuracy * n), n // 4
    wrong = [min(n - right, n - happy), max(0, happy - right)]
    confusion = [[n - happy - wrong[0], wrong[0]], [wrong[1], happy - wrong[1]]]
    part = {
        "n": n, "accuracy": accuracy, "balanced_accuracy": accuracy - 0.01,
        "macro_f1": accuracy - 0.02, "nll": 1.0, "brier": 0.5, "ece": 0.1,
        "recall": {"neutral": confusion[0][0] / (n - happy), "happiness": confusion[1][1] / happy},
        "n_per_class": {"happiness": happy, "neutral": n - happy},
        "confusion": confusion,
    }  # fmt: skip
    if faces is not None:
        neutral = "1" * wrong[0] + "0" * confusion[0][0]
        part["answers"] = neutral + "0" * wrong[1] + "1" * confusion[1][1]
        part["faces_sha256"] = hashlib.sha256(faces.encode()).hexdigest()[:16]
    return part


def raters(agreement: float) -> dict[str, Any]:
    """What a score says of a set with votes: people agree in 60 %, no answer in over 80 %."""
    return {
        "n": 800, "agreement": agreement, "human": 0.6, "ceiling": 0.8,
        "cross_entropy": 1.25, "entropy": 0.5,
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
    over: float = 0.005,
    **training: Any,
) -> None:
    """One score file; `sets` holds the METRICS of `last` by set and subset, `extra` further keys.

    `best_on_test` is better by `over`. Without `extra` it is a file from before folds, slices and
    partial sets were scored.
    """
    start = {
        "pretrained": f"identity({dataset})",
        "init_from": model.partition("_from_")[2] or None,
        "parameters": 14_330_989,
    }
    common = {"train_on": "train_minus_val", "n": {"train": 2000, "val": 200, "test": 800}}
    network = {"backbone": "resnet18_slim", "size": 80, "epochs": 8}
    better = {
        name: {s: metrics(m["accuracy"] + over, m["n"]) if m["n"] else m for s, m in parts.items()}
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
    """Write the files; returns the enabled lists that go with them.

    The scores of rafdb are from before answers were kept.
    """
    for seed, accuracy in ((0, 0.88), (1, 0.8825)):  # mean 0.88125: half up gives 88.13
        parts = {
            "all": metrics(accuracy, faces="all"),
            "occluded": metrics(accuracy - 0.08, 200, "occluded"),
            "pose_gt_30": metrics(accuracy - 0.04, 240, "pose"),
            "pose_gt_45": nobody(),
        }
        masked = {"all": metrics(accuracy - 0.25, faces="masked")}
        sets = {"synthetic": parts, "synthetic_masked": masked}
        write_cell(folder, "synthetic", "scan_cci", seed, sets)
        write_cell(
            folder, "synthetic", "scan_cci_shared", seed, {"synthetic": {"all": parts["all"]}}
        )
    write_cell(
        folder, "synthetic", "baseline1", 0,
        {"synthetic": {"all": metrics(0.7, faces="all")}},
        pretrained=None, parameters=2_800_000,
    )  # fmt: skip
    write_cell(
        folder, "synthetic_masked", "scan_cci_from_synthetic", 0,
        {"synthetic_masked": {"all": metrics(0.75, faces="masked")}},
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
