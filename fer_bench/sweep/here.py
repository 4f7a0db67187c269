"""`dvc repro` in the main checkout, which may restore cells but never run one."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from fer_bench.errors import FerBenchError
from fer_bench.sweep.lifeline import LIFELINE

RUNNING = re.compile(r"^Running stage '(.+)':$")
SHOWN = 30  # lines of what a failed `dvc repro` said


def reproduce_here(
    root: Path,
    targets: list[str],
    remote: str | None,
    guarded: Mapping[str, str],
    say: Callable[[str], None],
) -> None:
    """`dvc repro` in a process of its own, ended before a stage of `guarded` does any work.

    Args:
        root: the main checkout.
        targets: as `dvc repro` takes them; none: all of dvc.yaml.
        remote: a DVC remote to restore from.
        guarded: stages that must be in the cache, each with what it belongs to.
        say: told the name of each stage that runs.

    Raises:
        FerBenchError: a guarded stage would have run, or `dvc repro` failed.
    """
    options = ["--remote", remote] if remote else []
    before = os.environ.get("PYTHONPATH")
    env = os.environ | {
        LIFELINE: "stdin",
        "PYTHONPATH": os.pathsep.join(filter(None, [str(root), before])),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
    }
    said = []
    process = subprocess.Popen(
        [sys.executable, "-m", "fer_bench.sweep.reproduce", *options, *targets],
        cwd=root, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if match := RUNNING.match(line.rstrip()):
                _check(match[1], guarded)
                say(match[1])
        process.wait()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.returncode:
        raise FerBenchError(f"`dvc repro` failed here:\n{''.join(said[-SHOWN:])}".rstrip())


def _check(stage: str, guarded: Mapping[str, str]) -> None:
    if stage in guarded:
        raise FerBenchError(
            f"{stage} should be in the cache, because {guarded[stage]} was done, but DVC would run "
            "it again here, so the restoring was ended. Something it depends on differs between "
            f"this checkout and the workers' clones: see `dvc status {stage}`"
        )
