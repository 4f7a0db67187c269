"""What somebody gives to `add`: folders, archives and plain files, in any mixture."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from fer_bench.datasets.receivable import Receivable
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError
from fer_bench.receiving.fetch import fetch_commit
from fer_bench.receiving.guards import Limits
from fer_bench.receiving.hashing import sha256_watched
from fer_bench.receiving.nested import nested_name, unpack_nested
from fer_bench.receiving.unpack import bare_name, is_archive, unpack
from fer_bench.receiving.volumes import whole

SHOWN = 3


@dataclass
class Given:
    """What was given, sorted.

    Attributes:
        folders: read where they lie.
        archives: to be unpacked.
        files: plain files, read where they lie.
        origin: for the receipt: `kind`, and the hashes that go with it.
    """

    folders: list[Path] = field(default_factory=list)
    archives: list[Path] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    origin: dict[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> str:
        """The names of a few of them, for messages."""
        paths = [*self.folders, *self.archives, *self.files]
        more = f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
        return ", ".join(path.absolute().name for path in paths[:SHOWN]) + more


def sort_inputs(inputs: Sequence[Path], progress: bool) -> Given:
    """Tell folders, archives and plain files apart, and hash what is one file.

    Raises:
        FerBenchError: a path does not exist, is no file, or was given twice.
    """
    _check_paths(inputs)
    given = Given(
        folders=[path for path in inputs if path.is_dir()],
        archives=[path for path in inputs if path.is_file() and is_archive(path)],
        files=[path for path in inputs if path.is_file() and not is_archive(path)],
    )
    seen: dict[str, Path] = {}
    records: dict[str, list[dict[str, Any]]] = {"archives": [], "files": []}
    for kind, paths in (("archives", given.archives), ("files", given.files)):
        for path in paths:
            digest = sha256_watched(path, progress)
            if kind == "archives" and digest in seen:
                raise FerBenchError(
                    f"{path.name} and {seen[digest].name} are the same archive: give it once. "
                    "If one should be another part of the set, get that part again."
                )
            seen[digest] = path
            records[kind].append({"sha256": digest, "bytes": path.stat().st_size})
    kinds = [kind for kind in ("folders", "archives", "files") if getattr(given, kind)]
    given.origin["kind"] = kinds[0].removesuffix("s") if len(kinds) == 1 else "mixture"
    given.origin.update({kind: found for kind, found in records.items() if found})
    return given


def fetch(receivable: Receivable, workshop: Path, progress: bool) -> Given:
    """Fetch the pinned commit; raises FerBenchError when there is none or it cannot be reached."""
    if receivable.fetch is None:
        known = f" (it comes as {', '.join(receivable.archives)})" if receivable.archives else ""
        raise FerBenchError(
            f"{receivable.name} cannot be fetched, its owner has to be asked: "
            f"{receivable.how_to_get}.\nThen give what you received{known}: "
            f"`fer-bench data add {receivable.name} PATH...`."
        )
    tar = fetch_commit(receivable.fetch, workshop, progress)
    commit = receivable.fetch.commit
    return Given(archives=[tar], origin={"kind": "commit", "commit": commit})


def open_inputs(
    receivable: Receivable, given: Given, workshop: Path, password: str | None, progress: bool
) -> Tree:
    """Unpack the archives, and those inside, into the workshop; every file there is then."""
    limits = Limits(receivable.max_files, receivable.max_bytes)
    roots = [*given.folders, *given.files]
    archives = whole((PurePosixPath(path.name), path) for path in given.archives)
    for number, (_, archive) in enumerate(archives):
        # Named like the archive, which may be the folder by which a source knows its files.
        place = workshop / "unpacked" / str(number) / bare_name(archive.name)
        place.mkdir(parents=True)
        unpack(archive.parts, place, limits, password, progress)
        roots.append(place)
    outer = Tree(roots)
    inner = unpack_nested(outer, workshop, limits, password, progress)
    tree = Tree([*roots, *inner], workshop / "made")
    for _, file in outer.matching(nested_name()):
        tree.use(file)
    return tree


def _check_paths(inputs: Sequence[Path]) -> None:
    seen: dict[Path, Path] = {}
    for path in inputs:
        if not path.exists():
            raise FerBenchError(f"{path} does not exist: give the folder, archive or file to add.")
        if not (path.is_dir() or path.is_file()):
            raise FerBenchError(f"{path} is neither a file nor a folder: give one of these.")
        if not os.access(path, os.R_OK):
            raise FerBenchError(f"{path} may not be read by you: change its permissions.")
        if path.resolve() in seen:
            raise FerBenchError(f"{path} is given twice: give it once.")
        seen[path.resolve()] = path
    for place, path in seen.items():
        for parent in place.parents:
            if parent in seen:
                raise FerBenchError(
                    f"{path} lies inside {seen[parent]}, which is given too: leave it out."
                )
