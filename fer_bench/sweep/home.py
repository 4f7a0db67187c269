"""What the workers of a sweep share, put together in the main checkout."""

from __future__ import annotations

import hashlib
import os
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

from fer_bench.errors import FerBenchError
from fer_bench.sweep.dvc_repo import cache_folder
from fer_bench.sweep.worker import Home

FOLDER = Path("runs/.sweep")
CHECKPOINTS = "FER_BENCH_CHECKPOINTS"


def checkpoints(root: Path) -> Path:
    """The folder of all checkpoints."""
    return (root / os.environ.get(CHECKPOINTS, "runs/.checkpoints")).absolute()


def shared_home(repo: Any, root: Path, commit: str, folder: str | None) -> Home:
    """For workers that see this checkout: they link to its cache, raw data and checkpoints.

    Args:
        repo: a `dvc.repo.Repo` of the checkout.
        root: the checkout.
        commit: what workers check out.
        folder: where clones go, instead of `runs/.sweep`.
    """
    cache = cache_folder(repo)
    return Home(
        commit=commit,
        source=str(root),
        folder=str(Path(folder or root / FOLDER).absolute()),
        config=_config({"cache": {"dir": cache}}),
        cache=cache,
        checkpoints=str(checkpoints(root)),
        links=_links(root),
        logs=str(root / FOLDER / "logs"),
        env=_environment(),
    )


def remote_home(repo: Any, root: Path, commit: str, folder: str | None, remote: str) -> Home:
    """For workers that do not: git's history travels to them, data goes through a DVC remote.

    Args:
        repo: a `dvc.repo.Repo` of the checkout.
        root: the checkout.
        commit: what workers check out.
        folder: where clones go on each machine.
        remote: the DVC remote's name.

    Raises:
        FerBenchError: there is no such remote.
    """
    remotes = repo.config["remote"]
    if remote not in remotes:
        known = ", ".join(remotes) or "none"
        raise FerBenchError(
            f"there is no DVC remote {remote!r} (known: {known}): add it with `dvc remote add`"
        )
    name = hashlib.sha256(str(root).encode()).hexdigest()[:12]
    return Home(
        commit=commit,
        source=_bundle(root),
        folder=folder or f"~/.cache/fer_bench/sweep/{name}",
        config=_config({"core": {"remote": remote}, f'remote "{remote}"': dict(remotes[remote])}),
        remote=remote,
        checkpoints=os.environ.get(CHECKPOINTS),
        env=_environment(),
    )


def _config(settings: dict[str, dict[str, Any]]) -> str:
    """The content of `.dvc/config.local`.

    Outs are links: a reflink is as safe as a copy; before it makes other links, DVC makes the
    cache's files read-only, and it removes a stage's outs before it runs, so that nobody writes
    through a link into the cache.
    """
    import configobj

    config = configobj.ConfigObj()
    config.update(settings)
    config.setdefault("cache", {})["type"] = "reflink,hardlink,symlink"
    text = BytesIO()
    config.write(text)
    return text.getvalue().decode()


def _environment() -> dict[str, str | None]:
    """Our own settings, and no number of threads that Ray would choose: it changes results."""
    ours = {name: value for name, value in os.environ.items() if name.startswith("FER_BENCH_")}
    return {**ours, "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS")}


def _links(root: Path) -> dict[str, str]:
    """What clones have in common with this checkout that neither git nor DVC carries."""
    (root / "runs/.log").mkdir(parents=True, exist_ok=True)
    found = {"runs/.log": str(root / "runs/.log")}
    if (root / "data/raw").is_dir():
        found["data/raw"] = str((root / "data/raw").resolve())
    return found


def _bundle(root: Path) -> bytes:
    """The commit with its history, to clone from."""
    made = subprocess.run(
        ["git", "-C", str(root), "bundle", "create", "--quiet", "-", "HEAD"],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        raise FerBenchError(f"git bundle failed in {root}: {made.stderr.decode().strip()}")
    return made.stdout
