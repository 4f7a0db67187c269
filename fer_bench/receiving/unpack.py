"""Unpack a zip or tar that comes from somebody else, under limits.

Refused outright: absolute paths, `..`, links, devices, one path twice, encrypted members, more
files or bytes than the source allows, and data that expands beyond reason. Sizes are counted as
bytes come out, because an archive can lie about them.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from tqdm import tqdm

from fer_bench.errors import FerBenchError

CHUNK = 1 << 20
REASONABLE_EXPANSION = 100
SMALL = 64 * 2**20
"""Archives may expand by any factor up to this many bytes: label files shrink a lot."""


@dataclass
class Limits:
    """What may come out of all archives of one source together; counts down as it does."""

    files: int
    bytes: int


@dataclass
class _Meter:
    """What came out of one archive, against the limits."""

    archive: Path
    limits: Limits
    files: int = 0
    bytes: int = 0

    def take_file(self) -> None:
        self.files += 1
        self.limits.files -= 1
        if self.limits.files < 0:
            raise FerBenchError(
                f"{self.archive.name} holds more files than this source can have: it is not the "
                "archive it should be, or made to fill the disk. Nothing was kept."
            )

    def take_bytes(self, n: int) -> None:
        self.bytes += n
        self.limits.bytes -= n
        packed = self.archive.stat().st_size
        if self.limits.bytes < 0 or self.bytes > max(SMALL, REASONABLE_EXPANSION * packed):
            raise FerBenchError(
                f"{self.archive.name} expands to more than this source can hold (over "
                f"{self.bytes >> 20} MiB out of {packed:,} bytes): it is not the archive it should "
                "be, or a decompression bomb. Nothing was kept."
            )


def unpack(archive: Path, into: Path, limits: Limits, progress: bool = True) -> None:
    """Unpack `archive` (zip, tar, tar.gz, tar.bz2, tar.xz; told by content) below `into`.

    Raises:
        FerBenchError: not an archive, damaged, or refused for one of the reasons above.
    """
    if archive.stat().st_size == 0:
        raise FerBenchError(f"{archive.name} is empty (0 bytes): get it again.")
    meter = _Meter(archive, limits)
    members = _zip_members(archive) if _is_zip(archive) else _tar_members(archive, meter)
    bar = tqdm(desc=f"unpack {archive.name}", unit=" files", disable=not progress)
    try:
        with bar:
            for path, stream in members:
                meter.take_file()
                _write(stream, _place(into, path, archive), meter)
                bar.update()
    except (EOFError, OSError, zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError,
            NotImplementedError, RuntimeError) as error:  # fmt: skip
        if isinstance(error, OSError) and error.errno is not None:  # the disk, not the archive
            raise FerBenchError(
                f"{archive.name} could not be unpacked below {into.parent.parent}: "
                f"{error.strerror}. Nothing was kept."
            ) from error
        raise FerBenchError(
            f"{archive.name} is damaged or cut off ({error or type(error).__name__}): "
            "get it again. Nothing was kept."
        ) from error


def _is_zip(archive: Path) -> bool:
    with open(archive, "rb") as stream:
        if stream.read(4) not in (b"PK\x03\x04", b"PK\x05\x06"):
            return False
    if not zipfile.is_zipfile(archive):  # its list of contents stands at the end
        raise FerBenchError(
            f"{archive.name} begins as a zip but its end is missing: the download was cut off. "
            "Get it again. Nothing was kept."
        )
    return True


def _zip_members(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            mode = info.external_attr >> 16
            kind = stat.S_IFMT(mode)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                _refuse(archive, info.filename, "is a link or a device")
            if info.flag_bits & 0x1:
                raise FerBenchError(
                    f"{archive.name} needs a password: unpack it with the one its owner gave you, "
                    "then add the folder."
                )
            if info.is_dir():
                _check_path(info.filename, archive)
                continue
            with opened.open(info) as stream:
                yield info.filename, stream


_COMPRESSED: dict[bytes, Callable[..., Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
}


def _tar_members(archive: Path, meter: _Meter) -> Iterator[tuple[str, IO[bytes]]]:
    with open(archive, "rb") as stream:
        magic = stream.read(6)
    opener: Callable[..., Any] = next(
        (o for m, o in _COMPRESSED.items() if magic.startswith(m)), open
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
                    _check_path(member.name, archive)
                    continue
                if not member.isreg():
                    _refuse(archive, member.name, "is a link or a device")
                content = opened.extractfile(member)
                assert content is not None  # a regular file has content
                yield member.name, content


class _Guarded:
    """A decompressed tar as tarfile reads it, where headers too are kept within reason."""

    def __init__(self, raw: IO[bytes], meter: _Meter) -> None:
        self._raw, self._meter, self._furthest = raw, meter, 0

    def read(self, n: int = -1) -> bytes:
        if n < 0 or n > 8 * CHUNK:  # only a header made to fill memory asks for so much at once
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
        if self._furthest > 2 * self._meter.bytes + 4096 * self._meter.files + SMALL:
            raise tarfile.ReadError("more headers and padding than content")


def _write(stream: IO[bytes], target: Path, meter: _Meter) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(target, "xb") as out:
        while chunk := stream.read(CHUNK):
            meter.take_bytes(len(chunk))
            out.write(chunk)


def _place(into: Path, name: str, archive: Path) -> Path:
    target = into / _check_path(name, archive)
    if target.exists() or any(p.is_file() for p in target.parents if p != into):
        _refuse(archive, name, "comes twice, or is both a file and a folder")
    return target


def _check_path(name: str, archive: Path) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or "\\" in name or "\0" in name or ":" in name.split("/")[0]:
        _refuse(archive, name, "is an absolute or foreign path")
    if ".." in path.parts:
        _refuse(archive, name, "leads out of the archive")
    return path


def _refuse(archive: Path, name: str, why: str) -> None:
    raise FerBenchError(
        f"{archive.name} is refused: its member {name[:120]!r} {why}. A published archive has no "
        "such member; get it again from its owner, or unpack it yourself and add the folder."
    )
