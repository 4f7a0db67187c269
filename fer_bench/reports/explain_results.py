"""What the explain stage left: numbers (`results/explain`) and pictures (`runs/explain`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np

from fer_bench.datasets import datasets, packs
from fer_bench.errors import FerBenchError
from fer_bench.records.explanation import Explanation
from fer_bench.reports.enabled import Enabled, found, measured
from fer_bench.reports.relations import rendered

PICTURES = (
    "classes", "faces", "cams", "occluders", "labels", "predictions", "probabilities",
    "true_probabilities", "is_failure", "layer", "measured", "areas",
    "channel_example", "channel_patch", "channels", "channel_response",
)  # fmt: skip


class Explained(NamedTuple):
    """One network explained on one set, and whether its dataset is not enabled here."""

    numbers: Explanation
    elsewhere: bool

    @property
    def measured(self) -> str:
        """`here`, or `elsewhere`."""
        return measured(self.elsewhere)


def load_explained(explain_dir: Path | None, enabled: Enabled) -> list[Explained]:
    """Read `results/explain`, as `enabled` finds it.

    Raises:
        FerBenchError: a file is not the one its path says.
    """
    explained = []
    for row in found(explain_dir, enabled, "explain", suffix=""):
        for seed in row.places:
            if row.elsewhere:
                files = sorted(seed.glob("*.json"))
            else:
                names = _sets(row.dataset, enabled[row.dataset])
                files = [seed / f"{name}.json" for name in names]
            there = [Explanation.read(file) for file in files if file.is_file()]
            explained += [Explained(numbers, row.elsewhere) for numbers in there]
    return explained


def _sets(dataset: str, lists: Mapping[str, Sequence[Any]]) -> list[str]:
    """What a dataset's networks are explained on: its own test faces, and where it is evaluated."""
    return [dataset, *lists.get("evaluate_on", ())]


@dataclass(frozen=True)
class Pictures:
    """The faces and maps of some models' networks of one seed on one set.

    Attributes:
        columns: model -> its arrays; see `evaluation.explain`.
        missing: models that params ask for and that are not explained yet.
    """

    dataset: str
    set: str
    seed: int
    columns: Mapping[str, Mapping[str, np.ndarray]]
    missing: tuple[str, ...]

    @property
    def first(self) -> Mapping[str, np.ndarray]:
        """The first column's arrays, for what all columns share."""
        return next(iter(self.columns.values()))

    @property
    def masked(self) -> bool:
        """Whether the faces wear masks."""
        return any(packs()[name].mask_style for name in _packs(self.set))

    @property
    def rendered(self) -> bool:
        """Whether every face is drawn by this project."""
        return rendered(self.set)


def load_pictures(explain_root: Path, enabled: Enabled) -> Iterator[Pictures]:
    """The pictures of every dataset and set that params ask for, of the first seed.

    Raises:
        FerBenchError: two models of one gallery were explained on different faces, or a file is
            damaged.
    """
    for dataset, lists in enabled.items():
        models = list(lists.get("explain", ()))
        for set_ in _sets(dataset, lists):
            for seed in list(lists.get("seeds", ()))[:1]:
                yield _pictures(explain_root, dataset, set_, seed, models)


def _pictures(root: Path, dataset: str, set_: str, seed: int, models: Sequence[str]) -> Pictures:
    columns = {}
    for model in models:
        file = root / dataset / model / str(seed) / set_ / "arrays.npz"
        if file.is_file():
            columns[model] = _arrays(file)
    shown = [a["faces"][~a["is_failure"]] for a in columns.values()]
    if any(not np.array_equal(shown[0], other) for other in shown[1:]):
        raise FerBenchError(
            f"the models of {root / dataset} were explained on different faces of {set_}: run "
            "`fer-bench sweep`, which explains those again whose faces have changed"
        )
    missing = tuple(m for m in models if m not in columns)
    return Pictures(dataset, set_, seed, columns, missing)


def _arrays(file: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in PICTURES}
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise FerBenchError(
            f"{file} cannot be read ({error}): delete its folder and run `fer-bench sweep`"
        ) from error


def _packs(set_: str) -> tuple[str, ...]:
    known = datasets().get(set_)
    return known.packs if known else ()
