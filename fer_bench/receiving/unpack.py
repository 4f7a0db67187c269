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
from pathlib import Path
from typing import IO

from tqdm import tqdm

from fer_bench.errors import FerBenchError
from fer_bench.receiving.guards import Limits, Meter, check_path, refuse
from fer_bench.receiving.tars import COMPRESSED, tar_members
from fer_bench.receiving.zips import is_zip, wrong_password, zip_members

CHUNK = 1 << 20

SUFFIX = r"\.(?:zip|tar|tar\.(?:gz|bz2|xz)|tgz|tbz2?|txz)"
"""How the names of archives end that can be unpacked here (a regular expression)."""

_FOREIGN = {b"Rar!\x1a\x07": "RAR", b"7z\xbc\xaf\x27\x1c": "7z"}
_FOREIGN_SUFFIX = r"\.(?:rar|r\d\d|7z|7z\.\d+|z\d\d)"
_MULTI_PART = re.compile(r"\.(?:part\d+\.rar|r\d\d|7z\.\d+)$", re.IGNORECASE)


def is_archive(file: Path) -> bool:
    """Whether a file is an archive, or is at least named like one."""
    if re.search(f"(?:{SUFFIX}|{_FOREIGN_SUFFIX})$", file.name, re.IGNORECASE):
        return True
    with open(file, "rb") as stream:
        start = stream.read(262)
    begins = (b"PK\x03\x04", b"PK\x05\x06", *_FOREIGN, *COMPRESSED)
    return start.startswith(begins) or start[257:] == b"ustar"


def bare_name(archive: str) -> str:
    """An archive's name without its ending.

    >>> bare_name("aligned.tar.gz")
    'aligned'
    """
    return re.sub(f"{SUFFIX}$", "", archive, flags=re.IGNORECASE) or archive


def unpacked_size(archive: Path) -> int:
    """About how many bytes an archive holds, by what it says itself; its own size at least."""
    size = archive.stat().st_size
    try:
        with zipfile.ZipFile(archive) as opened:
            return max(size, sum(info.file_size for info in opened.infolist()))
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError):
        return size  # no zip, or one that `unpack` will refuse with a reason


def unpack(
    archive: Path,
    into: Path,
    limits: Limits,
    password: str | None = None,
    progress: bool = True,
) -> None:
    """Unpack `archive` (zip, tar, tar.gz, tar.bz2, tar.xz; told by content) below `into`.

    Args:
        archive: the file.
        into: an existing folder.
        limits: how much may still come out; counts down.
        password: for encrypted members of a zip.
        progress: show a bar.

    Raises:
        FerBenchError: not an archive, damaged, wrong password, or refused as said above.
    """
    if archive.stat().st_size == 0:
        raise FerBenchError(f"{archive.name} is empty (0 bytes): get it again.")
    _check_not_foreign(archive)
    meter = Meter(archive, limits)
    members = (
        zip_members(archive, meter, password) if is_zip(archive) else tar_members(archive, meter)
    )
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


def _check_not_foreign(archive: Path) -> None:
    with open(archive, "rb") as stream:
        start = stream.read(8)
    kind = next((kind for magic, kind in _FOREIGN.items() if start.startswith(magic)), None)
    if kind is None:
        return
    program = "`unrar x` or `7z x`" if kind == "RAR" else "`7z x`"
    parts = ""
    if _MULTI_PART.search(archive.name):
        parts = " Of several parts give it the first; it finds the others beside that one."
    raise FerBenchError(
        f"{archive.name} is a {kind} archive, which Python cannot read: unpack it with {program} "
        f"into a folder and add the folder.{parts}"
    )


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
