"""A real headless Chromium, found by its path: Playwright's own download is on no package index."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import made_board
import pytest
from needed import PLACES, unavailable
from shown import Opener


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    path = next(filter(None, map(shutil.which, PLACES)), None)
    if path is None:
        unavailable("Chromium is missing")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        unavailable("Playwright is missing")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="session")
def board(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of the invented board; read only."""
    return made_board.make_board(tmp_path_factory.mktemp("board"))


@pytest.fixture
def opened(browser: Any, board: Path) -> Iterator[Opener]:
    """A function that opens a page of the board; afterwards nothing may have gone wrong in it.

    No message in the console, no exception, and no request but for files of the board.
    """
    contexts, wrong = [], []

    def check(request: Any) -> None:
        if not request.url.startswith((board.as_uri(), "data:")):
            wrong.append(f"request for {request.url}")

    def open_(address: str = "index.html", width: int = 1280, **options: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 800}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(5000)
        page.on("request", check)
        page.on("console", lambda message: wrong.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (wrong.append("dialog"), dialog.dismiss()))
        page.goto(f"{board.as_uri()}/{address}")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert wrong == []
