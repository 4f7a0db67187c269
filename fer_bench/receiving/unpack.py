"""Unpack a zip or tar that comes from somebody else, under limits.

Refused outright: absolute paths, `..`, links, devices, one path twice, more files or bytes than the
source allows, and data that expands beyond reason.
"""

from __future__ import annotations

import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from tqdm import tqdm

from fer_bench.errors import FerBenchError
from fer_bench.files import check_room
from fer_bench.receiving.foreign import foreign_members, kind_of
from fer_bench.receiving.guards import Limits, Meter, check_path, refuse
from fer_bench.receiving.tars import COMPRESSED, tar_members
from fer_bench.receiving.zips import (
    is_last_part,
    is_zip,
    needs_library,
    wrong_password,
    zip_members,
)

CHUNK = 1 << 20

SUFFIX = r"\.(?:zip|tar|tar\.(?:gz|bz2|xz)|tgz|tbz2?|txz)"
"""How the names of archives end that can be unpacked here (a regular expression)."""

FOREIGN = r"\.(?:rar|r\d\d|7z|z\d\d|(?:7z|zip|rar|tar|tar\.\w+)\.\d{3})"
"""How the names of archives, and of parts of archives, end that need libarchive."""


def is_archive(file: Path) -> bool:
    """Whether a file is an archive, or is at least named like one."""
    if re.search(f"(?:{SUFFIX}|{FOREIGN})$", file.name, re.IGNORECASE):
        return True
    with open(file, "rb") as stream:
        start = stream.read(262)
    begins = (b"PK\x03\x04", b"PK\x05\x06", *COMPRESSED)
    return start.startswith(begins) or start[257:] == b"ustar" or kind_of(file) is not None


def bare_name(archive: str) -> str:
    """An archive's name without its ending.

    >>> bare_name("aligned.tar.gz")
    'aligned'
    """
    return re.sub(f"(?:{SUFFIX}|{FOREIGN})$", "", archive, flags=re.IGNORECASE) or archive


def unpacked_size(parts: Sequence[Path]) -> int:
    """About how many bytes an archive holds, by what it says itself; its own size at least."""
    size = sum(part.stat().st_size for part in parts)
    try:
        with zipfile.ZipFile(parts[-1]) as opened:
            return max(size, sum(info.file_size for info in opened.infolist()))
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError):
        return size  # no zip, or one that `unpack` will refuse with a reason


def unpack(
    parts: Sequence[Path],
    into: Path,
    limits: Limits,
    password: str | None = None,
    progress: bool = True,
) -> None:
    """Unpack an archive below `into`: zip, tar, tar.gz, tar.bz2, tar.xz, RAR, 7z; told by content.

    Args:
        parts: its file, or all of them in order.
        into: an existing folder.
        limits: how much may still come out; counts down.
        password: for encrypted members of a zip.
        progress: show a bar.

    Raises:
        FerBenchError: not an archive, damaged, wrong password, too large for the disk, or refused
            as said above.
    """
    archive = parts[0]
    for part in parts:
        if part.stat().st_size == 0:
            raise FerBenchError(f"{part.name} is empty (0 bytes): get it again.")
    check_room(into, unpacked_size(parts), f"what {archive.name} holds")
    meter = Meter(archive, limits, sum(part.stat().st_size for part in parts))
    members = _members(parts, meter, password)
    # Without a terminal there is nobody to watch a bar.
    bar = tqdm(desc=f"unpack {archive.name}", unit=" files", disable=None if progress else True)
    try:
        with bar:
            for path, stream in members:
                meter.take_file()
                _write(stream, _place(into, path, archive), meter)
                bar.update()
    except (EOFError, OSError, zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError,
            NotImplementedError, RuntimeError) as error:  # fmt: skip
        raise _explained(error, meter) from error


def _explained(error: Exception, meter: Meter) -> FerBenchError:
    name = meter.archive.name
    if isinstance(error, OSError) and error.errno is not None:  # the disk, not the archive
        return FerBenchError(f"{name} could not be unpacked: {error.strerror}. Nothing was kept.")
    if meter.locked and isinstance(error, zipfile.BadZipFile | zlib.error):
        # One wrong password in 256 passes the first check and gives nonsense.
        return wrong_password(meter.archive)
    return FerBenchError(
        f"{name} is damaged or cut off ({error or type(error).__name__}): "
        "get it again. Nothing was kept."
    )


def _members(
    parts: Sequence[Path], meter: Meter, password: str | None
) -> Iterator[tuple[str, IO[bytes]]]:
    archive = parts[0]
    if kind := kind_of(archive):
        return foreign_members(parts, kind, meter, password)
    with open(archive, "rb") as stream:
        begins_as_zip = stream.read(2) == b"PK"
    if len(parts) > 1 and begins_as_zip:
        return foreign_members(parts, "zip", meter, password)
    if len(parts) > 1:
        raise FerBenchError(
            f"{archive.name} comes in {len(parts)} parts: join them (`cat` in order of number, "
            "into one file) and give that. Nothing was kept."
        )
    if not is_zip(archive):
        return tar_members(archive, meter)
    if is_last_part(archive):
        raise FerBenchError(
            f"{archive.name} is the last of several parts: give all of them. Nothing was kept."
        )
    if needs_library(archive, password):
        return foreign_members(parts, "zip", meter, password)
    return zip_members(archive, meter, password)


def _write(stream: IO[bytes], target: Path, meter: Meter) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(target, "xb") as out:
        while chunk := stream.read(CHUNK):
            meter.take_bytes(len(chunk))
            out.write(chunk)


def _place(into: Path, name: str, archive: Path) -> Path:
    target = into / check_path(name, archive)
    if target.exists() or any(p.is_file() for p in target.parents if p != into):
        refuse(archive, name, "comes twice, or is both a file and a folder")
    return target
