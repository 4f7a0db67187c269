"""`results/label_reliability/<set>.json`: how faces that were rated twice were labelled.

Counts and shares alone, no faces and no names. `benchmarks/label_reliability` measures it from the
files as given, because the pipeline keeps neither unlabelled faces nor a second file of votes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fer_bench.files import read_json, write_json
from fer_bench.records.base import from_json, to_json

FORMAT = 1


@dataclass(frozen=True)
class Reliability:
    """What a set's copies say of its labels.

    Attributes:
        dataset: the set.
        faces: named faces with a picture.
        groups: of two or more faces with equal pixels.
        copies: faces in these groups.
        sizes: groups by their number of faces.
        differ: faces whose votes differ between the two files of votes.
        differ_copies: those of them that stand in a group.
        first_for_all: groups whose copies all have, in the second file, the votes that the first
            file says of the first copy (by name).
        votes: a line a file and place: `file`, `where`, `pairs`, and of those `equal_votes` and
            `same_largest` (equal first largest count).
        agreement: a line a file, rule and place: `file`, `rule`, `where`, `ratings`, `groups`,
            `conflicts` (groups in which a pair disagrees), `pairs`, and the estimates of
            `statistics.ratings.agreement`.
        classes: a line a rule, place and outcome, of votes as cast: `rule`, `where`, `outcome`,
            `ratings` (of these pairs' faces that gave it) and `value`, `low`, `high`.
        format: of this record.
    """

    dataset: str
    faces: int
    groups: int
    copies: int
    sizes: dict[str, int]
    differ: int
    differ_copies: int
    first_for_all: int
    votes: list[dict[str, Any]]
    agreement: list[dict[str, Any]]
    classes: list[dict[str, Any]]
    format: int = FORMAT

    @staticmethod
    def read(file: Path) -> Reliability:
        """Read a record; raises FerBenchError when it is none."""
        return from_json(Reliability, read_json(file), str(file))

    def write(self, file: Path) -> None:
        """Write it."""
        write_json(file, to_json(self))


def load_reliability(folder: Path | None) -> list[Reliability]:
    """Every record, by set; none where the folder is None or missing."""
    return [Reliability.read(file) for file in sorted(folder.glob("*.json"))] if folder else []
