"""How often two independent ratings of one face agree, and what that says of the best model.

Faces with equal pixels form a group; each copy was rated for itself. Every group becomes a table of
its pairs of ratings, both ways round, so that tables are symmetric and no rating counts as the
first. Everything here follows from sums of such tables, so groups can be drawn anew cheaply.

**The best possible accuracy.** Let p_k be the chance that one rating of a face gives class k, and
let two ratings be independent given the face. They agree with the chance s = Σ_k p_k², and on
average over faces with A = E[s]. Whoever knows every p answers with the likeliest class and is
right, against one rating, with B = E[max_k p_k]; no model does better. For every face

    s = Σ_k p_k² ≤ max_k p_k · Σ_k p_k = max_k p_k    and    (max_k p_k)² ≤ Σ_k p_k² = s,

so that s ≤ max_k p_k ≤ √s. With means over faces, and E[√s] ≤ √E[s] because the root is concave
(Jensen),

    A ≤ B ≤ √A.

B = A where every face is either certain or undecided between equally likely classes; B is near √A
where all faces are alike and many classes share what is not the likeliest's. If ratings are not
independent (raters who see both copies, or one list made from the other), they agree more often
than that and the bracket says nothing. It is about faces like these: copies of pictures that
circulate are no random sample, and ratings that gave no label are not among them unless that is an
outcome of its own.

Cohen (1960), A coefficient of agreement for nominal scales, Educ. Psychol. Meas. 20, 37-46.
Agreement by class: Fleiss (1975), Measuring agreement between two judges on the presence or absence
of a trait, Biometrics 31, 651-659. Intervals: 95 %, percentile bootstrap over groups.
"""

from __future__ import annotations

import math

import numpy as np

from fer_bench.statistics.resampling import weights

DIGITS = 6
"""Decimals that are kept: resampling 10,000 times tells no more."""

FEWEST_GROUPS = 30
"""With fewer, a percentile bootstrap has little to go on."""

Estimate = dict[str, float | None]
"""`value`, `low` and `high`; None where it is not defined."""


def pair_tables(
    groups: np.ndarray, outcomes: np.ndarray, sides: np.ndarray | None, classes: int
) -> np.ndarray:
    """One table of pairs a group that has any: (G, K, K), symmetric, each pair in it twice.

    Args:
        groups: (N,) numbers of the groups, from 0.
        outcomes: (N,) what each rating gave, 0 to K - 1.
        sides: (N,) bool; a pair then has one rating of each side, as of a train and a test copy.
            None: every two ratings of a group are a pair.
        classes: K.
    """
    count = int(groups.max()) + 1 if len(groups) else 0
    if sides is None:
        one = _counts(groups, outcomes, count, classes)
        tables = one[:, :, None] * one[:, None, :] - one[:, :, None] * np.eye(classes)
    else:
        one, other = (_counts(groups[of], outcomes[of], count, classes) for of in (~sides, sides))
        tables = one[:, :, None] * other[:, None, :]
        tables = tables + tables.swapaxes(1, 2)
    return np.asarray(tables[tables.sum(axis=(1, 2)) > 0])


def _counts(groups: np.ndarray, outcomes: np.ndarray, count: int, classes: int) -> np.ndarray:
    cells = np.bincount(groups * classes + outcomes, minlength=count * classes)
    return cells.reshape(count, classes).astype(np.float64)


def alike(tables: np.ndarray) -> np.ndarray:
    """Share of pairs that agree, of tables (..., K, K)."""
    return np.asarray(np.trace(tables, axis1=-2, axis2=-1) / tables.sum(axis=(-2, -1)))


def kappa(tables: np.ndarray) -> np.ndarray:
    """Cohen's κ of symmetric tables (..., K, K): agreement beyond that of the class mix alone.

    scikit-learn's `cohen_kappa_score`, with which the tests compare it, takes one table at a time.
    """
    shares = tables.sum(axis=-1) / tables.sum(axis=(-2, -1))[..., None]
    chance = (shares**2).sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):  # one class alone: not defined
        return np.asarray((alike(tables) - chance) / (1 - chance))


def by_class(tables: np.ndarray) -> np.ndarray:
    """(..., K): where one rating of a pair gave the class, how often the other did too."""
    with np.errstate(invalid="ignore", divide="ignore"):  # a class that no rating gave
        return np.asarray(np.diagonal(tables, axis1=-2, axis2=-1) / tables.sum(axis=-1))


