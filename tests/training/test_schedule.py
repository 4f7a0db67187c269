"""Learning rates go as torch's own schedulers say, epoch by epoch."""

import math

import pytest
import torch
from torch.optim import lr_scheduler as reference

from fer_bench.training.recipe import Recipe
from fer_bench.training.schedule import schedule_for

EPOCHS = 12
ONE = [torch.nn.Parameter(torch.zeros(1))]


def optimizer():
    return torch.optim.SGD([{"params": ONE, "lr": 0.4}])


def rates(made, schedule):
    found = []
    for _ in range(EPOCHS):
        found.append(schedule.get_last_lr()[0])
        made.step()
        schedule.step()
    return found


def after_warmup(made, epochs, then):
    """Warm-up from 1 / (epochs + 1) of the rate, as torch joins it to what follows."""
    warm = reference.LinearLR(made, 1 / (epochs + 1), total_iters=epochs)
    return reference.SequentialLR(made, [warm, then(made)], [epochs])


CASES = {
    "exponential": ({"decay": 0.8}, lambda o: reference.ExponentialLR(o, 0.8)),
    "step": (
        {"schedule": "step", "milestones": [4, 6], "decay": 0.1},
        lambda o: reference.MultiStepLR(o, [4, 6], 0.1),
    ),
    "every_four": (
        {"schedule": "step", "milestones": [4, 8], "decay": 0.5},
        lambda o: reference.StepLR(o, 4, 0.5),
    ),
    "cosine": ({"schedule": "cosine"}, lambda o: reference.CosineAnnealingLR(o, EPOCHS)),
    "linear": ({"schedule": "linear"}, lambda o: reference.LinearLR(o, 1, 0, EPOCHS)),
    "steady_linear": (
        {"schedule": "linear", "steady": 5},
        lambda o: reference.SequentialLR(
            o, [reference.ConstantLR(o, 1), reference.LinearLR(o, 1, 0, EPOCHS - 5)], [5]
        ),
    ),
    "warm_cosine": (
        {"schedule": "cosine", "warmup": 3},
        lambda o: after_warmup(o, 3, lambda o: reference.CosineAnnealingLR(o, EPOCHS - 3)),
    ),
    "warm_exponential": (
        {"warmup": 2, "decay": 0.7},
        lambda o: after_warmup(o, 2, lambda o: reference.ExponentialLR(o, 0.7)),
    ),
}


@pytest.mark.filterwarnings("ignore:The epoch parameter")  # torch's SequentialLR against itself
@pytest.mark.parametrize("case", CASES)
def test_rates_are_those_of_torchs_own_schedulers(case):
    keys, theirs = CASES[case]
    one, other = optimizer(), optimizer()
    ours = rates(one, schedule_for(one, Recipe.of({"epochs": EPOCHS, **keys})))
    assert ours == pytest.approx(rates(other, theirs(other)), rel=1e-12)
    assert len(set(ours)) > 1


def test_the_papers_rate_is_multiplied_epoch_by_epoch():
    """To the bit: 0.4 * 0.95 * 0.95 ..., not 0.4 * 0.95 ** n."""
    made = optimizer()
    wanted = [math.prod([0.4] + [0.95] * n) for n in range(EPOCHS)]
    assert rates(made, schedule_for(made, Recipe(epochs=EPOCHS))) == wanted


def test_milestones_of_a_warm_training_are_epochs_of_the_whole():
    made = optimizer()
    keys = {"epochs": EPOCHS, "warmup": 1, "schedule": "step", "milestones": [3], "decay": 0.1}
    found = rates(made, schedule_for(made, Recipe.of(keys)))
    assert found[:5] == pytest.approx([0.2, 0.4, 0.4, 0.04, 0.04])
