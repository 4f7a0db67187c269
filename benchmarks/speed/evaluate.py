"""Time prediction: test faces a second of a trained SCAN-CCI, reading included.

    python benchmarks/speed/evaluate.py [--backbone NAME] [--size PX] [--batch B] [--faces N]
                                        [--workers W] [--rounds R] [--no-compile]
                                        [--device cpu|cuda] [--out FOLDER]

The reference decodes JPEG files with PIL in worker processes and has one module a patch. Writes
results/speed/evaluate_<device>.json and .md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, str(Path(__file__).parent))
from invented_faces import invented_faces
from options import given_device, network_options
from peaks import measure_peaks
from reference_step import Photographs, in_loop_form, write_photographs
from report import Page, write
from timed import NO_GPU, Version, rows, skipped, time_versions
from trained import Options, network

from fer_bench.models import FERModel
from fer_bench.training.batches import Faces
from fer_bench.training.recipe import Recipe
from fer_bench.training.step import predict

STRAIGHT = "straightforward, float32"
SUITE = {
    "the suite, float32": Options(),
    "the suite, TF32": Options(tf32=True),
    "the suite, bf16": Options(precision="bf16-mixed"),
    "the suite, bf16, compiled": Options(precision="bf16-mixed", compile=True),
}
ABOUT = [
    "Logits of all faces of a set, batch by batch, images read from disk; all versions were timed "
    "in turns. The straightforward version decodes JPEG files with PIL in worker processes and has "
    "one module a patch.",
]


def main() -> None:
    """Measure and write."""
    given = arguments()
    device = given_device(given)
    write(measure(given, device), device, given.out)


def measure(given: argparse.Namespace, device: torch.device) -> Page:
    """Time every version."""
    if given.faces < given.batch * given.workers:
        raise SystemExit(
            f"error: {given.faces} faces are fewer than {given.workers} batches of {given.batch}: "
            "some of the reference's processes would have nothing to do; give more --faces"
        )
    peaks = measure_peaks(device)
    with tempfile.TemporaryDirectory() as folder:
        faces = invented_faces(given.faces, given.size, Path(folder))
        model = network(given.backbone, given.size, device)
        operations = _operations(model, faces, device)
        files = write_photographs(np.asarray(faces.pixels), Path(folder) / "photographs")
        call = _straightforward(given, files, faces, device)
        moved = np.asarray(faces.pixels).nbytes
        floor = peaks.floor(operations, moved, "float32")
        versions = [Version(STRAIGHT, given.faces, call, STRAIGHT, *floor)]
        for name, options in SUITE.items():
            if options.tf32 and device.type != "cuda":
                versions.append(skipped(name, STRAIGHT, NO_GPU))
            elif options.compile and given.no_compile:
                versions.append(skipped(name, STRAIGHT, "left out (--no-compile)"))
            else:
                call = _suite(model, faces, options, given.batch, device)
                floor = peaks.floor(operations, moved, options.format)
                versions.append(Version(name, given.faces, call, STRAIGHT, *floor))
        time_versions(versions, given.rounds, 1, device, given.seconds)
    keys = ("backbone", "size", "batch", "faces", "workers", "rounds")
    settings = {k: getattr(given, k) for k in keys}
    return Page("evaluate", "Speed of prediction", ABOUT, rows(versions), settings, peaks)


def _straightforward(
    given: argparse.Namespace, files: list[Path], faces: Faces, device: torch.device
) -> Callable[[], torch.Tensor]:
    model = network(given.backbone, given.size, device, last=False)
    model = in_loop_form(model)
    plain = Photographs(files, faces.labels, Recipe(flip=0.0, jitter=(0.0, 0.0, 0.0, 0.0)))
    loader = DataLoader(
        plain, given.batch, num_workers=given.workers, pin_memory=device.type == "cuda",
        persistent_workers=given.workers > 0,
    )  # fmt: skip

    @torch.inference_mode()
    def call() -> torch.Tensor:
        Options(deterministic=False).apply()
        model.eval()
        found = [model(images.to(device, non_blocking=True)).logits.cpu() for images, _ in loader]
        return torch.cat(found)

    return call


def _suite(
    model: FERModel, faces: Faces, options: Options, batch: int, device: torch.device
) -> Callable[[], np.ndarray]:
    used = torch.compile(model) if options.compile else model

    def call() -> np.ndarray:
        options.apply()
        with options.autocast(device):
            return predict(used, faces, device, batch)  # type: ignore[arg-type]

    return call


def _operations(model: FERModel, faces: Faces, device: torch.device) -> float:
    model.eval()
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        model(faces.images(np.arange(2), device))
    return counter.get_total_flops() / 2 * len(faces)


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """Those of the command line, or the ones given."""
    parser = network_options(__doc__, batch=256, faces=4096)
    parser.add_argument("--no-compile", action="store_true")
    parser.set_defaults(rounds=5)
    return parser.parse_args(given)


if __name__ == "__main__":
    main()
