"""The optimizers of the recipe take the steps that their papers write down."""

import pytest
import torch

from fer_bench import models
from fer_bench.errors import FerBenchError
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


def adam(weight, gradients, rate, beta_2=0.999, small=1e-8, apart=False):
    """Kingma and Ba, algorithm 1, with the decay in the gradient, or apart from it (AdamW)."""
    first = second = torch.zeros_like(weight)
    for t, raw in enumerate(gradients, 1):
        gradient = raw if apart else raw + DECAY * weight
        weight = weight - rate * DECAY * weight if apart else weight
        first = MOMENTUM * first + (1 - MOMENTUM) * gradient
        second = beta_2 * second + (1 - beta_2) * gradient**2
        step = first / (1 - MOMENTUM**t) / ((second / (1 - beta_2**t)).sqrt() + small)
        weight = weight - rate * step
    return weight


def adamw(weight, gradients, rate):
    """Loshchilov and Hutter, algorithm 2."""
    return adam(weight, gradients, rate, apart=True)


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize(("name", "expected"), [("sgd", sgd), ("adam", adam), ("adamw", adamw)])
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


def spared(model, *no_decay):
    """The parameters that have no weight decay, by name; each has the rate of its kind."""
    optimizer = optimizer_for(model, Recipe(no_decay=no_decay, **RATES))
    names = {id(p): name for name, p in model.named_parameters()}
    rates = {id(p): r for r, group in model.parameter_groups().items() for p in group}
    free = set()
    for group in optimizer.param_groups:
        assert group["lr"] == RATES[group["name"]]
        assert {rates.pop(id(p)) for p in group["params"]} == {group["name"]}
        free |= set() if group["weight_decay"] else {names[id(p)] for p in group["params"]}
    assert not rates  # each parameter once
    return free


def test_what_the_recipe_names_has_no_weight_decay():
    model = models.build("baseline1", 7, backbone="resnet18_slim", size=32)
    every = {name for name, _ in model.named_parameters()}
    norms = {n for n in every if ".bn" in n or ".downsample.1." in n}
    biases = {n for n in every if n.endswith(".bias")}
    assert 0 < len(biases - norms) < len(biases) < len(norms)
    assert spared(model) == set()
    assert spared(model, "norms") == norms
    assert spared(model, "biases") == biases
    assert spared(model, "biases", "norms") == biases | norms
    assert spared(model, "backbone.layer1.*", "fc.weight") == {
        n for n in every if n.startswith("backbone.layer1.")
    } | {"fc.weight"}
    with pytest.raises(FerBenchError, match=r"no_decay: 'head.weight' is no parameter"):
        spared(model, "head.weight")
