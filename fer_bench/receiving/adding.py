"""Receive a source: gather, verify, put in place, write the receipt."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from fer_bench.datasets import (
    datasets,
    get_receivable,
    own_sets,
    packs,
    receivables,
    sources,
)
from fer_bench.datasets.base import Source
from fer_bench.datasets.kept_files import listing_path, tree_sha256, write_listing
from fer_bench.datasets.own import definition
from fer_bench.datasets.own.collecting import UndecidedError
from fer_bench.datasets.own.registry import begin
from fer_bench.datasets.own.source import OwnSource
from fer_bench.datasets.receivable import Inventory, Receivable
from fer_bench.errors import FerBenchError
from fer_bench.files import write_json
from fer_bench.receiving.completeness import Counts, check_complete, counted
from fer_bench.receiving.images import check_images, leave_out, refusal
from fer_bench.receiving.inputs import fetch, open_inputs, sort_inputs
from fer_bench.receiving.keeping import keep
from fer_bench.receiving.receipt import receipt_path, summary, write_up
from fer_bench.receiving.unused import unused
from fer_bench.receiving.using import how_to_use, params_lines


@dataclass(frozen=True)
class Added:
    """What `add` did.

    Attributes:
        folder: where the source now lies.
        receipt: the JSON value written to `benchmarks/<source>/source.json`.
        report: lines for a person: counts per class and split, what was left out.
        params_lines: lines for params.yaml that enable the source's first dataset.
        how_to_use: these lines with what a person needs to know about them.
    """

    folder: Path
    receipt: dict[str, Any]
    report: list[str]
    params_lines: list[str]
    how_to_use: list[str]


@dataclass
class _Checked:
    """What was found to lie in a folder."""

    inventory: Inventory
    index: pd.DataFrame | None
    partial: bool
    unreadable: int
    faults: list[str]


def add(
    source: str,
    inputs: Sequence[Path] | None = None,
    *,
    root: Path = Path("data/raw"),
    receipts_root: Path = Path("benchmarks"),
    allow_partial: bool = False,
    password: str | None = None,
    test_only: bool = False,
    progress: bool = True,
) -> Added:
    """Receive `source` from what is given, or fetch it when nothing is.

    Nothing is left behind when this fails or is interrupted; what a killed process left is removed
    by the next `add` of the same source. Inputs are copied, never moved or changed.

    Args:
        source: its name; one that is not known makes a set of one's own of what is given.
        inputs: folders, archives (zip, tar, tar.gz, ...) and plain files that together make up the
            set, in any mixture.
        root: the raw folder; the source goes to `root/<source>`.
        receipts_root: the receipt goes to `receipts_root/<source>/source.json`.
        allow_partial: admit what is not the published set, without its unreadable images; its
            receipt says so.
        password: opens encrypted zips.
        test_only: a set of one's own is only to be tested on.
        progress: show progress bars where there is a terminal.

    Raises:
        FerBenchError: already added, refused, damaged, or not what it should be.
    """
    receivable = _named(source, receipts_root, inputs, test_only)
    final = root / source
    if final.exists():
        raise FerBenchError(
            f"{source} is already there ({final}). See it with `fer-bench data status`, or "
            f"`fer-bench data remove {source}` first to replace it."
        )
    given = sort_inputs(list(inputs or []), progress) if inputs else None
    with _workshop(root, source) as workshop:
        kept = workshop / "kept"
        given = given or fetch(receivable, workshop, progress)
        kind = given.origin["kind"]
        try:
            tree = open_inputs(receivable, given, workshop, password, progress)
            collected = receivable.collect(tree)
            keep(collected, given, workshop, kept, progress)
            left, left_lines = unused(tree, collected)
            del tree, collected  # of a large set they take more memory than all that follows
            receivable = receivable.edition(kept)
            checked = _check(receivable, kept, kind, allow_partial, progress)
        except FerBenchError as error:
            if isinstance(error, UndecidedError):
                error = _to_be_completed(error, source, receipts_root)
            what = "as fetched" if kind == "commit" else given.names
            raise FerBenchError(
                f"{source} was not added ({what}): {_said(error, workshop)}"
            ) from error
        hashed = tree_sha256(kept, progress)
        receipt = write_up(
            receivable, given.origin, hashed, checked.inventory,
            checked.index, partial=checked.partial, unreadable=checked.unreadable,
            faults=checked.faults, left=left,
        )  # fmt: skip
        os.replace(kept, final)
        try:
            if isinstance(receivable, OwnSource):
                _write_definition(receivable, receipts_root)
            write_listing(final, hashed)
            write_json(receipt_path(receipts_root, source), receipt)
        except BaseException:
            shutil.rmtree(final, ignore_errors=True)
            listing_path(final).unlink(missing_ok=True)
            raise
    report = [*receivable.said, *summary(receipt), *left_lines]
    return Added(final, receipt, report, params_lines(source), how_to_use(source))


def addable(name: str) -> Receivable:
    """What is added as `name`; raises FerBenchError when there is no such thing."""
    source = sources().get(name)
    if source is not None and source.rendered:
        raise FerBenchError(f"{name} is rendered by fer_bench itself: there is nothing to add.")
    return get_receivable(name)


def _named(
    source: str, receipts_root: Path, inputs: Sequence[Path] | None, test_only: bool
) -> Receivable:
    """What is added as `source`: known, or of one's own."""
    mine = own_sets()
    defined = definition.path_of(receipts_root, source).is_file()
    if source in {*sources(), *receivables()} - mine.keys() or not (defined or inputs):
        if test_only:
            raise FerBenchError("--test-only is for a set of your own: known sets have protocols.")
        return addable(source)
    made = {one.name for family in mine.values() for one in family.packs}
    made |= {one.name for family in mine.values() for one in family.datasets}
    known = {*sources(), *receivables(), *packs(), *datasets()} - made
    own = begin(source, receipts_root, known)
    if test_only:
        own.definition = own.definition.model_copy(update={"protocol": "test", "splits": None})
    return own


