"""One job in a process forked from a server that has imported everything once.

The server is multiprocessing's `forkserver`: it has no threads, and a crash in one of its children
touches no other. Each child leads a process group, which is ended as a whole with it; and a child
ends itself when the sweep's own process is gone, however it went.
"""

from __future__ import annotations

import multiprocessing
import os
import pkgutil
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tqdm import tqdm

from fer_bench.cores import one_thread
from fer_bench.sweep.worker import GRACE, TAIL, Look, newest_progress

PROGRAM, RUNS = "fer-bench", "fer_bench.cli:run"
"""Our command, and what it is in a process that has started: named as an entry point names it."""


def start_server() -> Any:
    """The context whose processes are forked; its server begins to import at once."""
    one_thread()
    methods = multiprocessing.get_all_start_methods()
    if "forkserver" not in methods:  # Windows
        return multiprocessing.get_context("spawn")
    from multiprocessing import forkserver

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["fer_bench.sweep.warm"])
    forkserver.ensure_running()
    return context


def stop_server() -> None:
    """End the server, if there is one, and wait for it.

    It would end by itself with this process, but then nobody could count the time that it and its
    children took.
    """
    if "forkserver" in multiprocessing.get_all_start_methods():
        from multiprocessing import forkserver

        forkserver._forkserver._stop()  # type: ignore[attr-defined]  # Python 3.11 to 3.14


class Forked:
    """A job that runs.

    Args:
        context: from `start_server`.
        commands: what it runs, one after the other, as a shell would take them.
        log: where everything that it prints goes.
        watch: globs of its trainings' folders below `checkpoints`.
        checkpoints: the folder of all checkpoints.
        env: environment variables of this job alone.
    """

    def __init__(
        self,
        context: Any,
        commands: Sequence[str],
        log: Path,
        watch: Sequence[str],
        checkpoints: Path,
        env: Mapping[str, str],
    ) -> None:
        self._log, self._watch, self._checkpoints = log, watch, checkpoints
        self._began = time.time()
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_bytes(b"")
        given = (list(commands), str(log), str(Path.cwd()), dict(env))
        self._process = context.Process(target=_run_all, args=given, name=log.stem)
        self._process.start()

    @property
    def pid(self) -> int:
        """Its process, which leads its group."""
        return int(self._process.pid)

    def look(self) -> Look:
        """How it is going; `done` and `failed` once it has ended and its group is gone."""
        if self._process.is_alive():
            told = newest_progress(self._checkpoints, self._watch, self._began)
            return Look("running", progress=told)
        self._end_group(signal.SIGKILL)  # what it may have left over
        code = self._process.exitcode
        if code == 0:
            return Look("done")
        text = self._log.read_bytes()[-TAIL:].decode(errors="replace")
        ended = f"\nended by signal {-code}" if code is not None and code < 0 else ""
        return Look("failed", words=text + ended)

    def stop(self) -> None:
        """End it; its checkpoints stay."""
        if self._process.is_alive():
            self._end_group(signal.SIGTERM)
            self._process.join(GRACE)
        self._end_group(signal.SIGKILL)
        self._process.join(GRACE)

    def _end_group(self, which: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, which)


def _run_all(commands: list[str], log: str, folder: str, env: dict[str, str]) -> None:
    """In the child: each command as its own process would run it."""
    os.setsid()
    threading.Thread(target=_end_with_the_sweep, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the sweep ends it
    os.chdir(folder)
    os.environ.update(env)
    tqdm.set_lock(threading.RLock())  # its own is a semaphore that a kill would leave behind
    _redirect(log)
    for command in commands:
        print(f"> {command}", flush=True)
        if code := _status(command):
            sys.exit(code)


def _status(command: str) -> int:
    words = shlex.split(command)
    if words[0] != PROGRAM:
        return subprocess.run(command, shell=True, check=False).returncode
    # Fabric starts the further processes of a cell on several GPUs by this line.
    sys.argv = [str(Path(sys.executable).with_name(PROGRAM)), *words[1:]]
    return int(pkgutil.resolve_name(RUNS)(words[1:]))


def _redirect(log: str) -> None:
    with open(log, "ab") as out, open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)


def _end_with_the_sweep() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.killpg(0, signal.SIGKILL)
