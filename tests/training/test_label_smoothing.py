"""Label smoothing: in the loss of every model as in its definition, or refused."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.training.train import train_cell

SHARE = 0.3


LOGITS = torch.randn(4, 5, generator=torch.Generator().manual_seed(0)).double()
TARGET = np.array([0, 3, 3, 1])


def defined(share: float, classes: np.ndarray) -> float:
    """The mean over faces, each weighed by its own class, of the surprise at its shared label."""
    scores = LOGITS.numpy()
    surprise = np.log(np.exp(scores).sum(1, keepdims=True)) - scores  # -log p
    wanted = (1 - share) * np.eye(5)[TARGET] + share / 5
    return np.average((wanted * surprise).sum(1), weights=classes[TARGET])


@pytest.mark.parametrize("weighted", [False, True])
def test_a_label_is_shared_evenly_among_the_classes(weighted):
    """However rare some are: torch's own weighs the shares, too."""
    model = models.build("baseline1", 5, backbone="resnet18_slim", size=32)
    classes = np.arange(1.0, 6) if weighted else np.ones(5)
    model.label_smoothing = SHARE
    weight, target = torch.from_numpy(classes) if weighted else None, torch.from_numpy(TARGET)
    found = model.loss(models.Output(LOGITS, (LOGITS,)), target, weight)
    assert found.item() == pytest.approx(defined(SHARE, classes), rel=1e-12)
    by_torch = F.cross_entropy(LOGITS, target, weight, label_smoothing=SHARE)
    assert torch.isclose(found, by_torch) == (not weighted)


def test_a_losss_own_share_is_no_recipes():
    model = models.build("baseline1", 5, backbone="resnet18_slim", size=32)
    model.label_smoothing, classes = SHARE, np.arange(1.0, 6)
    weight, target = torch.from_numpy(classes), torch.from_numpy(TARGET)
    for share in (0.0, 0.2):
        found = model.cross_entropy(LOGITS, target, weight, share)
        assert found.item() == pytest.approx(defined(share, classes), rel=1e-12)
    assert not model.smoothed


@pytest.mark.parametrize(
    "name", ["baseline1", "timm_resnet18", "scan_cci", "ran", "scn", "gacnn", "oadn", "eac", "dan"]
)
def test_every_model_smooths_what_predicts(name):
    options = {} if name.startswith("timm") else {"backbone": "resnet18_slim"}
    if name == "scan_cci":
        options["m"] = 16
    if name == "gacnn":
        options = {}
    model = models.build(name, 5, size=64, **options)
    model.start_epoch(0)
    torch.manual_seed(0)
    output, target = model(torch.rand(3, 3, 64, 64)), torch.tensor([0, 1, 2])
    plain = model.loss(output, target)
    model.label_smoothing = SHARE
    assert model.smoothed
    assert not torch.isclose(model.loss(output, target), plain, rtol=1e-4)


def test_a_training_smooths_as_its_recipe_says(aligned, make_spec, tmp_path):
    losses = []
    for keys in ({}, {"label_smoothing": 0.5}, {"sampler": "class_repeat", "repeat_below": 0.9}):
        spec, start = make_spec("baseline1", {"epochs": 1, **keys})
        out = tmp_path / str(len(losses))
        train_cell(spec, start, 0, out, aligned)
        losses.append(pd.read_csv(out / "history.csv")["train_loss"][0])
        assert json.loads((out / "train.json").read_text())["recipe"].items() >= keys.items()
    # Logits that begin near zero have a loss near log 7, of any label; per face, however many.
    assert len({round(loss, 4) for loss in losses}) == 3
    assert losses == pytest.approx([np.log(7)] * 3, rel=0.4)


def test_a_loss_that_does_not_smooth_is_refused(aligned, make_spec, tmp_path, monkeypatch):
    def loss(self, output, target, class_weight=None):
        return torch.nn.functional.cross_entropy(output.logits, target, class_weight)

    spec, start = make_spec("baseline1", {"epochs": 1, "label_smoothing": 0.1})
    monkeypatch.setattr(type(models.build("baseline1")), "loss", loss)
    with pytest.raises(FerBenchError, match=r"does not smooth labels: let it compute self.cross_e"):
        train_cell(spec, start, 0, tmp_path / "out", aligned)
    assert not (tmp_path / "out").exists()