def _to_be_completed(error: UndecidedError, source: str, receipts_root: Path) -> FerBenchError:
    """Write what is known of the classes, for a person to complete; the error that says so."""
    path = definition.path_of(receipts_root, source)
    definition.write(path, source, error.definition)
    return FerBenchError(
        f"{error}\nThe mapping stands in {path}: write an expression, or `ignore`, in place of "
        "each `null` there, then run the same command again."
    )


def _write_definition(own: OwnSource, receipts_root: Path) -> None:
    """Write source.yaml unless it says the same already: its owner's comments stand in it."""
    path = definition.path_of(receipts_root, own.name)
    if not path.is_file() or definition.read(path) != own.definition:
        definition.write(path, own.name, own.definition)


def _check(
    receivable: Receivable, kept: Path, kind: str, allow_partial: bool, progress: bool
) -> _Checked:
    """Count and decode what lies in `kept`; unreadable images go, where a part is allowed.

    Raises:
        FerBenchError: it is not understood, not complete, or an image cannot be read.
    """
    inventory, faults = receivable.inventory(kept), receivable.faults(kept)
    if not isinstance(receivable, Source):
        found: Counts = {"all": {"all": inventory.present}}
        partial = check_complete(receivable, inventory, found, faults, kind, allow_partial)
        return _Checked(inventory, None, partial, 0, faults)
    index = receivable.index(kept, {})
    # Before every image is decoded, which takes long.
    found = counted(index, receivable.expected)
    partial = check_complete(receivable, inventory, found, faults, kind, allow_partial)
    bad = check_images(receivable, kept, index, progress)
    if bad and not (allow_partial and len(bad) < len(index)):
        other = ", or leave them out with --allow-partial: every table will say so"
        raise FerBenchError(
            refusal(bad, f"{len(bad)} of {len(index)} images cannot be used:")
            + f"\nGet them again{other if len(bad) < len(index) else ''}."
        )
    if bad:
        leave_out(kept, index, bad)
        inventory, index = receivable.inventory(kept), receivable.index(kept, {})
    return _Checked(inventory, index, partial or bool(bad), len(bad), faults)


def _said(error: FerBenchError, workshop: Path) -> str:
    """What an error says, without the names of our temporary folders."""
    text = re.sub(rf"{re.escape(str(workshop))}/(?:kept|(?:unpacked|nested)/\d+)/", "", str(error))
    return text.replace(str(workshop / "kept"), "what was given")


@contextmanager
def _workshop(root: Path, source: str) -> Iterator[Path]:
    """A temporary folder on the same disk as the final place."""
    root.mkdir(parents=True, exist_ok=True)
    prefix = f".adding-{source}-"
    for left_over in root.glob(f"{prefix}*"):
        shutil.rmtree(left_over, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=root))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
