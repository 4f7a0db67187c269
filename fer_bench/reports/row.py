"""A row of the benchmark: what the score files of its seeds say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

import numpy as np

from fer_bench.labels import EIGHT
from fer_bench.records.score import Part, Score
from fer_bench.reports.enabled import measured
from fer_bench.reports.face_tables import FaceTables
from fer_bench.statistics.summary import Summary, summarise
from fer_bench.statistics.units import Units


def classes_of(part: Part) -> list[str]:
    """The classes one part was scored among, in the order of its confusion matrix.

    A restricted part has fewer than its cell; JSON gives keys back sorted by name.
    """
    return sorted(part["n_per_class"], key=EIGHT.index)


@dataclass(frozen=True)
class Row:
    """A model on the dataset it was trained on, over its seeds.

    Attributes:
        dataset: where it was trained.
        model: its name.
        method: its model or variant; the same where it starts from another dataset's cell.
        init_from: that dataset.
        elsewhere: whether the dataset is not enabled here, so that committed scores were read.
        wanted: how many seeds params ask for (as many as there are, if measured elsewhere).
        cells: the scores of its seeds, by rising seed.
        sets: the sets it may be asked about.
        protocol: the version of the rules its scores were made by (docs/protocol.md); 0 for scores
            from before the rules had a version.
        faces: who is on the sets' faces; None where nobody knows.
        collapsed: seeds that did not train; no number of the row counts them.
        tuning: the search that chose its recipe, `trials` and `log`; None where none did.
    """

    dataset: str
    model: str
    method: str
    init_from: str | None
    elsewhere: bool
    wanted: int
    cells: tuple[Score, ...]
    sets: frozenset[str]
    protocol: int = 0
    faces: FaceTables | None = None
    collapsed: tuple[Score, ...] = ()
    tuning: Mapping[str, Any] | None = None

    @property
    def measured(self) -> str:
        """`here`, or `elsewhere`."""
        return measured(self.elsewhere)

    @property
    def external(self) -> bool:
        """Whether it was trained elsewhere and only its answers came here."""
        return any(cell.external for cell in self.cells)

    @property
    def card(self) -> Mapping[str, Any] | None:
        """What a model from outside says of itself."""
        return next((c.card for c in reversed(self.cells) if c.card), None)

    def by_seed(
        self, metric: str, set_: str, subset: str = "all", selection: str = "last"
    ) -> list[tuple[int, float]]:
        """One metric of each seed that has it, with the seed."""
        parts: Iterator[tuple[int, Mapping[str, Any]]] = self.scored(set_, subset, selection)
        return [(seed, p[metric]) for seed, p in parts if p.get(metric) is not None]

    def values(
        self, metric: str, set_: str, subset: str = "all", selection: str = "last"
    ) -> list[float]:
        """One metric by seed; seeds without it are left out."""
        return [value for _, value in self.by_seed(metric, set_, subset, selection)]

    def summary(
        self, metric: str, set_: str, subset: str = "all", selection: str = "last"
    ) -> Summary | None:
        """One metric over seeds; None where nothing was measured."""
        return summarise(self.values(metric, set_, subset, selection))

    def has(self, set_: str, subset: str = "all") -> bool:
        """Whether any sample of this set and subset was scored."""
        return any(n > 0 for n in self.sizes(set_, subset))

    def sizes(self, set_: str, subset: str = "all") -> list[int]:
        """The different sample counts the seeds were scored on: one, unless something is wrong."""
        return sorted({p["n"] for p in self.parts(set_, subset)})

    def units(self, set_: str, subset: str = "all") -> Units | None:
        """The people on a part's faces, in the order of answers; None where not known."""
        found = (self.faces.units(c, set_, subset) for c in self.cells if self.faces)
        return next((units for units in found if units is not None), None)

    def of_slice(self, set_: str, column: str, value: str) -> np.ndarray | None:
        """(n,) bool: which of a set's faces belong to a group; None where not known."""
        found = (self.faces.of_slice(c, set_, column, value) for c in self.cells if self.faces)
        return next((mask for mask in found if mask is not None), None)

    @property
    def train_sizes(self) -> list[int]:
        """How many train faces each class of its dataset has; none where not known."""
        return self.faces.train_sizes(self.cells[-1]) if self.faces and self.cells else []

    def parts(self, set_: str, subset: str = "all", selection: str = "last") -> list[Part]:
        """The metrics of each seed that has them."""
        return [part for _, part in self.scored(set_, subset, selection)]

    def scored(
        self, set_: str, subset: str = "all", selection: str = "last"
    ) -> Iterator[tuple[int, Part]]:
        """The metrics of each seed that has them, with the seed."""
        for cell in self.cells if set_ in self.sets else ():
            part = cell.sets.get(set_, {}).get(selection, {}).get(subset)
            if part is not None:
                yield cell.training.seed, part

    def subsets(self, set_: str) -> list[str]:
        """The parts of a set that any seed was scored on."""
        found = [cell.sets.get(set_, {}).get("last", {}) for cell in self.cells]
        return list(dict.fromkeys(s for parts in found for s in parts if self.has(set_, s)))

    @property
    def scored_on(self) -> list[str]:
        """The sets it was scored on, its own first."""
        sets = sorted(self.sets, key=lambda name: (name != self.dataset, name))
        return [name for name in sets if self.has(name)]

    @property
    def folded(self) -> bool:
        """Whether it was cross-validated."""
        return any(cell.folds for cell in self.cells)

    def folds(self, selection: str = "last") -> list[list[float]]:
        """The accuracies of each seed's folds."""
        found = [(cell.folds or {}).get(selection, ()) for cell in self.cells]
        return [[fold["accuracy"] for fold in folds] for folds in found if folds]

    def fold_mean(self, selection: str = "last") -> Summary | None:
        """The mean over folds, summarised over seeds."""
        return summarise(fmean(folds) for folds in self.folds(selection))

    def fold_std(self) -> float | None:
        """The sample standard deviation over folds, averaged over seeds: no spread over seeds."""
        spreads = [stdev(folds) for folds in self.folds() if len(folds) > 1]
        return fmean(spreads) if spreads else None

    def groups(self, set_: str) -> dict[str, dict[str, list[Any]]]:
        """Demographic slices of a set: column -> group -> the metrics of each seed."""
        found: dict[str, dict[str, list[Any]]] = {}
        for cell in self.cells if set_ in self.sets else ():
            for column, groups in cell.slices.get(set_, {}).items():
                for name, metrics in groups.items():
                    found.setdefault(column, {}).setdefault(name, []).append(metrics)
        return found

    def history(self) -> dict[str, np.ndarray]:
        """Its curves: name -> (seeds, epochs), NaN where nothing was measured in an epoch.

        Seeds of different length (a recipe that changed between them) are cut to the shortest.
        """
        runs = [cell.history for cell in self.cells]
        length = min(len(run["epoch"]) for run in runs)
        names = [name for name in runs[0] if all(name in run for run in runs)]
        return {name: np.array([run[name][:length] for run in runs], np.float64) for name in names}

    def partial(self, set_: str) -> bool:
        """Whether images are missing where it was trained or in this set."""
        return any(c.partial or set_ in c.partial_sets for c in self.cells)

    def said(self, key: str) -> list[Any]:
        """The different values the cells' training records give for `key`."""
        found: list[Any] = []
        for cell in self.cells:
            if (value := getattr(cell.training, key)) not in found:
                found.append(value)
        return found
