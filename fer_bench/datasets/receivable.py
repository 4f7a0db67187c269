"""What a source must know about itself so that `fer-bench data add` can receive it.

The receiving itself (unpacking, checking, receipts) is in `fer_bench.receiving` and is the same for
every source; a source only says what its published form looks like and how large it is.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

import numpy as np

from fer_bench.datasets.base import Source
from fer_bench.datasets.photograph import read_rgb
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError

Collected = dict[PurePosixPath, Path]
"""Where a file goes below `data/raw/<source>` -> where it was found."""

Expected = Mapping[str, Mapping[str, int]]
"""Images by split and class as published; the keys `all` stand for every split or class."""


NOT_SHOWN = "official images not shown"
"""Begins a note about images that may not be the published ones; audits repeat it as a worry."""


def put(collected: Collected, target: str, file: Path) -> None:
    """Add one file; raises FerBenchError when another one already goes to `target`."""
    path = PurePosixPath(target)
    if path in collected:
        raise FerBenchError(f"{target} was found twice: give one copy of the set, not several.")
    collected[path] = file


@dataclass(frozen=True)
class PinnedCommit:
    """Files of a public git repository at one commit, whose id is the hash of all it contains."""

    repository: str
    commit: str
    paths: tuple[str, ...] = ()
    """The files and folders wanted; all when empty."""


@dataclass(frozen=True)
class Inventory:
    """How much of something lies in a folder. Holds no name of a sample.

    Attributes:
        listed: items with a label in the folder's own label file (as many as are present where
            folders are the labels).
        present: those of them whose file is here.
        notes: what else a reader should know, one sentence each.
        counts: what the receipt counts instead of faces by split and class, for something that
            has no faces.
    """

    listed: int
    present: int
    notes: tuple[str, ...] = ()
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


class Receivable(ABC):
    """Something that somebody obtains and adds, from folders, archives or a pinned commit."""

    name: str
    title: str
    licence: str
    homepage: str
    how_to_get: str
    archives: tuple[str, ...] = ()
    """The archives or files as their owner names them, for messages and the dataset table."""
    fetch: PinnedCommit | None = None
    """Where it may be fetched from without asking anybody; None when its owner has to be asked."""
    accepts_subset: bool = False
    """True when a part of the set is as good a set: no published test split depends on the rest."""
    expected: Expected = MappingProxyType({})
    """What the published set holds; anything else is refused, or admitted as partial. Empty for a
    set without published counts, which is taken as it is."""
    item: str = "image"
    """What `expected` and `inventory` count."""
    said: Sequence[str] = ()
    """What to tell a person of how it was understood, a line each; known after `collect`."""
    max_files: int = 2_000_000
    max_bytes: int = 200 * 2**30

    @property
    def published(self) -> int:
        """Labelled items in the published set."""
        return sum(n for split in self.expected.values() for n in split.values())

    @abstractmethod
    def collect(self, tree: Tree) -> Collected:
        """Find the set's files among what was given; the keys are its one layout on this disk.

        Raises:
            FerBenchError: it is not this set; the message says what was expected and found.
        """

    @abstractmethod
    def inventory(self, root: Path) -> Inventory:
        """Count what lies under `root`, a folder in the layout that `collect` makes.

        Raises:
            FerBenchError: the label file cannot be understood, or not one item is there.
        """

    def edition(self, root: Path) -> Receivable:
        """The same, with the `expected` counts of the release that lies under `root`.

        For something published more than once, in different sizes.
        """
        return self

    def faults(self, root: Path) -> list[str]:
        """What else is not as published, a line each; any is refused, or admitted as partial."""
        return []


class ReceivableSource(Receivable, Source):
    """A source of faces that somebody obtains and adds.

    `index` lists the labelled images whose files are there. An image may be missing (a partial
    set); what cannot be understood raises.
    """

    def load(self, root: Path, row: Mapping[str, Any], options: Mapping[str, Any]) -> np.ndarray:
        """The image file of one index row, as it is: (H, W, 3) uint8 RGB."""
        return read_rgb(root / row["path"])
