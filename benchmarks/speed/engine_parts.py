"""The parts of `engine.py`, each a function of the bench."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from checkouts import MAKE, fresh
from engine_bench import Bench

from fer_bench.files import read_json, write_json

CELL, TRAINED = "fer-bench train synthetic scan_cci 0", "runs/synthetic/scan_cci/0/train"
SCORE = "results/scores/synthetic/scan_cci/0.json"
SCORED = "benchmarks/synthetic/dvc.yaml:score@scan_cci-0"
LOOPS = 4


def demo(bench: Bench) -> None:
    """`make demo`; what the last one leaves is used by `reports` and `noop`."""
    for build, turn in bench.turns(in_turns=False):
        bench.keep(bench.demo(build, turn))


def tests(bench: Bench) -> None:
    """`make test`, also where a test fails: that is said."""
    for build, turn in bench.turns(in_turns=False):
        copy = fresh(build, bench.copy(build, "tests"))
        run, found = bench.timed("tests", build, turn, copy, f"{MAKE} test", may_fail=True)
        bench.keep(run | {"said": found.said})


def busy(bench: Bench) -> None:
    """One cell alone, and beside processes that only count."""
    for build in bench.builds:
        bench.run(build, _emptied(bench.started(build)), CELL, "busy_warm_up")
    for build, turn in bench.turns():
        for case, loops in {"quiet": 0, "busy": LOOPS}.items():
            copy = _emptied(bench.started(build))
            with counting(loops):
                run, _ = bench.timed("busy", build, turn, copy, CELL, case)
            bench.keep(run)


def reports(bench: Bench) -> None:
    """All reports after one score changed."""
    for build in bench.builds:
        bench.run(build, bench.done(build), "dvc repro", "reports_warm_up")
    for build, turn in bench.turns():
        copy = bench.done(build)
        change_score(copy / SCORE, turn)
        bench.run(build, copy, f"dvc commit --force {SCORED}", f"reports_commit_{turn}")
        command = "dvc repro" if build.name == "before" else bench.given.after_command
        before = _ages(copy)
        run, _ = bench.timed("reports", build, turn, copy, command)
        if _ages(copy) == before:
            raise RuntimeError(f"`{command}` in {copy} made no table anew: nothing was timed")
        bench.keep(run)


def change_score(file: Path, turn: int) -> None:
    """Another last digit of a likelihood, so that every report depends on something new."""
    score = read_json(file)
    score["sets"]["synthetic"]["last"]["all"]["nll"] += 1e-9 * (turn + 1)
    write_json(file, score)


def _ages(copy: Path) -> dict[str, int]:
    return {file.name: file.stat().st_mtime_ns for file in (copy / "results/tables").glob("*.md")}


def noop(bench: Bench) -> None:
    """`dvc repro` where nothing is to be done."""
    for build in bench.builds:
        bench.run(build, bench.done(build), "dvc repro", "noop_warm_up")
    for build, turn in bench.turns():
        run, found = bench.timed("noop", build, turn, bench.done(build), "dvc repro")
        if "up to date" not in found.said:
            raise RuntimeError(f"`dvc repro` had something to do; its last line: {found.said}")
        bench.keep(run)


def memory(bench: Bench) -> None:
    """One cell in the old build, two side by side in the new one."""
    for build, turn in bench.turns():
        command, cells = (CELL, 1) if build.name == "before" else (bench.given.after_cells, 2)
        copy = bench.copy(build, "memory")  # another each time: DVC would take cells from its cache
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(bench.started(build), copy, symlinks=True)
        run, _ = bench.timed("memory", build, turn, _emptied(copy), command, memory=True)
        if len(list(copy.glob("runs/synthetic/*/*/train"))) < cells:
            raise RuntimeError(f"`{command}` in {copy} trained fewer than {cells} cells")
        if "peak_mib" not in run:
            raise RuntimeError("memory needs psutil: install it beside torch")
        bench.keep(run)


PARTS: dict[str, Callable[[Bench], None]] = {
    "demo": demo, "tests": tests, "busy": busy, "reports": reports, "noop": noop, "memory": memory,
}  # fmt: skip


@contextmanager
def counting(loops: int) -> Iterator[None]:
    """As many processes that only count, on the same cores."""
    command = [sys.executable, "-c", "while True: pass"]
    running = [subprocess.Popen(command) for _ in range(loops)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def _emptied(copy: Path) -> Path:
    """The same without what the cell's training made, as DVC removes it."""
    shutil.rmtree(copy / TRAINED, ignore_errors=True)
    return copy
