"""The optimizer of a training."""

from __future__ import annotations

import torch

from fer_bench.models import FERModel
from fer_bench.training.recipe import Recipe


def optimizer_for(model: FERModel, recipe: Recipe, fused: bool = False) -> torch.optim.Optimizer:
    """SGD, or what the recipe says: a group for each of the learning rates (section 5)."""
    groups = model.parameter_groups()
    rated = [{"params": p, "lr": getattr(recipe, rate)} for rate, p in groups.items() if p]
    decay, momentum = recipe.weight_decay, recipe.momentum
    if recipe.optimizer == "adam":
        return torch.optim.Adam(rated, betas=(momentum, 0.999), weight_decay=decay, fused=fused)
    return torch.optim.SGD(rated, momentum=momentum, weight_decay=decay, fused=fused)
