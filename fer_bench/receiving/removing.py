"""Take a source off this disk."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from fer_bench.datasets import packs
from fer_bench.datasets.kept_files import listing_path
from fer_bench.errors import FerBenchError
from fer_bench.receiving.adding import addable
from fer_bench.receiving.receipt import receipt_path


def remove(
    source: str,
    *,
    root: Path = Path("data/raw"),
    receipts_root: Path = Path("benchmarks"),
    aligned_root: Path = Path("data/aligned"),
) -> list[str]:
    """Delete `root/<source>`; the receipt stays, committed scores were measured on what it records.

    Returns:
        Lines for a person: what was deleted, and what still holds faces of this source.

    Raises:
        FerBenchError: the source is unknown or was not added.
    """
    addable(source)
    folder = root / source
    if not folder.is_dir():
        raise FerBenchError(
            f"{source} was not added ({folder} does not exist): see `fer-bench data status`."
        )
    # Renamed first, so that an interruption never leaves half a set under its proper name; the
    # next `add` removes what is left under this one.
    going = Path(tempfile.mkdtemp(prefix=f".adding-{source}-", dir=root))
    try:
        os.replace(folder, going / source)
    finally:
        shutil.rmtree(going)
    listing_path(folder).unlink(missing_ok=True)
    lines = [f"removed {folder}"]
    for name, pack in sorted(packs().items()):
        if pack.source == source and (aligned_root / name).exists():
            lines.append(
                f"{aligned_root / name} still holds its aligned faces: "
                f"`rm -r {aligned_root / name}`, then `dvc gc --workspace` for the cache."
            )
    receipt = receipt_path(receipts_root, source)
    if receipt.is_file():
        lines.append(f"kept {receipt}: scores in git were measured on what it records.")
    return lines
