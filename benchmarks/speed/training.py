"""Time trainings of two checkouts on one core, in turns: steps alone, and with their predictions.

    python benchmarks/speed/training.py --before DIR --after DIR [--rounds R] [--epochs E]
                                        [--no-compile] [--out FOLDER]

SCAN-CCI by the embedded recipe of params.yaml: 700 invented faces of 80 px, quarter-width
ResNet-18, batch 16, and after each epoch the predictions of 70 and 300 faces. Every visit is a
process of its own with that checkout on its path and one thread; what an epoch took is its CPU
time, the first epoch (imports, compiling) left out. Then the options that long cells may use are
switched on in `--after`. Writes results/speed/training_<device>.json and .md.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent))
from invented_faces import invented_faces
from options import common_options
from report import Page, write
from timed import Version, rows, skipped, time_versions

PROJECT = Path(__file__).parents[2]
SIZES = {"train": 700, "val": 70, "test": 300}
RECIPE = {
    "batch_size": 16, "backbone_lr": 0.05, "heads_lr": 0.03, "decay": 0.82,
    "weight_decay": 0.0005, "jitter": [0.12, 0.09, 0.08, 0.0],
}  # fmt: skip
COMPUTE = {
    "device": "cpu", "precision": "32-true", "threads": 1, "compile": False, "fused": False,
    "devices": 1, "sync_bn": False, "tf32": False, "deterministic": True,
}  # fmt: skip
BEFORE, AFTER = "before", "after"
OPTIONS = {
    "after, bf16": {"precision": "bf16-mixed"},
    "after, compiled": {"compile": True},
}
PARTS = {"steps": "steps alone", "cell": "with predictions"}
TARGETS = {AFTER: 1.5, "after, compiled": 1.8}
"""The least ratio of steps alone that was asked for."""
ABOUT = [
    "One epoch of `scan_cci` on one core by the embedded recipe: 700 faces of 80 px, quarter-width "
    "ResNet-18, batch 16; then also with the predictions of 70 validation and 300 test faces that "
    "follow each epoch. `before` and `after` are two checkouts, each visit a fresh process with "
    "one thread; times are CPU time, of which other work on the machine takes less than of wall "
    "time, and the first epoch of each process is left out. All versions were timed in turns.",
]  # fmt: skip


def main() -> None:
    """Measure and write."""
    given = _arguments()
    torch.set_num_threads(1)
    once: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        faces = invented_faces(sum(given.sizes.values()), 80, folder)
        np.save(folder / "labels.npy", faces.labels)
        versions = make_versions(given, folder, once)
        time_versions(versions, given.rounds, 1, torch.device("cpu"))
    settings = {**given.sizes, "epochs": given.epochs, "rounds": given.rounds}
    table = rows(versions)
    found = {
        f"CPU seconds that the first epoch takes beyond the next ones, {name}":
        f"{np.median(seconds):.1f}" for name, seconds in once.items()
    } | targets(table)  # fmt: skip
    page = Page("training", "Speed of training on one core", ABOUT, table, settings, found=found,
                packages=("lightning-fabric",))  # fmt: skip
    write(page, torch.device("cpu"), given.out)


def make_versions(
    given: argparse.Namespace, folder: Path, once: dict[str, list[float]]
) -> list[Version]:
    """Each checkout, and `after` with its options; each a version that is called and its part."""
    cases: dict[str, tuple[Path, dict[str, Any]]] = {
        BEFORE: (given.before, {}), AFTER: (given.after, {}),
        **{name: (given.after, options) for name, options in OPTIONS.items()},
    }  # fmt: skip
    versions = []
    for name, (checkout, options) in cases.items():
        names = {part: f"{name}, {shown}" for part, shown in PARTS.items()}
        references = {part: f"{BEFORE}, {shown}" for part, shown in PARTS.items()}
        if options.get("compile") and given.no_compile:
            versions += [
                skipped(names[part], references[part], "left out (--no-compile)") for part in PARTS
            ]
            continue
        both = [Version(names[part], given.sizes["train"], None, references[part])
                for part in PARTS]  # fmt: skip
        both[0].call = _visit(given, checkout, options, folder, both, once.setdefault(name, []))
        both[0].clocked = True
        versions += both
    return versions


def _visit(
    given: argparse.Namespace, checkout: Path, options: dict[str, Any], folder: Path,
    versions: list[Version], once: list[float],
) -> Callable[[], dict[str, float]]:  # fmt: skip
    """What trains once in a process of its own."""
    settings = {
        "recipe": RECIPE, "compute": COMPUTE | options, "backbone": "resnet18_slim",
        "epochs": given.epochs, **given.sizes,
    }  # fmt: skip
    script = str(Path(__file__).with_name("one_training.py"))
    command = [sys.executable, script, str(folder), json.dumps(settings)]
    env = os.environ | {"PYTHONPATH": str(checkout.resolve()), "OMP_NUM_THREADS": "1"}

    def call() -> dict[str, float]:
        done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=folder)
        if done.returncode:
            raise RuntimeError(f"training with {checkout} failed:\n{done.stderr[-2000:]}")
        found = json.loads(done.stdout.splitlines()[-1])
        once.append(found["once"])
        for version in versions:
            version.peak = max(version.peak or 0.0, found["peak_mib"])
        return {version.name: found[part] for version, part in zip(versions, PARTS, strict=True)}

    return call


def targets(table: list[dict[str, Any]]) -> dict[str, str]:
    """Whether steps alone are as quick as was asked."""
    ratios = {row["version"]: row["ratio"]["median"] for row in table if "ratio" in row}
    found = {}
    for name, least in TARGETS.items():
        row = f"{name}, {PARTS['steps']}"
        if row in ratios:
            met = "met" if ratios[row] >= least else "**missed**"
            found[f"target of {row}, {least} times before"] = met
    return found


def _arguments() -> argparse.Namespace:
    parser = common_options(__doc__, rounds=3)
    parser.add_argument("--before", type=Path, required=True, help="a checkout, the reference")
    parser.add_argument("--after", type=Path, default=PROJECT, help="a checkout (default: this)")
    parser.add_argument(
        "--epochs", type=int, default=2, help="timed of each training (default: %(default)s)"
    )
    parser.add_argument(
        "--sizes", type=_sizes, default=SIZES, metavar="TRAIN,VAL,TEST", help="numbers of faces"
    )
    parser.add_argument("--no-compile", action="store_true", help="leave torch.compile out")
    given = parser.parse_args()
    for checkout in (given.before, given.after):
        if not (checkout / "fer_bench").is_dir():
            parser.error(f"{checkout} is no checkout: it has no folder fer_bench")
    return given


def _sizes(text: str) -> dict[str, int]:
    return dict(zip(SIZES, map(int, text.split(",")), strict=True))


if __name__ == "__main__":
    main()
