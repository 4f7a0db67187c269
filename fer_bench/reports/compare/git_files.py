"""The files of another git revision, through the `git` program."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from fer_bench.errors import FerBenchError


class Revision:
    """A commit of the repository that holds a folder.

    Args:
        folder: any folder of the repository.
        name: what the user calls the commit: a branch, a tag, a hash, `HEAD~1`.

    Raises:
        FerBenchError: there is no git, no repository or no such commit.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self._folder = folder
        top = self._git("rev-parse", "--show-toplevel")
        if top.returncode:
            raise FerBenchError(
                f"{folder} is not in a git repository ({_said(top)}): run this in a clone of the "
                "project"
            )
        self.root = Path(top.stdout.decode().rstrip("\n")).resolve()
        found = self._git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        if found.returncode or name.startswith("-"):
            raise FerBenchError(self._unknown())
        self.commit = found.stdout.decode().strip()

    def __str__(self) -> str:
        short = self.commit[:8]
        return f"`{self.name}`" if self.commit.startswith(self.name) else f"`{self.name}` ({short})"

    def read(self, folder: Path, suffix: str = "") -> dict[str, bytes]:
        """The files below a folder or at a path, by their path relative to it; {} if not there.

        Args:
            folder: inside the repository; it need not exist in the working tree.
            suffix: only files whose names end so.
        """
        path = self._inside(folder)
        listed = self._checked("ls-tree", "-r", "-z", self.commit, "--", path).split(b"\0")
        blobs: dict[str, bytes] = {}
        for line in filter(None, listed):
            about, _, name = line.partition(b"\t")
            kind, blob = about.split()[1:]
            relative = name.decode().removeprefix(path).lstrip("/")
            if kind == b"blob" and relative.endswith(suffix):
                blobs[relative] = blob
        return dict(zip(blobs, self._contents(list(blobs.values())), strict=True))

    def _contents(self, blobs: Sequence[bytes]) -> list[bytes]:
        if not blobs:
            return []
        stream = self._checked("cat-file", "--batch", given=b"\n".join(blobs) + b"\n")
        found, at = [], 0
        for _ in blobs:  # "<hash> blob <size>\n<content>\n"
            end = stream.index(b"\n", at)
            size = int(stream[at:end].split()[2])
            found.append(stream[end + 1 : end + 1 + size])
            at = end + size + 2
        return found

    def _inside(self, folder: Path) -> str:
        try:
            return folder.resolve().relative_to(self.root).as_posix()
        except ValueError as error:
            raise FerBenchError(
                f"{folder} lies outside the git repository {self.root.name}: give a folder in it"
            ) from error

    def _unknown(self) -> str:
        shallow = self._git("rev-parse", "--is-shallow-repository").stdout.strip() == b"true"
        if shallow:
            return (
                f"git does not know the revision {self.name!r}, and this clone is shallow: fetch "
                "the history first, with `git fetch --unshallow`, or `fetch-depth: 0` in the "
                "checkout step of the workflow"
            )
        return (
            f"git does not know the revision {self.name!r}: run `git fetch` and give a branch "
            "(origin/main), a tag or a commit"
        )

    def _checked(self, *command: str, given: bytes | None = None) -> bytes:
        done = self._git(*command, given=given)
        if done.returncode:
            raise FerBenchError(f"git {command[0]} failed for {self.name!r}: {_said(done)}")
        return done.stdout

    def _git(self, *command: str, given: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(
                ["git", "--no-replace-objects", *command],
                cwd=self._folder if not hasattr(self, "root") else self.root,
                input=given, capture_output=True, check=False,
            )  # fmt: skip
        except FileNotFoundError as error:
            raise FerBenchError(
                "the program git was not found: install git, or run in the folder of a clone"
            ) from error


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return lines[0] if lines else f"status {done.returncode}"
