"""How many processes or threads this machine gives us; light enough for every import."""

from __future__ import annotations

import os


def cores() -> int:
    """CPU cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
