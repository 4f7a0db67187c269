"""Time the training step of SCAN-CCI, loading and augmentation included, option by option.

    python benchmarks/speed/step.py [--backbone NAME] [--size PX] [--batch B] [--faces N]
                                    [--workers W] [--rounds R] [--calls K] [--agree B]
                                    [--steps N] [--no-compile] [--device cpu|cuda] [--out FOLDER]

Without options: the paper's ResNet-50, 224 px, batch 64, 16 workers. The reference decodes JPEG
files and augments them with PIL in worker processes, in float32, with one module a patch. Then the
options of params.yaml's `compute` are switched on one after the other. Also checks that the loss of
the suite's float32 follows the reference's over 20 steps at the recipe's batch of 64. Whether bf16
reaches the same accuracy is taken from the file that paired_seeds.py wrote for this device. At the
end the fastest version does many steps in a row: how long RAF-DB's 60 epochs would take. Writes
results/speed/step_<device>.json and .md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, str(Path(__file__).parent))
from invented_faces import invented_faces
from options import given_device, network_options
from peaks import Peaks, measure_peaks
from reference_step import Photographs, batches, in_loop_form, steady, write_photographs
from report import Page, write
from step_checks import STEPS, differences, equal_accuracy, sixty_epochs
from timed import NO_GPU, Version, rows, skipped, time_versions
from trained import Options, network, stepper, suite_step

from fer_bench.training.batches import Faces
from fer_bench.training.recipe import Recipe

STRAIGHT, STRAIGHT_TF32 = "straightforward, float32", "straightforward, TF32"
SUITE = {
    "the suite, float32": Options(),
    "+ fused update": Options(fused=True),
    "+ bf16": Options(fused=True, precision="bf16-mixed"),
    "+ faster convolutions": Options(fused=True, precision="bf16-mixed", deterministic=False),
    "+ compiled": Options(fused=True, precision="bf16-mixed", deterministic=False, compile=True),
    "the suite, TF32": Options(fused=True, tf32=True),
}
ON_GPU = ("+ faster convolutions", "the suite, TF32")
ABOUT = [
    "One step: load a batch, augment it, forward, backward, update. The straightforward version "
    "decodes JPEG files and augments them with PIL in worker processes and has one module a patch; "
    "the suite reads memory-mapped faces ahead and augments on the device. Options of `compute` "
    "in params.yaml are switched on one after the other; all versions were timed in turns.",
]  # fmt: skip


def main() -> None:
    """Measure and write."""
    given = arguments()
    device = given_device(given)
    write(measure(given, device), device, given.out)


def measure(given: argparse.Namespace, device: torch.device) -> Page:
    """Compare losses, time every version, and then the fastest for many steps in a row."""
    recipe = Recipe(batch_size=given.batch)
    peaks = measure_peaks(device)
    with tempfile.TemporaryDirectory() as folder:
        many = max(given.faces, 2 * given.batch, given.agree)
        faces = invented_faces(many, given.size, Path(folder))
        ours, layout = differences(faces, given.agree, given.backbone, recipe, device)
        versions = make_versions(given, faces, recipe, device, peaks, Path(folder))
        time_versions(versions, given.rounds, given.calls, device, given.seconds)
        sixty = sixty_epochs(versions, SUITE, given, faces, device)
    table = rows(versions)
    found = {
        "largest relative difference of the loss, the suite against one module a patch, both in "
        f"float32, over {STEPS} steps on equal batches of {given.agree}": f"{ours:.1e}",
        "the same, of one module a patch against itself with channels last": f"{layout:.1e}",
        **sixty,
    }
    keys = ("backbone", "size", "batch", "workers", "rounds", "calls")
    about = [*ABOUT, equal_accuracy(given.out, device)]
    settings = {k: getattr(given, k) for k in keys}
    return Page("step", "Speed of the training step", about, table, settings, peaks, found)


def make_versions(
    given: argparse.Namespace, faces: Faces, recipe: Recipe, device: torch.device, peaks: Peaks,
    folder: Path,
) -> list[Version]:  # fmt: skip
    """The straightforward step, then the suite's."""
    operations, moved = _least(faces, given.backbone, recipe, device)
    files = write_photographs(np.asarray(faces.pixels), folder / "photographs")
    photographs = Photographs(files, faces.labels, recipe)
    versions = []
    for name, options in {STRAIGHT: Options(), STRAIGHT_TF32: Options(tf32=True)}.items():
        if options.tf32 and device.type != "cuda":
            versions.append(skipped(name, STRAIGHT, NO_GPU))
            continue
        options = replace(options, deterministic=False)  # as torch is out of the box
        model = in_loop_form(network(given.backbone, given.size, device, last=False))
        step = stepper(model, options, recipe, device)
        running = batches(photographs, given.batch, given.workers, device)
        call = lambda step=step, running=running: step(*next(running))  # noqa: E731
        floor = peaks.floor(operations, moved, options.format)
        calls = steady(given.workers)
        versions.append(Version(name, given.batch, call, STRAIGHT, *floor, calls=calls))
    for name, options in SUITE.items():
        if name in ON_GPU and device.type != "cuda":
            versions.append(skipped(name, STRAIGHT, NO_GPU))
        elif options.compile and given.no_compile:
            versions.append(skipped(name, STRAIGHT, "left out (--no-compile)"))
        else:
            if device.type != "cuda":
                options = replace(options, deterministic=True)
            call = suite_step(faces, options, given.backbone, recipe, device)
            floor = peaks.floor(operations, moved, options.format)
            versions.append(Version(name, given.batch, call, STRAIGHT, *floor))
    return versions


def _least(
    faces: Faces, backbone: str, recipe: Recipe, device: torch.device
) -> tuple[float, float]:
    """Operations of a step, and bytes: the images once, weights, gradients and momenta once."""
    model = network(backbone, faces.pixels.shape[1], device)
    images = faces.images(np.arange(2), device)
    counter = FlopCounterMode(display=False)
    with counter:
        model.loss(model(images), torch.zeros(2, dtype=torch.int64, device=device)).backward()
    per_image = counter.get_total_flops() / 2
    weights = sum(p.nbytes for p in model.parameters())
    moved = images[0].nbytes / 4 * recipe.batch_size + 5 * weights
    return per_image * recipe.batch_size, moved


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """Those of the command line, or the ones given."""
    parser = network_options(__doc__, batch=64, faces=1024)
    parser.add_argument("--calls", type=int, default=4, help="steps a visit")
    parser.add_argument(
        "--steps", type=int, default=200,
        help="of the fastest version in a row, from which 60 epochs follow (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--agree", type=int, default=Recipe().batch_size, metavar="B",
        help="batch of the check that losses agree (default: the paper's %(default)s)",
    )  # fmt: skip
    parser.add_argument("--no-compile", action="store_true", help="leave torch.compile out")
    return parser.parse_args(given)


if __name__ == "__main__":
    main()
