"""Time the training step of SCAN-CCI, loading and augmentation included, option by option.

    python benchmarks/speed/step.py [--backbone NAME] [--size PX] [--batch B] [--faces N]
                                    [--workers W] [--rounds R] [--calls K] [--agree B]
                                    [--no-compile] [--device cpu|cuda] [--out FOLDER]

Without options: the paper's ResNet-50, 224 px, batch 64, 16 workers. The reference decodes JPEG
files and augments them with PIL in worker processes, in float32, with one module a patch. Then the
options of params.yaml's `compute` are switched on one after the other. Also checks that the loss of
the suite's float32 follows the reference's over 20 steps at the recipe's batch of 64. Whether bf16
reaches the same accuracy is taken from the file that paired_seeds.py wrote for this device. Writes
results/speed/step_<device>.json and .md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, str(Path(__file__).parent))
from invented_faces import invented_faces
from options import given_device, network_options
from paired_seeds import verdict
from peaks import Peaks, measure_peaks
from reference_step import Photographs, batches, in_loop_form, steady, write_photographs
from report import file_name, write
from timed import NO_GPU, Version, rows, skipped, time_versions
from trained import Options, network, stepper, suite_step

from fer_bench.files import read_json
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
STEPS = 20
RAF_DB = 12_271
ABOUT = [
    "One step: load a batch, augment it, forward, backward, update. The straightforward version "
    "decodes JPEG files and augments them with PIL in worker processes and has one module a patch; "
    "the suite reads memory-mapped faces ahead and augments on the device. Options of `compute` "
    "in params.yaml are switched on one after the other; all versions were timed in turns.",
]  # fmt: skip


def main() -> None:
    """Measure and write."""
    given = _arguments()
    device = given_device(given)
    recipe = Recipe(batch_size=given.batch)
    peaks = measure_peaks(device)
    with tempfile.TemporaryDirectory() as folder:
        many = max(given.faces, 2 * given.batch, given.agree)
        faces = invented_faces(many, given.size, Path(folder))
        ours, layout = differences(faces, given.agree, given.backbone, recipe, device)
        versions = make_versions(given, faces, recipe, device, peaks, Path(folder))
        time_versions(versions, given.rounds, given.calls, device)
    table = rows(versions)
    found = {
        "largest relative difference of the loss, the suite against one module a patch, both in "
        f"float32, over {STEPS} steps on equal batches of {given.agree}": f"{ours:.1e}",
        "the same, of one module a patch against itself with channels last": f"{layout:.1e}",
        **_sixty_epochs(table),
    }
    keys = ("backbone", "size", "batch", "workers", "rounds", "calls")
    about = [*ABOUT, equal_accuracy(given.out, device)]
    write("step", "Speed of the training step", about, table, device,
          {k: getattr(given, k) for k in keys}, peaks, found, given.out)  # fmt: skip


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


def differences(
    faces: Faces, batch: int, backbone: str, recipe: Recipe, device: torch.device
) -> tuple[float, float]:
    """The largest relative difference of the loss over some steps on equal batches, in float32.

    Of the suite to the reference, and of the reference to itself with channels last in memory,
    which sums in another order and is as good: training enlarges what differs in the last bits.
    """
    size = faces.pixels.shape[1]
    reference, other = (
        stepper(in_loop_form(network(backbone, size, device, last=last)), Options(), recipe, device)
        for last in (False, True)
    )
    suite = stepper(network(backbone, size, device), Options(fused=True), recipe, device)
    rng, largest = np.random.default_rng(1), [0.0, 0.0]
    for _ in range(STEPS):
        which = rng.choice(len(faces), batch, replace=False)
        images = faces.images(which, device)
        target = torch.from_numpy(faces.labels[which]).to(device)
        expected = reference(images.contiguous(), target)
        for i, step in enumerate((suite, other)):
            found = abs(step(images, target) - expected) / abs(expected)
            largest[i] = max(largest[i], found)
    return largest[0], largest[1]


def equal_accuracy(folder: Path, device: torch.device) -> str:
    """What `paired_seeds.py` found of bf16 on this device."""
    file = folder / file_name("paired_seeds", device)
    measured = read_json(file) if file.exists() else None
    if measured is None or measured["compute"][1]["precision"] != "bf16-mixed":
        return (
            "bf16: that it gives the same accuracy was **not shown** on this device "
            "(`paired_seeds.py`: 90 % interval inside ±1 point); it stays an option."
        )
    found, of = measured["found"], measured["settings"]
    low, high = found["interval_90"]
    return (
        f"bf16: over {found['seeds']} paired seeds of `{of['model']}` on `{of['dataset']}` its "
        f"accuracy differs by {found['difference']:+.2f} points (90 % interval {low:+.2f} to "
        f"{high:+.2f}), within ±1 point {verdict(found)} (`{file.name}`)."
    )


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


def _sixty_epochs(table: list[dict[str, Any]]) -> dict[str, str]:
    timed = {r["version"]: r["images_per_second"]["median"] for r in table if "ms" in r}
    fastest = max(timed, key=lambda name: timed[name])
    minutes = 60 * RAF_DB / timed[fastest] / 60
    return {
        f"60 epochs of {RAF_DB:,} faces at the fastest row's pace ({fastest})": f"{minutes:.3g} min"
    }


def _arguments() -> argparse.Namespace:
    parser = network_options(__doc__, batch=64, faces=1024)
    parser.add_argument("--calls", type=int, default=4, help="steps a visit")
    parser.add_argument(
        "--agree", type=int, default=Recipe().batch_size, metavar="B",
        help="batch of the check that losses agree (default: the paper's %(default)s)",
    )  # fmt: skip
    parser.add_argument("--no-compile", action="store_true", help="leave torch.compile out")
    return parser.parse_args()


if __name__ == "__main__":
    main()
