"""The parts a set of test faces is scored on: all of it, subsets, fewer classes, groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from fer_bench.datasets.base import UNKNOWN, Dataset
from fer_bench.evaluation.detail import answers, calibration, raters, risk_coverage
from fer_bench.evaluation.metrics import measure
from fer_bench.labels import EIGHT
from fer_bench.records.faces import LISTED, SLICE, SUBSET, VOTES
from fer_bench.records.score import Part


@dataclass(frozen=True)
class Predicted:
    """One selection's predictions on one set.

    Attributes:
        faces: their N rows of the set's table (`records.faces`).
        labels: (N,) indices into `classes`.
        logits: (N, K).
        classes: the predicting model's K classes.
    """

    faces: pd.DataFrame
    labels: np.ndarray
    logits: np.ndarray
    classes: tuple[str, ...]

    def measured(self, which: np.ndarray | None = None) -> dict[str, Any]:
        """Metrics of all faces, or of those that a mask or positions pick."""
        if which is None:
            return measure(self.labels, self.logits, self.classes)
        return measure(self.labels[which], self.logits[which], self.classes)

    def answered(self, which: np.ndarray | None = None) -> dict[str, Any]:
        """Metrics and the single answers; no face may be picked twice."""
        picked = np.arange(len(self.labels)) if which is None else which
        found = self.measured(picked)
        if found["n"]:
            numbers = self.faces["face"].to_numpy()[picked]
            found |= answers(self.labels[picked], self.logits[picked], numbers)
        return found

    def detailed(self) -> dict[str, Any]:
        """What `answered` gives, calibration, risk by coverage and agreement with raters."""
        found = self.answered()
        if found["n"]:
            found["calibration"] = calibration(self.labels, self.logits)
            found["risk_coverage"] = risk_coverage(self.labels, self.logits)
        if VOTES in self.faces.columns and found["n"]:
            votes = np.stack(self.faces[VOTES].tolist())
            found["raters"] = raters(votes, self.logits, [EIGHT.index(c) for c in self.classes])
        return found

    def among(self, classes: Sequence[str]) -> Predicted:
        """The faces of some classes only, predicted as if the model knew no others."""
        columns = [self.classes.index(name) for name in classes]
        place = np.full(len(self.classes), -1)
        place[columns] = np.arange(len(columns))
        kept = place[self.labels] >= 0
        return Predicted(
            self.faces[kept],
            place[self.labels[kept]],
            self.logits[np.ix_(kept, columns)],
            tuple(classes),
        )


def parts(predicted: Predicted, dataset: Dataset, *, with_answers: bool = False) -> dict[str, Part]:
    """Metrics by part, and the single answers where they are asked for.

    `all`; the dataset's `subsets`; of the challenge lists each face once, and as `<list>_as_listed`
    as often as its list names it, where it names some twice; `without_duplicates`, where the audit
    found test faces that also stand elsewhere; the dataset's `restrictions`; and `common_classes`,
    where model and set do not know the same ones.
    """
    measured = Predicted.answered if with_answers else Predicted.measured
    faces = predicted.faces
    found: dict[str, Any] = {"all": predicted.detailed() if with_answers else predicted.measured()}
    for name, mask in _columns(faces, SUBSET):
        found[name] = measured(predicted, mask)
    for name, times in _columns(faces, LISTED):
        found[name] = measured(predicted, np.flatnonzero(times))
        if (times > 1).any():
            listed = np.repeat(np.arange(len(times)), times)
            found[f"{name}_as_listed"] = predicted.measured(listed)
    if (duplicated := faces["duplicated"].to_numpy(dtype=bool)).any():
        found["without_duplicates"] = measured(predicted, ~duplicated)
    for name, classes in dataset.restrictions.items():
        if set(classes) <= set(predicted.classes):
            found[name] = measured(predicted.among(classes))
    if set(predicted.classes) != set(dataset.classes):
        shared = [name for name in predicted.classes if name in dataset.classes]
        found["common_classes"] = measured(predicted.among(shared))
    return found


def slices(predicted: Predicted) -> dict[str, dict[str, Any]]:
    """Size, accuracy and balanced accuracy by group: column -> value -> metrics.

    A column that knows no face's group is left out.
    """
    found: dict[str, dict[str, Any]] = {}
    for column, values in _columns(predicted.faces, SLICE):
        if set(values) <= {UNKNOWN}:  # a copy of the set that came without these labels
            continue
        found[column] = {}
        for value in np.unique(values.astype(str)):
            whole = predicted.measured(values == value)
            kept = ("n", "accuracy", "balanced_accuracy")
            found[column][str(value)] = {key: whole[key] for key in kept}
    return found


def by_fold(predicted: Predicted, fold: np.ndarray) -> list[dict[str, Any]]:
    """Size and accuracy of each fold of a cross-validated cell."""
    right = predicted.logits.argmax(axis=1) == predicted.labels
    return [
        {"fold": int(k), "n": int((fold == k).sum()), "accuracy": float(right[fold == k].mean())}
        for k in np.unique(fold)
    ]


def _columns(faces: pd.DataFrame, begin: str) -> Iterator[tuple[str, np.ndarray]]:
    """The columns of one kind, by what follows their prefix."""
    for name in faces.columns:
        if name.startswith(begin):
            yield name.removeprefix(begin), faces[name].to_numpy()
