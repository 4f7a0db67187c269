"""Rows in memory with numbers that can be worked out by hand, and what a figure says and shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from made_scores import made_row
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_bench.labels import EIGHT, SEVEN
from fer_bench.reports.figures import FIGURES
from fer_bench.reports.figures.select import Inputs
from fer_bench.reports.paper import load_said
from fer_bench.reports.row import Row
from fer_bench.reports.scores import Scores

PAPERS = ("ferplus", "rafdb", "affectnet7", "affectnet8", "sfew")


def part(confusion: Any, classes: Sequence[str] = SEVEN, **extra: Any) -> dict[str, Any]:
    """What one part of a score file says, from its counts."""
    counts = np.asarray(confusion)
    totals = counts.sum(axis=1)
    recalls = counts.diagonal()[totals > 0] / totals[totals > 0]
    return {
        "n": int(totals.sum()), "confusion": counts.tolist(), "ece": 0.05,
        "accuracy": float(counts.trace() / totals.sum()) if totals.any() else None,
        "balanced_accuracy": float(recalls.mean()) if totals.any() else None,
        "n_per_class": dict(zip(classes, totals.tolist(), strict=True)),
        **extra,
    }  # fmt: skip


def share(right: int, n: int, **extra: Any) -> dict[str, Any]:
    """A part of n neutral faces of which `right` are right and the others called happy."""
    counts = np.zeros((7, 7), dtype=int)
    counts[0, :2] = right, n - right
    return part(counts, **extra)


def noisy(draw: np.random.Generator, n: int, skill: float, classes: int = 7) -> dict[str, Any]:
    """A part of n faces with invented answers, calibration and risk."""
    names = EIGHT[:classes]
    chances = np.full((classes, classes), (1 - skill) / (classes - 1))
    np.fill_diagonal(chances, skill)
    sizes = draw.multinomial(n, np.full(classes, 1 / classes))
    counts = [draw.multinomial(s, p) for s, p in zip(sizes, chances, strict=True)]
    bins = draw.multinomial(n, np.arange(15) / 105)
    middle = (np.arange(15) + 0.5) / 15
    error = (1 - skill) * np.linspace(0.1, 1, 20) ** 1.5
    return part(
        counts, names,
        calibration={
            "n": bins.tolist(),
            "confidence": [float(c) if b else None for c, b in zip(middle, bins, strict=True)],
            "accuracy": [float(c) ** 1.3 if b else None for c, b in zip(middle, bins, strict=True)],
        },
        risk_coverage={
            "coverage": [round(0.05 * k, 2) for k in range(1, 21)], "risk": error.tolist(),
            "aurc": float(error.mean()),
        },
    )  # fmt: skip


def cell(sets: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """A seed: `sets` holds set -> part -> what `last` says, or what part `all` says alone."""
    parts = {s: p if "all" in p else {"all": p} for s, p in sets.items()}
    first = next(iter(parts.values()))["all"]
    return {
        "training": {}, "history": {"epoch": [0, 1]}, "partial": False, "partial_sets": [],
        "classes": list(first["n_per_class"]), "sets": {s: {"last": p} for s, p in parts.items()},
        **changes,
    }  # fmt: skip


def row(dataset: str, model: str, *cells: Mapping[str, Any], elsewhere: bool = False) -> Row:
    return made_row(dataset, model, cells, elsewhere=elsewhere)


def plain(dataset: str, model: str, *right: int, n: int = 100, **changes: Any) -> Row:
    """A row whose seeds answer so many of n faces of their own dataset correctly."""
    return row(dataset, model, *(cell({dataset: share(r, n)}, **changes) for r in right))


def many(datasets: Sequence[str], models: Sequence[str], classes: int = 7) -> Scores:
    """A large invented grid with subsets, masked sets and curves, two seeds each."""
    rows = []
    for d, dataset in enumerate(datasets):
        for m, model in enumerate(models):
            cells = []
            for seed in (0, 1):
                draw = np.random.default_rng([d, m, seed])
                skill = 0.3 + 0.6 * draw.random()
                own = {"all": noisy(draw, 3000, skill, classes)}
                for subset in ("occluded", "pose_gt_30", "pose_gt_45"):
                    own[subset] = noisy(draw, 300, 0.8 * skill, classes)
                rise = 1 - np.exp(-0.2 * np.arange(20))
                history = {
                    "epoch": list(range(20)), "train_accuracy": rise.tolist(),
                    "val_accuracy": (0.9 * rise * skill).tolist(),
                    "test_accuracy": (0.8 * rise * skill).tolist(),
                }  # fmt: skip
                other = noisy(draw, 3000, 0.5 * skill, classes)
                sets = {dataset: own, f"{dataset}_masked": {"all": other}, "fedro": {"all": other}}
                cells.append(cell(sets, history=history))
            rows.append(row(dataset, model, *cells))
    return Scores(rows)


def of(name: str, *rows: Any, **more: Any) -> Figure:
    """One figure of these rows."""
    return FIGURES[name](Inputs(Scores(rows), **more))


def panels(figure: Figure) -> dict[str, Axes]:
    """Every panel that shows something, by its title in one line."""
    found = [axis for axis in figure.axes if axis.axison and axis.get_title()]
    titles = [axis.get_title().replace("\n", "; ") for axis in found]
    assert len(set(titles)) == len(titles)
    return dict(zip(titles, found, strict=True))


def words(figure: Figure) -> str:
    """Title, caption and sentences of a page, as one line."""
    return " ".join(" ".join(text.get_text().split()) for text in figure.texts)


def labels(axis: Axes, which: str = "x") -> list[str]:
    return [tick.get_text() for tick in getattr(axis, f"get_{which}ticklabels")()]


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for found in figure.legends for text in found.get_texts()]


def line(axis: Axes, label: str) -> np.ndarray:
    """x and y of a labelled line, (n, 2)."""
    return next(found.get_xydata() for found in axis.lines if found.get_label() == label)


@cache
def crowd_of(paper: Path) -> Inputs:
    """Twenty datasets with two dozen models each, the paper's among them."""
    models = [
        "baseline1", "baseline2", "baseline3", "baseline_identity", "scan_cci", "scan_cci_shared",
        "scan_cci_no_cci", "scan_cci_no_scan", "scan_cci_from_affectnet7_rafdb", "ran",
        "ran_with_quite_a_long_name_of_its_backbone", "dan", "eac", "ma_net",
        *(f"scan_cci_m{m}" for m in (1, 4, 9, 16)), *(f"scan_cci_lambda0{k}" for k in (4, 6, 8)),
    ]  # fmt: skip
    datasets = ["synthetic", *(f"another_dataset_{i}" for i in range(14)), *PAPERS]
    return Inputs(many(datasets, models, classes=8), said=load_said(paper))
