"""The answers of one run to every face of one part, read from a score file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fer_bench.errors import FerBenchError
from fer_bench.labels import EIGHT

HASH = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class Answers:
    """What was shown and what was answered, face by face.

    Attributes:
        faces: a hash of which faces these are, and in which order: equal hash, same faces.
        true: (n,) uint8, indices into `labels.EIGHT`, rising.
        predicted: (n,) uint8, indices into `labels.EIGHT`.
        text: the score file's own string, for hashes.
    """

    faces: str
    true: np.ndarray
    predicted: np.ndarray
    text: str


def decode(part: Mapping[str, Any], where: str) -> Answers | None:
    """Read `answers` and `faces_sha256` of one part.

    Args:
        part: what a score file says of a set, a selection and a part.
        where: file or cell, set and part, for messages.

    Returns:
        None where the part holds no answers: scored before they were kept, or no face in it.

    Raises:
        FerBenchError: the answers are no digits of the part's classes, there are not as many as
            faces, their confusion matrix is not the part's, or the hash is none.
    """
    if not part.get("answers"):
        return None
    text, faces = part["answers"], part.get("faces_sha256")
    if not isinstance(faces, str) or not HASH.fullmatch(faces):
        raise _wrong(where, f"faces_sha256 is {faces!r}, expected 16 hex digits")
    names = sorted(part["n_per_class"], key=EIGHT.index)
    counts = [part["n_per_class"][name] for name in names]
    if len(text) != sum(counts):
        raise _wrong(where, f"{len(text)} answers for {sum(counts)} faces")
    digits = np.frombuffer(text.encode("utf-8", "replace"), dtype=np.uint8)
    given = digits - np.uint8(ord("0"))  # what stands before "0" wraps round to above 200
    if len(digits) != len(text) or (given >= len(names)).any():
        raise _wrong(where, f"answers must be digits from 0 to {len(names) - 1}")
    true = np.repeat(np.arange(len(names), dtype=np.uint8), counts)
    k = len(names)
    confusion = np.bincount(true * np.intp(k) + given, minlength=k * k).reshape(k, k)
    if confusion.tolist() != part["confusion"]:
        raise _wrong(where, "the answers do not add up to the confusion matrix beside them")
    codes = np.array([EIGHT.index(name) for name in names], dtype=np.uint8)
    return Answers(faces, codes[true], codes[given], text)


def _wrong(where: str, what: str) -> FerBenchError:
    return FerBenchError(f"{where}: {what}; delete the score file and run `fer-bench sweep`")
