"""Two rows on the same faces: difference, intervals, bootstrap p, McNemar's exact test.

The difference is that of mean accuracies over seeds. Its interval is the percentile interval of the
bootstrap, once over faces alone and once over faces and seeds. The p value is the share of
replicates that lie at least as far from the difference as 0 does (Efron and Tibshirani 1993,
section 16.4, with the replicates shifted to a difference of 0). Accuracy is a mean, so percentile
and BCa intervals hardly differ; BCa would need its own acceleration for every pair.

Two corrections for small numbers: with few differing faces the exact sign test over them (for one
seed, McNemar's test) may raise p; with few seeds the interval over faces and seeds is widened as
Student's t is wider than the normal curve (Hesterberg 2015, What teachers should know about the
bootstrap, Am. Stat. 69, 371-386). Resampling faces and seeds at once counts a run's own noise on
each face twice (Owen 2007, The pigeonhole bootstrap, Ann. Appl. Stat. 1, 386-411), so where seeds
differ little the interval is too wide rather than too narrow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from fer_bench.statistics.cache import Cache
from fer_bench.statistics.corrections import FEW_DISCORDANT
from fer_bench.statistics.resampling import REPLICATES, seed_shares, weights
from fer_bench.statistics.track import Runs, Track

SEEDS_NEEDED = 3
"""With fewer runs of a model, nothing is said about training it again."""

QUANTILES = (0.025, 0.05, 0.95, 0.975)
TAIL = 10
"""With fewer replicates beyond, p is read from a normal curve with the bootstrap's spread."""

TINY = 1e-9
"""Less than any difference of shares: what the last bits of a mean may differ by."""

PAIRS_AT_ONCE = 64
Pair = tuple[str, str]


@dataclass(frozen=True)
class Spread:
    """What the replicates of a difference say; fractions.

    Attributes:
        low: lower end of the 95 % interval.
        low90: lower end of the 90 % interval.
        high90: upper end of it.
        high: upper end of the 95 % interval.
        p: two-sided, of no difference.
    """

    low: float
    low90: float
    high90: float
    high: float
    p: float


@dataclass(frozen=True)
class McNemar:
    """The exact test of one seed that both rows have.

    Attributes:
        seed: its number.
        one_only: faces that only the first answered correctly.
        other_only: faces that only the second answered correctly.
        p: two-sided.
    """

    seed: int
    one_only: int
    other_only: int
    p: float


@dataclass(frozen=True)
class Comparison:
    """Two rows on the same faces; `one` minus `other`, as fractions.

    Attributes:
        one: the first row's name.
        other: the second row's name.
        n: how many faces.
        seeds_one: the first row's seeds.
        seeds_other: the second row's seeds.
        difference: of the mean accuracies over seeds.
        differing: faces on which the two rows' share of correct seeds differs.
        faces: spread over faces: about these trained networks.
        both: spread over faces and seeds: about training again; None with fewer than 3 seeds.
        mcnemar: of each seed that both rows have.
    """

    one: str
    other: str
    n: int
    seeds_one: tuple[int, ...]
    seeds_other: tuple[int, ...]
    difference: float
    differing: int
    faces: Spread
    both: Spread | None
    mcnemar: tuple[McNemar, ...]

    @property
    def main(self) -> Spread:
        """The widest claim that the seeds allow."""
        return self.both or self.faces

    def to_json(self) -> dict[str, Any]:
        """For the cache."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Comparison:
        """The inverse."""
        both = value["both"]
        return cls(
            **{key: value[key] for key in ("one", "other", "n", "difference", "differing")},
            seeds_one=tuple(value["seeds_one"]),
            seeds_other=tuple(value["seeds_other"]),
            faces=Spread(**value["faces"]),
            both=None if both is None else Spread(**both),
            mcnemar=tuple(McNemar(**test) for test in value["mcnemar"]),
        )


def compare(
    track: Track, pairs: Iterable[Pair] | None = None, cache: Path | None = None
) -> list[Comparison]:
    """Compare rows of a track.

    A pair's result depends on its own two rows and the track's faces only, not on which other rows
    or pairs there are.

    Args:
        track: the rows.
        pairs: which to compare; None: each with each.
        cache: a folder for results, or None.
    """
    wanted = list(combinations(track.rows, 2)) if pairs is None else list(dict.fromkeys(pairs))
    kept = Cache(cache, "pairs", track.key)
    keys = {pair: _key(track, pair) for pair in wanted}
    known = {pair: kept.get(key) for pair, key in keys.items()}
    found = {pair: Comparison.from_json(value) for pair, value in known.items() if value}
    if new := [pair for pair in wanted if pair not in found]:
        found |= dict(zip(new, _compare(track, new), strict=True))
        kept.add((keys[pair], found[pair].to_json()) for pair in new)
    return [found[pair] for pair in wanted]


def _key(track: Track, pair: Pair) -> list[str]:
    return [text for name in pair for text in (name, track.rows[name].sha256)]


def _compare(track: Track, pairs: Sequence[Pair]) -> Iterator[Comparison]:
    names = list(dict.fromkeys(name for pair in pairs for name in pair))
    rows = {name: track.rows[name] for name in names}
    over_faces, over_both = _replicates(rows, track.n)
    place = {name: i for i, name in enumerate(names)}
    for start in range(0, len(pairs), PAIRS_AT_ONCE):
        some = pairs[start : start + PAIRS_AT_ONCE]
        one = [place[a] for a, _ in some]
        other = [place[b] for _, b in some]
        gaps = np.array([rows[a].accuracy - rows[b].accuracy for a, b in some])
        noise = np.array([_freedom(rows[a], rows[b]) for a, b in some])
        faces = _spreads(over_faces[one] - over_faces[other], gaps)
        both = _spreads(over_both[one] - over_both[other], gaps, noise)
        for pair, gap, spread, wide in zip(some, gaps, faces, both, strict=True):
            yield _comparison(track, pair, float(gap), spread, wide)


def _comparison(track: Track, pair: Pair, gap: float, faces: Spread, both: Spread) -> Comparison:
    one, other = (track.rows[name] for name in pair)
    lead = one.mean_correct - other.mean_correct
    ahead, behind = int((lead > TINY).sum()), int((lead < -TINY).sum())
    if ahead + behind < FEW_DISCORDANT:
        least = exact(ahead, behind)
        faces, both = (replace(s, p=max(s.p, least)) for s in (faces, both))
    enough = min(len(one.seeds), len(other.seeds)) >= SEEDS_NEEDED
    return Comparison(
        *pair,
        n=track.n,
        seeds_one=one.seeds,
        seeds_other=other.seeds,
        difference=gap,
        differing=ahead + behind,
        faces=faces,
        both=both if enough else None,
        mcnemar=tuple(_mcnemar(one, other)),
    )


def _replicates(rows: Mapping[str, Runs], n: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean accuracies (rows, replicates): over faces, and over faces and seeds."""
    answers = np.vstack([runs.correct for runs in rows.values()]).astype(np.float32).T
    ends = np.cumsum([len(runs.seeds) for runs in rows.values()])[:-1]
    shares = {name: seed_shares(name, len(runs.seeds)) for name, runs in rows.items()}
    faces = np.empty((len(rows), REPLICATES))
    both = np.empty_like(faces)
    done = 0
    for block in weights(n):
        right = np.split((block @ answers).astype(np.float64) / n, ends, axis=1)
        now = slice(done, done + len(block))
        for i, (name, by_seed) in enumerate(zip(rows, right, strict=True)):
            faces[i, now] = by_seed.mean(axis=1)
            both[i, now] = (by_seed * shares[name][now]).sum(axis=1)
        done += len(block)
    return faces, both


