"""What else `step.py` asks: equal losses, equal accuracy, and how long 60 epochs take."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from statistics import median

import numpy as np
import torch
from paired_seeds import verdict
from reference_step import in_loop_form
from report import file_name
from timed import Version, seconds_of
from trained import Options, network, stepper

from fer_bench.files import read_json
from fer_bench.training.batches import Faces
from fer_bench.training.recipe import Recipe
from fer_bench.training.step import predict

STEPS = 20
EPOCHS, RAF_DB, RAF_DB_TEST = 60, 12_271, 3_068
SIXTY = f"minutes of {EPOCHS} epochs of {RAF_DB:,} faces"


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


def sixty_epochs(
    versions: list[Version], suite: Mapping[str, Options], given: argparse.Namespace, faces: Faces,
    device: torch.device,
) -> dict[str, float]:  # fmt: skip
    """How long RAF-DB's 60 epochs take: the fastest version again, many steps in a row.

    The loop of a training also predicts the test faces after every epoch; that is timed apart.

    Args:
        versions: timed.
        suite: those of them that are the suite's, by name.
        given: `steps`, `batch`, `backbone` and `size`.
        faces: to train on and to predict.
        device: of the versions.

    Returns:
        Minutes, by what they are.
    """
    timed = {v.name: v for v in versions if v.seconds and v.name in suite}
    fastest = min(timed.values(), key=lambda version: median(version.seconds))
    assert fastest.call is not None
    step = seconds_of(fastest.call, given.steps, device) / given.steps
    training = EPOCHS * RAF_DB * step / given.batch
    model = network(given.backbone, given.size, device)

    def look() -> None:
        with suite[fastest.name].autocast(device):
            predict(model, faces, device)

    look()
    testing = EPOCHS * RAF_DB_TEST * seconds_of(look, 1, device) / len(faces)
    return {
        f"{SIXTY}, at the pace of {given.steps} steps in a row ({fastest.name})": (
            float(f"{training / 60:.3g}")
        ),
        f"the same, with {RAF_DB_TEST:,} test faces predicted after each epoch": (
            float(f"{(training + testing) / 60:.3g}")
        ),
    }
