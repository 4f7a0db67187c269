"""How datasets are related: masked forms of others, and made of the same photographs."""

from __future__ import annotations

from fer_bench.datasets import datasets, packs, sources

MASK_SUFFIXES = ("_masked_mixed", "_masked")


def masked_base(name: str) -> str | None:
    """The unmasked dataset of a masked one: `rafdb` for `rafdb_masked` and `rafdb_masked_mixed`."""
    for suffix in MASK_SUFFIXES:
        if name.endswith(suffix):
            return name.removesuffix(suffix)
    return None


def sources_of(dataset: str) -> frozenset[str]:
    """The sources whose images a dataset is made of; a name the registry lost is its own source."""
    known = datasets().get(dataset)
    if known is None:
        return frozenset({masked_base(dataset) or dataset})
    return frozenset(packs()[pack].source for pack in known.packs)


def share_images(one: str, other: str) -> bool:
    """Whether both take images of one source, so that one is no new ground for the other."""
    return bool(sources_of(one) & sources_of(other))


def rendered(dataset: str) -> bool:
    """Whether every face of a dataset is drawn by this project; of an unknown one, no."""
    known = datasets().get(dataset)
    return known is not None and all(sources()[packs()[p].source].rendered for p in known.packs)
