"""The receipt: what was received, as hashes and counts that git may keep.

No sample names, no paths, no times: adding the same files again gives the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from fer_bench.datasets import get_dataset, get_pack
from fer_bench.datasets.base import SPLITS
from fer_bench.datasets.receivable import Inventory
from fer_bench.files import read_json, sha256_file
from fer_bench.labels import Expression

FORMAT = 1


def receipt_path(receipts_root: Path, source: str) -> Path:
    """Where the receipt of a source stands: `benchmarks/<source>/source.json`."""
    return receipts_root / source / "source.json"


def read_receipt(receipts_root: Path, source: str) -> dict[str, Any] | None:
    """The receipt of a source, or None."""
    path = receipt_path(receipts_root, source)
    return dict(read_json(path)) if path.is_file() else None


def is_partial(dataset: str, receipts_root: Path = Path("benchmarks")) -> bool:
    """Whether a source of `dataset` was received incomplete, by its receipt."""
    names = {get_pack(pack).source for pack in get_dataset(dataset).packs}
    receipts = [read_receipt(receipts_root, name) for name in names]
    return any(receipt["partial"] for receipt in receipts if receipt)


def tree_sha256(root: Path, files: Iterable[PurePosixPath]) -> str:
    """One SHA-256 over the sorted (content hash, relative path) pairs of a folder's files."""
    total = hashlib.sha256()
    for path in sorted(files):
        total.update(f"{sha256_file(root / path)}  {path}\n".encode())
    return total.hexdigest()


def write_up(
    source: str,
    origin: dict[str, Any],
    inventory: Inventory,
    index: pd.DataFrame,
    tree: str,
) -> dict[str, Any]:
    """The receipt as a JSON value.

    Args:
        source: its name.
        origin: `kind` (folder, archive or commit) and the hashes that go with it.
        inventory: counts of the source.
        index: its rows; only labels, splits and the number of subjects are kept.
        tree: `tree_sha256` of what was kept.
    """
    subjects = index.groupby("split")["subject"].nunique()
    return {
        "format": FORMAT,
        "source": source,
        "origin": origin,
        "tree_sha256": tree,
        "partial": inventory.partial,
        "images": {
            "published": inventory.published,
            "listed": inventory.listed,
            "present": inventory.present,
        },
        "counts": _counts(index),
        "subjects": {split: int(subjects.get(split, 0)) for split in SPLITS},
        "notes": list(inventory.notes),
    }


def _counts(index: pd.DataFrame) -> dict[str, dict[str, int]]:
    classes = [e for e in Expression if (index["label"] == e).any()]
    return {
        split: {e.name: int(((index["split"] == split) & (index["label"] == e)).sum())
                for e in classes}
        for split in SPLITS
    }  # fmt: skip


def summary(receipt: dict[str, Any]) -> list[str]:
    """The receipt for a person: sizes, then one line a class with its counts per split."""
    images, counts = receipt["images"], receipt["counts"]
    lines = [
        f"{images['present']:,} of the {images['listed']:,} images listed here are present; "
        f"the published set has {images['published']:,}"
        + (" (an incomplete set: tables will say so)." if receipt["partial"] else "."),
        *receipt["notes"],
        f"{'':12}" + "".join(f"{split:>8}" for split in SPLITS),
    ]
    for name in next(iter(counts.values())):
        lines.append(f"{name:12}" + "".join(f"{counts[s][name]:>8,}" for s in SPLITS))
    totals = [sum(counts[split].values()) for split in SPLITS]
    lines.append(f"{'all':12}" + "".join(f"{n:>8,}" for n in totals))
    lines.append(f"{'people':12}" + "".join(f"{receipt['subjects'][s]:>8,}" for s in SPLITS))
    return lines
