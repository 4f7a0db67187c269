"""What is drawn again when faces are: people, where they are known.

Faces of one person are alike, so that a set of 300 faces of 30 people says no more about other
people than its 30 people do. Where nobody says who is on a face, faces with the same pixels stand
together; a face that is like no other is a unit of its own.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True, eq=False)
class Units:
    """The n faces of a track as units of resampling.

    Attributes:
        group: (n,) the unit of each face: numbers from 0, none left out.
        known: (n,) bool, whether the unit is a person; other faces are grouped by their pixels.
        faces: (n,) running numbers of the faces in their set; None where they are not known.
    """

    group: np.ndarray
    known: np.ndarray
    faces: np.ndarray | None = None

    @staticmethod
    def single(n: int) -> Units:
        """Every face for itself: nothing is known of people."""
        return Units(np.arange(n), np.zeros(n, dtype=bool))

    @staticmethod
    def of(person: np.ndarray, known: np.ndarray, faces: np.ndarray | None = None) -> Units:
        """Units of numbered people, (n,), and whether each number is a person's."""
        return Units(np.unique(person, return_inverse=True)[1], known, faces)

    def of_faces(self, mask: np.ndarray) -> Units:
        """The units of some of the faces, (n,) bool."""
        faces = None if self.faces is None else self.faces[mask]
        return Units.of(self.group[mask], self.known[mask], faces)

    @cached_property
    def people(self) -> int | None:
        """How many known people there are; None where nobody is known."""
        return len(np.unique(self.group[self.known])) or None

    @property
    def unknown(self) -> int:
        """How many faces are of nobody known."""
        return int((~self.known).sum())

    @property
    def n(self) -> int:
        """How many faces."""
        return len(self.group)

    @cached_property
    def count(self) -> int:
        """How many units."""
        return int(self.group.max()) + 1 if len(self.group) else 0

    @property
    def alone(self) -> bool:
        """Whether every face is a unit of its own."""
        return self.count == self.n

    @cached_property
    def key(self) -> str:
        """What resamples depend on."""
        if self.alone:
            return "single"
        return hashlib.sha256(np.ascontiguousarray(self.group, "<i8").tobytes()).hexdigest()

    def sums(self, values: np.ndarray) -> np.ndarray:
        """(..., units) sums of values (..., n) over the faces of each unit."""
        if self.alone:
            found = np.empty(values.shape, np.float64)
            found[..., self.group] = values
            return found
        flat = values.reshape(-1, self.n)
        summed = [np.bincount(self.group, weights=line, minlength=self.count) for line in flat]
        return np.stack(summed).reshape(*values.shape[:-1], self.count)
