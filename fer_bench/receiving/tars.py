"""The members of a tar, compressed or not, one after the other."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, cast

from fer_bench.errors import FerBenchError
from fer_bench.receiving import guards
from fer_bench.receiving.guards import Meter, check_path, refuse

COMPRESSED: dict[bytes, Callable[..., Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
}
"""How a compressed file begins -> what opens it."""

_LARGEST_READ = 8 << 20


def tar_members(archive: Path, meter: Meter) -> Iterator[tuple[str, IO[bytes]]]:
    """Name and content of every file; raises FerBenchError for what is refused or no tar."""
    with open(archive, "rb") as stream:
        magic = stream.read(6)
    opener: Callable[..., Any] = next(
        (o for m, o in COMPRESSED.items() if magic.startswith(m)), open
    )
    with cast("IO[bytes]", opener(archive, "rb")) as raw:
        try:
            guarded = cast("IO[bytes]", _Guarded(raw, meter))
            opened = tarfile.open(fileobj=guarded, mode="r:")  # noqa: SIM115, closed below
        except tarfile.ReadError as error:
            raise FerBenchError(
                f"{archive.name} is neither a zip nor a tar (or its start is damaged): "
                "give a folder, .zip, .tar, .tar.gz, .tar.bz2 or .tar.xz."
            ) from error
        with opened:
            for member in opened:
                if member.isdir():
                    check_path(member.name, archive)
                    continue
                if not member.isreg():
                    refuse(archive, member.name, "is a link or a device")
                content = opened.extractfile(member)
                assert content is not None  # a regular file has content
                yield member.name, content


class _Guarded:
    """A decompressed tar as tarfile reads it, where headers too are kept within reason."""

    def __init__(self, raw: IO[bytes], meter: Meter) -> None:
        self._raw, self._meter, self._furthest = raw, meter, 0

    def read(self, n: int = -1) -> bytes:
        # Only a header made to fill memory asks for so much at once.
        if n < 0 or n > _LARGEST_READ:
            raise tarfile.ReadError("a header of unreasonable size")
        data = self._raw.read(n)
        self._check()
        return data

    def seek(self, position: int, whence: int = 0) -> int:
        position = self._raw.seek(position, whence)
        self._check()
        return position

    def tell(self) -> int:
        return self._raw.tell()

    def _check(self) -> None:
        # Content is metered as it is written; here only what is skipped or read as headers counts.
        self._furthest = max(self._furthest, self._raw.tell())
        if self._furthest > 2 * self._meter.bytes + 4096 * self._meter.files + guards.SMALL:
            raise tarfile.ReadError("more headers and padding than content")
