"""What a page of the leaderboard shows, as the tests ask for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Opener = Callable[..., Any]
MEASURED = "section.board:not([hidden]) section.track:not([hidden])"
REPORTED = "section.board:not([hidden]) section.reported:not([hidden])"
PAGES = (
    "index.html", "index.html#track=rafdb", "index.html#track=affectnet8", "models/scan_cci.html",
    "compare.html#a=scan_cci&b=baseline1",
)  # fmt: skip


def models(page: Any, where: str = MEASURED) -> list[str]:
    """The names shown, top to bottom, without the chips beside them."""
    rows = page.locator(f"{where} tbody tr:visible th")
    return [str(text).strip() for text in rows.evaluate_all(
        "cells => cells.map(c => (c.querySelector('a') || c.firstChild).textContent)"
    )]  # fmt: skip


def head(page: Any, label: str, where: str = MEASURED) -> Any:
    return page.locator(f"{where} thead th").filter(has=page.get_by_text(label, exact=True))


def choose(page: Any, name: str, value: str) -> None:
    page.locator(f"select[name={name}]").select_option(value)
