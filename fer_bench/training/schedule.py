"""How the learning rates of a training go, epoch by epoch."""

from __future__ import annotations

from bisect import bisect_right
from math import cos, pi

import torch
from torch.optim.lr_scheduler import ExponentialLR, LambdaLR, LRScheduler

from fer_bench.training.recipe import Recipe


def schedule_for(optimizer: torch.optim.Optimizer, recipe: Recipe) -> LRScheduler:
    """What sets the optimizer's learning rates; to be stepped after each epoch."""
    if recipe.schedule == "exponential" and not recipe.warmup:
        return ExponentialLR(optimizer, recipe.decay)
    return LambdaLR(optimizer, lambda epoch: share(epoch, recipe))


def share(epoch: int, recipe: Recipe) -> float:
    """What the learning rates of an epoch are of those that the recipe begins with.

    In W epochs of warm-up 1 / (W + 1), 2 / (W + 1), ...; then the schedule, from its start, but for
    milestones, which are epochs of the whole training.

    Args:
        epoch: from 0 to the number of epochs, where nothing is trained any more.
        recipe: its `schedule` and the options of that.
    """
    if epoch < recipe.warmup:
        return (epoch + 1) / (recipe.warmup + 1)
    if recipe.schedule == "exponential":
        return recipe.decay ** (epoch - recipe.warmup)
    if recipe.schedule == "step":
        return recipe.decay ** bisect_right(recipe.milestones, epoch)
    began = recipe.warmup + recipe.steady
    gone = max(0, epoch - began) / (recipe.epochs - began)
    return 1 - gone if recipe.schedule == "linear" else (1 + cos(pi * gone)) / 2
