"""A subset's accuracy with the class mix of the whole set: direct standardisation.

Occluded or turned faces show some expressions more often than the whole set does, and some
expressions are easier. Weighting the recall of each class with its share in the whole set takes
that away; what gap remains is not one of class mix.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fer_bench.labels import EIGHT
from fer_bench.statistics.resampling import REPLICATES, SEED, stretch, weights
from fer_bench.statistics.row_intervals import FEWEST_FACES
from fer_bench.statistics.track import Runs, Track

QUANTILES = (0.025, 0.975)
THIN = 10
"""A class with fewer faces than this in the subset is named: its recall is a guess."""


@dataclass(frozen=True)
class SubsetGap:
    """A row on a subset and on the whole set; fractions, means over seeds.

    Attributes:
        n: faces of the subset.
        n_full: faces of the whole set.
        accuracy: on the subset, as it is.
        full_accuracy: on the whole set, as it is.
        reweighted: on the subset, with the whole set's class mix.
        full_reweighted: on the whole set, over the classes that the subset has.
        low: lower end of the gap's 95 % interval over people, or over faces where nobody knows
            them; None with fewer than 30 faces.
        high: upper end.
        missing: classes of the whole set without a face in the subset; in neither re-weighted
            number.
        thin: classes with fewer than 10 faces in the subset.
        people: how many known people are in the subset.
    """

    n: int
    n_full: int
    accuracy: float
    full_accuracy: float
    reweighted: float
    full_reweighted: float
    low: float | None
    high: float | None
    missing: tuple[str, ...]
    thin: tuple[str, ...]
    people: int | None = None

    @property
    def gap(self) -> float:
        """Re-weighted, subset minus whole set."""
        return self.reweighted - self.full_reweighted


def subset_gap(name: str, whole: Track, subset: Track) -> SubsetGap | None:
    """One row's gap.

    Score files do not say which faces of the whole set the subset holds. They need not: taking the
    subset's answers away from the whole set's, class by class, leaves those to the other faces.
    Both groups are resampled within their classes, and the whole set is put together from them, so
    that the interval knows of the faces they share. Where people are known, so is which face is
    which: then people are drawn again, each with all of their faces.

    Args:
        name: the row.
        whole: a track of the whole set.
        subset: a track of a part of it.

    Returns:
        None where the subset's answers are no part of the whole set's (other seeds, or scored among
        fewer classes).
    """
    runs, part = whole.rows[name], subset.rows[name]
    if runs.seeds != part.seeds:
        return None
    all_, some = _tally(runs, whole.true), _tally(part, subset.true)
    others = all_ - some
    if (others < 0).any():
        return None
    sizes, shown = all_.sum(axis=1), some.sum(axis=1)
    kept = shown > 0
    share = sizes[kept] / sizes[kept].sum()
    inside, outside = some[kept], others[kept]
    gaps = _gaps(_means(inside), _means(outside), inside, outside, share)
    low: float | None = None
    high: float | None = None
    if subset.n >= FEWEST_FACES and whole.units.count > 1:
        if whole.units.faces is not None and subset.units.faces is not None:
            replicates = _over_people(name, whole, subset, kept)
        else:
            draw = np.random.default_rng([SEED, whole.n, subset.n])
            drawn = (_resampled(draw, inside), _resampled(draw, outside))
            replicates = _gaps(*drawn, inside, outside, share)
        ends = np.quantile(replicates, QUANTILES)
        wide = stretch(whole.units.count, QUANTILES)
        low, high = map(float, gaps + (ends - gaps) * wide)
    reweighted = float(share @ _means(inside))
    return SubsetGap(
        n=subset.n,
        n_full=whole.n,
        accuracy=part.accuracy,
        full_accuracy=runs.accuracy,
        reweighted=reweighted,
        full_reweighted=reweighted - float(gaps),
        low=low,
        high=high,
        missing=tuple(EIGHT[k] for k in np.flatnonzero((sizes > 0) & ~kept)),
        thin=tuple(EIGHT[k] for k in np.flatnonzero(kept & (shown < THIN))),
        people=subset.units.people,
    )


def _over_people(name: str, whole: Track, subset: Track, kept: np.ndarray) -> np.ndarray:
    """(B,) gaps when people are drawn again; classes that are not drawn are 0 apart.

    Args:
        name: the row.
        whole: the whole set, its faces numbered.
        subset: some of these faces.
        kept: (8,) bool, the classes that the subset has.
    """
    units = whole.units
    inside = np.isin(units.faces, subset.units.faces)  # type: ignore[arg-type]
    right = whole.rows[name].mean_correct
    of = (whole.true == np.flatnonzero(kept)[:, None]).astype(np.float64)  # (K, n)
    sums = [units.sums(of * v).T for v in (np.ones(units.n), right, 1.0 * inside, right * inside)]
    found = []
    for block in weights(units.count):
        n, hits, n_in, hits_in = (block @ s for s in sums)
        apart = hits_in / np.maximum(n_in, 1) - hits / np.maximum(n, 1)
        apart = np.where(n_in > 0, apart, 0.0)
        found.append((apart * n).sum(axis=1) / np.maximum(n.sum(axis=1), 1))
    return np.concatenate(found)


def _tally(runs: Runs, true: np.ndarray) -> np.ndarray:
    """(8, S + 1) how many faces of a class were answered correctly by 0, 1, ... S seeds."""
    right = runs.correct.sum(axis=0)
    width = len(runs.seeds) + 1
    cells = true * np.intp(width) + right
    return np.bincount(cells, minlength=len(EIGHT) * width).reshape(len(EIGHT), width)


def _means(tally: np.ndarray) -> np.ndarray:
    """(..., K) mean correctness of tallies (..., K, S + 1); 0 where there is no face."""
    right = np.linspace(0, 1, tally.shape[-1])
    n = tally.sum(axis=-1)
    return np.asarray((tally @ right) / np.maximum(n, 1))


def _resampled(draw: np.random.Generator, tally: np.ndarray) -> np.ndarray:
    """(B, K) mean correctness when as many faces of each class are drawn again."""
    n = tally.sum(axis=1)
    chances = np.where(n[:, None] > 0, tally / np.maximum(n, 1)[:, None], 1 / tally.shape[1])
    drawn = draw.multinomial(n, chances, size=(REPLICATES, len(n)))
    return _means(drawn)


def _gaps(
    in_means: np.ndarray,
    out_means: np.ndarray,
    inside: np.ndarray,
    outside: np.ndarray,
    share: np.ndarray,
) -> np.ndarray:
    n, m = inside.sum(axis=1), outside.sum(axis=1)
    whole = (n * in_means + m * out_means) / (n + m)
    return np.asarray((in_means - whole) @ share)
