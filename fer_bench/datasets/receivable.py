"""What a source must know about itself so that `fer-bench data add` can receive it.

The receiving itself (unpacking, checking, receipts) is in `fer_bench.receiving` and is the same for
every source; a source only says what its published form looks like and how large it is.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from fer_bench.datasets.base import Source


@dataclass(frozen=True)
class PinnedCommit:
    """Files of a public git repository at one commit, whose id is the hash of all it contains."""

    repository: str
    commit: str
    paths: tuple[str, ...] = ()
    """The files and folders wanted; all when empty."""


@dataclass(frozen=True)
class Inventory:
    """How much of a source lies in a folder. Holds no name of a sample.

    Attributes:
        published: images with a label in the set as published.
        listed: images with a label in this folder's own label file.
        present: those of them whose image file is here.
        notes: what else a reader should know, one sentence each.
    """

    published: int
    listed: int
    present: int
    notes: tuple[str, ...] = ()

    @property
    def partial(self) -> bool:
        """True when something of the published set is not here."""
        return self.present < self.published


class ReceivableSource(Source):
    """A source that somebody obtains and adds, from a folder, archives or a pinned commit."""

    fetch: PinnedCommit | None = None
    """Where it may be fetched from without asking anybody; None when its owner has to be asked."""
    accepts_subset: bool = False
    """True when a part of the set is as good a set: no published test split depends on the rest."""
    max_files: int = 2_000_000
    max_bytes: int = 200 * 2**30

    @abstractmethod
    def locate(self, folder: Path) -> Path:
        """The folder at or below `folder` that has the published layout.

        Raises:
            FerBenchError: no such folder; the message says what was expected and what was found.
        """

    @abstractmethod
    def files(self, root: Path) -> list[PurePosixPath]:
        """The files under `root` that belong to the set, sorted, relative to `root`."""

    @abstractmethod
    def inventory(self, root: Path) -> Inventory:
        """Count what lies under `root`.

        Raises:
            FerBenchError: the label file cannot be understood, or not one image is there.
        """
