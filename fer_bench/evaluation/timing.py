"""Operations of a forward pass, and its duration: warm, many times, models in turns.

On a machine that does other work too, speed drifts over minutes. Models are therefore timed in
rounds: every round visits every model once, in an order of its own, so that drift hits all alike.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode


@dataclass(frozen=True)
class TimingPlan:
    """How much is timed.

    Attributes:
        rounds: visits to each model.
        repeats: timed single images a visit.
        batch: images in a batch; one batch is timed a visit.
        warm_up: untimed passes of both kinds before the first round.
    """

    rounds: int = 12
    repeats: int = 5
    batch: int = 32
    warm_up: int = 3


QUICK = TimingPlan(rounds=2, repeats=2, batch=8, warm_up=1)
"""Enough to see that it runs; too little for a number to quote."""


def plan_for(kind: str) -> TimingPlan:
    """A GPU is not busy with 32 images."""
    return TimingPlan(batch=128, rounds=20, repeats=10) if kind == "cuda" else TimingPlan()


def flops(model: nn.Module, image: Tensor) -> int:
    """Floating-point operations of one forward pass, a multiply-add counted as 2.

    Counted by torch: convolutions and matrix products. Normalisation, activations and pooling are
    not counted, as is usual.
    """
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        model(image)
    return int(counter.get_total_flops())


@torch.inference_mode()
def time_in_turns(
    models: Mapping[str, nn.Module], images: Mapping[str, Tensor], plan: TimingPlan
) -> dict[str, dict[str, list[float]]]:
    """Time every model, in rounds.

    Args:
        models: by name, in evaluation mode, on their device.
        images: by the same names, a batch (plan.batch, 3, H, W) on the same device.
        plan: how often.

    Returns:
        For each name `image`: seconds of each single image, `batch`: seconds of each batch.
    """
    found: dict[str, dict[str, list[float]]] = {n: {"image": [], "batch": []} for n in models}
    for name, model in models.items():
        for _ in range(plan.warm_up):
            model(images[name][:1])
            model(images[name])
    names = list(models)
    for number in range(plan.rounds):
        for name in random.Random(number).sample(names, len(names)):
            model, batch = models[name], images[name]
            model(batch[:1])  # untimed: another model's weights are in the caches
            found[name]["image"] += [_seconds(model, batch[:1]) for _ in range(plan.repeats)]
            found[name]["batch"].append(_seconds(model, batch))
    return found


def _seconds(model: nn.Module, images: Tensor) -> float:
    """What a caller waits for: on a GPU until the result is there, launches included."""
    wait = torch.cuda.synchronize if images.is_cuda else _nothing
    wait()
    started = time.perf_counter()
    model(images)
    wait()
    return time.perf_counter() - started


def _nothing() -> None:
    return


def spread(values: Sequence[float]) -> dict[str, Any]:
    """Median, 10th and 90th percentile (linear between neighbours), and how many there are."""
    low, middle, high = np.percentile(np.asarray(values, dtype=np.float64), (10, 50, 90))
    return {
        "median": _digits(middle), "p10": _digits(low), "p90": _digits(high), "n": len(values),
    }  # fmt: skip


def _digits(value: float) -> float:
    """Four significant digits: more would be noise in a committed file."""
    return float(f"{value:.4g}")
