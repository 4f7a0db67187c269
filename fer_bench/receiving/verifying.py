"""Is what lies in `data/raw` still what was received?"""

from __future__ import annotations

from pathlib import Path
from textwrap import indent
from typing import Any

from fer_bench.datasets.base import Source
from fer_bench.datasets.kept_files import SHOWN, Kept, differences, tree_sha256, write_listing
from fer_bench.datasets.receivable import Receivable
from fer_bench.errors import FerBenchError
from fer_bench.files import write_json
from fer_bench.receiving.adding import addable
from fer_bench.receiving.completeness import counted, differing, side_by_side
from fer_bench.receiving.images import check_images, leave_out, refusal
from fer_bench.receiving.receipt import read_receipt, receipt_path, summary, write_up


def verify(
    source: str,
    *,
    root: Path = Path("data/raw"),
    receipts_root: Path = Path("benchmarks"),
    progress: bool = True,
) -> list[str]:
    """Hash a source's files again, compare with its receipt, and decode every image again.

    Returns:
        What differs, for a person; empty when all is as received. Names of images stand in it, so
        it belongs on a screen, not into a file of the repository.

    Raises:
        FerBenchError: the source is unknown, was not added, or has no receipt.
    """
    receivable = addable(source)
    folder, receipt = _folder_and_receipt(source, root, receipts_root)
    now = tree_sha256(folder, progress)
    lines = _files(receipt, now, folder)
    if isinstance(receivable, Source):
        lines += _faces(receivable, folder, receipt, progress)
    else:
        lines += _items(receivable, folder, receipt)
    return lines


def accept(
    source: str,
    *,
    root: Path = Path("data/raw"),
    receipts_root: Path = Path("benchmarks"),
    progress: bool = True,
) -> list[str]:
    """Take a source as it lies there now: its receipt is written anew and says that it is partial.

    Images that cannot be read are deleted, as `add` does with those of a partial set.

    Returns:
        The new receipt for a person.

    Raises:
        FerBenchError: as for `verify`; or nothing was changed, or what is there is not understood.
    """
    receivable = addable(source)
    folder, receipt = _folder_and_receipt(source, root, receipts_root)
    found = differences(folder, receipt["tree_sha256"], tree_sha256(folder, progress))
    if not found:
        raise FerBenchError(f"{source} is what was received: there is nothing to accept.")
    index, bad = None, []
    if isinstance(receivable, Source):
        index = receivable.index(folder, {})
        if bad := check_images(receivable, folder, index, progress):
            leave_out(folder, index, bad)
            index = receivable.index(folder, {})
    kept = tree_sha256(folder, progress)
    said = "files were lost, changed or added after it was received, and taken as they are"
    made = write_up(
        receivable, receipt["origin"], kept, receivable.inventory(folder), index, partial=True,
        unreadable=receipt.get("unreadable", 0) + len(bad),
        faults=[*receivable.faults(folder), said], left=receipt.get("left_out", {}),
    )  # fmt: skip
    write_listing(folder, kept)
    write_json(receipt_path(receipts_root, source), made)
    return summary(made)


def _folder_and_receipt(
    source: str, root: Path, receipts_root: Path
) -> tuple[Path, dict[str, Any]]:
    folder, receipt = root / source, read_receipt(receipts_root, source)
    if not folder.is_dir():
        raise FerBenchError(
            f"{source} was not added ({folder} does not exist): see `fer-bench data status`."
        )
    if receipt is None:
        raise FerBenchError(
            f"{source} has no receipt ({receipts_root / source / 'source.json'}), so what was "
            f"received is not known. Get the receipt from git, or `fer-bench data remove {source}` "
            "and add it again."
        )
    return folder, receipt


def _files(receipt: dict[str, Any], now: Kept, folder: Path) -> list[str]:
    """How many files differ, and which, in one text; nothing where none does."""
    found = differences(folder, receipt["tree_sha256"], now)
    if not found:
        return []
    more = [f"... and {len(found) - SHOWN:,} more"] if len(found) > SHOWN else []
    return ["\n    ".join([_how_many(receipt, now), *found[:SHOWN], *more])]


def _how_many(receipt: dict[str, Any], now: Kept) -> str:
    hashes = f"(hash {receipt['tree_sha256'][:12]}... received, {now.sha256[:12]}... now)"
    if "kept" not in receipt:  # receipts before format 2
        return f"files are missing, changed or added {hashes}"
    gap = now.files - receipt["kept"]["files"]
    if gap:
        n, what = abs(gap), "missing" if gap < 0 else "added"
        return (
            f"{n:,} file{'s'[: n != 1]} {what}: {receipt['kept']['files']:,} received, "
            f"{now.files:,} now {hashes}"
        )
    size = now.bytes - receipt["kept"]["bytes"]
    return (
        f"as many files as received ({now.files:,}, {size:+,} bytes), but at least one was changed "
        f"or renamed {hashes}"
    )


def _faces(source: Source, folder: Path, receipt: dict[str, Any], progress: bool) -> list[str]:
    try:
        index = source.index(folder, {})
    except FerBenchError as error:
        return [f"its labels can no longer be read: {error}"]
    received = receipt["counts"]
    found = counted(index, received)
    lines = []
    if differing(received, found):
        table = side_by_side(received, found, ("received", "now"))
        lines.append(f"its images are not those that were counted:\n\n{indent(table, '  ')}\n")
    if bad := check_images(source, folder, index, progress):
        lines.append(refusal(bad, f"{len(bad)} of {len(index)} images cannot be read:"))
    return lines


def _items(receivable: Receivable, folder: Path, receipt: dict[str, Any]) -> list[str]:
    try:
        counts = receivable.inventory(folder).counts
    except FerBenchError as error:
        return [str(error)]
    return [
        f"{part}: {receipt['counts'].get(part, {}).get(name, 0):,} received, "
        f"{counts.get(part, {}).get(name, 0):,} now ({name})"
        for part, name, _ in differing(receipt["counts"], counts)
    ]
