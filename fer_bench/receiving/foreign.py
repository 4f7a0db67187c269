"""RAR, 7z, and zips that Python cannot read, through libarchive where this machine has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, cast

from fer_bench.errors import FerBenchError
from fer_bench.receiving.guards import Meter, check_path, refuse
from fer_bench.receiving.volumes import JoinedFiles
from fer_bench.receiving.zips import wrong_password

SPANNED = b"PK\x07\x08"
_KINDS = {b"Rar!\x1a\x07\x01": "rar5", b"Rar!\x1a\x07\x00": "rar", b"7z\xbc\xaf\x27\x1c": "7zip"}
_SAID = {"rar5": "RAR", "rar": "RAR", "7zip": "7z", "zip": "zip"}
_TOOLS = {"RAR": "`unrar x` or `7z x`", "7z": "`7z x`", "zip": "`7z x`"}


def kind_of(archive: Path) -> str | None:
    """`rar`, `rar5` or `7zip` by how a file begins; None for others."""
    with open(archive, "rb") as stream:
        start = stream.read(8)
    return next((kind for magic, kind in _KINDS.items() if start.startswith(magic)), None)


def have_library() -> bool:
    """Whether libarchive is on this machine."""
    try:
        import libarchive  # noqa: F401
    except (ImportError, OSError, AttributeError):
        return False
    return True


def foreign_members(
    parts: Sequence[Path], kind: str, meter: Meter, password: str | None
) -> Iterator[tuple[str, IO[bytes]]]:
    """Name and content of every file of an archive.

    Args:
        parts: its files in order.
        kind: `rar`, `rar5`, `7zip` or `zip`.
        meter: counts what comes out.
        password: opens encrypted members of zips (libarchive decrypts no other).

    Raises:
        FerBenchError: no libarchive here, or it cannot read this; the message names a tool. Or
            refused, as members of other archives are.
    """
    try:
        import libarchive
        from libarchive.exception import ArchiveError
    except (ImportError, OSError, AttributeError) as error:  # no libarchive, or an odd one
        why = "which needs the library libarchive, and that is not on this machine"
        raise by_hand(parts, kind, f"{why} (`apt install libarchive13`)") from error
    archive = meter.archive

    def explain(error: Exception) -> FerBenchError:
        said = _plain(error)
        if password and "passphrase" in said.lower():
            return wrong_password(archive)
        return by_hand(parts, kind, f"which could not be read ({said})")

    with open(parts[0], "rb") as first:
        spanned = first.read(len(SPANNED)) == SPANNED
    try:
        with (
            # Places in a zip made in parts count from each part's start: it is read from the front.
            JoinedFiles(parts, len(SPANNED) * spanned, can_seek=not spanned) as stream,
            libarchive.stream_reader(stream, kind, "none", passphrase=password) as opened,
        ):
            empty = True
            for entry in opened:
                empty = False
                name = entry.pathname
                if not isinstance(name, str):
                    refuse(archive, repr(name), "has a name that cannot be read")
                if entry.isdir:
                    check_path(name, archive)
                    continue
                if not entry.isreg or entry.linkpath:
                    refuse(archive, name, "is a link or a device")
                content = _Content(entry.get_blocks(), explain, ArchiveError)
                yield name, cast("IO[bytes]", content)
            if empty:
                raise by_hand(parts, kind, "in which nothing could be read")
    except ArchiveError as error:
        raise explain(error) from error


def by_hand(parts: Sequence[Path], kind: str, why: str) -> FerBenchError:
    """The error for what is not read here: what to do instead."""
    said = _SAID[kind]
    several = " Of several parts give it the first; it finds the others beside that one."
    return FerBenchError(
        f"{parts[0].name} is a {said} archive, {why}: unpack it with {_TOOLS[said]} into a folder "
        f"and add the folder.{several if len(parts) > 1 else ''} Nothing was kept."
    )


class _Content:
    """The blocks of one member as a stream; what goes wrong in it is a `FerBenchError`."""

    def __init__(self, blocks: Iterator[bytes], explain: Callable[[Exception], FerBenchError],
                 error: type[Exception]) -> None:  # fmt: skip
        self._blocks, self._explain, self._error = blocks, explain, error

    def read(self, _: int = -1) -> bytes:
        """The next block; empty at the end."""
        try:
            return bytes(next(self._blocks, b""))
        except self._error as error:
            raise self._explain(error) from error


def _plain(error: Any) -> str:
    text = getattr(error, "msg", None) or str(error)
    return text.decode(errors="replace") if isinstance(text, bytes) else str(text)
