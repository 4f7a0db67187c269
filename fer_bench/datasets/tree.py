"""The files that somebody gave us, wherever in their folders and archives they lie.

A set comes as several archives, unpacked by hand or not, in folders nested one deeper or not. A
source says which files it wants by the end of their path; where those lie does not matter.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path, PurePosixPath

from fer_bench.errors import FerBenchError

IGNORED = re.compile(r"(^|/)(\.[^/]*|__MACOSX|Thumbs\.db|desktop\.ini)(/|$)", re.IGNORECASE)


class Tree:
    """All files below some folders, hidden and system files left out.

    A path begins with the name of the folder that was given, because it may be the very folder by
    which a source knows its files (`aligned`, `Val_Aligned_Faces_new`).

    Args:
        roots: folders, or single files, which are listed in their folder's name; links to files
            are listed, links to folders are not followed.
        scratch: where a source may put files that it makes of those given.

    Attributes:
        left_out: what a source passed by though it is of the set, how many by kind ("lines
            without a label"). No names.
    """

    def __init__(self, roots: Sequence[Path], scratch: Path | None = None) -> None:
        # As text: 300,000 paths as objects would take many times the memory.
        self._files = sorted((path, str(file)) for root in roots for path, file in _walk(root))
        self._scratch = scratch
        self._used: set[str] = set()
        self.left_out: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._files)

    @property
    def scratch(self) -> Path:
        """The folder for files that a source makes; it exists once it was asked for."""
        if self._scratch is None:
            raise ValueError("this tree was given no folder to make files in")
        self._scratch.mkdir(parents=True, exist_ok=True)
        return self._scratch

    def use(self, file: Path) -> None:
        """Say that a file was read though it is not kept itself, so it does not count as unused."""
        self._used.add(str(file))

    def leave_out(self, file: Path, kind: str) -> None:
        """Count a file that is of the set and not taken, by its kind; once, though said twice."""
        if str(file) not in self._used:
            self.left_out[kind] += 1
        self.use(file)

    def unused(self, kept: Collection[Path]) -> list[str]:
        """The paths of all files that are neither among `kept` nor were read."""
        used = self._used | set(map(str, kept))
        return [path for path, file in self._files if file not in used]

    def matching(self, pattern: str) -> Iterator[tuple[re.Match[str], Path]]:
        r"""Every file whose path ends in `pattern`, in order of path, case ignored.

        Args:
            pattern: a regular expression for the last components of a path
                (`Image/aligned/(\w+)_aligned\.jpg`); it begins at a component.
        """
        compiled = re.compile(rf"(?:^|.*/)(?:{pattern})$", re.IGNORECASE)
        for path, file in self._files:
            if match := compiled.match(path):
                yield match, Path(file)

    def one(self, pattern: str, what: str) -> Path:
        """The one file that matches.

        Args:
            pattern: as in `matching`.
            what: the file as its owner names it, for the message.

        Raises:
            FerBenchError: there is none, or more than one.
        """
        found = [file for _, file in self.matching(pattern)]
        if len(found) != 1:
            said = f"{len(found)} files of this name" if found else f"none among {self.outline()}"
            raise FerBenchError(f"{what} is needed once.\n  expected: {what}\n  found:    {said}")
        return found[0]

    def outline(self, lines: int = 8) -> str:
        """The first few folders and how many files each holds, for messages."""
        counts: dict[str, int] = {}
        for path, _ in self._files:
            folder = str(PurePosixPath(*PurePosixPath(path).parts[1:]).parent)
            counts[folder] = counts.get(folder, 0) + 1
        shown = [f"{folder}/ ({n})" for folder, n in list(counts.items())[:lines]]
        more = [f"and {len(counts) - lines} more folders"] if len(counts) > lines else []
        return ", ".join([*shown, *more]) or "no files"


def _walk(root: Path) -> Iterator[tuple[str, Path]]:
    """Paths in the tree, and the files they stand for."""
    whole = Path(os.path.abspath(root))
    if not root.is_dir():
        yield f"{whole.parent.name}/{root.name}".lstrip("/"), root
        return
    for folder, _, names in os.walk(root):
        inside = Path(folder).relative_to(root)
        for name in names:
            path = (inside / name).as_posix()
            if not IGNORED.search(path):
                yield f"{whole.name}/{path}".lstrip("/"), root / path
