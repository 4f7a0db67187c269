"""The members of a zip, one after the other, with a password or without."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from fer_bench.errors import FerBenchError
from fer_bench.receiving.guards import Meter, check_path, refuse

_AES, _STORED, _LZMA = 99, 0, 14
_READABLE = {_STORED, 8, 12, _LZMA}  # 8 deflate, 12 bzip2


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
            "(get it again), or it is one of several parts (join them: `zip -s 0 NAME.zip --out "
            "WHOLE.zip`). Nothing was kept."
        )
    return True


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
            _check_readable(archive, info, password)
            meter.locked = meter.locked or bool(info.flag_bits & 0x1)
            with _open(archive, opened, info, password) as stream:
                yield info.filename, stream


def _check_readable(archive: Path, info: zipfile.ZipInfo, password: str | None) -> None:
    by_hand = f"unpack it with 7-Zip (`7z x {archive.name}`) and add the folder. Nothing was kept."
    if info.compress_type == _AES or info.flag_bits & 0x40:
        raise FerBenchError(
            f"{archive.name} is encrypted with AES, which Python cannot decrypt: {by_hand}"
        )
    if info.compress_type not in _READABLE:
        raise FerBenchError(
            f"{archive.name} is compressed in a way that Python cannot read (method "
            f"{info.compress_type}): {by_hand}"
        )
    if info.flag_bits & 0x1 and not password:
        raise FerBenchError(
            f"{archive.name} needs a password, which its owner gives you with it: put it into the "
            "environment variable FER_BENCH_PASSWORD, or give it with --password. Nothing was kept."
        )


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
