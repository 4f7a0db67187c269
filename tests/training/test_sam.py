"""Steps by the gradient of the worst place near, and gradients of limited length, by hand."""

from functools import partial

import numpy as np
import pytest
import torch

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.files import read_json, write_json
from fer_bench.training.optimizer import optimizer_for
from fer_bench.training.recipe import Recipe
from fer_bench.training.step import train_step
from fer_bench.training.train import train_cell

RATE, MOMENTUM, RHO, CLIP = 0.3, 0.5, 0.7, 0.1


class Linear(models.FERModel):
    """Softmax regression on three numbers a face."""

    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(3, 4)
        self.unused = torch.nn.Parameter(torch.ones(2))

    def forward(self, images):
        logits = self.fc(images.mean((2, 3)))
        return models.Output(logits, (logits,))

    def loss(self, output, target, class_weight=None):
        return torch.nn.functional.cross_entropy(output.logits, target, class_weight)


def gradient(w, x, y):
    """That of the mean cross-entropy of softmax(w x), written out."""
    scores = np.exp(x @ w.T)
    chance = scores / scores.sum(1, keepdims=True)
    return (chance - np.eye(4)[y]).T @ x / len(x)


@pytest.mark.parametrize(("rho", "clip"), [(RHO, 0), (0, CLIP), (RHO, CLIP)])
def test_steps_are_those_of_the_definition(rho, clip):
    torch.manual_seed(0)
    model, images = Linear().double(), torch.rand(6, 3, 2, 2).double()
    target = torch.tensor([0, 1, 2, 3, 1, 1])
    recipe = Recipe(heads_lr=RATE, momentum=MOMENTUM, weight_decay=0)
    optimizer = optimizer_for(model, recipe)
    limit = partial(torch.nn.utils.clip_grad_norm_, [*model.parameters()], clip) if clip else None
    x = np.hstack([images.mean((2, 3)).numpy(), np.ones((6, 1))])  # the bias as a fourth weight
    w = np.hstack([model.fc.weight.detach(), model.fc.bias.detach()[:, None]])
    velocity = 0
    for _ in range(3):
        step = train_step(
            model, optimizer, torch.Tensor.backward, images, target, None, sam=rho, clip=limit
        )
        scores = x @ w.T
        loss = (np.log(np.exp(scores).sum(1)) - scores[range(6), target]).mean()
        assert step.loss == pytest.approx(loss)  # of the weights before the step
        g = gradient(w, x, target)
        g = gradient(w + rho * g / (np.linalg.norm(g) + 1e-12), x, target)
        g = g * min(1, clip / (np.linalg.norm(g) + 1e-6)) if clip else g  # as torch has it
        velocity = MOMENTUM * velocity + g
        w = w - RATE * velocity
        np.testing.assert_allclose(model.fc.weight.detach(), w[:, :3], rtol=1e-7)
        np.testing.assert_allclose(model.fc.bias.detach(), w[:, 3], rtol=1e-7)
    assert torch.equal(model.unused, torch.ones(2, dtype=torch.float64))


def test_a_training_takes_both_from_its_recipe(aligned, make_spec, tmp_path):
    """Each changes the weights; a limit that no gradient reaches changes no bit."""
    kept = {}
    for name, keys in {
        "plain": {}, "sam": {"sam": 0.05}, "clip": {"clip": 1e-3}, "wide": {"clip": 1e6},
    }.items():  # fmt: skip
        spec, start = make_spec("baseline1", {"epochs": 1, **keys})
        train_cell(spec, start, 0, tmp_path / name, aligned)
        kept[name] = (tmp_path / name / "weights/last.safetensors").read_bytes()
    assert kept["plain"] == kept["wide"]
    assert len(set(kept.values())) == 3


@pytest.mark.filterwarnings("ignore:You passed `Fabric")
def test_scaled_gradients_are_not_measured(aligned, make_spec, tmp_path):
    spec, start = make_spec("baseline1", {"epochs": 1, "sam": 0.05})
    content = read_json(spec)
    write_json(spec, content | {"compute": content["compute"] | {"precision": "16-mixed"}})
    with pytest.raises(FerBenchError, match=r"set compute.precision to bf16-mixed"):
        train_cell(spec, start, 0, tmp_path / "out", aligned)
