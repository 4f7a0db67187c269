"""Add one set with the fer_bench found first; print the seconds of the whole and of its decoding.

    python one_add.py SOURCE FOLDER TARGET

Works with any commit since `check_images` exists; torch is not imported, as by the command line.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

from fer_bench.receiving import adding, images


def main(source: str, folder: str, target: str) -> None:
    """Add and print."""
    seconds = {"decoding": 0.0}
    check = _timed(images.check_images, seconds)
    root = Path(target)
    started = time.perf_counter()
    with patch.object(adding, "check_images", check):
        adding.add(
            source, [Path(folder)], root=root / "raw", receipts_root=root / "benchmarks",
            allow_partial=True, progress=False,
        )  # fmt: skip
    print(json.dumps(seconds | {"add": time.perf_counter() - started}))


def _timed(check: Callable[..., Any], seconds: dict[str, float]) -> Callable[..., Any]:
    def timed(*given: Any) -> Any:
        started = time.perf_counter()
        found = check(*given)
        seconds["decoding"] += time.perf_counter() - started
        return found

    return timed


if __name__ == "__main__":
    main(*sys.argv[1:])
