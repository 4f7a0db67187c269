"""Two installed checkouts of this project, and the fresh copies of them that are timed.

A copy is a `git clone` of the checkout with a link to its `.venv`: a moved or hard-linked
environment would still import the checkout's own package, because that is installed as editable.
So `PYTHONPATH` names the copy, whose package is then found first, and `make` is told that the
environment is as it should be (`-o .venv/.installed`; a clone's files are newer than it).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

MAKE = "make -o .venv/.installed"
STARTS = "dvc repro benchmarks/synthetic/dvc.yaml:starts"
SETTINGS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "VIRTUAL_ENV", "PYTHONHOME", "TQDM_DISABLE")
"""Of whoever starts the script; they would decide the speed of what is timed."""


@dataclass(frozen=True)
class Build:
    """One of the two states that are compared.

    Attributes:
        name: `before` or `after`.
        checkout: installed: it has its own `.venv`.
        commit: what is checked out.
    """

    name: str
    checkout: Path
    commit: str

    def env(self, copy: Path) -> dict[str, str]:
        """For a command that runs in `copy`; Python prints at once, as on a screen."""
        kept = {key: value for key, value in os.environ.items() if key not in SETTINGS}
        path = f"{self.checkout / '.venv/bin'}{os.pathsep}{os.environ['PATH']}"
        return kept | {"PATH": path, "PYTHONPATH": str(copy), "PYTHONUNBUFFERED": "1"}


def build_of(name: str, checkout: Path) -> Build:
    """A checkout that somebody installed.

    Raises:
        SystemExit: it is none, is not installed, or holds changes that a clone would not have.
    """
    checkout = checkout.resolve()
    if not (checkout / ".venv/bin").is_dir():
        raise SystemExit(f"error: {checkout} has no .venv: run `make install` there")
    if changed := git(checkout, "status", "--porcelain", "--untracked-files=no"):
        raise SystemExit(
            f"error: {checkout} has changes that are not committed, and what is timed are clones "
            f"of its last commit:\n{changed}\nCommit them, or put them away with `git stash`"
        )
    return Build(name, checkout, git(checkout, "rev-parse", "--short=7", "HEAD"))


def made_build(name: str, project: Path, commit: str, work: Path) -> Build:
    """The same of a commit of `project`: cloned into `work` and installed, unless it was before."""
    checkout = work / f"checkout_{name}"
    installed = checkout / ".venv/.installed"
    if installed.exists() and git(checkout, "rev-parse", "HEAD").startswith(commit):
        return build_of(name, checkout)
    clone(project, checkout)
    git(checkout, "checkout", "--quiet", "--detach", commit)
    subprocess.run(["make", "install"], cwd=checkout, check=True)
    return build_of(name, checkout)


def fresh(build: Build, copy: Path) -> Path:
    """A clone of the build's commit, with its environment; what was there before is removed."""
    clone(build.checkout, copy)
    (copy / ".venv").symlink_to(build.checkout / ".venv")
    with open(copy / ".git/info/exclude", "a", encoding="utf-8") as excluded:
        excluded.write("/.venv\n")  # .gitignore names a folder, and this is a link
    return copy


def clone(source: Path, target: Path) -> None:
    """`git clone`, over what may be there."""
    shutil.rmtree(target, ignore_errors=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    git(target.parent, "clone", "--quiet", str(source), str(target))


def git(folder: Path, *arguments: str) -> str:
    """What git prints.

    Raises:
        SystemExit: git fails.
    """
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"error: git {' '.join(arguments)} in {folder}: {done.stderr.strip()}")
    return done.stdout.strip()
