"""Robustness files with round numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fer_bench.evaluation.corruptions import CORRUPTIONS, PERTURBATIONS
from fer_bench.files import write_json

ENABLED: dict[str, dict[str, list[Any]]] = {
    "synthetic": {
        "models": ["baseline1", "scan_cci", "forgotten"], "seeds": [0, 1],
        "robustness": ["baseline1", "scan_cci"],
    },
    "rafdb": {"models": [], "seeds": [], "robustness": []},
}  # fmt: skip


def cell(
    dataset: str, model: str, seed: int, clean: float, drop: float, masks: bool = True, n: int = 300
) -> dict[str, Any]:
    """Accuracy falls by `drop` a severity; corruption k (in page order) starts k/1000 lower."""
    corruptions = {}
    for k, corruption in enumerate(CORRUPTIONS.values()):
        if corruption.landmarks and not masks:
            continue
        corruptions[corruption.name] = {
            "group": corruption.group,
            "unit": corruption.unit,
            "severities": [
                {
                    "level": level,
                    "value": value,
                    "accuracy": clean - k / 1000 - level * drop,
                    "balanced_accuracy": clean - k / 1000 - level * drop - 0.01,
                    "flip_rate": level * drop,
                }
                for level, value in enumerate(corruption.values_at(80), 1)
            ],
        }
    means = [sum(s["accuracy"] for s in c["severities"]) / 5 for c in corruptions.values()]
    flips = {p.name: (k + 1) / 100 + seed / 100 for k, p in enumerate(PERTURBATIONS)}
    left_out = None if masks else "no landmarks"
    return {
        "dataset": dataset, "model": model, "seed": seed, "n": n, "classes": ["a", "b", "c", "d"],
        "worn": {"by_landmarks": n - 8, "by_mean_face": 8, "left_out": left_out},
        "clean": {"accuracy": clean, "balanced_accuracy": clean - 0.01},
        "corruptions": corruptions,
        "mean_corruption_accuracy": sum(means) / len(means),
        "perturbations": {
            p.name: {"value": p.value, "flip_rate": flips[p.name]} for p in PERTURBATIONS
        },
        "flip_rate": sum(flips.values()) / len(flips),
    }  # fmt: skip


def write_robustness(folder: Path) -> None:
    """Two models of two seeds and one, a leftover, and a dataset measured elsewhere."""
    for content in (
        cell("synthetic", "scan_cci", 0, 0.8, 0.05),
        cell("synthetic", "scan_cci", 1, 0.9, 0.05),
        cell("synthetic", "baseline1", 0, 0.6, 0.1),
        cell("synthetic", "forgotten", 0, 0.99, 0.0),
        cell("rafdb", "scan_cci", 10, 0.85, 0.04, masks=False, n=3068),
        cell("rafdb", "scan_cci", 2, 0.85, 0.04, masks=False, n=3068),
    ):
        name = "{dataset}/{model}/{seed}.json".format(**content)
        write_json(folder / name, content)
