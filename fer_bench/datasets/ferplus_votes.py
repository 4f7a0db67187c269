"""How ten raters' votes on a FER2013 face become one label: the rules in use, side by side.

Papers report FERPlus sizes that differ by thousands of faces, because each drops other faces. Rules
of the official script (microsoft/FERPlus `src/ferplus.py`) first set single votes to zero. Faces
with a label, train / validation / test, from the real vote files:

| rule | `label.csv` | `fer2013new.csv` |
|---|---|---|
| `majority` (official; default) | 25045 / 3191 / 3137 | 25060 / 3199 / 3153 |
| `majority_at_least_half` | 26559 / 3347 / 3319 | 26587 / 3353 / 3327 |
| `argmax10` | 28385 / 3555 / 3545 | 28389 / 3553 / 3546 |
| `argmax10_no_ties` | 26940 / 3396 / 3371 | 26940 / 3396 / 3376 |
| `argmax8` | 28556 / 3579 / 3573 | 28559 / 3579 / 3573 |
| `raw_over_half` | 21823 / 2866 / 2724 | 21811 / 2862 / 2729 |
| `raw_at_least_half` | 25352 / 3220 / 3161 | 25373 / 3225 / 3160 |
| `top_75` (official `probability` and `crossentropy`) | 27947 / 3508 / 3507 | 27956 / 3505 / 3505 |
| `multi_target` (official) | 27667 / 3472 / 3466 | 27671 / 3472 / 3472 |
| all named rows | 28558 / 3579 / 3573 | 28561 / 3579 / 3574 |

Rows of `fer2013new.csv` are counted here with the four misnamed ones, which the dataset drops.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fer_bench.labels import EIGHT

COLUMNS: tuple[str, ...] = (*EIGHT, "unknown", "NF")
"""Order of the votes in both files; NF is "no face". The first eight are `Expression`'s order."""

UNLABELLED = -1

Rule = Callable[[np.ndarray], np.ndarray]
"""(N, 10) votes -> (N,) labels, `UNLABELLED` where the face is left out."""


def majority(votes: np.ndarray) -> np.ndarray:
    """More than half of the votes that remain when single votes are set to zero (official)."""
    return _majority(votes, at_least=False)


def majority_at_least_half(votes: np.ndarray) -> np.ndarray:
    """As `majority`, but half is enough (at a tie the first column wins)."""
    return _majority(votes, at_least=True)


def argmax10(votes: np.ndarray) -> np.ndarray:
    """The column with most votes, the first at a tie; left out when it is unknown or NF."""
    return _emotion(votes.argmax(axis=1), votes.max(axis=1) > 0)


def argmax10_no_ties(votes: np.ndarray) -> np.ndarray:
    """As `argmax10`, and left out when two columns share the most votes."""
    top = votes.max(axis=1)
    alone = (votes == top[:, None]).sum(axis=1) == 1
    return _emotion(votes.argmax(axis=1), alone & (top > 0))


def argmax8(votes: np.ndarray) -> np.ndarray:
    """The emotion with most votes whatever unknown and NF got; left out without any vote."""
    emotions = votes[:, : len(EIGHT)]
    return _emotion(emotions.argmax(axis=1), emotions.max(axis=1) > 0)


def raw_over_half(votes: np.ndarray) -> np.ndarray:
    """More than half of all votes, single ones included."""
    return _emotion(votes.argmax(axis=1), 2 * votes.max(axis=1) > votes.sum(axis=1))


def raw_at_least_half(votes: np.ndarray) -> np.ndarray:
    """At least half of all votes, single ones included (at a tie the first column wins)."""
    top = votes.max(axis=1)
    return _emotion(votes.argmax(axis=1), (2 * top >= votes.sum(axis=1)) & (top > 0))


def top_75(votes: np.ndarray) -> np.ndarray:
    """The top emotion of those that the official probability mode keeps.

    Emotions are kept in order of their votes, ties together, until they hold 75 % of the votes, or
    three are kept, or unknown or NF comes up. A face is left out when more than three are kept,
    when they hold no more than half of the votes, or when unknown or NF comes first.
    """
    return np.array([_top_75(row) for row in _without_single(votes)], dtype=np.int64)


def multi_target(votes: np.ndarray) -> np.ndarray:
    """The top emotion of those with at least 30 % of the votes (official multi-target mode).

    A face is left out when those (unknown and NF among them) hold no more than half of the votes,
    or when unknown or NF has most.
    """
    counted = _without_single(votes)
    total = counted.sum(axis=1)
    kept = np.where(10 * counted >= 3 * total[:, None], counted, 0)
    return _emotion(kept.argmax(axis=1), 2 * kept.sum(axis=1) > total)


RULES: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        majority,
        majority_at_least_half,
        argmax10,
        argmax10_no_ties,
        argmax8,
        raw_over_half,
        raw_at_least_half,
        top_75,
        multi_target,
    )
}
"""By the name that `data.ferplus.voting` gives."""


def _majority(votes: np.ndarray, at_least: bool) -> np.ndarray:
    counted = _without_single(votes)
    twice, total = 2 * counted.max(axis=1), counted.sum(axis=1)
    enough = (twice >= total) & (total > 0) if at_least else twice > total
    return _emotion(counted.argmax(axis=1), enough)


def _top_75(votes: np.ndarray) -> int:
    """The label of one face; `votes` (10,) without single ones."""
    total, held, kept = int(votes.sum()), 0, 0
    for level in sorted(set(votes[votes > 0].tolist()), reverse=True):
        if 4 * held >= 3 * total or kept >= 3:
            break
        tied = np.flatnonzero(votes == level)
        emotions = tied[tied < len(EIGHT)]
        held += level * len(emotions)
        kept += len(emotions)
        if len(emotions) < len(tied):
            break
    if 2 * held <= total or kept > 3:
        return UNLABELLED
    return int(votes[: len(EIGHT)].argmax())


def _without_single(votes: np.ndarray) -> np.ndarray:
    return np.where(votes <= 1, 0, votes)


def _emotion(column: np.ndarray, keep: np.ndarray) -> np.ndarray:
    return np.where(keep & (column < len(EIGHT)), column, UNLABELLED).astype(np.int64)
