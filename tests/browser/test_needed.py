"""Where the browser is missing: a skip with its reason, or a failure where it must be there."""

from __future__ import annotations

import pytest
from needed import unavailable


def test_skips_on_a_users_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FER_BENCH_BROWSER", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"Chromium is missing: .*apt-get install"):
        unavailable("Chromium is missing")


def test_fails_where_it_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FER_BENCH_BROWSER", "required")
    with pytest.raises(pytest.fail.Exception, match=r"Chromium is missing: .*apt-get install"):
        unavailable("Chromium is missing")
