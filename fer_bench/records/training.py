"""What a training says of itself: `train/train.json`, and the same within a score."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fer_bench.files import read_json, write_json
from fer_bench.records.base import from_json, to_json

FORMAT = 2
FILE = "train.json"


@dataclass(frozen=True)
class LabelNoise:
    """How train labels were spoilt: kind, rate asked for, and labels changed of how many."""

    kind: str
    rate: float
    changed: int
    of: int


@dataclass(frozen=True)
class Training:
    """One trained cell; nothing in it varies between equal runs on one kind of machine.

    What a model made elsewhere does not say is None.

    Attributes:
        dataset: where it was trained.
        model: the row's name: `method`, and for a row that starts from another dataset's cell
            something of that.
        seed: of the cell.
        method: the model or variant.
        base: the registered model behind it.
        classes: in the order of its logits.
        protocol: of the dataset: `split` or `folds`.
        source: the unmasked set that `dataset` is made of.
        style: of the masks on it; None for an unmasked set.
        pretrained: what its weights start from; None for chance.
        start: what is known of those weights (people, faces, verification accuracy, ...).
        init_from: the dataset whose cell it starts from.
        train_on: whether validation faces were trained on.
        label_noise: where labels were spoilt.
        n: faces by split. In cross-validation train and val are rounded means over folds, and test
            is all faces, each tested once.
        parameters: numbers that are learnt.
        backbone, size: the network and the side of its faces, in pixels.
        options: all of the model's.
        epochs: of the recipe.
        recipe: all of it.
        tuning: the log by which the recipe was chosen, below `results/tuning`; None for none.
        best_epoch: by selection, from 0; in cross-validation a list, one a fold.
        alignment: how faces were cut.
        environment: library versions, the processor, and `params.compute`.
        spec_sha256: of the spec it was trained by.
        format: of this record.
    """

    dataset: str
    model: str
    seed: int
    method: str
    classes: tuple[str, ...]
    protocol: str
    base: str | None = None
    source: str | None = None
    style: str | None = None
    pretrained: str | None = None
    start: dict[str, Any] | None = None
    init_from: str | None = None
    train_on: str | None = None
    label_noise: LabelNoise | None = None
    n: dict[str, int] = field(default_factory=dict)
    parameters: int | None = None
    backbone: str | None = None
    size: int | None = None
    options: dict[str, Any] = field(default_factory=dict)
    epochs: int | None = None
    recipe: dict[str, Any] | None = None
    tuning: str | None = None
    best_epoch: dict[str, Any] = field(default_factory=dict)
    alignment: str | None = None
    environment: dict[str, Any] = field(default_factory=dict)
    spec_sha256: str | None = None
    format: int = FORMAT

    @staticmethod
    def read(file: Path) -> Training:
        """Read `train.json`; raises FerBenchError when it is missing or of another format."""
        return from_json(Training, read_json(file), str(file), "train the cell again")

    def write(self, file: Path) -> None:
        """Write it as `train.json`."""
        write_json(file, to_json(self))
