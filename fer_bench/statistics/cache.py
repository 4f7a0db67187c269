"""Results that were worked out before, in a folder that may be deleted at any time.

One file holds the results of one track. Its name depends on the faces, on the code of this package
and on how many resamples there are, its entries on the answers of the rows they are about: no
entry can be out of date.
"""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from fer_bench.errors import FerBenchError
from fer_bench.files import read_json, sha256_json, write_text
from fer_bench.fingerprint import code_hash
from fer_bench.statistics.resampling import REPLICATES, SEED

MOST = 20_000
"""Entries a file keeps before it starts anew: those of models trained again pile up."""


class Cache:
    """The kept results of one kind and track.

    A file that is damaged in any way counts as empty, and one that cannot be written is not: the
    results are then worked out again.

    Args:
        folder: where the files are; None: nothing is kept.
        kind: `pairs` or `rows`.
        track: the track's key.
    """

    def __init__(self, folder: Path | None, kind: str, track: str) -> None:
        self._file: Path | None = None
        self._entries: dict[str, Any] = {}
        if folder is not None:
            name = sha256_json([kind, track, REPLICATES, SEED, _code()])[:32]
            self._file = Path(folder) / f"{name}.json"
            self._entries = _entries(self._file)

    def get(self, key: Sequence[str]) -> Any:
        """The JSON value kept under a key, or None."""
        return self._entries.get(_name(key))

    def add(self, results: Iterable[tuple[Sequence[str], Any]]) -> None:
        """Keep more results, which are JSON values, by key."""
        if self._file is None:
            return
        new = {_name(key): value for key, value in results}
        old = _entries(self._file)  # again, since another process may have added to them
        old = old if len(old) + len(new) <= MOST else {}
        self._entries = old | new
        value = {"sha256": sha256_json(self._entries), "entries": self._entries}
        with contextlib.suppress(OSError):
            write_text(self._file, json.dumps(value, sort_keys=True, allow_nan=False) + "\n")


def _name(key: Sequence[str]) -> str:
    return sha256_json(list(key))[:32]


def _entries(file: Path) -> dict[str, Any]:
    try:
        found = read_json(file)
        entries = found["entries"]
        whole = isinstance(entries, dict) and found["sha256"] == sha256_json(entries)
    except (FerBenchError, OSError, TypeError, KeyError, ValueError, RecursionError):
        return {}
    return entries if whole else {}


@functools.cache
def _code() -> str:
    return code_hash("fer_bench.statistics.pairs", "fer_bench.statistics.row_intervals")
