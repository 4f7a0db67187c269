"""What an archive from somebody else may not do: leave its folder, lie about sizes, fill the disk.

Sizes are counted as bytes come out, because an archive can lie about them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NoReturn

from fer_bench.errors import FerBenchError

REASONABLE_EXPANSION = 100
SMALL = 64 * 2**20
"""Archives may expand by any factor up to this many bytes: label files shrink a lot."""


@dataclass
class Limits:
    """What may come out of all archives of one source together; counts down as it does."""

    files: int
    bytes: int


@dataclass
class Meter:
    """What came out of one archive, against the limits.

    Attributes:
        archive: the file.
        limits: of all archives together.
        packed: its size, of all its parts where it comes in several.
        locked: whether members are encrypted, so that damage may also be a wrong password.
        files: members so far.
        bytes: bytes so far.
    """

    archive: Path
    limits: Limits
    packed: int
    locked: bool = False
    files: int = 0
    bytes: int = 0

    def take_file(self) -> None:
        """Count one more member; raises FerBenchError when there are too many."""
        self.files += 1
        self.limits.files -= 1
        if self.limits.files < 0:
            raise FerBenchError(
                f"{self.archive.name} holds more files than this source can have: it is not the "
                "archive it should be, or made to fill the disk. Nothing was kept."
            )

    def take_bytes(self, n: int) -> None:
        """Count `n` more bytes; raises FerBenchError when there are too many."""
        self.bytes += n
        self.limits.bytes -= n
        most = max(SMALL, REASONABLE_EXPANSION * self.packed)
        if self.limits.bytes < 0 or self.bytes > most:
            raise FerBenchError(
                f"{self.archive.name} expands to more than this source can hold (over "
                f"{self.bytes >> 20} MiB out of {self.packed:,} bytes): it is not the archive it "
                "should be, or a decompression bomb. Nothing was kept."
            )


def check_path(name: str, archive: Path) -> PurePosixPath:
    """The relative path of a member; raises FerBenchError when it leads anywhere else."""
    path = PurePosixPath(name)
    if path.is_absolute() or "\\" in name or "\0" in name or ":" in name.split("/")[0]:
        refuse(archive, name, "is an absolute or foreign path")
    if ".." in path.parts:
        refuse(archive, name, "leads out of the archive")
    return path


def refuse(archive: Path, name: str, why: str) -> NoReturn:
    """Raise FerBenchError for a member that no published archive has."""
    raise FerBenchError(
        f"{archive.name} is refused: its member {name[:120]!r} {why}. A published archive has no "
        "such member; get it again from its owner, or unpack it yourself and add the folder."
    )
