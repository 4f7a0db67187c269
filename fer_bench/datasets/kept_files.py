"""The files of a source on this disk, by their hashes: when it was received, and now.

When a source is received, `data/raw/.<source>.sha256` is written beside its folder, in the form of
`sha256sum`. Git ignores it, because it holds names; the receipt holds the SHA-256 of the whole list
(`tree_sha256`), which vouches for it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple, TypeVar

from tqdm import tqdm

from fer_bench.cores import cores
from fer_bench.errors import FerBenchError
from fer_bench.files import read_json, sha256_file, write_text

SHOWN = 5
AT_ONCE = 1000

T = TypeVar("T")
U = TypeVar("U")


class Kept(NamedTuple):
    """All files of a folder: how many, how large, the hash of each and one of all.

    Attributes:
        listing: a line `<sha256>  <path>` for each file, in order of path.
        sha256: of the listing.
    """

    files: int
    bytes: int
    sha256: str
    listing: str


def tree_sha256(root: Path, progress: bool = True) -> Kept:
    """Hash every file below `root`, on all cores; hidden files count like others.

    Args:
        root: the folder.
        progress: show a bar where there is a terminal.

    Raises:
        FerBenchError: a name holds a line break.
    """
    files = sorted(
        PurePosixPath(Path(place).relative_to(root).as_posix()) / name
        for place, _, names in os.walk(root)
        for name in names
    )
    if odd := next((path for path in files if len(str(path).splitlines()) > 1), None):
        raise FerBenchError(f"{str(odd)!r} has a line break in its name: rename it.")
    bar = tqdm(total=len(files), desc="hash files", unit=" files", delay=1,
               disable=None if progress else True)  # fmt: skip
    lines, size = [], 0
    with bar:
        for path, (digest, length) in zip(files, in_threads(_hash, (root / p for p in files)),
                                          strict=True):  # fmt: skip
            lines.append(f"{digest}  {path}\n")
            size += length
            bar.update()
    listing = "".join(lines)
    return Kept(len(files), size, hashlib.sha256(listing.encode()).hexdigest(), listing)


def in_threads(function: Callable[[T], U], items: Iterable[T]) -> Iterator[U]:
    """`function` of each item in order, on all cores; few at once, as waiting ones take memory."""
    waiting = iter(items)
    with ThreadPoolExecutor(cores()) as pool:
        while some := list(islice(waiting, AT_ONCE)):
            yield from pool.map(function, some)


def listing_path(root: Path) -> Path:
    """Where the hashes of the files of `data/raw/<source>` lie: beside it, hidden."""
    return root.parent / f".{root.name}.sha256"


def write_listing(root: Path, kept: Kept) -> None:
    """Keep the hashes of the files below `root` beside it."""
    write_text(listing_path(root), kept.listing)


def differences(root: Path, received: str, now: Kept) -> list[str]:
    """What was lost, changed or added since a folder was received, a line each, with names.

    Args:
        root: the folder.
        received: `tree_sha256` of its receipt.
        now: its files.
    """
    if now.sha256 == received:
        return []
    before = _listed(root, received)
    if before is None:
        return ["files are missing, changed or added; which, is not known, because their hashes "
                f"({listing_path(root)}) are not those of the receipt"]  # fmt: skip
    after = _parsed(now.listing)
    both = [name for name in before if name in after]
    return [
        *(f"{name} is missing" for name in before if name not in after),
        *(f"{name} was changed" for name in both if after[name] != before[name]),
        *(f"{name} was added" for name in after if name not in before),
    ]


def check_received(name: str, root: Path, receipt: Path, progress: bool = True) -> None:
    """Make sure that a source's folder holds what its receipt records.

    Without a receipt there is nothing to compare with.

    Args:
        name: the source's.
        root: its folder.
        receipt: the receipt's path.
        progress: show a bar where there is a terminal.

    Raises:
        FerBenchError: a file was lost, changed or added; it names them, so it is for a screen.
    """
    if not receipt.is_file():
        return
    recorded: Mapping[str, Any] = read_json(receipt)
    now = tree_sha256(root, progress)
    found = differences(root, recorded["tree_sha256"], now)
    if found:
        more = f"\n  ... and {len(found) - SHOWN:,} more" if len(found) > SHOWN else ""
        raise FerBenchError(
            f"{name} is no longer what was received ({root}):\n  "
            + "\n  ".join(found[:SHOWN])
            + f"{more}\nPut the files back, or `fer-bench data remove {name}` and add it again; or "
            f"go on with what is there: `fer-bench data verify {name} --accept` marks it partial "
            "everywhere."
        )
    if not listing_path(root).is_file():  # of a receipt from before these lists
        write_listing(root, now)


def _hash(path: Path) -> tuple[str, int]:
    return sha256_file(path), path.stat().st_size


def _listed(root: Path, received: str) -> dict[str, str] | None:
    """The hashes at receipt by path; None when there is no list, or another one."""
    path = listing_path(root)
    if not path.is_file() or sha256_file(path) != received:
        return None
    return _parsed(path.read_text(encoding="utf-8"))


def _parsed(listing: str) -> dict[str, str]:
    return {line[66:]: line[:64] for line in listing.splitlines()}
