"""The optimizer of a training."""

from __future__ import annotations

import torch

from fer_bench.models import FERModel
from fer_bench.training.recipe import Recipe


def optimizer_for(model: FERModel, recipe: Recipe, fused: bool = False) -> torch.optim.Optimizer:
    """SGD, or what the recipe says: a named group for each of the learning rates (section 5)."""
    rated = [
        {"params": parameters, "lr": getattr(recipe, rate), "name": rate}
        for rate, parameters in model.parameter_groups().items()
        if parameters
    ]
    decay, momentum = recipe.weight_decay, recipe.momentum
    if recipe.optimizer == "adam":
        return torch.optim.Adam(rated, betas=(momentum, 0.999), weight_decay=decay, fused=fused)
    return torch.optim.SGD(rated, momentum=momentum, weight_decay=decay, fused=fused)
