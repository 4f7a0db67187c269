"""`results/robustness/<dataset>/<model>/<seed>.json`: a cell on corrupted faces of its own set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fer_bench.files import read_json
from fer_bench.records.base import check_place, from_json, to_json, write_record

FORMAT = 1


@dataclass(frozen=True)
class Accuracies:
    """Of the faces as they are; fractions."""

    accuracy: float
    balanced_accuracy: float


@dataclass(frozen=True)
class Severity:
    """One strength of a corruption.

    Attributes:
        level: 1 (mild) to 5.
        value: the parameter at the crops' size, in the corruption's unit; a word where it has no
            number.
        accuracy, balanced_accuracy: of the corrupted faces.
        flip_rate: share of faces whose answer is not the one given to the clean face.
    """

    level: int
    value: float | str
    accuracy: float
    balanced_accuracy: float
    flip_rate: float


@dataclass(frozen=True)
class Corrupted:
    """One corruption: its `evaluation.corruptions` group and unit, and its severities."""

    group: str
    unit: str
    severities: tuple[Severity, ...]


@dataclass(frozen=True)
class Perturbed:
    """One small change: how large it is, and the flip rate, a mean over directions."""

    value: str
    flip_rate: float


@dataclass(frozen=True)
class Worn:
    """By what masks were worn.

    Attributes:
        by_landmarks: faces that wear them by their own landmarks.
        by_mean_face: faces without any.
        left_out: why no masks were worn; None where they were.
    """

    by_landmarks: int
    by_mean_face: int
    left_out: str | None


@dataclass(frozen=True)
class RobustnessResult:
    """Everything measured of one cell's `last` weights; fractions run from 0 to 1.

    Attributes:
        dataset, model, seed: the cell.
        n: test faces.
        classes: in the order of its logits.
        worn: by what masks were worn.
        clean: the faces as they are.
        corruptions: by name.
        mean_corruption_accuracy: mean over corruptions of the mean over severities.
        perturbations: by name.
        flip_rate: mean over perturbations.
        format: of this record; the first files do not say it.
    """

    dataset: str
    model: str
    seed: int
    n: int
    classes: tuple[str, ...]
    worn: Worn
    clean: Accuracies
    corruptions: dict[str, Corrupted]
    mean_corruption_accuracy: float
    perturbations: dict[str, Perturbed]
    flip_rate: float
    format: int = FORMAT

    @staticmethod
    def read(file: Path) -> RobustnessResult:
        """Read a file; raises FerBenchError when it is none, or not the cell its path says."""
        remedy = "delete it and run `fer-bench sweep`"
        found = from_json(RobustnessResult, read_json(file), str(file), remedy)
        check_place(file, found.dataset, found.model, found.seed)
        return found

    def write(self, file: Path) -> None:
        """Write it, a line a severity."""
        inner = (r"\{[^{}\[\]]+\}", r"\[[^\[\]{}]+\]")
        write_record(file, _rounded(to_json(self)), *inner, plain=False)


def _rounded(value: Any) -> Any:
    """Eight decimals: means over faces differ far above, summation orders far below."""
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_rounded(inner) for inner in value]
    return round(value, 8) if isinstance(value, float) else value
