"""The members of a zip, one after the other, with a password or without."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from fer_bench.errors import FerBenchError
from fer_bench.receiving.guards import Meter, check_path, refuse

_READABLE = {0, 8, 12, 14}  # stored, deflate, bzip2, LZMA


def is_zip(archive: Path) -> bool:
    """Whether it is a zip; raises FerBenchError when it begins as one and its end is missing."""
    whole = zipfile.is_zipfile(archive)  # its list of contents stands at the end
    with open(archive, "rb") as stream:
        if stream.read(4) not in (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"):
            # The last part of several begins with anything.
            return whole and archive.suffix.lower() == ".zip"
    if not whole:
        raise FerBenchError(
            f"{archive.name} begins as a zip but its end is missing: the download was cut off "
            "(get it again), or it is one of several parts (give all of them). Nothing was kept."
        )
    return True


def is_last_part(archive: Path) -> bool:
    """Whether a zip is the last of several parts, which its end tells."""
    with open(archive, "rb") as stream:
        stream.seek(max(0, archive.stat().st_size - (1 << 16) - 22))
        end = stream.read()
    at = end.rfind(b"PK\x05\x06")
    return at >= 0 and end[at + 4 : at + 6] not in (b"\0\0", b"\xff\xff", b"")


def zip_members(
    archive: Path, meter: Meter, password: str | None
) -> Iterator[tuple[str, IO[bytes]]]:
    """Name and content of every file; raises FerBenchError for what is refused or unreadable."""
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                refuse(archive, info.filename, "is a link or a device")
            if info.is_dir():
                check_path(info.filename, archive)
                continue
            meter.locked = meter.locked or bool(info.flag_bits & 0x1)
            with _open(archive, opened, info, password) as stream:
                yield info.filename, stream


def needs_library(archive: Path, password: str | None) -> bool:
    """Whether a zip is encrypted or compressed in a way that Python cannot read.

    Raises:
        FerBenchError: it is encrypted, and no password was given.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            infos = opened.infolist()
    except zipfile.BadZipFile:
        return False  # which reading it will say
    if any(info.flag_bits & 0x1 for info in infos) and not password:
        raise FerBenchError(
            f"{archive.name} needs a password, which its owner gives you with it: put it into the "
            "environment variable FER_BENCH_PASSWORD, or give it with --password. Nothing was kept."
        )
    return any(info.compress_type not in _READABLE or info.flag_bits & 0x40 for info in infos)


def _open(
    archive: Path, opened: zipfile.ZipFile, info: zipfile.ZipInfo, password: str | None
) -> IO[bytes]:
    try:
        return opened.open(info, pwd=password.encode() if password else None)
    except RuntimeError as error:  # what zipfile raises for a wrong password
        raise wrong_password(archive) from error


def wrong_password(archive: Path) -> FerBenchError:
    """The error for a password that does not open the archive."""
    return FerBenchError(
        f"the password does not open {archive.name}: check it letter by letter against what its "
        "owner sent (--password, or FER_BENCH_PASSWORD). Nothing was kept."
    )
