"""What lies in the given folders and is not used: counted and named, never dropped in silence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from fer_bench.datasets.receivable import Collected
from fer_bench.datasets.tree import Tree

_KINDS = {
    "pictures": r"jpe?g|png|bmp|tiff?|webp|gif|pgm|ppm|jp2",
    "videos": r"avi|mp4|mov|mkv|wmv|mpe?g",
    "archives": r"zip|rar|r\d\d|7z|tar|gz|tgz|bz2|xz|z\d\d|\d{3}",
    "lists and texts": r"csv|tsv|txt|lst|jsonl?|ndjson|xml|ya?ml|parquet|xlsx?|mat|npy|md|pdf",
    "code": r"py|m|ipynb|sh|c|cpp|h",
}
FOLDERS = 5


def kind_of(path: str) -> str:
    """What kind of file it is by its ending: never the ending itself, which may be of a name."""
    ending = PurePosixPath(path).suffix.lower().removeprefix(".")
    return next((kind for kind, of in _KINDS.items() if re.fullmatch(of, ending)), "other files")


def unused(tree: Tree, collected: Collected) -> tuple[dict[str, int], list[str]]:
    """What of a tree a source neither kept nor read.

    Returns:
        How many of each kind, without a name, for the receipt; and lines for a person, which name
        folders.
    """
    paths = tree.unused(collected.values())
    kinds = Counter(kind_of(path) for path in paths)
    counts = {**dict(sorted(kinds.items())), **dict(sorted(tree.left_out.items()))}
    lines = [
        f"Not used: {n:,} {kind}{_where(path for path in paths if kind_of(path) == kind)}"
        for kind, n in sorted(kinds.items())
    ]
    return counts, lines + [f"Left out: {n:,} {what}" for what, n in sorted(tree.left_out.items())]


def _where(paths: Iterable[str]) -> str:
    folders = Counter(str(PurePosixPath(path).parent) for path in paths)
    return f" in {_some(list(folders))}" if folders else ""


def _some(folders: Sequence[str]) -> str:
    more = f" and {len(folders) - FOLDERS:,} more folders" if len(folders) > FOLDERS else ""
    return ", ".join(f"{folder}/" for folder in folders[:FOLDERS]) + more
