"""Where and when a stage ran: `runs/.log/`, no DVC out, so that outs hold nothing volatile."""

from __future__ import annotations

import platform
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOG = Path("runs/.log")


@contextmanager
def logged(name: str) -> Iterator[None]:
    """Write `runs/.log/<name>.json` when the block ends well: start, seconds, host, commit.

    Args:
        name: the stage's place, e.g. `synthetic/scan_cci/0/train`.
    """
    from fer_bench.files import write_json

    began, clock = time.time(), time.perf_counter()
    yield
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    )
    write_json(
        LOG / f"{name}.json",
        {
            "began": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(began)),
            "seconds": round(time.perf_counter() - clock, 2),
            "host": platform.node(),
            "machine": f"{platform.machine()} {platform.system()}",
            "python": platform.python_version(),
            "commit": commit.stdout.strip() or None,
        },
    )
