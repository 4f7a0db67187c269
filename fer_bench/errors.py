"""The one exception whose message is meant for the person at the keyboard."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class FerBenchError(Exception):
    """Something the user can put right: the message says what, where, and what to do next.

    The command line prints the message without a traceback and exits with status 1.
    """


def nearest(name: str, valid: Iterable[str]) -> str:
    """A phrase that names the valid names closest to `name`, for error messages."""
    names = sorted(valid)
    close = get_close_matches(name, names, n=3, cutoff=0.5)
    if close:
        return f"did you mean {' or '.join(repr(c) for c in close)}?"
    return "valid names: " + ", ".join(names)
