"""Workers see what is committed and nothing else: refuse what they would not see."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

from fer_bench.errors import FerBenchError

SHOWN = 10


def clean_commit(root: Path, made: Iterable[str]) -> str:
    """The commit that workers check out.

    Args:
        root: the checkout.
        made: paths below `root` that the pipeline writes. They and the dvc.lock files may differ
            from the commit, as they do after any `dvc repro`.

    Raises:
        FerBenchError: something else differs from the commit, or there is none.
    """
    head = _git(root, "rev-parse", "--verify", "--quiet", "HEAD")
    if head.returncode:
        raise FerBenchError(f"{root} has no commit for workers to check out: commit first")
    listed = _git(root, "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all")
    if listed.returncode:
        raise FerBenchError(f"git status failed in {root}: {listed.stderr.strip()}")
    products = {Path(name) for name in made}
    dirty = [
        line[3:]
        for line in listed.stdout.split("\0")
        if line and not _is_product(Path(line[3:]), products)
    ]
    if dirty:
        names = "\n  ".join(dirty[:SHOWN])
        more = f"\n  ... and {len(dirty) - SHOWN} more" if len(dirty) > SHOWN else ""
        raise FerBenchError(
            "the tree is dirty: workers run what is committed, and these differ from the commit:"
            f"\n  {names}{more}\ncommit, stash or remove them (or add them to .gitignore), then "
            "sweep again"
        )
    return head.stdout.strip()


def _is_product(path: Path, products: set[Path]) -> bool:
    return path.name == "dvc.lock" or not products.isdisjoint({path, *path.parents})


def _git(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False
    )
