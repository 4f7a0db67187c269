"""What the robustness stage measured, over seeds: `results/robustness`, as `enabled` finds it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from fer_bench.evaluation.corruptions import CORRUPTIONS, PERTURBATIONS
from fer_bench.records.robustness import RobustnessResult
from fer_bench.reports.enabled import Enabled, found, measured
from fer_bench.statistics.summary import Summary, summarise


@dataclass(frozen=True)
class Strength:
    """One severity, over seeds.

    Attributes:
        level: 1 (mild) to 5.
        value: the parameter, in the curve's unit; a word where it has no number.
        accuracy, balanced_accuracy: of the corrupted faces, fractions.
        flip_rate: share of faces answered differently than when clean.
    """

    level: int
    value: float | str
    accuracy: Summary
    balanced_accuracy: Summary
    flip_rate: Summary


@dataclass(frozen=True)
class Curve:
    """A model under one corruption.

    Attributes:
        name, title, group, unit: of the corruption, see `evaluation.corruptions`.
        ordered: False where severities are kinds, so that no line joins them.
        clean: accuracy on the faces as they are, over the same seeds.
        points: by rising severity.
        accuracy: mean over severities of each seed, summarised over seeds.
        flip_rate: the same of the flip rate.
    """

    name: str
    title: str
    group: str
    unit: str
    ordered: bool
    clean: Summary
    points: tuple[Strength, ...]
    accuracy: Summary
    flip_rate: Summary


@dataclass(frozen=True)
class Robust:
    """A model's results on the test faces of the dataset it was trained on.

    Attributes:
        dataset, model: its row.
        elsewhere: whether committed files of a dataset that is not enabled here were read.
        wanted: how many seeds params ask for.
        cells: by rising seed; never empty.
    """

    dataset: str
    model: str
    elsewhere: bool
    wanted: int
    cells: tuple[RobustnessResult, ...]

    @property
    def measured(self) -> str:
        """`here`, or `elsewhere`."""
        return measured(self.elsewhere)

    @property
    def clean(self) -> Summary:
        """Accuracy of the faces as they are."""
        return _over(cell.clean.accuracy for cell in self.cells)

    @property
    def mean_corruption_accuracy(self) -> Summary:
        """Mean over corruptions of the mean over severities."""
        return _over(cell.mean_corruption_accuracy for cell in self.cells)

    @property
    def kept(self) -> Summary | None:
        """Mean corruption accuracy as a share of the clean accuracy, seed by seed."""
        pairs = [(c.mean_corruption_accuracy, c.clean.accuracy) for c in self.cells]
        return summarise(mean / clean if clean else None for mean, clean in pairs)

    @property
    def flip_rate(self) -> Summary:
        """Share of answers that small perturbations turn, mean over perturbations."""
        return _over(cell.flip_rate for cell in self.cells)

    @property
    def corruptions(self) -> list[str]:
        """The corruptions that every seed has, in the order of pages and figures."""
        return _ordered(CORRUPTIONS, [cell.corruptions for cell in self.cells])

    @property
    def perturbations(self) -> dict[str, tuple[str, Summary]]:
        """Name -> how large it is, and the flip rate."""
        names = _ordered(
            [p.name for p in PERTURBATIONS], [cell.perturbations for cell in self.cells]
        )
        return {
            name: (
                self.cells[0].perturbations[name].value,
                _over(cell.perturbations[name].flip_rate for cell in self.cells),
            )
            for name in names
        }

    def curve(self, corruption: str) -> Curve:
        """Every severity of one of `corruptions`."""
        seeds = [cell.corruptions[corruption] for cell in self.cells]
        known = CORRUPTIONS.get(corruption)
        levels = zip(*(seed.severities for seed in seeds), strict=True)
        points = tuple(
            Strength(
                level=level[0].level,
                value=level[0].value,
                accuracy=_over(s.accuracy for s in level),
                balanced_accuracy=_over(s.balanced_accuracy for s in level),
                flip_rate=_over(s.flip_rate for s in level),
            )
            for level in levels
        )
        return Curve(
            name=corruption,
            title=known.title if known else corruption.replace("_", " "),
            group=seeds[0].group,
            unit=seeds[0].unit,
            ordered=known.ordered if known else True,
            clean=self.clean,
            points=points,
            accuracy=_over(fmean(s.accuracy for s in seed.severities) for seed in seeds),
            flip_rate=_over(fmean(s.flip_rate for s in seed.severities) for seed in seeds),
        )

    def curves(self) -> list[Curve]:
        """Every corruption."""
        return [self.curve(name) for name in self.corruptions]


class Robustness:
    """Every measured row, in the order of params, then measured elsewhere by name."""

    def __init__(self, rows: Iterable[Robust]) -> None:
        self._rows = {(row.dataset, row.model): row for row in rows}

    def __iter__(self) -> Iterator[Robust]:
        return iter(self._rows.values())

    def get(self, dataset: str, model: str) -> Robust | None:
        """The row of this cell, if any seed of it was measured."""
        return self._rows.get((dataset, model))

    def of(self, dataset: str) -> list[Robust]:
        """The measured rows of a dataset."""
        return [row for row in self if row.dataset == dataset]

    def datasets(self) -> list[str]:
        """The datasets with at least one measured row."""
        return list(dict.fromkeys(row.dataset for row in self))


def load_robustness(folder: Path | None, enabled: Enabled) -> Robustness:
    """Read `results/robustness`; a missing folder, or None, holds nothing.

    Args:
        folder: `results/robustness`.
        enabled: params.yaml's `enabled`; its `robustness` lists the models of each dataset.

    Raises:
        FerBenchError: a file is no robustness file, or is not the cell its path says.
    """
    rows = []
    for row in found(folder, enabled, "robustness"):
        if cells := tuple(map(RobustnessResult.read, row.places)):
            rows.append(Robust(row.dataset, row.model, row.elsewhere, row.wanted, cells))
    return Robustness(rows)


def _over(values: Iterable[float]) -> Summary:
    summary = summarise(values)
    assert summary is not None, "a row has at least one seed"
    return summary


def _ordered(order: Iterable[str], seeds: Sequence[Mapping[str, Any]]) -> list[str]:
    """The names that every seed has: known ones in `order`, then the others by name."""
    shared = set(seeds[0]).intersection(*seeds)
    known = [name for name in order if name in shared]
    return known + sorted(shared - set(known))
