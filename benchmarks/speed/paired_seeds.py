"""Ask whether a faster way to train reaches the same accuracy: pairs of trainings, a pair a seed.

    python benchmarks/speed/paired_seeds.py [KEY=VALUE ...] [--dataset NAME] [--model NAME]
                                            [--seeds N] [--processes P] [--device cpu|cuda]
                                            [--threads T] [--out FOLDER]

Of each seed a cell is trained twice, once as params.yaml's `compute` is by default and once with
the given keys changed (without any: precision=bf16-mixed). Both are tested on the same faces with
the weights of the last epoch. The two are shown to be equal when the 90 % interval of the mean
difference (paired t) lies inside ±1 point: two one-sided tests at 5 %. The number of seeds is fixed
beforehand; looking at the interval in between would spoil it.

Needs the faces and the start of the cell: run `dvc repro` first. Where it is stopped it goes on
from the last complete pair. Writes results/speed/paired_seeds_<device>.json and .md.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).parent))
from options import device_options, given_device
from report import write_page

from fer_bench.files import read_json, sha256_json, write_json
from fer_bench.statistics.corrections import MARGIN
from fer_bench.statistics.wording import margin_text
from fer_bench.training.train import train_cell

DEFAULT = {"precision": "bf16-mixed"}
RUNS, PACKS = Path("runs"), Path("data/aligned")


def main() -> None:
    """Train what is missing, compare, write."""
    given = _arguments()
    device = given_device(given)
    changed = dict(map(_key_value, given.changes)) or DEFAULT
    spec = read_json(RUNS / "specs" / given.dataset / f"{given.model}.json")
    start = RUNS / given.dataset / "starts" / f"{given.model}.json"
    base = {**spec["compute"], "device": device.type, "threads": given.threads}
    specs = [{**spec, "compute": base}, {**spec, "compute": {**base, **changed}}]
    kept = RUNS / "paired_seeds" / sha256_json([specs, start.read_text(encoding="utf-8")])
    pairs = _pairs(specs, start, range(given.seeds), given.processes, kept)
    _write(given, device, base, changed, pairs)


def train_pair(specs: list[dict[str, Any]], start: Path, seed: int, kept: Path) -> list[float]:
    """Accuracies in percent of one seed's two trainings; kept in a file, and read from there."""
    file = kept / f"{seed}.json"
    if file.exists():
        return list(read_json(file)["accuracy"])
    accuracy = []
    for spec in specs:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            os.environ["FER_BENCH_CHECKPOINTS"] = str(folder / "checkpoints")
            write_json(folder / "spec.json", spec)
            train_cell(folder / "spec.json", start, seed, folder / "train", PACKS)
            accuracy.append(_accuracy(folder / "train/predictions.parquet", spec))
    write_json(file, {"seed": seed, "accuracy": accuracy})
    return accuracy


def _accuracy(predictions: Path, spec: dict[str, Any]) -> float:
    table = pd.read_parquet(predictions)
    table = table[(table["selection"] == "last") & (table["split"] == "test")]
    logits = table[[f"logit_{name}" for name in spec["view"]["classes"]]].to_numpy()
    return 100 * float((logits.argmax(1) == table["label"].to_numpy()).mean())


def _pairs(
    specs: list[dict[str, Any]], start: Path, seeds: range, processes: int, kept: Path
) -> np.ndarray:
    """(N, 2) accuracies, in the order of the seeds."""
    kept.mkdir(parents=True, exist_ok=True)
    os.environ["TQDM_DISABLE"] = "1"  # of the processes that train: only the bar over pairs shows
    found = {}
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        running = {pool.submit(train_pair, specs, start, seed, kept): seed for seed in seeds}
        for done in tqdm(as_completed(running), "pairs", len(seeds), disable=False):
            found[running[done]] = done.result()
    return np.array([found[seed] for seed in seeds])


def compare(pairs: np.ndarray) -> dict[str, Any]:
    """Mean difference in points (second minus first) with its 90 % interval, and whether it shows.

    Args:
        pairs: (N, 2) accuracies in percent.
    """
    from scipy.stats import ttest_rel

    interval = ttest_rel(pairs[:, 1], pairs[:, 0]).confidence_interval(0.9)
    low, high = float(interval.low), float(interval.high)
    return {
        "seeds": len(pairs),
        "mean": [round(float(mean), 3) for mean in pairs.mean(0)],
        "std": [round(float(std), 3) for std in pairs.std(0, ddof=1)],
        "difference": round(float(np.diff(pairs).mean()), 3),
        "std_of_difference": round(float(np.diff(pairs).std(ddof=1)), 3),
        "interval_90": [round(low, 3), round(high, 3)],
        "shown": low > -100 * MARGIN and high < 100 * MARGIN,
    }


def verdict(found: dict[str, Any]) -> str:
    """What `compare` found, as the pages have it."""
    return "shown to be equal" if found["shown"] else "**not shown** to be equal"


def _write(
    given: argparse.Namespace, device: torch.device, base: dict[str, Any], changed: dict[str, Any],
    pairs: np.ndarray,
) -> None:  # fmt: skip
    found = compare(pairs)
    named = [", ".join(f"{k} {c[k]}" for k in changed) for c in (base, changed)]
    low, high = found["interval_90"]
    lines = [
        f"Test accuracy of `{given.model}` on `{given.dataset}` with the last epoch's weights, "
        f"{len(pairs)} seeds, each trained both ways.", "",
        "| compute | accuracy (%), mean ± std over seeds |", "|---|---|",
        *(f"| {n} | {m:.2f} ± {s:.2f} |"
          for n, m, s in zip(named, found["mean"], found["std"], strict=True)), "",
        f"Difference, second minus first: {found['difference']:+.2f} points, 90 % interval "
        f"{low:+.2f} to {high:+.2f} (paired t). Within ±{margin_text(MARGIN)}: {verdict(found)}.",
    ]  # fmt: skip
    settings = {key: getattr(given, key) for key in ("dataset", "model", "seeds", "processes")}
    content = {"compute": [base, {**base, **changed}], "accuracy": pairs.tolist(), "found": found}
    write_page("paired_seeds", "Accuracy of a faster training step", lines, device, settings,
               content, given.out)  # fmt: skip


def _key_value(text: str) -> tuple[str, Any]:
    key, _, value = text.partition("=")
    try:
        return key, json.loads(value)
    except json.JSONDecodeError:
        return key, value


def _arguments() -> argparse.Namespace:
    parser = device_options(__doc__, rounds=None)
    parser.add_argument("changes", nargs="*", metavar="KEY=VALUE", help="of `compute`")
    parser.add_argument("--dataset", default="synthetic")
    parser.add_argument("--model", default="scan_cci")
    parser.add_argument("--seeds", type=int, default=120)
    parser.add_argument("--processes", type=int, default=1, help="pairs at a time")
    return parser.parse_args()


if __name__ == "__main__":
    main()
