"""Whether two datasets are made of the same photographs."""

from __future__ import annotations

from fer_bench.datasets import datasets, packs
from fer_bench.reports.masked_sections import masked_base


def sources_of(dataset: str) -> frozenset[str]:
    """The sources whose images a dataset is made of; a name the registry lost is its own source."""
    known = datasets().get(dataset)
    if known is None:
        return frozenset({masked_base(dataset) or dataset})
    return frozenset(packs()[pack].source for pack in known.packs)


def share_images(one: str, other: str) -> bool:
    """Whether both take images of one source, so that one is no new ground for the other."""
    return bool(sources_of(one) & sources_of(other))
