"""Where and when a stage ran: `runs/.log/`, no DVC out, so that outs hold nothing volatile."""

from __future__ import annotations

import logging
import platform
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

log = logging.getLogger(__name__)
LOG = Path("runs/.log")


@contextmanager
def logged(name: str | None) -> Iterator[None]:
    """Write `runs/.log/<name>.json` when the block ends well: start, seconds, host, commit.

    A log that cannot be written is warned of and fails nothing.

    Args:
        name: the stage's place, e.g. `synthetic/scan_cci/0/train`; None: nothing is written.
    """
    began, clock = time.time(), time.perf_counter()
    yield
    if name is None:
        return
    file = LOG / f"{name}.json"
    try:
        _write(file, began, time.perf_counter() - clock)
    except OSError as error:
        log.warning("%s cannot be written: %s", file, error)


def _write(file: Path, began: float, seconds: float) -> None:
    from fer_bench.files import write_json

    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    )
    write_json(
        file,
        {
            "began": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(began)),
            "seconds": round(seconds, 2),
            "host": platform.node(),
            "machine": f"{platform.machine()} {platform.system()}",
            "python": platform.python_version(),
            "commit": commit.stdout.strip() or None,
        },
    )
