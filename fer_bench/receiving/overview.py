"""What there is: one row a source."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from fer_bench.datasets import datasets, packs, sources
from fer_bench.receiving.receipt import read_receipt


@dataclass(frozen=True)
class StatusRow:
    """One source.

    Attributes:
        have: `rendered`, `yes`, `partial`, `no`, or `no receipt` (files without a record: remove
            and add again).
        images: present images by the receipt; None without one.
        enabled: the enabled datasets that use it.
        size: bytes on disk below `data/raw/<source>`.
    """

    source: str
    title: str
    have: str
    licence: str
    how_to_get: str
    images: int | None
    enabled: tuple[str, ...]
    size: int


def status(
    root: Path = Path("data/raw"),
    receipts_root: Path = Path("benchmarks"),
    enabled: Collection[str] = (),
) -> list[StatusRow]:
    """Rows for every known source, by name.

    Args:
        root: the raw folder.
        receipts_root: where receipts stand.
        enabled: names of the datasets that params.yaml enables.
    """
    rows = []
    for name, source in sorted(sources().items()):
        folder = root / name
        receipt = read_receipt(receipts_root, name)
        if source.rendered:
            have = "rendered"
        elif not folder.is_dir():
            have = "no"
        elif receipt is None:
            have = "no receipt"
        else:
            have = "partial" if receipt["partial"] else "yes"
        users = [
            d.name for d in datasets().values()
            if d.name in enabled and any(packs()[p].source == name for p in d.packs)
        ]  # fmt: skip
        rows.append(
            StatusRow(
                source=name,
                title=source.title,
                have=have,
                licence=source.licence,
                how_to_get=source.how_to_get,
                images=receipt["images"]["present"] if receipt and folder.is_dir() else None,
                enabled=tuple(sorted(users)),
                size=_size(folder),
            )
        )
    return rows


def _size(folder: Path) -> int:
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
