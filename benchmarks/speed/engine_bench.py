"""Runs commands in copies of two builds, and keeps what they took."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from checkouts import MAKE, STARTS, Build, fresh, git
from engine_table import ROWS, Run, table, targets
from first_table import FirstTable
from report import write_page
from watched import Watched, watch

from fer_bench.files import read_json, write_json

ABOUT = (
    "Wall and CPU seconds are medians, in brackets the smallest and largest run; CPU seconds are "
    "of all processes that a command started and waited for. Each run began in a clone of the "
    "commit, with an environment that was installed before; demo and tests ran once before and "
    "several times after, the rest in turns. Memory is the largest sum over a command and its "
    "children; what they share counts once."
)


@dataclass
class Bench:
    """What all parts need.

    Attributes:
        given: the arguments.
        builds: before and after, those that are asked for.
        runs: of this and of earlier calls.
    """

    given: argparse.Namespace
    builds: list[Build]
    runs: list[Run] = field(default_factory=list)
    begun: set[tuple[str, str]] = field(default_factory=set)

    def turns(self, in_turns: bool = True) -> Iterator[tuple[Build, int]]:
        """Builds in turns, or else the old one once and then the new one."""
        if in_turns:
            yield from ((build, turn) for turn in range(self.given.turns) for build in self.builds)
        else:
            for build in self.builds:
                times = 1 if build.name == "before" else self.given.turns
                yield from ((build, turn) for turn in range(times))

    def copy(self, build: Build, name: str) -> Path:
        """Where a copy of the build lies."""
        return Path(self.given.work) / f"{build.name}_{name}"

    def log(self, build: Build, name: str) -> Path:
        """What a run prints."""
        log = Path(self.given.work) / "logs" / f"{build.name}_{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        return log

    def run(self, build: Build, copy: Path, command: str, name: str, **more: Any) -> Watched:
        """A command in a copy; what it prints goes to its log."""
        log = self.log(build, name)
        print(f"{build.name}, {name}: {command}", file=sys.stderr, flush=True)
        more = {"memory": False, **more}
        return watch(shlex.split(command), copy, build.env(copy), log, **more)

    def timed(
        self, part: str, build: Build, turn: int, copy: Path, command: str, case: str = "",
        **more: Any,
    ) -> tuple[Run, Watched]:  # fmt: skip
        """The same, and what is kept of it."""
        load = round(os.getloadavg()[0], 2)
        name = "_".join(filter(None, (part, case, str(turn))))
        found = self.run(build, copy, command, name, **more)
        run: Run = {
            "part": part, "build": build.name, "commit": build.commit, "turn": turn, "case": case,
            "command": command, "load_before": load, "wall_s": round(found.seconds, 3),
            "cpu_s": round(found.cpu, 3), "failed": found.failed,
        }  # fmt: skip
        if found.peak is not None:
            run["peak_mib"] = round(found.peak, 1)
        return run, found

    def keep(self, run: Run) -> None:
        """Write a run; the first of its part and build replaces those of earlier calls."""
        key = (run["part"], run["build"])
        if key not in self.begun:
            self.begun.add(key)
            self.runs = [r for r in self.runs if (r["part"], r["build"]) != key]
        self.runs.append(run)
        said = ("wall_s", "cpu_s", "first_table_s", "peak_mib", "failed")
        print({name: run[name] for name in said if name in run}, file=sys.stderr, flush=True)
        self.write(printed=False)

    def write(self, printed: bool) -> None:
        """JSON and page."""
        commits: dict[str, dict[str, None]] = {}
        for run in self.runs:
            commits.setdefault(run["build"], {})[run["commit"]] = None
        named = {build: " and ".join(each) for build, each in commits.items()}
        settings = {**named, "cores": self.given.cores, "turns": self.given.turns}
        order = {row.part: number for number, row in enumerate(ROWS)}
        self.runs.sort(key=lambda run: order[run["part"]])  # a stable sort
        content = {"runs": self.runs, "targets": targets(self.runs)}
        lines = [ABOUT, "", *table(self.runs)]
        write_page("engine", "Speed of the engine", lines, torch.device("cpu"), settings, content,
                   self.given.out, printed=printed)  # fmt: skip

    def demo(self, build: Build, turn: int) -> Run:
        """`make demo` in the copy `done`; what it took."""
        copy, mark = self.copy(build, "done"), self.copy(build, "done.json")
        mark.unlink(missing_ok=True)
        first = FirstTable(fresh(build, copy), self.log(build, f"demo_{turn}"))
        run, _ = self.timed("demo", build, turn, copy, f"{MAKE} demo", look=first.look)
        run["first_table_s"] = None if first.seconds is None else round(first.seconds, 3)
        run["changed"] = git(copy, "status", "--porcelain").splitlines()
        write_json(mark, {"commit": build.commit})
        return run

    def done(self, build: Build) -> Path:
        """What a whole demo left."""
        if not self._made(build, "done"):
            self.demo(build, 0)
        return self.copy(build, "done")

    def started(self, build: Build) -> Path:
        """A copy in which one cell can be trained."""
        copy = self.copy(build, "started")
        if not self._made(build, "started"):
            self.run(build, fresh(build, copy), STARTS, "started")
            write_json(self.copy(build, "started.json"), {"commit": build.commit})
        return copy

    def _made(self, build: Build, name: str) -> bool:
        mark = self.copy(build, f"{name}.json")
        return mark.exists() and bool(read_json(mark)["commit"] == build.commit)
