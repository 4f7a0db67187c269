"""Runs that did not train: they say nothing of a model, and no mean or rank counts them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from fer_bench.records.score import Score

ONE_CLASS = 0.95
"""A run that gives one class more often than this never learned to tell the classes apart."""

STILL = 0.98
"""A training loss that ends above this share of where it began has not fallen."""

FACES = 50
"""On fewer test faces of its own dataset a run is not judged."""

CHANCE = 1.25
"""Times the share of right answers on train faces that guessing gives."""


def why_collapsed(score: Score) -> str | None:
    """Why a run counts as one that did not train; None for one that did.

    Either one class is given for over 95 % of the test faces of its own dataset, which are not
    themselves of one class, or neither the training loss nor the accuracy on train faces left
    chance: a model may add up several losses, so that the level of chance is not the logarithm of
    the number of classes, but where it began. Fewer than `FACES` test faces say nothing.
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
    losses, right = (
        [v for v in score.history.get(key, ()) if v is not None]
        for key in ("train_loss", "train_accuracy")
    )
    if len(losses) > 1 and right and losses[-1] >= STILL * losses[0]:
        classes = len(score.training.classes)
        if classes and right[-1] < CHANCE / classes:
            return "its training loss stayed at chance"
    return None
