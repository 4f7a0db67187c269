"""What there is: one row a source."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from fer_bench.datasets import datasets, packs, receivables, sources
from fer_bench.datasets.base import Dataset, Source
from fer_bench.datasets.challenge_lists import RECEIVABLE as CHALLENGE_LISTS
from fer_bench.datasets.receivable import Receivable
from fer_bench.receiving.receipt import read_receipt


@dataclass(frozen=True)
class StatusRow:
    """One source.

    Attributes:
        have: `rendered`, `yes`, `partial`, `no`, or `no receipt` (files without a record: remove
            and add again).
        images: present images (or lists) by the receipt; None without one.
        item: what is counted, `image` or `list`.
        enabled: the enabled datasets that use it.
        size: bytes on disk below `data/raw/<source>`.
    """

    source: str
    title: str
    have: str
    licence: str
    how_to_get: str
    images: int | None
    item: str
    enabled: tuple[str, ...]
    size: int


def status(
    root: Path = Path("data/raw"),
    receipts_root: Path = Path("benchmarks"),
    enabled: Collection[str] = (),
) -> list[StatusRow]:
    """Rows for everything there is to have, by name.

    Args:
        root: the raw folder.
        receipts_root: where receipts stand.
        enabled: names of the datasets that params.yaml enables.
    """
    rows = []
    known: dict[str, Source | Receivable] = {**sources(), **receivables()}
    for name, source in sorted(known.items()):
        folder = root / name
        receipt = read_receipt(receipts_root, name)
        item = source.item if isinstance(source, Receivable) else "image"
        if isinstance(source, Source) and source.rendered:
            have = "rendered"
        elif not folder.is_dir():
            have = "no"
        elif receipt is None:
            have = "no receipt"
        else:
            have = "partial" if receipt["partial"] else "yes"
        users = [d.name for d in datasets().values() if d.name in enabled and _uses(d, name)]
        rows.append(
            StatusRow(
                source=name,
                title=source.title,
                have=have,
                licence=source.licence,
                how_to_get=source.how_to_get,
                images=receipt[f"{item}s"]["present"] if receipt and folder.is_dir() else None,
                item=item,
                enabled=tuple(sorted(users)),
                size=_size(folder),
            )
        )
    return rows


def _uses(dataset: Dataset, name: str) -> bool:
    if name == CHALLENGE_LISTS.name:
        return dataset.challenge is not None
    return any(packs()[pack].source == name for pack in dataset.packs)


def _size(folder: Path) -> int:
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
