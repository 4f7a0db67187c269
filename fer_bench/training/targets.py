"""The labels a training goes by: those it was given, and what its model made of them since."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor


class Targets:
    """Labels that a model may change (`FERModel.relabel`), and a record of every change.

    Args:
        given: (N,) class indices; they stay as they are.

    Attributes:
        now: (N,) class indices in force.
    """

    def __init__(self, given: np.ndarray) -> None:
        self.given, self.now = given, given.copy()
        self._changes: list[tuple[int, int, int, int]] = []

    def change(self, epoch: int, which: np.ndarray, seen: np.ndarray, wanted: np.ndarray) -> None:
        """Take over the labels of a batch.

        A face may stand in a batch several times (oversampling), each time augmented otherwise; the
        last change holds.

        Args:
            epoch: from 0.
            which: (B,) positions of the faces.
            seen: (B,) the labels that the model saw.
            wanted: (B,) the labels that it asks for.
        """
        for i in np.flatnonzero(wanted != seen):
            position, label = int(which[i]), int(wanted[i])
            if self.now[position] != label:
                self._changes.append((epoch, position, int(self.now[position]), label))
                self.now[position] = label

    def record(self, sample_ids: np.ndarray, classes: Sequence[str]) -> pd.DataFrame:
        """One row a change, in order: `epoch` (from 0), `sample_id`, `before`, `after`.

        Args:
            sample_ids: of the N faces.
            classes: names of the labels.
        """
        changes = np.array(self._changes, dtype=np.int64).reshape(-1, 4)
        names = np.array(classes, dtype=object)
        return pd.DataFrame(
            {
                "epoch": changes[:, 0],
                "sample_id": sample_ids[changes[:, 1]],
                "before": names[changes[:, 2]],
                "after": names[changes[:, 3]],
            }
        )

    def to_save(self) -> Tensor:
        """The changes so far, (M, 4) int64."""
        return torch.tensor(self._changes, dtype=torch.int64).reshape(-1, 4)

    def restore(self, saved: Tensor) -> None:
        """Make the changes again."""
        self.now = self.given.copy()
        self._changes = [(row[0], row[1], row[2], row[3]) for row in saved.tolist()]
        for _, position, _, after in self._changes:
            self.now[position] = after
