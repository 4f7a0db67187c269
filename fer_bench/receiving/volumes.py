"""Archives that come in several files: which belong together, in order, read as one."""

from __future__ import annotations

import io
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import accumulate
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from fer_bench.errors import FerBenchError

_FORMS = (
    (re.compile(r"(.+\.(?:7z|zip|rar|tar(?:\.\w+)?))\.(\d{3})", re.IGNORECASE), 1),
    (re.compile(r"(.+)\.part(\d+)\.rar", re.IGNORECASE), 1),
    (re.compile(r"(.+)\.z(\d\d)", re.IGNORECASE), 1),
    (re.compile(r"(.+)\.r(\d\d)", re.IGNORECASE), 0),
)
"""How parts are called: what they share, their number; and the first number. Parts `.z01`, `.z02`
end with `.zip`, and `.r00`, `.r01` begin with `.rar`."""


class Archive(NamedTuple):
    """One archive.

    Attributes:
        name: of the whole, without what numbers its parts.
        parts: its files in order; one, mostly.
    """

    name: str
    parts: tuple[Path, ...]


def whole(paths: Iterable[tuple[PurePosixPath, Path]]) -> list[tuple[PurePosixPath, Archive]]:
    """Put parts together.

    Args:
        paths: the place of every archive or part, and where it lies.

    Returns:
        Each archive with the place of its first part.

    Raises:
        FerBenchError: a part is missing.
    """
    parts: dict[tuple[PurePosixPath, str], dict[int, Path]] = defaultdict(dict)
    firsts: dict[tuple[PurePosixPath, str], int] = {}
    single: dict[PurePosixPath, Path] = {}
    for place, file in paths:
        for form, first in _FORMS:
            if match := form.fullmatch(place.name):
                key = (place.parent, f"{match[1]}|{first}|{form.pattern}")
                parts[key][int(match[2])] = file
                firsts[key] = first
                break
        else:
            single[place] = file
    found = []
    for key, of in sorted(parts.items(), key=lambda item: str(item[0])):
        place, files = _ordered(key, of, firsts[key], single)
        found.append((place, Archive(place.name, tuple(files))))
    found += [(place, Archive(place.name, (file,))) for place, file in single.items()]
    return sorted(found, key=lambda item: str(item[0]))


def _ordered(
    key: tuple[PurePosixPath, str],
    of: dict[int, Path],
    first: int,
    single: dict[PurePosixPath, Path],
) -> tuple[PurePosixPath, list[Path]]:
    """The parts in order, the file that begins or ends them taken out of `single`."""
    folder, (shared, _, form) = key[0], key[1].split("|", 2)
    if missing := sorted(set(range(first, max(of) + 1)) - of.keys()):
        raise FerBenchError(
            f"of {shared}, which comes in parts, number {missing[0]} is missing: give all of them."
        )
    files = [of[number] for number in sorted(of)]
    ending = {r"(.+)\.z(\d\d)": ".zip", r"(.+)\.r(\d\d)": ".rar"}.get(form)
    if ending is None:
        return folder / (shared if PurePosixPath(shared).suffix else f"{shared}.rar"), files
    main = next((p for p in single if p.parent == folder and p.name.lower()
                 == f"{shared}{ending}".lower()), None)  # fmt: skip
    if main is None:
        raise FerBenchError(
            f"{shared}{ending} is missing, to which {files[0].name} belongs: give all parts."
        )
    file = single.pop(main)
    return main, [*files, file] if ending == ".zip" else [file, *files]


class JoinedFiles(io.RawIOBase):
    """Several files read as one.

    Args:
        parts: the files in order.
        skip: bytes of the first that do not belong to it.
        can_seek: whether to say that any place can be read; without, only from the start on.
    """

    def __init__(self, parts: Sequence[Path], skip: int = 0, can_seek: bool = True) -> None:
        self._parts = list(parts)
        self._ends = list(accumulate(part.stat().st_size for part in parts))
        self._can_seek = can_seek
        self._number, self._at = 0, skip
        self._open = open(self._parts[0], "rb")  # noqa: SIM115, closed by close
        self._open.seek(skip)

    def readable(self) -> bool:
        """It is only read."""
        return True

    def seekable(self) -> bool:
        """As was said when it was made."""
        return self._can_seek

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill `buffer` as far as one file goes; 0 at the end of the last."""
        while not (count := self._open.readinto(buffer)) and self._number + 1 < len(self._parts):
            self._go_to(self._number + 1, 0)
        self._at += count
        return count

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place of the whole; the place."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._ends[-1]}[whence]
        self._at = min(max(0, start + offset), self._ends[-1])
        number = min(bisect_right(self._ends, self._at), len(self._parts) - 1)
        self._go_to(number, self._at - (self._ends[number - 1] if number else 0))
        return self._at

    def tell(self) -> int:
        """The place in the whole."""
        return self._at

    def close(self) -> None:
        """Close the file that is open."""
        self._open.close()
        super().close()

    def _go_to(self, number: int, offset: int) -> None:
        if number != self._number:
            self._open.close()
            self._open = open(self._parts[number], "rb")  # noqa: SIM115
            self._number = number
        self._open.seek(offset)
