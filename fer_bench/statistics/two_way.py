"""The standard error of a difference between models: people and seeds are both drawn by chance.

Drawing people and seeds anew in one bootstrap counts a run's own noise on each face three times
(Owen 2007, The pigeonhole bootstrap, Ann. Appl. Stat. 1, 386-411). Added up part by part it is
counted once: variance over people, plus variance over each side's seeds, minus that of their
interaction, which both hold (Cameron, Gelbach and Miller 2011, Robust inference with multiway
clustering, J. Bus. Econ. Stat. 29, 238-249). Degrees of freedom are Satterthwaite's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fer_bench.statistics.track import Runs
from fer_bench.statistics.units import Units


@dataclass(frozen=True)
class Parts:
    """What one row adds to the variance of a difference.

    Attributes:
        leads: (units,) by how much each unit's faces lift the mean over seeds.
        seeds: variance of the mean over seeds, from how seeds differ; 0 for a single one.
        noise: the part of it that is chance on single faces, and in the spread over units as well.
        freedom: seeds less one.
    """

    leads: np.ndarray
    seeds: float
    noise: float
    freedom: int


def parts_of(runs: Runs, units: Units) -> Parts:
    """The parts of one row's variance; its faces are those of `units`."""
    by_seed = runs.correct.mean(axis=1)
    lifts = units.sums(runs.correct - by_seed[:, None]) / units.n  # (seeds, units)
    leads = lifts.mean(axis=0)
    s, g = lifts.shape
    if s == 1:
        return Parts(leads, 0.0, 0.0, 0)
    noise = float(((lifts - leads) ** 2).sum()) / (s * (s - 1)) * _small(g)
    return Parts(leads, float(by_seed.var(ddof=1)) / s, noise, s - 1)


def standard_error(one: Parts, other: Parts) -> tuple[float, float]:
    """Of the difference of two rows' means over faces and seeds, with its degrees of freedom.

    It is never below that over people alone or over seeds alone, which an estimate of the parts
    could be by chance.
    """
    g = len(one.leads)
    people = float(((one.leads - other.leads) ** 2).sum()) * _small(g)
    seeds = one.seeds + other.seeds
    whole = max(people + seeds - one.noise - other.noise, people, seeds)
    squares = people**2 / max(1, g - 1)
    squares += sum(p.seeds**2 / p.freedom for p in (one, other) if p.freedom)
    freedom = whole**2 / squares if squares > 0 else math.inf
    return math.sqrt(whole), max(1.0, freedom)


def _small(units: int) -> float:
    """Few units spread less about their own mean than about the true one."""
    return units / max(1, units - 1)
