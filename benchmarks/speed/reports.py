"""Seconds and memory of the reports made from a thousand score files, and of scoring one cell.

    python benchmarks/speed/reports.py [--rounds R] [--cores C] [--folder FOLDER] [--trial]

Score files are invented (10 datasets x 20 models x 5 seeds, each on five sets of 3,000 faces) but
written by the real `score_cell`. Tables, figures and page are each made in a fresh process on two
cores, as `dvc repro` does, imports included, first with an empty and then with a filled cache of
paired comparisons. Scoring is timed in a fresh process after its imports. `--folder` keeps the
invented files for the next run; `--trial` takes 12 score files and writes no report. Writes
results/speed/reports_<device>.md.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import invented_scores
import one_cell
from watched import Watched, watch

from fer_bench import reports
from fer_bench.evaluation.device import processor, slug
from fer_bench.files import write_text
from fer_bench.reports.tables import build_tables

TARGET_SECONDS, TARGET_MIB, TARGET_SCORING = 60, 2048, 1.0
ROOT = Path(__file__).parents[2]
PAPER, COST = ROOT / "benchmarks/paper", ROOT / "results/cost"


@dataclass
class Measured:
    """One entry a round."""

    files: int
    size: float
    cores: int
    empty: dict[str, list[Watched]] = field(default_factory=dict)
    filled: dict[str, list[Watched]] = field(default_factory=dict)
    scoring: list[list[float]] = field(default_factory=list)


def tables(root: Path, few: bool) -> None:
    """Every table and page of `results/tables`."""
    build_tables(
        root / "scores", invented_scores.enabled(few), PAPER, root / "out/tables", cost_dir=COST,
        robustness_dir=root / "robustness", cache=root / "cache",
    )  # fmt: skip


def figures(root: Path, few: bool) -> None:
    """As the stage `figures`."""
    reports.build_figures(
        root / "scores", invented_scores.enabled(few), root / "out/figures", paper_dir=PAPER,
        robustness_dir=root / "robustness",
    )  # fmt: skip


def page(root: Path, few: bool) -> None:
    """As the stage `leaderboard`."""
    lists, out = invented_scores.enabled(few), root / "out"
    reports.build_leaderboard(
        root / "scores", lists, out / "leaderboard", robustness_dir=root / "robustness",
        cost_dir=COST, reported_dir=ROOT / "benchmarks/reported", paper_dir=PAPER,
        cache_dir=root / "cache",
    )  # fmt: skip
    reports.build_metrics(root / "scores", lists, out)


STEPS: dict[str, Callable[[Path, bool], None]] = {
    "tables": tables, "figures": figures, "page": page,
}  # fmt: skip


def main() -> None:
    """Measure, print and write the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--trial", action="store_true")
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step:
        STEPS[given.step](given.folder, given.trial)
        return
    with tempfile.TemporaryDirectory() as scratch:
        root = (given.folder or Path(scratch)).resolve()
        result = measure(root, given.rounds, given.cores, given.trial)
    text = report(result)
    print(text)
    if not given.trial:
        name = slug(processor())
        write_text(ROOT / f"results/speed/reports_{name}_{given.cores}_cores.md", text)


def measure(root: Path, rounds: int, cores: int, few: bool) -> Measured:
    """Make what is missing and time every step."""
    if not (root / "scores").is_dir():
        started = time.perf_counter()
        invented_scores.write_scores(root, few)
        print(f"score files invented in {time.perf_counter() - started:.0f} s")
    if not (root / "cell").is_dir():
        one_cell.write_cell(root / "cell")
    files = list((root / "scores").glob("*/*/*.json"))
    result = Measured(len(files), sum(f.stat().st_size for f in files) / 2**20, cores)
    for number in range(rounds):
        shutil.rmtree(root / "cache", ignore_errors=True)
        for kept in (result.empty, result.filled):
            for step in STEPS:
                command = [__file__, "--step", step, "--folder", str(root)]
                found = watch([*command, *(["--trial"] if few else [])], cores)
                kept.setdefault(step, []).append(found)
                print(f"round {number + 1}, {step}: {found.seconds:.1f} s, {found.peak:.0f} MiB")
        scored = watch([one_cell.__file__, str(root / "cell")], cores)
        result.scoring.append(json.loads(scored.said))
    return result


def report(result: Measured) -> str:
    """The page."""
    cores = f"{result.cores} cores"
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}"
        for name in ("numpy", "pandas", "matplotlib", "scipy", "jinja2")
    )
    rounds = len(result.scoring)
    lines = [
        f"# Speed of reports: {processor()}, {cores}",
        "",
        f"Written by `python benchmarks/speed/reports.py`; {versions}. Load average of the last "
        f"five minutes at the end: {os.getloadavg()[1]:.1f} (this run's own included).",
        f"From {result.files:,} score files ({result.size:.0f} MiB; invented logits, written by "
        f"the real `score_cell`), every step in a fresh process, imports included; medians of "
        f"{rounds} rounds (smallest and largest in brackets). Memory is the largest sum over all "
        "processes of a step, what they share counted once.",
        "",
        "| step | seconds, no paired comparison kept | seconds, all kept | peak MiB |",
        "|---|---|---|---|",
    ]
    for step in STEPS:
        empty, filled = result.empty[step], result.filled[step]
        peak = max(one.peak for one in (*empty, *filled))
        lines.append(f"| {step} | {_seconds(empty)} | {_seconds(filled)} | {peak:.0f} |")
    sums = [_totals(result.empty), _totals(result.filled)]
    peak = max(
        one.peak for found in (result.empty, result.filled) for w in found.values() for one in w
    )
    lines += [
        f"| **all three** | **{_spread(sums[0])}** | **{_spread(sums[1])}** | **{peak:.0f}** |",
        "",
        f"Target: {TARGET_SECONDS} s and {TARGET_MIB:,} MiB: "
        f"{_met(statistics.median(sums[0]) <= TARGET_SECONDS and peak <= TARGET_MIB)}.",
        "",
        *_scoring(result),
    ]
    return "\n".join(lines) + "\n"


def _scoring(result: Measured) -> list[str]:
    first = [found[0] for found in result.scoring]
    later = [value for found in result.scoring for value in found[1:]]
    return [
        "Scoring one cell (five sets of 3,000 faces, three selections, challenge lists, groups and "
        f"votes) after imports: {_spread(first, 2)} s the first time in a process, "
        f"{_spread(later, 2)} s again. Target: under {TARGET_SCORING:.0f} s: "
        f"{_met(statistics.median(first) < TARGET_SCORING)}.",
    ]


def _totals(found: dict[str, list[Watched]]) -> list[float]:
    return [sum(one.seconds for one in steps) for steps in zip(*found.values(), strict=True)]


def _seconds(found: list[Watched]) -> str:
    return _spread([one.seconds for one in found])


def _spread(values: list[float], places: int = 1) -> str:
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:.{places}f} ({low:.{places}f} to {high:.{places}f})"


def _met(met: bool) -> str:
    return "met" if met else "**missed**"


if __name__ == "__main__":
    main()
