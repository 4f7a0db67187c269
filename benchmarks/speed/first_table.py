"""When a demo shows its first table."""

from __future__ import annotations

import re
from pathlib import Path

LINE = re.compile(rb"(?:^|[\r\n])(?:\x1b\[[0-9;]*[A-Za-z])*First table")
FILE = "results/tables/table02.md"


class FirstTable:
    """Notes when the first table is there.

    Args:
        copy: where the demo runs.
        log: what it prints.
    """

    def __init__(self, copy: Path, log: Path) -> None:
        self._file, self._log = copy / FILE, log
        self._before = self._age()
        self._read, self._rest = 0, b""
        self._line: float | None = None
        self._written: float | None = None

    def look(self, seconds: float) -> None:
        """Look again."""
        if self._line is None and LINE.search(self._printed()):
            self._line = seconds
        if self._written is None and self._age() not in (None, self._before):
            self._written = seconds

    @property
    def seconds(self) -> float | None:
        """When the line was printed; where none was, when the file was written."""
        return self._written if self._line is None else self._line

    def _printed(self) -> bytes:
        """What is new, from the start of its first line."""
        with open(self._log, "rb") as stream:
            stream.seek(self._read)
            new = stream.read()
        self._read += len(new)
        text = self._rest + new
        self._rest = text[max(text.rfind(b"\n"), text.rfind(b"\r")) + 1 :]
        return text

    def _age(self) -> int | None:
        try:
            return self._file.stat().st_mtime_ns
        except FileNotFoundError:
            return None  # DVC removes what a stage makes before it runs
