"""Whether DVC has recorded what a stage made, read from its lock file.

Checkpoints are kept until then: a training whose end DVC did not record would be run again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from fer_bench.records.spec import FILE as SPEC
from fer_bench.stages import paths
from fer_bench.stages.base import TAUGHT

LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def unrecorded(
    dataset: str, rows: Iterable[str], students: Iterable[str] = (), folder: Path = Path()
) -> list[str]:
    """The cells that are trained by the spec in force, and that no lock file knows.

    Args:
        dataset: whose cells.
        rows: of these rows, of any seed.
        students: and of these, whose stages have names of their own.
        folder: the project's.

    Returns:
        Stages, as `dvc commit` takes them.
    """
    ran = _stages(folder / paths.BENCHMARKS / dataset / "dvc.lock")
    known = {out["path"] for one in ran for out in one["outs"]}
    found = []
    named = [(row, f"train@{row}-") for row in rows]
    named += [(row, f"{TAUGHT}{row}@") for row in students]
    for row, stage in named:
        spec = folder / paths.spec(dataset, row)
        for made in sorted((folder / paths.RUNS / dataset / row).glob(f"*/train/{SPEC}")):
            seed = made.parent.parent.name
            same = spec.is_file() and spec.read_bytes() == made.read_bytes()
            if same and paths.trained(dataset, row, seed) not in known:
                found.append(f"{paths.BENCHMARKS}/{dataset}/dvc.yaml:{stage}{seed}")
    return found


def is_recorded(out: str, lock: Path) -> bool:
    """Whether a lock file knows `out` as made from the files that are there now.

    Args:
        out: a path that one stage writes.
        lock: the `dvc.lock` beside the stage's `dvc.yaml`.
    """
    made = [s for s in _stages(lock) if any(o["path"] == out for o in s["outs"])]
    return bool(made) and all(_is_same(dep) for dep in made[0].get("deps", ()))


def is_readable(lock: Path) -> bool:
    """Whether a lock file is YAML, as it no longer is once DVC was killed while it wrote it."""
    return _read(lock) is not None


def forget_if_recorded(out: str, dataset: str, cells: str) -> None:
    """Remove checkpoints whose training's end is recorded.

    Args:
        out: what the training wrote.
        dataset: whose pipeline it is in.
        cells: a glob of the checkpoints' folders.
    """
    from fer_bench.training.checkpoint_files import forget, root

    folders = list(root().glob(cells))
    if folders and is_recorded(out, Path(paths.BENCHMARKS) / dataset / "dvc.lock"):
        for folder in folders:
            forget(folder)


def _stages(lock: Path) -> list[dict[str, Any]]:
    """What a lock file says of each stage that ran, as far as it is written.

    DVC empties the file before it writes it anew, and another job may look at it just then.
    """
    read = _read(lock) if lock.is_file() else None
    stages = (read or {}).get("stages")
    if not isinstance(stages, dict):
        return []
    return [stage for stage in stages.values() if _is_whole(stage)]


def _read(lock: Path) -> dict[str, Any] | None:
    """A lock file's content; None where it is cut off so that it is no mapping."""
    try:
        read = yaml.load(lock.read_bytes(), Loader=LOADER)
    except yaml.YAMLError:
        return None
    return read if isinstance(read, dict) else None


def _is_whole(stage: Any) -> bool:
    if not isinstance(stage, dict) or not stage.get("outs"):  # which DVC writes last
        return False
    wanted = [(dep, {"path", "md5"}) for dep in stage.get("deps", ())]
    wanted += [(out, {"path"}) for out in stage["outs"]]
    return all(isinstance(place, dict) and keys <= place.keys() for place, keys in wanted)


def _is_same(dep: dict[str, Any]) -> bool:
    """Whether a dependency has the recorded hash; folders' are DVC's own and are not compared."""
    path = Path(dep["path"])
    if path.is_dir():
        return True
    if not path.is_file():
        return False
    found = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    return found == str(dep["md5"])
