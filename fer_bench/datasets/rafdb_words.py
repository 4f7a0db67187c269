"""What is said of a copy of RAF-DB: why it is refused, and what a reader has to know of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fer_bench.datasets import rafdb_files as files
from fer_bench.datasets.rafdb_labels import FormLabels, pairs_sha256
from fer_bench.datasets.receivable import NOT_SHOWN
from fer_bench.datasets.tree import Tree
from fer_bench.labels import Expression

SIZE = (100, 100)
"""Of the official aligned faces."""


@dataclass(frozen=True)
class RafdbFolder:
    """What lies in the source's folder.

    Attributes:
        forms: everything that says labels.
        labels: these, by stem.
        aligned: stem -> path of its aligned face.
        originals: stem -> path of its photograph.
    """

    forms: Sequence[FormLabels]
    labels: Mapping[str, Expression]
    aligned: Mapping[str, str]
    originals: Mapping[str, str]


def what_is_missing(
    tree: Tree,
    aligned: Mapping[str, Any],
    originals: Mapping[str, Any],
    forms: Sequence[FormLabels],
) -> str:
    """Why this cannot be taken: no faces, no labels, or neither."""
    if next(tree.matching(r"[^/]+\.(?:parquet|arrow)"), None):
        return (
            "a Parquet or Arrow copy of RAF-DB has lost the official file names, by which faces, "
            "labels and split are checked, so it cannot be taken as RAF-DB.\n"
            f"  expected: {files.LIST} and Image/aligned/*_aligned.jpg, in any arrangement\n"
            f"  found:    {tree.outline()}\n"
            "Get the official files, or add it as a set of your own (docs/add_a_dataset.md)."
        )
    if aligned:
        return (
            "this is not RAF-DB's basic set: its faces are here, but nothing says their labels.\n"
            f"  expected: {files.LIST}, train_labels.csv and test_labels.csv, or class folders 1 "
            f"to 7\n  found:    {len(aligned):,} aligned faces and no such list among "
            f"{tree.outline()}\nGive the official list as well."
        )
    if forms or originals:
        more = f", {len(originals):,} photographs" if originals else ""
        return (
            "RAF-DB's aligned faces are missing.\n  expected: Image/aligned/*_aligned.jpg\n"
            f"  found:    {len(forms)} lists of labels{more} among {tree.outline()}\n"
            "Unpack Image/aligned.zip and give its folder too."
        )
    return (
        f"this is not RAF-DB's basic set.\n  expected: basic/{files.LIST} and "
        "basic/Image/aligned/*_aligned.jpg, or the same files in another arrangement\n"
        f"  found:    {tree.outline()}"
    )


def about_labels(kept: RafdbFolder) -> list[str]:
    """Where the labels come from, whether several sources agree, and their hash."""
    lists = [form for form in kept.forms if not form.only_checks]
    notes = []
    if not any(form.name == files.LIST for form in lists):
        names = " and ".join(form.name for form in lists)
        notes.append(f"labels come from {names}: the official list was not given")
    if len(kept.forms) > 1:
        times = Counter(stem for form in kept.forms for stem in form.keys)
        common = sum(n > 1 for n in times.values())
        notes.append(f"{common:,} labels stand in more than one source, and all of these agree")
    if any(f"/{files.FROM_ZERO}/" in path for path in kept.aligned.values()):
        notes.append(
            "class folders were numbered from 0: their order was settled by other labels, or by "
            "the faces in each and the numbers of the neutral ones"
        )
    digest = pairs_sha256(kept.labels)[:16]
    return [*notes, f"names and labels hash to {digest}: copies with the same labels share it"]


def about_images(root: Path, kept: RafdbFolder) -> list[str]:
    """Why the aligned faces are not shown to be the official ones, if they are not."""
    notes = []
    if any(f"/{files.TRAIN_VALID}/" in path for path in kept.aligned.values()):
        notes.append(
            f"{NOT_SHOWN}: a copy in train/ and valid/, of which one is reported to "
            "hold other test images than the official ones"
        )
    sizes = files.sizes(root / path for path in kept.aligned.values())
    if odd := sizes.total() - sizes[SIZE]:
        notes.append(f"{NOT_SHOWN}: {odd:,} aligned faces are not of the official 100 x 100 pixels")
    return notes
