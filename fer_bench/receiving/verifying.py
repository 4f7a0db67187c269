"""Is what lies in `data/raw` still what was received?"""

from __future__ import annotations

from pathlib import Path
from textwrap import indent
from typing import Any

from fer_bench.datasets.base import Source
from fer_bench.datasets.receivable import Receivable
from fer_bench.errors import FerBenchError
from fer_bench.receiving.adding import addable
from fer_bench.receiving.completeness import counted, differing, side_by_side
from fer_bench.receiving.hashing import Kept, tree_sha256
from fer_bench.receiving.images import check_images, refusal
from fer_bench.receiving.receipt import read_receipt


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
    now = tree_sha256(folder, progress)
    lines = _files(receipt, now)
    if isinstance(receivable, Source):
        lines += _faces(receivable, folder, receipt, progress)
    else:
        lines += _items(receivable, folder, receipt)
    return lines


def _files(receipt: dict[str, Any], now: Kept) -> list[str]:
    if receipt["tree_sha256"] == now.sha256:
        return []
    hashes = f"(hash {receipt['tree_sha256'][:12]}... received, {now.sha256[:12]}... now)"
    if "kept" not in receipt:  # receipts before format 2
        return [f"files are missing, changed or added {hashes}"]
    gap = now.files - receipt["kept"]["files"]
    if gap:
        n, what = abs(gap), "missing" if gap < 0 else "added"
        return [f"{n:,} file{'s'[: n != 1]} {what}: {receipt['kept']['files']:,} received, "
                f"{now.files:,} now {hashes}"]  # fmt: skip
    size = now.bytes - receipt["kept"]["bytes"]
    return [
        f"as many files as received ({now.files:,}, {size:+,} bytes), but at least one was changed "
        f"or renamed {hashes}"
    ]


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
