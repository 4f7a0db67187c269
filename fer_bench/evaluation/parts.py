"""The parts a set of test faces is scored on: all of it, subsets, fewer classes, groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from fer_bench.datasets.base import UNKNOWN, Dataset
from fer_bench.errors import FerBenchError
from fer_bench.evaluation.detail import answers, calibration, raters, risk_coverage
from fer_bench.evaluation.metrics import measure
from fer_bench.labels import EIGHT

VOTES = "votes"
"""Manifest column of raters' votes: counts, the first eight in `Expression`'s order."""


@dataclass(frozen=True)
class Predicted:
    """One selection's predictions on one set.

    Attributes:
        faces: the manifest rows of the N faces.
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
            ids = self.faces["sample_id"].iloc[picked]
            found |= answers(self.labels[picked], self.logits[picked], ids)
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


def parts(
    predicted: Predicted, dataset: Dataset, audit: Mapping[str, Any], *, with_answers: bool = False
) -> dict[str, dict[str, Any]]:
    """Metrics by part, and the single answers where they are asked for.

    `all`; the dataset's `subsets`; of the challenge lists each face once, and as `<list>_as_listed`
    as often as its list names it, where it names some twice; `without_duplicates`, where the audit
    found test faces that also stand elsewhere; the dataset's `restrictions`; and `common_classes`,
    where model and set do not know the same ones.
    """
    measured = Predicted.answered if with_answers else Predicted.measured
    found = {"all": predicted.detailed() if with_answers else predicted.measured()}
    for name, mask in _masks(dataset, predicted.faces):
        found[name] = measured(predicted, mask)
    for name, listed in audit["challenge"].items():
        positions = _positions(predicted.faces, listed)
        once = np.unique(positions)
        found[name] = measured(predicted, once)
        if len(once) < len(positions):
            found[f"{name}_as_listed"] = predicted.measured(positions)
    duplicated = predicted.faces["sample_id"].isin(audit["duplicated_test"]).to_numpy()
    if duplicated.any():
        found["without_duplicates"] = measured(predicted, ~duplicated)
    for name, classes in dataset.restrictions.items():
        if set(classes) <= set(predicted.classes):
            found[name] = measured(predicted.among(classes))
    if set(predicted.classes) != set(dataset.classes):
        shared = [name for name in predicted.classes if name in dataset.classes]
        found["common_classes"] = measured(predicted.among(shared))
    return found


def slices(predicted: Predicted, dataset: Dataset) -> dict[str, dict[str, dict[str, Any]]]:
    """Size, accuracy and balanced accuracy by group: column -> value -> metrics.

    A column that knows no face's group is left out.
    """
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for column in dataset.slices:
        if column not in predicted.faces.columns:
            raise FerBenchError(
                f"{dataset.name}: its faces have no column {column!r} to be grouped by; align its "
                "source again"
            )
        values = predicted.faces[column].astype(str).to_numpy()
        if set(values) <= {UNKNOWN}:  # a copy of the set that came without these labels
            continue
        found[column] = {}
        for value in np.unique(values):
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


def _positions(faces: pd.DataFrame, listed: Sequence[str]) -> np.ndarray:
    """Where the listed faces stand, once for each time they are listed.

    A listed face of a class that the model does not know was not predicted and drops out.
    """
    positions = pd.Index(faces["sample_id"].tolist(), dtype=object).get_indexer(list(listed))
    return np.asarray(positions[positions >= 0])


def _masks(dataset: Dataset, faces: pd.DataFrame) -> Iterator[tuple[str, np.ndarray]]:
    faces = faces.reset_index(drop=True)
    for name, subset in dataset.subsets.items():
        mask = np.asarray(subset(faces))
        if mask.dtype != bool or mask.shape != (len(faces),):
            raise FerBenchError(
                f"subset {name!r} of dataset {dataset.name!r} gave {mask.dtype} values of shape "
                f"{mask.shape} for {len(faces)} faces; it must give one bool a face"
            )
        yield name, mask
