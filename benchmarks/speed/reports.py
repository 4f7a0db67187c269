"""Time the reports made from a thousand score files, and the scoring of one cell.

    python benchmarks/speed/reports.py [--steps tables figures page] [--rounds R] [--cores C]
                                       [--folder FOLDER] [--trial] [--out FOLDER]

Score files are invented (10 datasets x 20 models x 5 seeds, each on five sets of 3,000 faces) but
written by the real `score_cell`. Tables, figures and page are each made in a fresh process, imports
included, as `dvc repro` does: once with no paired comparison kept from earlier (the page then finds
those of the tables), which is the reference, and once with all of them kept. Scoring is timed after
its imports, the first time in a process and again. Each is done once untimed, then in turns. Writes
results/speed/reports_<device>.json and .md.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).parent))
import invented_scores
import one_cell
from options import common_options
from report import Page, write
from timed import Version, lacking, rows, skipped, time_versions
from watched import Watched, watch

TARGET_SECONDS, TARGET_MIB, TARGET_SCORING = 60, 2048, 1.0
NEEDS = {
    "tables": ("orjson", "tabulate", "scipy", "statsmodels"),
    "figures": ("orjson", "tabulate", "scipy", "statsmodels", "matplotlib", "seaborn"),
    "page": ("orjson", "tabulate", "scipy", "statsmodels", "jinja2", "yaml"),
}
"""What each step imports beyond numpy, pandas and pyarrow."""
PASSES = {"nothing kept": "cache_fresh", "all kept": "cache_kept"}
"""Folder of the paired comparisons; the first is emptied before each pass."""
FRESH = next(iter(PASSES))
FIRST, AGAIN = "scoring one cell, first in a process", "scoring one cell, again"
ABOUT = [
    "Invented logits, score files written by the real `score_cell`. Every step of the reports in a "
    "fresh process, imports included, once with no paired comparison kept from earlier (the page "
    "then finds those of the tables) and once with all kept. Memory is the largest sum over all "
    "processes of a step, what they share counted once. Scoring (five sets of 3,000 faces, three "
    "selections, challenge lists, groups and votes) is timed after its imports. All were timed in "
    "turns.",
]


def main() -> None:
    """Measure and write."""
    given = _arguments()
    device = torch.device("cpu")
    with tempfile.TemporaryDirectory() as scratch:
        root = (given.folder or Path(scratch)).resolve()
        files = score_files(root, given.trial)
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: given.cores])
        torch.set_num_threads(given.cores)
        versions = [
            *(v for kept in PASSES for v in pass_versions(given, root, kept, len(files))),
            *scoring_versions(root),
        ]
        time_versions(versions, given.rounds, 1, device, given.seconds)
        mib = sum(file.stat().st_size for file in files) / 2**20
    settings = {
        "score files": len(files), "MiB of them": round(mib), "cores": given.cores,
        "rounds": given.rounds,
    }  # fmt: skip
    table = rows(versions, "score files")
    found = {} if given.trial else targets(table)
    packages = ("numpy", "pandas", "matplotlib", "scipy", "jinja2")
    page = Page("reports", "Speed of reports", ABOUT, table, settings, None, found, "score files",
                packages)  # fmt: skip
    write(page, device, given.out)


def score_files(root: Path, few: bool) -> list[Path]:
    """The invented files, made where they are missing; and the cell to score."""
    if not (root / "scores").is_dir():
        invented_scores.write_scores(root, few)
    if not (root / "cell").is_dir():
        one_cell.write_cell(root / "cell")
    return sorted((root / "scores").glob("*/*/*.json"))


def pass_versions(given: argparse.Namespace, root: Path, kept: str, files: int) -> list[Version]:
    """The steps of one pass, then all of them together: the version that is called."""
    why = {step: lacking(*NEEDS[step]) for step in given.steps}
    steps = [step for step in given.steps if not why[step]]
    versions = {
        step: Version(f"{step}, {kept}", files, None, f"{step}, {FRESH}")
        for step in (*steps, _all(steps)) if step
    }  # fmt: skip
    if steps:
        whole = versions[_all(steps)]
        whole.call, whole.clocked = _pass(root, kept, steps, versions, given.trial), True
    left_out = [skipped(f"{s}, {kept}", f"{s}, {FRESH}", why[s]) for s in given.steps if why[s]]
    return [*versions.values(), *left_out]


def _all(steps: list[str]) -> str:
    return " + ".join(steps)


def _pass(
    root: Path, kept: str, steps: list[str], versions: dict[str, Version], few: bool
) -> Callable[[], dict[str, float]]:
    cache = root / PASSES[kept]
    script = [sys.executable, str(Path(__file__).with_name("report_steps.py"))]
    whole = versions[_all(steps)]

    def call() -> dict[str, float]:
        if kept == FRESH:
            shutil.rmtree(cache, ignore_errors=True)
        seconds = {}
        for step in steps:
            found = watch([*script, step, str(root), str(cache), *(["few"] if few else [])])
            seconds[versions[step].name] = found.seconds
            for version in (versions[step], whole):
                version.peak = _larger(version.peak, found)
        return {whole.name: sum(seconds.values())} | seconds

    return call


def _larger(peak: float | None, found: Watched) -> float | None:
    return peak if found.peak is None else max(peak or 0.0, found.peak)


def scoring_versions(root: Path) -> list[Version]:
    """Scoring a cell in a fresh process: its first time, and the median of the next."""
    command = [sys.executable, one_cell.__file__, str(root / "cell")]

    def call() -> dict[str, float]:
        first, *later = json.loads(watch(command).said)
        return {FIRST: first, AGAIN: statistics.median(later)}

    return [Version(FIRST, 1, call, FIRST, clocked=True), Version(AGAIN, 1, None, FIRST)]


def targets(table: list[dict[str, Any]]) -> dict[str, str]:
    """Whether the reports and scoring are as quick and small as they should be."""
    by_name = {row["version"]: row for row in table if "ms" in row}
    reached = {}
    whole = by_name.get(f"{_all(list(NEEDS))}, {FRESH}")
    if whole:
        quick = whole["ms"]["median"] <= 1e3 * TARGET_SECONDS
        small = whole.get("peak_mib", 0) <= TARGET_MIB
        what = f"target of all steps, {FRESH}, {TARGET_SECONDS} s and {TARGET_MIB:,} MiB"
        reached[what] = quick and small
    quick = by_name[FIRST]["ms"]["median"] < 1e3 * TARGET_SCORING
    reached[f"target of scoring one cell, under {TARGET_SCORING:g} s"] = quick
    return {target: "met" if met else "**missed**" for target, met in reached.items()}


def _arguments() -> argparse.Namespace:
    parser = common_options(__doc__, rounds=5)
    parser.add_argument(
        "--steps", nargs="+", choices=NEEDS, default=list(NEEDS), help="which to time (all)"
    )
    parser.add_argument(
        "--cores", type=int, default=2, help="that the processes may use (default: %(default)s)"
    )
    parser.add_argument("--folder", type=Path, help="keep the invented files here for the next run")
    parser.add_argument(
        "--trial", action="store_true",
        help="4 score files instead of 1,000: enough to see that it runs; give --out, too",
    )  # fmt: skip
    return parser.parse_args()


if __name__ == "__main__":
    main()
