"""Receive a source: gather, verify, put in place, write the receipt."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from fer_bench.datasets import datasets, get_source, packs
from fer_bench.datasets.receivable import Inventory, ReceivableSource
from fer_bench.errors import FerBenchError
from fer_bench.files import sha256_file, write_json
from fer_bench.receiving.fetch import fetch_commit
from fer_bench.receiving.images import check_images
from fer_bench.receiving.receipt import receipt_path, summary, tree_sha256, write_up
from fer_bench.receiving.unpack import Limits, unpack


@dataclass(frozen=True)
class Added:
    """What `add` did.

    Attributes:
        folder: where the source now lies.
        receipt: the JSON value written to `benchmarks/<source>/source.json`.
        report: lines for a person: counts per class and split, what was left out.
        params_lines: lines for params.yaml that enable the source's first dataset.
    """

    folder: Path
    receipt: dict[str, Any]
    report: list[str]
    params_lines: list[str]


def add(
    source: str,
    inputs: Sequence[Path] | None = None,
    *,
    root: Path = Path("data/raw"),
    receipts_root: Path = Path("benchmarks"),
    allow_partial: bool = False,
    progress: bool = True,
) -> Added:
    """Receive `source` from folders or archives, or fetch it when none is given.

    Nothing is left behind when this fails or is interrupted; what a killed process left is removed
    by the next `add` of the same source. Inputs are copied, never moved or changed.

    Args:
        source: its name.
        inputs: one folder, or archives (zip, tar, tar.gz, ...) that together make up the set.
        root: the raw folder; the source goes to `root/<source>`.
        receipts_root: the receipt goes to `receipts_root/<source>/source.json`.
        allow_partial: admit an incomplete set; its receipt says so.
        progress: show progress bars.

    Raises:
        FerBenchError: already added, refused, damaged, or not what it should be.
    """
    receivable = _receivable(source)
    final = root / source
    if final.exists():
        raise FerBenchError(
            f"{source} is already there ({final}). See it with `fer-bench data status`, or "
            f"`fer-bench data remove {source}` first to replace it."
        )
    with _workshop(root, source) as workshop:
        kept = workshop / "kept"
        origin = _gather(receivable, list(inputs or []), workshop, kept, progress)
        try:
            inventory = receivable.inventory(kept)
            _check_complete(receivable, inventory, origin["kind"], allow_partial)
            index = receivable.index(kept, {})
            check_images(receivable, kept, index, progress)
        except FerBenchError as error:
            raise FerBenchError(f"{source} was not added: {error}") from error
        tree = tree_sha256(kept, receivable.files(kept))
        receipt = write_up(source, origin, inventory, index, tree)
        os.replace(kept, final)
        try:
            write_json(receipt_path(receipts_root, source), receipt)
        except BaseException:
            shutil.rmtree(final, ignore_errors=True)
            raise
    return Added(final, receipt, summary(receipt), params_lines(source))


def params_lines(source: str) -> list[str]:
    """Lines for params.yaml that enable the first dataset made of this source alone."""
    of_source = {name for name, pack in packs().items() if pack.source == source}
    names = [d.name for d in datasets().values() if set(d.packs) <= of_source]
    if not names:
        return []
    first = source if source in names else names[0]
    return [
        "enabled:",
        f"  {first}:",
        "    models: [baseline1]",
        "    seeds: [0]",
        "    evaluate_on: []",
        "    init_from: []",
        "    transfer_models: []",
    ]


def _receivable(name: str) -> ReceivableSource:
    source = get_source(name)
    if source.rendered:
        raise FerBenchError(f"{name} is rendered by fer_bench itself: there is nothing to add.")
    if not isinstance(source, ReceivableSource):
        raise FerBenchError(f"{name} cannot be added: its file does not say what it looks like.")
    return source


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


def _gather(
    source: ReceivableSource, inputs: list[Path], workshop: Path, kept: Path, progress: bool
) -> dict[str, Any]:
    """Bring the set's files, and only those, to `kept`; say where they came from."""
    for path in inputs:
        if not path.exists():
            raise FerBenchError(f"{path} does not exist: give the folder or archive to add.")
    if len(inputs) == 1 and inputs[0].is_dir():
        found = source.locate(inputs[0])
        _keep(source, found, kept, move=False, progress=progress)
        return {"kind": "folder"}
    if any(path.is_dir() for path in inputs):
        raise FerBenchError("give one folder, or archives only: put everything in one folder.")
    origin: dict[str, Any] = {"kind": "archive"}
    if not inputs:
        if source.fetch is None:
            raise FerBenchError(
                f"{source.name} cannot be fetched, its owner has to be asked: {source.how_to_get}. "
                f"Then `fer-bench data add {source.name} PATH`."
            )
        inputs = [fetch_commit(source.fetch, workshop, progress)]
        origin = {"kind": "commit", "commit": source.fetch.commit}
    else:
        origin["archives"] = [
            {"sha256": sha256_file(path), "bytes": path.stat().st_size} for path in inputs
        ]
    unpacked = workshop / "unpacked"
    unpacked.mkdir()
    limits = Limits(source.max_files, source.max_bytes)
    for path in inputs:
        unpack(path, unpacked, limits, progress)
    try:
        _keep(source, source.locate(unpacked), kept, move=True, progress=progress)
    except FerBenchError as error:
        names = ", ".join(path.name for path in inputs)
        raise FerBenchError(f"{names}: {error}") from error
    return origin


def _keep(source: ReceivableSource, found: Path, kept: Path, move: bool, progress: bool) -> None:
    """Copy (or move, out of our own temporary folder) the set's files from `found` to `kept`."""
    inside = found.resolve()
    kept.mkdir()
    files = source.files(found)
    for path in tqdm(files, desc=f"copy {source.name}", unit=" files", disable=not progress):
        origin, target = found / path, kept / path
        if not origin.resolve().is_relative_to(inside):
            raise FerBenchError(
                f"{path} is a link that leads out of the folder: put the file itself there."
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        if move:
            os.replace(origin, target)
        else:
            shutil.copyfile(origin, target)


def _check_complete(
    source: ReceivableSource, inventory: Inventory, kind: str, allow_partial: bool
) -> None:
    if not inventory.partial or allow_partial:
        return
    if source.accepts_subset and kind != "commit":
        return
    raise FerBenchError(
        "it is incomplete.\n"
        f"  expected: {inventory.published:,} images\n"
        f"  found:    {inventory.present:,} (of {inventory.listed:,} that its label file lists)\n"
        "Get the rest, or admit it as it is with --allow-partial: every table will say so."
    )
