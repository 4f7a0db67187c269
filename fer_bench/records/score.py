"""Score files: all that reports read of a cell, `results/scores/<dataset>/<row>/<seed>.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict

import orjson

from fer_bench.errors import FerBenchError
from fer_bench.records.base import check_place, from_json, to_json, write_record
from fer_bench.records.training import FORMAT as TRAINING
from fer_bench.records.training import Training
from fer_bench.row_names import JOINT
from fer_bench.rules import Protocol

FORMAT = 2


class Part(TypedDict, total=False):
    """One part of a set by one selection: what `evaluation.metrics` and `.detail` measure."""

    n: int
    n_per_class: dict[str, int]
    accuracy: Any  # None without a face
    balanced_accuracy: Any
    macro_f1: float | None
    nll: float | None
    brier: float | None
    ece: float | None
    temperature: float
    nll_scaled: float
    ece_scaled: float
    recall: dict[str, float | None]
    confusion: list[list[int]]
    answers: str
    faces_sha256: str
    calibration: dict[str, list[Any]]
    risk_coverage: dict[str, Any]
    raters: dict[str, Any]


Sets = dict[str, dict[str, dict[str, Part]]]
"""Set -> selection -> part -> metrics."""


@dataclass(frozen=True)
class Score:
    """What a cell's predictions are worth.

    Attributes:
        training: the cell.
        rules: it was scored by; None from before they had a version.
        sets: metrics; the own set's under the dataset's name.
        slices: of each set by column and group: size, accuracy and balanced accuracy.
        folds: of a cross-validated cell by selection, a line a fold; else None.
        history: by column, one number an epoch, None where there is none.
        faces_sha256: by set, of the table of faces (`records.faces`) it was scored with.
        predictions_sha256: by set (`test` for the own), of the predictions.
        untrained_classes: those without a train face.
        partial: whether images are missing where it was trained.
        partial_sets: the sets scored in which images are missing.
        card: what the model says of itself, where its code is not part of this package.
        external: whether it was trained elsewhere and only its answers came here.
        format: of this record.
    """

    training: Training
    rules: Protocol | None
    sets: Sets
    slices: dict[str, dict[str, dict[str, Part]]] = field(default_factory=dict)
    folds: dict[str, list[dict[str, Any]]] | None = None
    history: dict[str, list[float | None]] = field(default_factory=dict)
    faces_sha256: dict[str, str] = field(default_factory=dict)
    predictions_sha256: dict[str, str] = field(default_factory=dict)
    untrained_classes: tuple[str, ...] = ()
    partial: bool = False
    partial_sets: tuple[str, ...] = ()
    card: dict[str, Any] | None = None
    external: bool = False
    format: int = FORMAT

    @staticmethod
    def read(file: Path) -> Score:
        """Read a score file.

        Raises:
            FerBenchError: it is none, or is not the cell its path says.
        """
        try:
            value = orjson.loads(file.read_bytes())
            if value.get("format", 1) == 1:
                value = _from_format_1(value)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise FerBenchError(
                f"{file} is no score file ({error!r}): delete it and run `fer-bench sweep`"
            ) from error
        score = from_json(Score, value, str(file))
        check_place(file, score.training.dataset, score.training.model, score.training.seed)
        return score

    def write(self, file: Path) -> None:
        """Write it, each list of numbers on one line."""
        write_record(file, to_json(self), r'\[[^\[\]{}"]+\]')


def _from_format_1(old: Mapping[str, Any]) -> dict[str, Any]:
    """Scores from before records had a format: the same numbers, with less known of the cell."""
    said = dict(old["training"])
    source = said.get("init_from")
    training = {
        **said,
        **{key: old[key] for key in ("dataset", "model", "seed", "classes", "spec_sha256")},
        "environment": old["environment"],
        "method": str(old["model"]).removesuffix(f"{JOINT}{source}"),
        "protocol": said.get("protocol", "split"),
        "format": TRAINING,
    }
    kept = ("sets", "slices", "folds", "history", "predictions_sha256", "partial", "partial_sets",
            "card", "untrained_classes", "external")  # fmt: skip
    return {
        "training": training,
        "rules": old.get("protocol"),
        **{key: old[key] for key in kept if key in old},
        "format": FORMAT,
    }
