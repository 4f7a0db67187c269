"""What a model freezes learns nothing and keeps its running statistics, whatever the recipe."""

import pytest
import torch
from safetensors.torch import load_file

from fer_bench import models
from fer_bench.contract.behaviour import gradients
from fer_bench.errors import FerBenchError
from fer_bench.training.optimizer import optimizer_for
from fer_bench.training.recipe import Recipe
from fer_bench.training.train import train_cell


def test_a_frozen_part_is_as_it_was_after_a_training(aligned, make_spec, tmp_path, monkeypatch):
    name = "backbone.layer2"
    monkeypatch.setattr(type(models.build("baseline1")), "frozen", (name,))
    kept = []
    for epochs in (1, 3):
        keys = {"epochs": epochs, "sam": 0.05, "weight_decay": 0.01}
        spec, start = make_spec("baseline1", keys)
        train_cell(spec, start, 0, tmp_path / str(epochs), aligned)
        kept.append(load_file(tmp_path / str(epochs) / "weights/last.safetensors"))
    inside = {key for key in kept[0] if key.startswith(name)}
    assert any(key.endswith("running_mean") for key in inside)
    for key in inside:
        assert torch.equal(kept[0][key], kept[1][key]), key
    assert not kept[0]["backbone.layer2.0.bn1.running_mean"].any()
    moved = {key for key in kept[0] if not torch.equal(kept[0][key], kept[1][key])}
    assert moved >= {"backbone.layer1.0.conv1.weight", "backbone.layer3.0.bn1.running_mean"}


def test_it_has_no_rate_and_stays_in_evaluation_mode(monkeypatch):
    model = models.build("baseline1", 7, backbone="resnet18_slim", size=32)
    every = list(model.parameters())
    monkeypatch.setattr(type(model), "frozen", ("backbone",))
    (group,) = optimizer_for(model, Recipe()).param_groups
    assert {id(p) for p in group["params"]} == {id(p) for p in model.fc.parameters()}
    model.start_epoch(0)
    assert model.training
    assert model.fc.training
    assert not any(part.training for part in model.backbone.modules())
    loss = model.loss(model(torch.rand(2, 3, 32, 32)), torch.tensor([0, 1]))
    loss.backward()
    assert sum(p.grad is not None for p in every) == 2
    model.eval()
    assert not model.training
    monkeypatch.setattr(type(model), "frozen", ("backbones",))
    for use in (model.train, model.parameter_groups):
        with pytest.raises(FerBenchError, match=r"frozen: no part 'backbones'.*'backbone'"):
            use()


def test_the_contract_asks_gradients_of_all_else(monkeypatch):
    class Small:
        def __init__(self, **options):
            self.options = options

        def build(self):
            torch.manual_seed(0)
            return models.build("baseline1", 7, backbone="resnet18_slim", size=32)

        def images(self, seed=0):
            return torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(seed))

        def target(self):
            return torch.arange(4)

    whole = gradients(Small())
    monkeypatch.setattr(type(models.build("baseline1")), "frozen", ("backbone.layer1",))
    assert int(gradients(Small()).split()[0]) < int(whole.split()[0])