def agreement(tables: np.ndarray, labelled: int, mix: np.ndarray) -> dict[str, Estimate]:
    """What the pairs of all groups say, with intervals over groups.

    Args:
        tables: (G, K, K) of `pair_tables`.
        labelled: the first so many outcomes are classes, the rest (none or one) no label.
        mix: (K,) shares of the outcomes among the faces that one wants to know about.

    Returns:
        `over_pairs`: share of pairs that agree. `over_groups`: the mean over groups of that share,
        the estimate of A that counts every face once. `whole_groups`: share of groups in which
        every pair agrees. `kappa`: of all pairs; `kappa_over_groups`: every group counted once.
        `of_labelled`: where one rating gave a class, how often the other gave it too, over groups.
        `in_mix`: `by_class` over groups, classes weighted by `mix`: `over_groups` of faces whose
        ratings have that mix, if the copies of each class are like its other faces.
    """
    equal, whole = _each_once(tables), unanimous(tables).astype(np.float64)
    pairs, groups = (tables.mean(axis=0), _drawn(tables)), (equal.mean(axis=0), _drawn(equal))
    return {
        "over_pairs": _estimate(*map(alike, pairs)),
        "over_groups": _estimate(*map(alike, groups)),
        "whole_groups": _estimate(whole.mean(), _drawn(whole)),
        "kappa": _estimate(*map(kappa, pairs)),
        "kappa_over_groups": _estimate(*map(kappa, groups)),
        "of_labelled": _estimate(*(_of_labelled(of, labelled) for of in groups)),
        "in_mix": _estimate(*(_in_mix(of, mix) for of in groups)),
    }


def unanimous(tables: np.ndarray) -> np.ndarray:
    """(G,) bool: groups in which every pair agrees."""
    return np.asarray(np.trace(tables, axis1=-2, axis2=-1) == tables.sum(axis=(-2, -1)))


def class_agreement(tables: np.ndarray) -> list[Estimate]:
    """`by_class` over groups; intervals over groups where enough of them have the class."""
    equal = _each_once(tables)
    values, drawn = by_class(equal.mean(axis=0)), by_class(_drawn(equal))
    enough = (tables.sum(axis=2) > 0).sum(axis=0) >= FEWEST_GROUPS
    found = [_estimate(values[k], drawn[:, k]) for k in range(len(values))]
    return [e if enough[k] else {**e, "low": None, "high": None} for k, e in enumerate(found)]


def bracket(agreement: float) -> tuple[float, float]:
    """Between what the best possible accuracy against one rating lies: A and √A."""
    return agreement, math.sqrt(agreement)


def _of_labelled(tables: np.ndarray, labelled: int) -> np.ndarray:
    both = np.diagonal(tables, axis1=-2, axis2=-1)[..., :labelled].sum(axis=-1)
    with np.errstate(invalid="ignore"):  # no rating drawn gave a class
        return np.asarray(both / tables[..., :labelled, :].sum(axis=(-2, -1)))


def _in_mix(tables: np.ndarray, mix: np.ndarray) -> np.ndarray:
    """Classes that no drawn rating gave are left out, and the rest of the mix is the whole."""
    found = by_class(tables)
    known = np.isfinite(found)
    return np.asarray(np.where(known, found * mix, 0).sum(axis=-1) / (known * mix).sum(axis=-1))


def _each_once(tables: np.ndarray) -> np.ndarray:
    return np.asarray(tables / tables.sum(axis=(1, 2), keepdims=True))


def _drawn(tables: np.ndarray) -> np.ndarray:
    """(B, ...): the mean of (G, ...) over the groups of each replicate."""
    n, flat = len(tables), tables.reshape(len(tables), -1)
    blocks = [block.astype(np.float64) @ flat for block in weights(n)]
    return np.concatenate(blocks).reshape(-1, *tables.shape[1:]) / n


def _estimate(value: np.ndarray, drawn: np.ndarray) -> Estimate:
    known = drawn[np.isfinite(drawn)]
    if not np.isfinite(value) or not len(known):
        return {"value": None, "low": None, "high": None}
    low, high = np.quantile(known, (0.025, 0.975))
    return {"value": round(float(value), DIGITS), "low": round(float(low), DIGITS),
            "high": round(float(high), DIGITS)}  # fmt: skip
