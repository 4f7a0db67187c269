"""Runs that did not train: they say nothing of a model, and no mean or rank counts them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from fer_bench.records.score import Score

ONE_CLASS = 0.95
"""A run that gives one class more often than this never learned to tell the classes apart."""

FACES = 50
"""On fewer test faces of its own dataset a run is not judged."""

CHANCE = 1.25
"""Times the share of right answers that guessing gives, below which nothing was learned."""


def why_collapsed(score: Score) -> str | None:
    """Why a run counts as one that did not train; None for one that did.

    Either one class is given for over 95 % of the test faces of its own dataset, which are not
    themselves of one class, or both train and test faces are answered about as guessing does: any
    class of the train faces, the largest class of the test faces. The loss is not asked: a model's
    own may fall by what tells no class. Fewer than `FACES` test faces say nothing.
    """
    part: Mapping[str, Any] = (
        score.sets.get(score.training.dataset, {}).get("last", {}).get("all", {})
    )
    confusion = np.asarray(part.get("confusion") or [[0]])
    total = confusion.sum()
    if total < FACES:
        return None
    if confusion.sum(axis=1).max() <= ONE_CLASS * total:
        most = confusion.sum(axis=0).max() / total
        if most > ONE_CLASS:
            return f"one class for {100 * most:.0f} % of its test faces"
    right = [v for v in score.history.get("train_accuracy", ()) if v is not None]
    classes, largest = len(score.training.classes), confusion.sum(axis=1).max() / total
    guessed = np.trace(confusion) / total < CHANCE * largest
    if len(right) > 1 and guessed and right[-1] < CHANCE / classes:
        return "train and test faces are answered as guessing does"
    return None
