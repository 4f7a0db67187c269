"""The receipt: what was received, as hashes and counts that git may keep.

No sample names, no paths, no times: adding the same files again gives the same bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from fer_bench.datasets import datasets, get_dataset, get_pack
from fer_bench.datasets.base import SPLITS
from fer_bench.datasets.empty_classes import sentences, without_faces
from fer_bench.datasets.kept_files import Kept
from fer_bench.datasets.receivable import Inventory, Receivable
from fer_bench.files import read_json
from fer_bench.labels import EIGHT, Expression

FORMAT = 3
"""1 had neither `kept` nor `unreadable`, 2 no `left_out`."""


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


def empty_classes(dataset: str, receipts_root: Path = Path("benchmarks")) -> list[str]:
    """What to say of classes of `dataset` without training or test faces, by its receipts.

    Nothing where a receipt is missing, or the dataset takes only some faces of a source.
    """
    known = get_dataset(dataset)
    counts: dict[str, Counter[str]] = {split: Counter() for split in SPLITS}
    for part in known.parts:
        receipt = read_receipt(receipts_root, get_pack(part.pack).source)
        if receipt is None or part.where:
            return []
        for split in part.splits:
            counts[split].update(receipt["counts"].get(split, {}))
    return sentences(without_faces(counts, known.classes))


def write_up(
    receivable: Receivable,
    origin: dict[str, Any],
    kept: Kept,
    inventory: Inventory,
    index: pd.DataFrame | None,
    *,
    partial: bool,
    unreadable: int = 0,
    faults: Sequence[str] = (),
    left: Mapping[str, int] = MappingProxyType({}),
) -> dict[str, Any]:
    """The receipt as a JSON value.

    Args:
        receivable: what was received.
        origin: `kind` (folder, archive, file, mixture or commit) and the hashes that go with it.
        kept: all files that were kept.
        inventory: counts of the source.
        index: its rows, of which only labels, splits and the number of subjects are kept; None
            for something without faces.
        partial: it is not the published set.
        unreadable: images that were left out because they cannot be read.
        faults: what else is not as published.
        left: what was given and not used, how many of each kind.
    """
    receipt = {
        "format": FORMAT,
        "source": receivable.name,
        "origin": origin,
        "tree_sha256": kept.sha256,
        "kept": {"files": kept.files, "bytes": kept.bytes},
        "partial": partial,
        "unreadable": unreadable,
        f"{receivable.item}s": {
            "published": receivable.published,
            "listed": inventory.listed,
            "present": inventory.present,
        },
        "notes": [*inventory.notes, *faults],
        "left_out": {kind: n for kind, n in sorted(left.items()) if n},
    }
    if index is None:
        return {**receipt, "counts": {part: dict(n) for part, n in inventory.counts.items()}}
    subjects = index.groupby("split")["subject"].nunique()
    return {
        **receipt,
        "counts": counts_of(index),
        "subjects": {split: int(subjects.get(split, 0)) for split in SPLITS},
    }


def counts_of(index: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Images by split and class, all splits, and the classes that occur."""
    classes = [e for e in Expression if (index["label"] == e).any()]
    return {
        split: {e.name: int(((index["split"] == split) & (index["label"] == e)).sum())
                for e in classes}
        for split in SPLITS
    }  # fmt: skip


def _classes(receipt: Mapping[str, Any]) -> list[str]:
    """The classes that occur, and those of the datasets that are made of this source alone."""
    names = {name for of in receipt["counts"].values() for name in of}
    for dataset in datasets().values():
        if {get_pack(pack).source for pack in dataset.packs} == {receipt["source"]}:
            names.update(dataset.classes)
    return [name for name in EIGHT if name in names]


def summary(receipt: dict[str, Any]) -> list[str]:
    """The receipt for a person: sizes, then one line a class (or list) with its counts."""
    item = "image" if "images" in receipt else "list"
    sizes, counts = receipt[f"{item}s"], receipt["counts"]
    said = "tables say so" if item == "image" else "the receipt says so"
    published = f"; the published set has {sizes['published']:,}" if sizes["published"] else ""
    lines = [
        f"{sizes['present']:,} of the {sizes['listed']:,} {item}s listed here are present"
        f"{published}"
        + (f". This is not the whole of it as published; {said}." if receipt["partial"] else "."),
    ]
    if unreadable := receipt["unreadable"]:
        lines.append(
            f"{unreadable:,} image{'s'[: unreadable != 1]} cannot be read: left out, not kept"
        )
    lines += receipt["notes"]
    if item == "image":
        lines += sentences(without_faces(counts, _classes(receipt)))
    if item == "list":
        return [*lines, *(f"{w}: {p} {n:,}" for w in counts for p, n in counts[w].items())]
    splits = [split for split in SPLITS if any(counts[split].values())]
    lines.append(f"{'':12}" + "".join(f"{split:>8}" for split in splits))
    for name in next(iter(counts.values())):
        lines.append(f"{name:12}" + "".join(f"{counts[s][name]:>8,}" for s in splits))
    totals = [sum(counts[split].values()) for split in splits]
    lines.append(f"{'all':12}" + "".join(f"{n:>8,}" for n in totals))
    if any(receipt["subjects"].values()):
        lines.append(f"{'people':12}" + "".join(f"{receipt['subjects'][s]:>8,}" for s in splits))
    return lines
