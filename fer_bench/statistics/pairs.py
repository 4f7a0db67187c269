"""Two rows on the same faces: difference, intervals, p, McNemar's exact test.

The difference is that of mean accuracies over seeds. *Over people* (over faces, where nobody knows
the people) it is about these trained networks: the percentile interval of the bootstrap over
people, and as p the share of replicates that lie at least as far from the difference as 0 does
(Efron and Tibshirani 1993, section 16.4, with the replicates shifted to a difference of 0).
Accuracy is a mean, so percentile and BCa intervals hardly differ; BCa would need its own
acceleration for every pair. *Over people and seeds* it is about the models: `two_way`.

With few units on which the rows differ, the exact sign test over them (for one seed and faces of
different people, McNemar's test) may raise p.
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
from fer_bench.statistics.resampling import REPLICATES, stretch, weights
from fer_bench.statistics.track import Runs, Track
from fer_bench.statistics.two_way import Parts, parts_of, standard_error
from fer_bench.statistics.units import Units

SEEDS_NEEDED = 5
"""With fewer runs of a model, nothing is said about training it again: there is no verdict on the
model, only on its trained networks."""

QUANTILES = (0.025, 0.05, 0.95, 0.975)
TAIL = 10
"""With fewer replicates beyond, p is read from a normal curve with the bootstrap's spread."""

TINY = 1e-9
"""Less than any difference of shares: what the last bits of a mean may differ by."""

LEAST_P = 1e-12
"""No smaller p is told apart from it, and none is 0."""

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


NOTHING_SAID = Spread(-1.0, -1.0, 1.0, 1.0, 1.0)
"""What one person says of others."""


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
        units: how many people, or faces where nobody knows them, the spread is over.
        people: how many known people are on the faces; None where nobody knows.
        differing_units: units on which the two rows differ.
        faces: spread over units: about these trained networks.
        both: spread over units and seeds: about the models; None with fewer than 5 seeds.
        mcnemar: of each seed that both rows have; none where a unit has several faces, which the
            test would take as independent.
    """

    one: str
    other: str
    n: int
    seeds_one: tuple[int, ...]
    seeds_other: tuple[int, ...]
    difference: float
    differing: int
    units: int
    people: int | None
    differing_units: int
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
        spread = ("seeds_one", "seeds_other", "faces", "both", "mcnemar")
        return cls(
            **{key: said for key, said in value.items() if key not in spread},
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
    over_units = _replicates([track.rows[name] for name in names], track.units)
    parts = {name: parts_of(track.rows[name], track.units) for name in names}
    place = {name: i for i, name in enumerate(names)}
    for start in range(0, len(pairs), PAIRS_AT_ONCE):
        some = pairs[start : start + PAIRS_AT_ONCE]
        one = [place[a] for a, _ in some]
        other = [place[b] for _, b in some]
        gaps = np.array([track.rows[a].accuracy - track.rows[b].accuracy for a, b in some])
        faces = _spreads(over_units[one] - over_units[other], gaps, track.units.count)
        for pair, gap, spread in zip(some, gaps, faces, strict=True):
            yield _comparison(track, pair, float(gap), spread, [parts[name] for name in pair])


def _comparison(
    track: Track, pair: Pair, gap: float, faces: Spread, parts: Sequence[Parts]
) -> Comparison:
    one, other = (track.rows[name] for name in pair)
    both = None
    if min(len(one.seeds), len(other.seeds)) >= SEEDS_NEEDED:
        both = _of_error(gap, *standard_error(*parts)) if track.units.count > 1 else NOTHING_SAID
    lead = one.mean_correct - other.mean_correct
    by_unit = track.units.sums(lead)
    ahead, behind = int((by_unit > TINY).sum()), int((by_unit < -TINY).sum())
    if ahead + behind < FEW_DISCORDANT:
        least = exact(ahead, behind)
        faces = replace(faces, p=max(faces.p, least))
        both = both and replace(both, p=max(both.p, least))
    return Comparison(
        *pair,
        n=track.n,
        seeds_one=one.seeds,
        seeds_other=other.seeds,
        difference=gap,
        differing=int((np.abs(lead) > TINY).sum()),
        units=track.units.count,
        people=track.units.people,
        differing_units=int((track.units.sums(np.abs(lead)) > TINY).sum()),
        faces=faces,
        both=both,
        mcnemar=tuple(_mcnemar(one, other)) if track.units.alone else (),
    )


def _replicates(rows: Sequence[Runs], units: Units) -> np.ndarray:
    """Mean accuracies (rows, replicates) when units are drawn again."""
    # Whole numbers, so that the sums are exact and the same on every machine.
    right = np.vstack([units.sums(runs.correct).sum(axis=0) for runs in rows]).T
    right, sizes = right.astype(np.float32), units.sums(np.ones(units.n)).astype(np.float32)
    seeds = np.array([len(runs.seeds) for runs in rows])
    found = np.empty((len(rows), REPLICATES))
    done = 0
    for block in weights(units.count):
        now = slice(done, done + len(block))
        drawn = (block @ sizes).astype(np.float64)[:, None] * seeds
        found[:, now] = ((block @ right) / drawn).T
        done += len(block)
    return found


def _of_error(gap: float, error: float, freedom: float) -> Spread:
    """Student's interval and p of a difference with a standard error."""
    from scipy.special import stdtr, stdtrit

    low, low90, high90, high = gap + error * stdtrit(freedom, QUANTILES)
    p = 2 * stdtr(freedom, -abs(gap) / error) if error > 0 else float(abs(gap) < TINY)
    return Spread(float(low), float(low90), float(high90), float(high), max(float(p), LEAST_P))


def _spreads(replicates: np.ndarray, gaps: np.ndarray, units: int) -> list[Spread]:
    """What replicates (pairs, B) of drawing so many units again say of differences (pairs,)."""
    from scipy.special import ndtr, ndtri, stdtr

    if units < 2:
        return [NOTHING_SAID] * len(gaps)
    ends = np.quantile(replicates, QUANTILES, axis=1).T
    ends = gaps[:, None] + (ends - gaps[:, None]) * stretch(units, QUANTILES)
    far = np.abs(replicates - gaps[:, None]) >= np.abs(gaps)[:, None] - TINY
    beyond = far.sum(axis=1)
    ps = (beyond + 1) / (replicates.shape[1] + 1)
    deviation = replicates.std(axis=1)
    # Counting no longer tells small p values apart, and Holm's correction needs them.
    tail = 2 * ndtr(-np.abs(gaps) / np.where(deviation > 0, deviation, np.inf))
    ps = np.where(beyond < TAIL, np.minimum(ps, tail), ps)
    few = np.sqrt((units - 1) / units)
    ps = np.clip(2 * stdtr(units - 1, few * ndtri(np.minimum(ps, 1) / 2)), LEAST_P, 1)
    return [
        Spread(float(a), float(b), float(c), float(d), float(p))
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
