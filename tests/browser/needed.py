"""What these tests need, and what happens without it."""

from __future__ import annotations

import os

import pytest

INSTALL = (
    "the leaderboard's pages are tested in Chromium: install Debian's package (`apt-get install "
    "chromium`) and `pip install -e '.[dev]'`"
)
PLACES = ("chromium", "chromium-browser", "google-chrome")


def unavailable(reason: str) -> None:
    """Skip on a user's machine; fail where FER_BENCH_BROWSER is `required`."""
    if os.environ.get("FER_BENCH_BROWSER") == "required":
        pytest.fail(f"{reason}: {INSTALL}", pytrace=False)
    pytest.skip(f"{reason}: {INSTALL}")
