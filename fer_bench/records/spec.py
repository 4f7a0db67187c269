"""What a row is: `runs/specs/<dataset>/<row>.json`, and the views of datasets within.

A stage depends on its spec, so that a change of options, code or versions makes it stale.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fer_bench.files import read_json, sha256_json
from fer_bench.records.base import from_json, to_json

FILE = "spec.json"
"""The same beside a cell's weights, so that its folder can be copied anywhere."""


@dataclass(frozen=True)
class View:
    """A dataset as training, evaluation and audit see it.

    Attributes:
        name: the dataset's.
        parts: what it takes of each pack (`Part.to_json`).
        classes: expressions, in the order of a model's logits.
        protocol: one of `datasets.base.PROTOCOLS`.
        code: hash of the code that predicts it; in `runs/specs/views` and `runs/views`.
        sha256: of each pack's files; in `runs/views`.
    """

    name: str
    parts: list[dict[str, Any]]
    classes: tuple[str, ...]
    protocol: str
    code: str | None = None
    sha256: dict[str, dict[str, str]] | None = None

    @staticmethod
    def read(file: Path) -> View:
        """Read a view's spec, or what the `view` stage made of it."""
        return from_json(View, read_json(file), str(file))


@dataclass(frozen=True)
class RowSpec:
    """A model or variant on a dataset, with what it starts from.

    Attributes:
        dataset: what it is trained on.
        model: the row's name: `method`, and for a row that starts from another dataset's cell
            something of that.
        method: the model or variant.
        base: the registered model behind it.
        source: the unmasked set that `dataset` is made of.
        style: of the masks on it; None for an unmasked set.
        options: all of the model's.
        recipe: all of it; see `training.recipe.Recipe`.
        tuning: the log by which the recipe was chosen, below `results/tuning`; None for none.
        view: the dataset's.
        alignment: how faces were cut, in words.
        align: the same as `AlignOptions`' values, of its first pack.
        compute: of params.yaml, with `auto` resolved.
        code: hash of all code that trains it.
        versions: of the libraries that decide its numbers.
        pretrained: what its weights start from, in words; None for chance.
        start: `file` and `sha256` of these weights, the latter None where a stage makes them.
        init_from: the dataset whose cell it starts from.
        outside: where a model's code is that is not part of this package.
    """

    dataset: str
    model: str
    method: str
    base: str
    source: str
    style: str | None
    options: dict[str, Any]
    recipe: dict[str, Any]
    tuning: str | None
    view: View
    alignment: str
    align: dict[str, Any]
    compute: dict[str, Any]
    code: str
    versions: dict[str, str]
    pretrained: str | None = None
    start: dict[str, str | None] | None = None
    init_from: str | None = None
    outside: dict[str, str] | None = None

    @staticmethod
    def read(file: Path) -> RowSpec:
        """Read a spec; raises FerBenchError when it is missing or of another version."""
        return from_json(RowSpec, read_json(file), str(file))

    @property
    def sha256(self) -> str:
        """By which scores say what they were made by."""
        return sha256_json(to_json(self))

    @property
    def classes(self) -> tuple[str, ...]:
        """In the order of the model's logits."""
        return self.view.classes

    @property
    def folded(self) -> bool:
        """Whether it is cross-validated."""
        return self.view.protocol == "folds"