def _freedom(one: Runs, other: Runs) -> float:
    """Sum of squared variances of the two means over seeds, each over its degrees of freedom."""
    total = 0.0
    for runs in (one, other):
        s = len(runs.seeds)
        if s > 1:
            variance = runs.correct.mean(axis=1).var(ddof=1) / s
            total += float(variance**2 / (s - 1))
    return total


def _spreads(
    replicates: np.ndarray, gaps: np.ndarray, noise: np.ndarray | None = None
) -> list[Spread]:
    """What replicates (pairs, B) say of differences.

    Args:
        replicates: of the differences.
        gaps: (pairs,) the differences themselves.
        noise: (pairs,) `_freedom`, for Satterthwaite's degrees of freedom; None: the normal curve.
    """
    from scipy.special import ndtr, ndtri, stdtr, stdtrit

    ends = np.quantile(replicates, QUANTILES, axis=1).T
    far = np.abs(replicates - gaps[:, None]) >= np.abs(gaps)[:, None] - TINY
    beyond = far.sum(axis=1)
    ps = (beyond + 1) / (replicates.shape[1] + 1)
    deviation = replicates.std(axis=1)
    # Counting no longer tells small p values apart, and Holm's correction needs them.
    tail = 2 * ndtr(-np.abs(gaps) / np.where(deviation > 0, deviation, np.inf))
    ps = np.where(beyond < TAIL, np.minimum(ps, tail), ps)
    if noise is not None:
        freedom = np.clip(deviation**4 / np.maximum(noise, 1e-30), 1, 1e9)
        wider = stdtrit(freedom[:, None], QUANTILES) / ndtri(QUANTILES)
        ends = gaps[:, None] + (ends - gaps[:, None]) * wider
        ps = 2 * stdtr(freedom, ndtri(ps / 2))
    return [
        Spread(float(a), float(b), float(c), float(d), min(1.0, float(p)))
        for (a, b, c, d), p in zip(ends, ps, strict=True)
    ]


def _mcnemar(one: Runs, other: Runs) -> Iterator[McNemar]:
    for seed in sorted(set(one.seeds) & set(other.seeds)):
        first, second = (r.correct[r.seeds.index(seed)] for r in (one, other))
        only, lacking = int((first & ~second).sum()), int((second & ~first).sum())
        yield McNemar(seed, only, lacking, exact(only, lacking))


def exact(ahead: int, behind: int) -> float:
    """Two-sided exact p of so many differing faces in favour of one and of the other.

    For one seed this is `statsmodels.stats.contingency_tables.mcnemar(exact=True)`, whose import
    would take longer than the test of every pair.
    """
    from scipy.special import bdtr

    together = ahead + behind
    return min(1.0, 2 * float(bdtr(min(ahead, behind), together, 0.5))) if together else 1.0
