"""What was measured beside the scores: robustness, explanations and cost, where there are any."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from fer_bench.records.cost import Device, DeviceCost, NetworkCost, load_costs
from fer_bench.records.explanation import Explanation, Measure
from fer_bench.reports.enabled import Enabled
from fer_bench.reports.explain_results import Explained, load_explained
from fer_bench.reports.robustness_results import Robust, Robustness, load_robustness
from fer_bench.reports.row import Row


@dataclass(frozen=True)
class ExplainedRow:
    """What Grad-CAM says of a row on one set, each number a mean over its seeds.

    Attributes:
        set: the explained faces' set.
        n: how many faces.
        layer: the explained layer.
        deletion: mean probability while the pixels the map names are taken away, and the same for
            a random order; lower is better.
        insertion: the same while they are put back; higher is better.
        occluders: the occluders' share of the face, and of the map; None where no occluder's
            pixels are known.
    """

    set: str
    n: str
    layer: str
    deletion: tuple[float | None, float | None]
    insertion: tuple[float | None, float | None]
    occluders: tuple[float | None, float | None] | None


@dataclass(frozen=True)
class Extras:
    """A row's further results.

    Attributes:
        robust: from `results/robustness`.
        explained: from `results/explain`.
        costs: one a device, from `results/cost`.
    """

    robust: Robustness
    explained: Sequence[Explained] = ()
    costs: Sequence[DeviceCost] = ()

    def robustness(self, row: Row) -> Robust | None:
        """A row's robustness over the seeds that were measured."""
        return self.robust.get(row.dataset, row.model)

    def explanations(self, row: Row) -> Iterator[ExplainedRow]:
        """By set, what its explained seeds say together."""
        found = [e.numbers for e in self.explained]
        mine = [n for n in found if (n.dataset, n.model) == (row.dataset, row.model)]
        for set_ in dict.fromkeys(n.set for n in mine):
            yield _explanation(set_, [n for n in mine if n.set == set_])

    def costs_of(self, row: Row) -> Iterator[tuple[Device, NetworkCost]]:
        """What the row's network costs on each device it was timed on.

        A variant that was not timed itself costs what another model does only if `find` knows them
        to be the same network.
        """
        for cost in self.costs:
            for backbone in row.said("backbone"):
                for size in row.said("size"):
                    if one := cost.find(row.method, backbone=backbone, size=size):
                        yield cost.device, one


def load_extras(
    enabled: Enabled, robustness_dir: Path | None, explain_dir: Path | None, cost_dir: Path | None
) -> Extras:
    """The extras whose folders are given and exist.

    Raises:
        FerBenchError: a file in them is malformed.
    """
    return Extras(
        load_robustness(robustness_dir, enabled),
        load_explained(explain_dir, enabled),
        load_costs(cost_dir),
    )


def _explanation(set_: str, seeds: Sequence[Explanation]) -> ExplainedRow:
    def mean(pick: Callable[[Explanation], float | None]) -> float | None:
        known = [value for value in map(pick, seeds) if value is not None]
        return fmean(known) if known else None

    def faithful(measure: Measure) -> tuple[float | None, float | None]:
        return (
            mean(lambda n: n.faithfulness.of(measure).cam.mean),
            mean(lambda n: n.faithfulness.of(measure).random.mean),
        )

    hidden = all(n.occluders for n in seeds)
    return ExplainedRow(
        set=set_,
        n=" or ".join(dict.fromkeys(str(n.n) for n in seeds)),
        layer=" or ".join(dict.fromkeys(n.layer for n in seeds)),
        deletion=faithful("deletion"),
        insertion=faithful("insertion"),
        occluders=(
            mean(lambda n: n.occluders.area.mean if n.occluders else None),
            mean(lambda n: n.occluders.mass.mean if n.occluders else None),
        )
        if hidden
        else None,
    )
