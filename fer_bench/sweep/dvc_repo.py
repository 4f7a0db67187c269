"""DVC through its own API: bring stages up to date, and offer what they made to other clones.

Run as a process of its own in a worker's clone: `python -m fer_bench.sweep.dvc_repo --help`.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fer_bench.errors import FerBenchError
from fer_bench.sweep.lifeline import hold


@contextmanager
def opened(root: Path, remote: str | None = None) -> Iterator[Any]:
    """The locked `dvc.repo.Repo` of a checkout, `remote` its default one; errors in our words."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo, lock_repo

    config = {"core": {"remote": remote}} if remote else None
    try:
        with Repo(str(root), config=config) as repo, lock_repo(repo):
            yield repo
    except DvcException as error:
        causes = [str(error)]
        while error.__cause__ is not None:
            error = error.__cause__  # type: ignore[assignment]
            causes.append(str(error))
        raise FerBenchError("DVC: " + ": ".join(dict.fromkeys(causes))) from error


def offer(repo: Any, stages: Iterable[Any], remote: str | None = None) -> None:
    """Put what up-to-date stages made within reach of every clone that shares the cache or remote.

    `dvc repro` makes no run-cache entry of a stage with a `cache: false` out that is no metric
    (`Stage.run` in DVC 3.67), so that scores and audits would run again in every clone. DVC can do
    it, though: `StageCache.save` also commits such outs to the cache.
    """
    from dvc.stage.cache import _can_hash, _get_cache_hash, _get_stage_hash
    from dvc.stage.serialize import to_single_stage_lockfile

    entries = []
    for stage in stages:
        if _can_hash(stage):
            repo.stage_cache.save(stage)
            value = _get_cache_hash(to_single_stage_lockfile(stage))
            entries.append((_get_stage_hash(stage), value))
    if remote:
        for objects in repo.stage_cache.get_used_objs(entries).values():
            if repo.cloud.push(objects, remote=remote).failed:
                raise FerBenchError(f"some files could not be pushed to the DVC remote {remote!r}")
        repo.stage_cache.push(remote)


def reproduce(root: Path, targets: list[str], remote: str | None, offered: bool) -> None:
    """`dvc repro` of some stages (none: all of dvc.yaml), offered to others if `offered`.

    Args:
        root: the checkout.
        targets: as `dvc repro` takes them.
        remote: restore what this cache lacks from there, and push to it.
        offered: see `offer`.
    """
    os.chdir(root)
    with opened(root, remote) as repo:
        repo.reproduce(targets or None, pull=bool(remote))
        if offered:
            stages = [stage for target in targets for stage in repo.stage.collect(target)]
            offer(repo, stages, remote)


def main() -> int:
    """The command line of a worker's process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--remote", help="a DVC remote to restore from and push to")
    parser.add_argument("--offer", action="store_true", help="offer what was made to other clones")
    parser.add_argument("targets", nargs="*", help="as `dvc repro` takes them")
    given = parser.parse_args()
    hold()
    try:
        reproduce(Path.cwd(), given.targets, given.remote, given.offer)
    except FerBenchError as error:
        print(f"fer-bench: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
