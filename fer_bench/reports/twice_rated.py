"""Models on test faces of which a copy was rated too: right by whose rating?

Made of committed scores and the set's table of faces (`records.faces`), in which faces with equal
pixels share a number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fer_bench.labels import EIGHT
from fer_bench.reports.face_tables import FaceTables
from fer_bench.reports.row import Row
from fer_bench.reports.scores import Scores
from fer_bench.statistics.answers import decode
from fer_bench.statistics.summary import Summary, summarise


@dataclass(frozen=True)
class TwiceRated:
    """The n test faces that have a labelled copy, in the order of a score file's answers.

    Attributes:
        places: (n,) their places among all test faces.
        own: (n,) their labels, as the split has them.
        others: (n, 8) how many of their copies carry each label.
        trained: (n,) bool: a copy stands in train, where models learn its label.
    """

    places: np.ndarray
    own: np.ndarray
    others: np.ndarray
    trained: np.ndarray

    def share(self, labels: np.ndarray) -> np.ndarray:
        """(n,): the share of each face's copies that carry the label (n,) given here."""
        given = self.others[np.arange(len(labels)), labels]
        return np.asarray(given / self.others.sum(axis=1))

    @property
    def conflict(self) -> np.ndarray:
        """(n,) bool: no copy carries the face's own label."""
        return np.asarray(self.share(self.own) == 0)


@dataclass(frozen=True)
class Reached:
    """What one row reaches, over seeds; every share is of `last`.

    Attributes:
        row: the row.
        all: accuracy on all test faces.
        own, other: on those rated twice, against their own rating and their copies'.
        conflict_own, conflict_other: the same where the two conflict; None without such a face.
    """

    row: Row
    all: Summary | None
    own: Summary | None
    other: Summary | None
    conflict_own: Summary | None
    conflict_other: Summary | None


def twice_rated(faces: pd.DataFrame) -> TwiceRated:
    """Which test faces were rated twice.

    Args:
        faces: a `FaceTable`'s rows. Only faces of nobody known are looked at, because of others
            `person` says who, not which pixels.
    """
    faces = faces.reset_index(drop=True)
    rows = faces[~faces["person_known"]]
    labels = pd.get_dummies(rows["label"]).reindex(columns=range(len(EIGHT)), fill_value=0)
    totals = labels.astype(int).groupby(rows["person"]).sum()
    train = set(rows.loc[rows["split"] == "train", "person"])
    test = faces[faces["split"] == "test"].sort_values(["label", "face"])
    own = test["label"].to_numpy(dtype=int)
    others = (
        totals.reindex(test["person"], fill_value=0).to_numpy() - np.eye(len(EIGHT), dtype=int)[own]
    )
    kept = ~test["person_known"].to_numpy(dtype=bool) & (others.sum(axis=1) > 0)
    trained = test["person"].isin(train).to_numpy()
    return TwiceRated(np.flatnonzero(kept), own[kept], others[kept], trained[kept])


def reached(
    scores: Scores, dataset: str, tables: FaceTables, faces: TwiceRated
) -> Iterator[Reached]:
    """Every row of the dataset whose seeds were scored with its table of faces."""
    for row in scores.of(dataset):
        cells = [cell for cell in row.cells if tables.of(cell, dataset)]
        found = []
        for cell in cells:
            where = f"{dataset}/{row.model}/{cell.training.seed}"
            if answers := decode(cell.sets[dataset]["last"]["all"], where):
                found.append(answers.predicted[faces.places].astype(int))
        if found:
            yield _reached(row, dataset, faces, found)


def _reached(row: Row, dataset: str, faces: TwiceRated, found: list[np.ndarray]) -> Reached:
    conflict = faces.conflict

    def over_seeds(which: np.ndarray, own: bool) -> Summary | None:
        right = [(given == faces.own) if own else faces.share(given) for given in found]
        return summarise(float(r[which].mean()) for r in right) if which.any() else None

    every = np.ones(len(faces.own), bool)
    return Reached(
        row, row.summary("accuracy", dataset), over_seeds(every, True), over_seeds(every, False),
        over_seeds(conflict, True), over_seeds(conflict, False),
    )  # fmt: skip
