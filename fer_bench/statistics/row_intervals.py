"""How far the accuracy, balanced accuracy and macro-F1 of a row may be off for want of people.

95 % percentile intervals of the mean over seeds, over people where they are known, else over faces:
about these trained networks on other people like these. With people, each brings all of its faces;
without them, any face may be drawn for accuracy, and for the other two every class keeps its size,
so that none vanishes. (BCa needs the statistic without each unit in turn, for every row and metric;
for means over hundreds of faces it hardly differs.) Where the answers to fewer than 30 faces, or
nothing but right or nothing but wrong ones, leave a bootstrap nothing to go on, accuracy has
Wilson's interval for as many people as there are, and the other two have none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fer_bench.labels import EIGHT
from fer_bench.statistics.cache import Cache
from fer_bench.statistics.intervals import half_width, wilson
from fer_bench.statistics.pairs import SEEDS_NEEDED
from fer_bench.statistics.resampling import REPLICATES, stratified_weights, stretch, weights
from fer_bench.statistics.track import Runs, Track
from fer_bench.statistics.two_way import Parts, parts_of, standard_error
from fer_bench.statistics.units import Units

FEWEST_FACES = 30
QUANTILES = (0.025, 0.975)
METRICS = ("accuracy", "balanced_accuracy", "macro_f1")
Interval = dict[str, Any]
"""`mean`, `low`, `high`, `n`, `people` (None: not known), `seeds`, and `method`: `bootstrap`,
`wilson`, or None without ends."""


def row_intervals(
    track: Track, cache: Path | None = None, metrics: Sequence[str] = METRICS
) -> dict[str, dict[str, Interval]]:
    """By row and metric: mean over seeds and its 95 % interval over people or faces.

    Args:
        track: the rows.
        cache: a folder for results, or None.
        metrics: some of `METRICS`; accuracy alone is many times faster.
    """
    kept = Cache(cache, "rows", track.key)
    keys = {name: [name, runs.sha256, *metrics] for name, runs in track.rows.items()}
    known = {name: kept.get(key) for name, key in keys.items()}
    found = {name: value for name, value in known.items() if value}
    if new := {name: runs for name, runs in track.rows.items() if name not in found}:
        found |= _intervals(new, track, metrics)
        kept.add((keys[name], found[name]) for name in new)
    return {name: found[name] for name in track.rows}


def _intervals(
    rows: Mapping[str, Runs], track: Track, metrics: Sequence[str]
) -> dict[str, dict[str, Interval]]:
    true, units = track.true, track.units
    means = {name: _means(runs, true) for name, runs in rows.items()}
    varied = {
        name: runs
        for name, runs in rows.items()
        if len(true) >= FEWEST_FACES and runs.correct.any() and not runs.correct.all()
    }
    ends = _ends(varied, means, track, metrics) if units.count > 1 else {}
    found: dict[str, dict[str, Interval]] = {}
    for name, runs in rows.items():
        found[name] = {}
        for metric in metrics:
            mean = means[name][metric]
            low, high, method = (
                (*ends[name][metric], "bootstrap")
                if name in ends
                else _without_resampling(metric, mean, units.count)
            )
            found[name][metric] = {
                "mean": mean, "low": low, "high": high,
                "n": len(true), "people": units.people, "seeds": len(runs.seeds), "method": method,
            }  # fmt: skip
    return found


def of_model(runs: Runs, units: Units) -> tuple[float, float] | None:
    """The 95 % interval of a model's accuracy over people and seeds (`two_way`).

    Returns:
        None with fewer seeds than a verdict needs, or a single unit.
    """
    if len(runs.seeds) < SEEDS_NEEDED or units.count < 2:
        return None
    nobody = Parts(np.zeros(units.count), 0.0, 0.0, 0)
    half = half_width(*standard_error(parts_of(runs, units), nobody))
    return max(0.0, runs.accuracy - half), min(1.0, runs.accuracy + half)


def _without_resampling(metric: str, mean: float, n: int) -> tuple[Any, Any, str | None]:
    if metric != "accuracy":
        return None, None, None
    return (*wilson(mean, n), "wilson")


def _ends(
    rows: Mapping[str, Runs],
    means: Mapping[str, Mapping[str, float]],
    track: Track,
    metrics: Sequence[str],
) -> dict[str, dict[str, tuple[float, float]]]:
    if not rows:
        return {}
    units = track.units
    replicates: dict[str, np.ndarray] = {}
    if "accuracy" in metrics:
        right = np.column_stack([units.sums(runs.mean_correct) for runs in rows.values()])
        sizes = units.sums(np.ones(units.n))[:, None]
        blocks = [(block @ right) / (block @ sizes) for block in weights(units.count)]
        replicates["accuracy"] = np.vstack(blocks)
    if set(metrics) - {"accuracy"}:
        replicates["balanced_accuracy"], replicates["macro_f1"] = _by_class(rows, track.true, units)
    return {
        name: {
            metric: _ends_of(replicates[metric][:, i], means[name][metric], units.count)
            for metric in metrics
        }
        for i, name in enumerate(rows)
    }


def _ends_of(replicates: np.ndarray, mean: float, units: int) -> tuple[float, float]:
    ends = np.quantile(replicates, QUANTILES)
    low, high = np.clip(mean + (ends - mean) * stretch(units, QUANTILES), 0, 1)
    # The last bits depend on how many threads multiplied; what is published must not.
    return round(float(low), 12), round(float(high), 12)


def _by_class(
    rows: Mapping[str, Runs], true: np.ndarray, units: Units
) -> tuple[np.ndarray, np.ndarray]:
    """Replicates (B, rows) of balanced accuracy and macro-F1."""
    answers = {name: _one_hot(runs.predicted) for name, runs in rows.items()}
    balanced, macro = (np.empty((REPLICATES, len(rows))) for _ in range(2))
    done = 0
    for block in stratified_weights(true) if units.alone else _of_people(units):
        now = slice(done, done + len(block))
        for i, one_hot in enumerate(answers.values()):
            balanced[now, i], macro[now, i] = _by_class_of(block, one_hot, true)
        done += len(block)
    return balanced, macro


def _of_people(units: Units) -> Iterator[np.ndarray]:
    """Blocks (b, n) of how often each face was drawn with its unit."""
    for block in weights(units.count):
        for some in np.array_split(block, max(1, units.n // units.count)):
            yield some[:, units.group]


def _means(runs: Runs, true: np.ndarray) -> dict[str, float]:
    once = np.ones((1, len(true)), dtype=np.float32)
    balanced, macro = _by_class_of(once, _one_hot(runs.predicted), true)
    return dict(zip(METRICS, (runs.accuracy, float(balanced[0]), float(macro[0])), strict=True))


def _one_hot(predicted: np.ndarray) -> np.ndarray:
    """(n, 8 * S) float32 of predictions (S, n): the seeds side by side for each class."""
    eye = np.eye(len(EIGHT), dtype=np.float32)
    return np.asarray(eye[predicted.T].swapaxes(1, 2).reshape(predicted.shape[1], -1))


def _by_class_of(
    block: np.ndarray, one_hot: np.ndarray, true: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(b,) balanced accuracy and macro-F1, means over seeds.

    Defined as in `evaluation.metrics.measure`: over classes that occur, and over classes that occur
    or are predicted; a class of which a replicate drew no face does not occur in it.

    Args:
        block: (b, n) weights.
        one_hot: (n, 8 * S) predictions.
        true: (n,) classes, rising.
    """
    k = len(EIGHT)
    ends = np.concatenate([[0], np.cumsum(np.bincount(true, minlength=k))])
    shown = np.zeros((len(block), k))
    seeds = one_hot.shape[1] // k
    given = (block @ one_hot).reshape(len(block), k, seeds)
    hits = np.zeros_like(given)
    for c in np.flatnonzero(np.diff(ends)):
        faces = slice(ends[c], ends[c + 1])
        shown[:, c] = block[:, faces].sum(axis=1)
        hits[:, c] = block[:, faces] @ one_hot[faces, c * seeds : (c + 1) * seeds]
    recalls = hits.sum(axis=2, dtype=np.float64) / np.maximum(shown, 1)
    sizes = given + shown[:, :, None]
    f1 = 2 * hits.astype(np.float64) / np.maximum(sizes, 1)
    macro = f1.sum(axis=1) / (sizes > 0).sum(axis=1)
    return recalls.sum(axis=1) / (shown > 0).sum(axis=1) / seeds, macro.mean(axis=1)
