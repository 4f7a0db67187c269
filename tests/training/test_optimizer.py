"""The optimizers of the recipe take the steps that their papers write down."""

import pytest
import torch

from fer_bench import models
from fer_bench.training.optimizer import optimizer_for
from fer_bench.training.recipe import Recipe

RATES = {"backbone_lr": 0.03, "heads_lr": 0.2}
DECAY, MOMENTUM = 0.01, 0.8


def sgd(weight, gradients, rate):
    """v = μ v + g + λ w; w = w - rate v (momentum as torch has it: the first step is the whole)."""
    velocity = torch.zeros_like(weight)
    for gradient in gradients:
        velocity = MOMENTUM * velocity + gradient + DECAY * weight
        weight = weight - rate * velocity
    return weight


def adam(weight, gradients, rate, beta_2=0.999, small=1e-8):
    """Kingma and Ba, algorithm 1, with the decay in the gradient."""
    first = second = torch.zeros_like(weight)
    for t, raw in enumerate(gradients, 1):
        gradient = raw + DECAY * weight
        first = MOMENTUM * first + (1 - MOMENTUM) * gradient
        second = beta_2 * second + (1 - beta_2) * gradient**2
        step = first / (1 - MOMENTUM**t) / ((second / (1 - beta_2**t)).sqrt() + small)
        weight = weight - rate * step
    return weight


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize(("name", "expected"), [("sgd", sgd), ("adam", adam)])
def test_updates_are_those_of_the_definition(name, expected, fused):
    model = models.build("baseline1", 7, backbone="resnet18_slim", size=32).double()
    recipe = Recipe(
        optimizer=name, backbone_lr=RATES["backbone_lr"], heads_lr=RATES["heads_lr"],
        momentum=MOMENTUM, weight_decay=DECAY,
    )  # fmt: skip
    optimizer = optimizer_for(model, recipe, fused)
    groups = model.parameter_groups()
    before = {name: [p.detach().clone() for p in group] for name, group in groups.items()}
    torch.manual_seed(0)
    drawn = {n: [torch.randn(3, *p.shape).double() for p in group] for n, group in groups.items()}
    for step in range(3):
        for group, parameters in groups.items():
            for parameter, gradients in zip(parameters, drawn[group], strict=True):
                parameter.grad = gradients[step]
        optimizer.step()
    for group, parameters in groups.items():
        for parameter, began, gradients in zip(
            parameters, before[group], drawn[group], strict=True
        ):
            wanted = expected(began, gradients, RATES[group])
            torch.testing.assert_close(parameter.detach(), wanted, rtol=1e-10, atol=1e-12)
