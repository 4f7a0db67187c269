"""Fetch a source from a public git repository at a pinned commit.

What is checked: git names every object by its hash and recomputes all of them on arrival, so what
comes out of the pinned commit is what its author committed, whatever host or proxy delivered it.
An archive made by the hosting site would be a smaller download, but its bytes change from time to
time, so its SHA-256 could not be pinned.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from fer_bench.datasets.receivable import PinnedCommit
from fer_bench.errors import FerBenchError

ANOTHER_REPOSITORY = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"}
"""Variables that a git hook sets, and that would point our git at the repository it runs for."""

STALLED = ("-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=60")


def fetch_commit(pin: PinnedCommit, into: Path, progress: bool = True) -> Path:
    """Fetch one commit, without history, and return it as a tar file in `into`.

    Raises:
        FerBenchError: no git, no network, no such repository or commit.
    """
    if shutil.which("git") is None:
        raise FerBenchError("fetching needs git, which is not installed: install it and try again.")
    into = into.absolute()  # git is told to work there, and reads relative paths from there
    store, tar = into / "fetched.git", into / "fetched.tar"
    watched = progress and sys.stderr.isatty()
    _git(pin, into, watched, "init", "--quiet", "--bare", str(store))
    _git(
        pin, store, watched, *STALLED, "fetch", "--depth=1", "--no-tags",
        "--progress" if watched else "--quiet", pin.repository, pin.commit,
    )  # fmt: skip
    _git(pin, store, watched, "archive", "--format=tar", f"--output={tar}", pin.commit, *pin.paths)
    shutil.rmtree(store)
    return tar


def _git(pin: PinnedCommit, folder: Path, watched: bool, *arguments: str) -> None:
    environment = {k: v for k, v in os.environ.items() if k not in ANOTHER_REPOSITORY}
    environment |= {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=None if watched else subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stderr or "").strip().rpartition("\n")[2] or "see above"
        raise FerBenchError(
            f"{pin.repository} at commit {pin.commit[:7]} could not be fetched (git: {said}). "
            "Check the network and try again, or get a copy elsewhere and give its PATH."
        )
