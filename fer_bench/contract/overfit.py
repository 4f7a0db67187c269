"""A model that cannot learn a handful of images by heart will not learn faces."""

from __future__ import annotations

import time

import torch

from fer_bench.contract.subject import IMAGES, BrokenError, NotCheckedError, Subject
from fer_bench.models import FERModel
from fer_bench.training.optimizer import optimizer_for
from fer_bench.training.recipe import Recipe

STEPS, RATES, SECONDS = 80, (0.02, 0.005, 0.08, 0.001), 35.0


def overfit(subject: Subject) -> str:
    """It learns a few images by heart with the benchmark's own optimizer."""
    began, best = time.perf_counter(), 0
    for tried, rate in enumerate(RATES):
        right, steps = _learn(subject, rate, began)
        best = max(best, right)
        if right >= IMAGES - 1:
            return f"{right} of {IMAGES} images after {steps} steps, at {rate} (not its own rates)"
        if tried < 2 and time.perf_counter() - began > SECONDS:
            raise NotCheckedError(
                f"too slow to tell in {SECONDS:.0f} s ({best} of {IMAGES} images learned); check "
                "it again while nothing else runs, or a large model with smaller options, under "
                "models in params.yaml"
            )
    raise BrokenError(
        f"it learned only {best} of {IMAGES} images by heart (guessing gives 3), with learning "
        f"rates {', '.join(map(str, RATES))}",
        "See that forward uses `images`, that what predicts (`logits`) is part of the loss, and "
        "that the loss falls when the right logit rises. If it needs another rate, set it in "
        "@register(..., recipe={'backbone_lr': ..., 'heads_lr': ...}).",
    )


def _learn(subject: Subject, rate: float, began: float) -> tuple[int, int]:
    """How many images are right in evaluation mode, and after how many steps."""
    model, images, target = subject.build(), subject.images(), subject.target()
    recipe = Recipe(backbone_lr=rate, heads_lr=rate, weight_decay=0.0)
    optimizer = optimizer_for(model, recipe)
    right = 0
    model.start_epoch(0)
    for step in range(1, STEPS + 1):
        optimizer.zero_grad()
        loss = model.loss(model(images), target)
        if not bool(torch.isfinite(loss)):
            return right, step  # this rate is too high for it
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if step % 10 == 0:
            right = max(right, _right(model, images, target))
            if right >= IMAGES - 1 or time.perf_counter() - began > SECONDS:
                return right, step
    return right, STEPS


@torch.no_grad()
def _right(model: FERModel, images: torch.Tensor, target: torch.Tensor) -> int:
    model.eval()
    found = int((model(images).logits.argmax(1) == target).sum())
    model.start_epoch(0)
    return found
