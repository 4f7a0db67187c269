"""A track: every row that was scored on the same faces."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from fer_bench.files import sha256_json
from fer_bench.statistics.answers import Answers, decode
from fer_bench.statistics.units import Units

NO_ANSWERS = "scores without single answers (an earlier version made them: score again)"
UNEQUAL_SEEDS = "seeds scored on different faces"


@dataclass(frozen=True)
class Runs:
    """One row's answers.

    Attributes:
        seeds: S seed numbers, rising.
        predicted: (S, n) uint8, indices into `labels.EIGHT`.
        correct: (S, n) bool.
        sha256: hash of seeds and answers.
    """

    seeds: tuple[int, ...]
    predicted: np.ndarray
    correct: np.ndarray
    sha256: str

    @cached_property
    def mean_correct(self) -> np.ndarray:
        """(n,) the share of seeds that answered each face correctly."""
        return np.asarray(self.correct.mean(axis=0))

    @property
    def accuracy(self) -> float:
        """Mean over faces and seeds."""
        return float(self.correct.mean())


@dataclass(frozen=True)
class Track:
    """Rows that answered the same faces.

    Attributes:
        faces: the hash that says which faces.
        true: (n,) uint8, indices into `labels.EIGHT`, rising.
        rows: by name, in the order given.
        units: what is drawn again: people where they are known.
    """

    faces: str
    true: np.ndarray
    rows: Mapping[str, Runs]
    units: Units

    @property
    def n(self) -> int:
        """How many faces."""
        return len(self.true)

    @property
    def key(self) -> str:
        """What the resamples depend on: which faces, of which classes and of whom."""
        return sha256_json([self.faces, np.bincount(self.true).tolist(), self.units.key])

    def of_faces(self, mask: np.ndarray) -> Track:
        """The track of some of its faces, (n,) bool; its key says which."""
        digest = hashlib.sha256(np.packbits(mask).tobytes()).hexdigest()
        rows = {
            name: Runs(
                runs.seeds, runs.predicted[:, mask], runs.correct[:, mask], runs.sha256 + digest
            )
            for name, runs in self.rows.items()
        }
        return Track(f"{self.faces} {digest}", self.true[mask], rows, self.units.of_faces(mask))


Parts = Mapping[str, Sequence[tuple[int, Mapping[str, Any]]]]
"""By row: the seed and what its score file says of one part."""


def tracks(
    parts: Parts, where: str, units: Mapping[str, Units] | None = None
) -> tuple[list[Track], dict[str, str]]:
    """Group rows by the faces they were scored on.

    Args:
        parts: each row's seeds with the part's metrics.
        where: set and part, for messages.
        units: by row, the people of its faces, where they are known. Rows on the same faces share
            what is known of any of them.

    Returns:
        The tracks, the one with most rows first, and why rows are in none.
    """
    found: dict[tuple[str, bytes], dict[str, Runs]] = {}
    left: dict[str, str] = {}
    for name, seeds in parts.items():
        read = [(s, decode(part, f"{name}, seed {s}, {where}")) for s, part in seeds]
        known = [(s, answers) for s, answers in read if answers is not None]
        if not known:
            left[name] = NO_ANSWERS
            continue
        keys = {(answers.faces, answers.true.tobytes()) for _, answers in known}
        if len(keys) > 1:
            left[name] = UNEQUAL_SEEDS
            continue
        found.setdefault(keys.pop(), {})[name] = _runs(known)
    made = [
        Track(faces, np.frombuffer(true, dtype=np.uint8), rows, _units(rows, len(true), units))
        for (faces, true), rows in found.items()
    ]
    return sorted(made, key=lambda track: -len(track.rows)), left


def _units(rows: Iterable[str], n: int, units: Mapping[str, Units] | None) -> Units:
    known = (units[name] for name in rows if units and name in units)
    return next((u for u in known if u.n == n), None) or Units.single(n)


def _runs(known: Iterable[tuple[int, Answers]]) -> Runs:
    ordered = sorted(known, key=lambda pair: pair[0])
    predicted = np.stack([answers.predicted for _, answers in ordered])
    digest = hashlib.sha256()
    for seed, answers in ordered:
        digest.update(f"{seed}:{answers.text}\n".encode())
        digest.update(answers.predicted.tobytes())  # equal digits may mean other classes
    correct = predicted == ordered[0][1].true
    return Runs(tuple(s for s, _ in ordered), predicted, correct, digest.hexdigest())
