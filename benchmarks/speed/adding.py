"""Time `data add` of many JPEGs against an earlier commit's, and its decoding by itself.

    python benchmarks/speed/adding.py --before CHECKOUT [--images N] [--sides PIXELS ...]
                                      [--cores C] [--rounds R] [--folder FOLDER] [--out FOLDER]

CHECKOUT is a clone in which the earlier commit is checked out; both commits run in the environment
of this script, so that only their own code differs. The set is invented: drawn JPEGs under the
names and with the list of `facial_expressions`, which both commits receive alike. Each add is a
process of its own, timed after its imports; the commits take turns, after one untimed add each.
Writes results/speed/adding_<device>.json and .md.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).parent))
import one_add
from checkouts import git
from drawn_jpegs import draw_set
from options import common_options
from report import Page, write
from timed import Version, rows, time_versions
from watched import watch

from fer_bench.cores import cores

TARGET = 1.8
STEPS = {"decoding": "decoding every image", "add": "the whole of `data add`"}
ABOUT = [
    "An invented set of drawn JPEGs in the layout of `facial_expressions`, added by both commits "
    "in turns, each time in a fresh process and timed after its imports. Decoding is the part of "
    "`data add` that reads every image as `align` will. Besides it, `data add` copies and hashes "
    "every file; the commit after also keeps a hash of each file and counts what is not used.",
]


def main() -> None:
    """Measure and write."""
    given = _arguments()
    device = torch.device("cpu")
    torch.set_num_threads(given.cores)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: given.cores])
    with tempfile.TemporaryDirectory() as scratch:
        checkouts = {"before": given.before.resolve(), "after": Path(__file__).resolve().parents[2]}
        folder = (given.folder or Path(scratch)).resolve()
        versions: list[Version] = []
        sizes: list[str] = []
        for side in given.sides:
            drawn = folder / f"{given.images}_of_{side}"
            if not drawn.is_dir():
                draw_set(drawn, given.images, side)
            sizes.append(f"{side} x {side} of {_mean_kib(drawn):.1f} KiB")
            for name, checkout in checkouts.items():
                versions += _versions(name, checkout, drawn, side, given.images)
        time_versions(versions, given.rounds, 1, device, given.seconds)
    settings = {
        name: git(checkout, "rev-parse", "--short=7", "HEAD")
        for name, checkout in checkouts.items()
    }
    settings |= {"images": given.images, "each": ", ".join(sizes), "cores": given.cores,
                 "rounds": len(versions[-1].seconds)}  # fmt: skip
    table = rows(versions)
    found = {"seconds of each turn": _turns(versions)} | _target(table)
    write(Page("adding", "Speed of `data add`", ABOUT, table, settings, None, found,
               packages=("pillow", "pandas")), device, given.out)  # fmt: skip


def _mean_kib(folder: Path) -> float:
    return statistics.mean(file.stat().st_size for file in (folder / "images").iterdir()) / 2**10


def _versions(name: str, checkout: Path, folder: Path, side: int, images: int) -> list[Version]:
    """Decoding, and the whole in which it is measured: the version that is called."""
    parts = {step: Version(f"{what}, {side}, {name}", images, None, f"{what}, {side}, before")
             for step, what in STEPS.items()}  # fmt: skip
    parts["add"].call, parts["add"].clocked = _add(checkout, folder, parts), True
    return list(parts.values())


def _add(checkout: Path, folder: Path, parts: dict[str, Version]) -> Callable[[], dict[str, float]]:
    environment = os.environ | {"PYTHONPATH": str(checkout)}

    def call() -> dict[str, float]:
        with tempfile.TemporaryDirectory(dir=folder.parent) as target:
            command = [sys.executable, one_add.__file__, "facial_expressions", str(folder), target]
            said = watch(command, checkout, environment, memory=False).said
        return {parts[step].name: seconds for step, seconds in json.loads(said).items()}

    return call


def _turns(versions: list[Version]) -> str:
    shown = (f"{v.name} " + ", ".join(f"{s:.1f}" for s in v.seconds) for v in versions)
    return "; ".join(shown)


def _target(table: list[dict[str, Any]]) -> dict[str, str]:
    """Whether decoding is as much quicker as it should be, at every size."""
    decoding = [row for row in table if row["version"].startswith(STEPS["decoding"])]
    ratios = [row["ratio"]["median"] for row in decoding if row["version"].endswith("after")]
    met = min(ratios) >= TARGET
    return {f"target of decoding, {TARGET:g} times": "met" if met else "**missed**"}


def _arguments() -> argparse.Namespace:
    parser = common_options(__doc__, rounds=3)
    parser.add_argument("--before", type=Path, required=True, help="checkout of the earlier commit")
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument(
        "--sides", type=int, nargs="+", default=[100, 224], help="of the images in pixels"
    )
    parser.add_argument("--cores", type=int, default=min(2, cores()))
    parser.add_argument("--folder", type=Path, help="keep the drawn JPEGs here for the next run")
    return parser.parse_args()


if __name__ == "__main__":
    main()
