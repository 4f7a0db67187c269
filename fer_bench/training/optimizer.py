"""The optimizer of a training."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

import torch
from torch import nn

from fer_bench.errors import FerBenchError, nearest
from fer_bench.models import FERModel
from fer_bench.training.recipe import Recipe

NORMS = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)


def optimizer_for(model: FERModel, recipe: Recipe, fused: bool = False) -> torch.optim.Optimizer:
    """SGD, or what the recipe says: a named group for each of the learning rates (section 5).

    What has no weight decay is in groups of its own, of the same names.

    Raises:
        FerBenchError: `no_decay` names no parameter of the model.
    """
    spared = _undecayed(model, recipe.no_decay)
    rated = []
    for rate, parameters in model.parameter_groups().items():
        rated += [
            {"params": chosen, "lr": getattr(recipe, rate), "name": rate} | more
            for chosen, more in (
                ([p for p in parameters if p not in spared], {}),
                ([p for p in parameters if p in spared], {"weight_decay": 0.0}),
            )
            if chosen
        ]
    decay, momentum = recipe.weight_decay, recipe.momentum
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(rated, momentum=momentum, weight_decay=decay, fused=fused)
    adam = torch.optim.AdamW if recipe.optimizer == "adamw" else torch.optim.Adam
    return adam(rated, betas=(momentum, 0.999), weight_decay=decay, fused=fused)


def _undecayed(model: FERModel, wanted: Sequence[str]) -> set[nn.Parameter]:
    """The parameters that `Recipe.no_decay` names."""
    named = dict(model.named_parameters())
    found: set[nn.Parameter] = set()
    for name in wanted:
        if name == "biases":
            chosen = [p for key, p in named.items() if key.split(".")[-1] == "bias"]
        elif name == "norms":
            norms = [m for m in model.modules() if isinstance(m, NORMS)]
            chosen = [p for norm in norms for p in norm.parameters()]
        else:
            chosen = [p for key, p in named.items() if fnmatchcase(key, name)]
            if not chosen:
                raise FerBenchError(
                    f"recipe: no_decay: {name!r} is no parameter of this model; write biases, "
                    f"norms or a name, with * for any part of it; {nearest(name, named)}"
                )
        found.update(chosen)
    return found
