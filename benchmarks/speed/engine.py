"""Compare two commits of the whole suite: demo, tests, one cell on a busy machine, reports, memory.

    python benchmarks/speed/engine.py (--before DIR | --before-commit COMMIT) [--after DIR]
                                      [--parts demo,tests,busy,reports,noop,memory]
                                      [--builds before after] [--turns N] [--cores C] [--work DIR]
                                      [--after-command CMD] [--after-cells CMD] [--out FOLDER]

Everything runs in fresh clones, below --work, of the last commits of two installed checkouts; the
later one is this one unless --after names another. On a machine that does nothing else:

* demo: `make demo` without the install, the old build once and the new one as often as --turns
  says: wall, CPU seconds of all processes that were waited for, the seconds until the first table
  is there (a line that begins with "First table", or else results/tables/table02.md written anew),
  and whether git is clean afterwards.
* tests: `make test`, as often.
* busy: `fer-bench train synthetic scan_cci 0`, alone and beside four processes that only count.
* reports: after a demo, one number of one score file is changed and recorded with `dvc commit`; the
  old build makes its reports with `dvc repro`, the new one with --after-command.
* noop: `dvc repro` after a demo.
* memory: the largest sum over a process and its children (what they share counts once) of that cell
  in the old build, and of two cells side by side, which --after-cells starts, in the new one.

The last four are done in turns, once untimed where that makes a difference. Parts can be run one by
one: every run is written at once, and replaces those of its part and build in
results/speed/engine_<device>.json and .md. reports and noop use what the last demo left in --work,
and run one where there is none.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent))
from checkouts import Build, build_of, made_build
from engine_bench import Bench
from engine_parts import PARTS
from options import common_options
from report import file_name

from fer_bench.files import read_json, write_text

PROJECT = Path(__file__).parents[2]
TWO = (
    "fer-bench sweep --jobs 2 benchmarks/synthetic/dvc.yaml:train@scan_cci-0 "
    "benchmarks/synthetic/dvc.yaml:train@scan_cci-1"
)


def main() -> None:
    """Measure and write; a part that fails does not keep the next from running."""
    given = _arguments()
    given.work = given.work.resolve()
    builds = _builds(given)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what is timed ends, too
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: given.cores])
    bench = Bench(given, builds)
    file = given.out / file_name("engine", torch.device("cpu"))
    if file.exists():
        bench.runs = read_json(file)["runs"]
    failed = []
    for part in given.parts:
        try:
            PARTS[part](bench)
        except RuntimeError as error:
            failed.append(part)
            write_text(given.work / "logs" / f"{part}_failed.txt", str(error))
            print(f"error: {part}: {error}", file=sys.stderr)
    if bench.runs:
        bench.write(printed=True)
    if failed:
        raise SystemExit(f"error: not measured: {', '.join(failed)}; logs are in {given.work}/logs")


def _builds(given: argparse.Namespace) -> list[Build]:
    makes: dict[str, Callable[[], Build]] = {
        "before": lambda: (
            made_build("before", PROJECT, given.before_commit, given.work)
            if given.before_commit
            else build_of("before", given.before)
        ),
        "after": lambda: build_of("after", given.after),
    }
    if "before" in given.builds and not (given.before or given.before_commit):
        raise SystemExit("error: say what is compared: --before DIR or --before-commit COMMIT")
    return [makes[name]() for name in makes if name in given.builds]


def _parts(text: str) -> list[str]:
    parts = text.split(",")
    if unknown := [part for part in parts if part not in PARTS]:
        raise argparse.ArgumentTypeError(f"unknown part {unknown[0]!r}: use {', '.join(PARTS)}")
    return parts


def _arguments() -> argparse.Namespace:
    parser = common_options(__doc__, rounds=None)
    parser.add_argument("--before", type=Path, metavar="DIR", help="an installed checkout")
    parser.add_argument(
        "--before-commit", metavar="COMMIT", help="instead: clone and install it, below --work"
    )
    parser.add_argument("--after", type=Path, metavar="DIR", default=PROJECT)
    parser.add_argument(
        "--parts", type=_parts, default=list(PARTS), metavar="PART,PART",
        help=f"which to measure now, of {','.join(PARTS)} (all)",
    )  # fmt: skip
    parser.add_argument(
        "--builds", nargs="+", choices=("before", "after"), default=["before", "after"],
        help="which to measure now (both)",
    )  # fmt: skip
    parser.add_argument("--turns", type=int, default=3, help="(default: %(default)s)")
    parser.add_argument("--cores", type=int, default=2, help="(default: %(default)s)")
    parser.add_argument(
        "--work", type=Path, default=Path(tempfile.gettempdir()) / "fer_bench_engine",
        help="for clones and logs; kept for the next call (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--after-command", metavar="CMD", default="fer-bench sweep")
    parser.add_argument("--after-cells", metavar="CMD", default=TWO)
    return parser.parse_args()


if __name__ == "__main__":
    main()
