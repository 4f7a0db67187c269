"""Time what loading and augmenting cost a training step, against PIL in worker processes.

    python benchmarks/speed/loader.py [--size PX] [--batch B] [--faces N] [--workers W]
                                      [--backbone NAME] [--rounds R] [--calls K]
                                      [--device cpu|cuda] [--out FOLDER]

First the loaders alone: batches a second of memory-mapped faces read ahead, with and without the
augmentation on the device, against JPEG files decoded and augmented with PIL. Then training steps
with loading against the same steps on one batch that is already there: the difference is what the
loader costs. Writes results/speed/loader_<device>.json and .md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent))
from invented_faces import invented_faces
from options import given_device, network_options
from reference_step import Photographs, batches, steady, write_photographs
from report import Page, write
from timed import Version, rows, time_versions
from trained import Options, endless, network, stepper, suite_step

from fer_bench.training import augment
from fer_bench.training.batches import Faces
from fer_bench.training.prefetch import prefetched
from fer_bench.training.recipe import Recipe

PIL, STEP = "PIL in worker processes", "step on a batch that is there"
WITHOUT, WITH = "step with loading, no augmentation", "step with loading and augmentation"
ABOUT = [
    "The loaders alone, then inside training steps of SCAN-CCI (the fastest options of this "
    "device that need no compiler); all versions were timed in turns. A ratio below 1 in the last "
    "rows is what loading costs a step.",
]


def main() -> None:
    """Measure and write."""
    given = arguments()
    device = given_device(given)
    write(measure(given, device), device, given.out)


def measure(given: argparse.Namespace, device: torch.device) -> Page:
    """Time loaders, and steps with and without them."""
    recipe = Recipe(batch_size=given.batch)
    with tempfile.TemporaryDirectory() as folder:
        faces = invented_faces(max(given.faces, 2 * given.batch), given.size, Path(folder))
        files = write_photographs(np.asarray(faces.pixels), Path(folder) / "photographs")
        running = batches(
            Photographs(files, faces.labels, recipe), given.batch, given.workers, device
        )
        versions = [
            Version(PIL, given.batch, lambda: next(running), PIL, calls=steady(given.workers)),
            Version("faces read ahead", given.batch, _reading(faces, recipe, device, False), PIL),
            Version(
                "faces read ahead, augmented on the device", given.batch,
                _reading(faces, recipe, device, True), PIL,
            ),
            *_steps(given, faces, recipe, device),
        ]  # fmt: skip
        time_versions(versions, given.rounds, given.calls, device, given.seconds)
    table = rows(versions)
    found = {}
    for row in table[-2:]:
        if "ratio" in row:
            cost = 100 * (1 - row["ratio"]["median"])
            found[f"{row['version']}: share of the step"] = f"{cost:.1f} %"
    keys = ("backbone", "size", "batch", "workers", "rounds", "calls")
    settings = {k: getattr(given, k) for k in keys}
    return Page("loader", "Speed of loading", ABOUT, table, settings, found=found)


def _reading(
    faces: Faces, recipe: Recipe, device: torch.device, augmented: bool
) -> Callable[[], torch.Tensor]:
    running = prefetched(faces, endless(faces, recipe.batch_size), device)
    rng = np.random.default_rng(0)

    def call() -> torch.Tensor:
        which, images = next(running)
        return (
            augment.apply(images, augment.drawn(len(which), recipe, rng, images.shape[2]))
            if augmented
            else images
        )

    return call


def _steps(
    given: argparse.Namespace, faces: Faces, recipe: Recipe, device: torch.device
) -> list[Version]:
    options = Options()
    if device.type == "cuda":
        options = Options(fused=True, precision="bf16-mixed", deterministic=False)
    plain = Recipe(batch_size=given.batch, flip=0.0, jitter=(0.0, 0.0, 0.0, 0.0))
    there = faces.images(np.arange(given.batch), device)
    target = torch.from_numpy(faces.labels[: given.batch]).to(device)
    step = stepper(network(given.backbone, given.size, device), options, recipe, device)
    versions = [Version(STEP, given.batch, lambda: step(there, target), STEP)]
    for name, used in {WITHOUT: plain, WITH: recipe}.items():
        call = suite_step(faces, options, given.backbone, used, device)
        versions.append(Version(name, given.batch, call, STEP))
    return versions


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """Those of the command line, or the ones given."""
    parser = network_options(__doc__, batch=64, faces=1024)
    parser.add_argument("--calls", type=int, default=4)
    return parser.parse_args(given)


if __name__ == "__main__":
    main()
