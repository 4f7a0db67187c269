"""A Ray actor's worker: a git clone at the sweep's commit, in which `dvc repro` runs.

One process at a time. It travels to other machines, so it imports the standard library alone.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TAIL = 20_000  # bytes of a failed job's log that travel
GRACE = 5.0  # seconds between asking a process to end and ending it


@dataclass(frozen=True)
class Home:
    """What all workers of a sweep share.

    Args:
        commit: what they check out.
        source: the checkout to clone from; a git bundle's bytes where workers cannot see it.
        folder: holds the clones; may begin with `~`.
        config: the content of each clone's `.dvc/config.local`.
        cache: the shared DVC cache; None where `remote` takes its place.
        remote: the DVC remote that takes the cache's place.
        checkpoints: where trainings leave checkpoints; None: beside the clones.
        links: links to make in each clone, by their place in it.
        logs: where logs go; None: beside the clones.
        env: environment variables that differ from the machine's; None unsets.
    """

    commit: str
    source: str | bytes
    folder: str
    config: str
    cache: str | None = None
    remote: str | None = None
    checkpoints: str | None = None
    links: dict[str, str] = field(default_factory=dict)
    logs: str | None = None
    env: dict[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Work:
    """One job for a worker: see `schedule.Job`; `log` names its log file."""

    targets: tuple[str, ...]
    commands: tuple[str, ...]
    watch: tuple[str, ...]
    log: str


@dataclass(frozen=True)
class Look:
    """What a look at a worker shows.

    Args:
        state: `running`, `done`, `failed`, or `lost` with its machine.
        ran: the stages whose command ran; the others were restored or up to date.
        progress: the newest `progress.json` of its trainings.
        words: the end of a failed job's log.
    """

    state: str
    ran: tuple[str, ...] = ()
    progress: dict[str, Any] | None = None
    words: str = ""


class Worker:
    """A clone and the process that runs in it.

    Args:
        home: what it shares with the others.
        slot: its own name, unique on its machine.
        env: environment variables of this worker alone.
    """

    def __init__(self, home: Home, slot: str, env: dict[str, str] | None = None) -> None:
        self._home, self._slot, self._env = home, slot, env or {}
        self._folder = Path(home.folder).expanduser()
        self._clone = self._folder / "workers" / slot
        self._checkpoints = Path(home.checkpoints or self._folder / "checkpoints")
        self._process: subprocess.Popen[bytes] | None = None
        self._work: Work | None = None
        self._wrong = ""
        self._began = 0.0
        self._ready = False

    def start(self, work: Work) -> None:
        """Begin a job; what goes wrong is seen by `look`."""
        self._work, self._process, self._wrong = work, None, ""
        self._began = time.time()
        try:
            if not self._ready:
                self._prepare()
            self._process = self._spawn(work)
        except (OSError, subprocess.SubprocessError) as error:
            said = getattr(error, "stderr", None) or b""
            self._wrong = f"the worker's clone could not be made: {error}\n{said.decode()}".strip()

    def look(self) -> Look:
        """How the job is going."""
        if self._process is None:
            return Look("failed", words=self._wrong or "no job was started")
        code = self._process.poll()
        if code is None:
            assert self._work is not None
            told = newest_progress(self._checkpoints, self._work.watch, self._began)
            return Look("running", progress=told)
        _signal(self._process, signal.SIGKILL)  # what it may have left over
        assert self._process.stdin is not None
        self._process.stdin.close()
        text = self._log().read_bytes().decode(errors="replace")
        ran = tuple(re.findall(r"^Running stage '(.+)':", text, re.MULTILINE))
        if code == 0:
            return Look("done", ran=ran)
        end = "" if code > 0 else f"\nended by signal {-code}"
        return Look("failed", ran=ran, words=text[-TAIL:] + end)

    def stop(self) -> None:
        """End the job; its checkpoints stay."""
        if self._process is None or self._process.poll() is not None:
            return
        _signal(self._process, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(GRACE)
        _signal(self._process, signal.SIGKILL)  # what the first one left over, its children too
        self._process.wait()

    def _prepare(self) -> None:
        """Clone, or bring an earlier sweep's clone to this commit; its cached outs may stay."""
        if self._home.cache and not Path(self._home.cache).is_dir():
            raise OSError(
                f"the DVC cache {self._home.cache} is not to be seen from this machine: share that "
                "folder with it, or sweep with --remote NAME"
            )
        if not self._at_commit():
            shutil.rmtree(self._clone, ignore_errors=True)
            self._clone.parent.mkdir(parents=True, exist_ok=True)
            with _as_file(self._home.source, self._clone.with_suffix(".bundle")) as source:
                _git("clone", "--quiet", "--no-checkout", source, str(self._clone))
        _git(
            "-C", str(self._clone), "checkout", "--quiet", "--force", "--detach", self._home.commit
        )
        _git("-C", str(self._clone), "clean", "-fdq")
        (self._clone / ".dvc/config.local").write_text(self._home.config, encoding="utf-8")
        for name, target in self._home.links.items():
            link = self._clone / name
            if not link.is_symlink():
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(target, target_is_directory=True)
        self._ready = True

    def _at_commit(self) -> bool:
        """Whether a clone is there that knows the commit."""
        try:
            _git("-C", str(self._clone), "cat-file", "-e", f"{self._home.commit}^{{commit}}")
        except (OSError, subprocess.CalledProcessError):
            return False
        return (self._clone / ".git").is_dir()

    def _spawn(self, work: Work) -> subprocess.Popen[bytes]:
        options = ["--remote", self._home.remote] if self._home.remote else []
        env = {
            **os.environ,
            **self._home.env,
            **self._env,
            "FER_BENCH_CHECKPOINTS": str(self._checkpoints),
            "FER_BENCH_LIFELINE": "stdin",
            "PYTHONPATH": str(self._clone),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        }
        log = self._log()
        log.parent.mkdir(parents=True, exist_ok=True)
        with open(log, "wb") as stream:
            return subprocess.Popen(
                [sys.executable, "-m", "fer_bench.sweep.reproduce", "--offer", *options,
                 *work.targets],
                cwd=self._clone,
                env={key: value for key, value in env.items() if value is not None},
                stdin=subprocess.PIPE,  # closed when this process dies: see `lifeline`
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip

    def _log(self) -> Path:
        assert self._work is not None
        return Path(self._home.logs or self._folder / "logs") / self._work.log


def newest_progress(checkpoints: Path, watch: Iterable[str], since: float) -> dict[str, Any] | None:
    """The newest progress that a training of a job has told since it began.

    Args:
        checkpoints: the folder of all checkpoints.
        watch: globs below it.
        since: seconds since the epoch.
    """
    newest: dict[str, Any] = {}
    for pattern in watch:
        for file in checkpoints.glob(f"{pattern}/**/progress.json"):
            with suppress(OSError, ValueError):
                told = json.loads(file.read_text(encoding="utf-8"))
                if told["updated"] >= max(since, newest.get("updated", 0)):
                    newest = told
    return newest or None


@contextmanager
def _as_file(source: str | bytes, file: Path) -> Iterator[str]:
    """The path to clone from: a checkout's, or a bundle's bytes in a file for as long as needed."""
    if isinstance(source, str):
        yield source
        return
    file.write_bytes(source)
    yield str(file)
    file.unlink()


def _git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True, capture_output=True)


def _signal(process: subprocess.Popen[bytes], which: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, which)
