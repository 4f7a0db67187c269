"""Wrong train labels on purpose: how much accuracy does label noise cost?

Which faces change, and to what, is drawn from (dataset, seed, sample): every model of one seed sees
the same wrong labels, and the faces changed at 10 % are among those changed at 20 %.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fer_bench.labels import EIGHT
from fer_bench.training.batches import Faces
from fer_bench.training.recipe import Recipe
from fer_bench.training.streams import CellStreams

RATER_VOTES = np.array(
    [
        [82611, 3187, 1779, 10554, 2841, 836, 525, 2230],
        [3554, 82556, 1842, 396, 348, 196, 151, 303],
        [2091, 1299, 30326, 385, 555, 123, 3269, 102],
        [5736, 511, 369, 26653, 863, 444, 628, 389],
        [1769, 692, 1513, 820, 18606, 908, 664, 257],
        [124, 29, 32, 113, 196, 902, 23, 55],
        [281, 97, 1109, 467, 215, 102, 4224, 27],
        [201, 29, 18, 78, 57, 95, 10, 923],
    ]
)
"""Votes of FERPlus's raters: row, the majority label; column, what was voted (both in `EIGHT`).

Counted over the 31,373 faces with an official majority label in the three label.csv files of
microsoft/FERPlus (MIT licence); votes for "unknown" and "no face" are left out.
"""


def with_noise(train: Faces, classes: Sequence[str], recipe: Recipe, cell: CellStreams) -> Faces:
    """The train faces with the recipe's share of labels replaced.

    Args:
        train: the N faces to learn from.
        classes: the K class names that labels index.
        recipe: `label_noise` is the share, `noise_kind` says which class comes instead: each other
            one equally likely (`symmetric`), or as often as raters vote for it where the majority
            votes for the true one (`confusion`).
        cell: its dataset and seed decide the draw.
    """
    if recipe.label_noise == 0:
        return train
    chance = _other_class(classes, recipe.noise_kind)
    labels = train.labels.copy()
    for i, sample in enumerate(train.sample_ids):
        changed, which = _uniforms(f"{cell.dataset}/{cell.seed}/label noise/{sample}")
        if changed < recipe.label_noise:
            steps = np.cumsum(chance[labels[i]])
            labels[i] = min(np.searchsorted(steps, which * steps[-1], side="right"), len(steps) - 1)
    return replace(train, labels=labels)


def _other_class(classes: Sequence[str], kind: str) -> np.ndarray:
    """(K, K): the chance of each wrong class, by true class; the diagonal is 0."""
    if kind == "symmetric":
        votes = np.ones((len(classes), len(classes)))
    else:
        order = [EIGHT.index(name) for name in classes]
        votes = RATER_VOTES[np.ix_(order, order)].astype(float)
    np.fill_diagonal(votes, 0)
    chance: np.ndarray = votes / votes.sum(axis=1, keepdims=True)
    return chance


def _uniforms(key: str) -> tuple[float, float]:
    digest = hashlib.sha256(key.encode()).digest()
    first, second = (int.from_bytes(digest[i : i + 8], "big") / 2**64 for i in (0, 8))
    return first, second
