"""POSTER and POSTER++ with the network of landmarks that the originals have."""

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

from fer_bench import models
from fer_bench.datasets import get_dataset
from fer_bench.errors import FerBenchError
from fer_bench.models import weights
from fer_bench.models.ir50 import Ir50
from fer_bench.models.mobilefacenet import MobileFaceNet
from fer_bench.params import Params
from fer_bench.specs.row_specs import row_spec

BOTH = {"backbone": "ir50_mobilefacenet"}
NAMES = ("poster_pp_small", "poster_small")


def count(module):
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize(
    ("name", "built", "unit", "never_used"),
    [
        # What of the released networks no face passes: IR-50's output layer, what reads the
        # landmarks off (a depthwise layer, BN, Linear, BN), parts of the transformer; a token.
        ("poster_pp", 58_316_594, 1, 12_847_616 + 96_016 + 1_619_021),
        ("poster", 71.85, 1e6, 12_847_616 + 96_016 + 512),
    ],
)
def test_they_have_the_released_networks_parameters(name, built, unit, never_used):
    with torch.device("meta"):
        model = models.build(name, 7, **BOTH)
    assert 512 * (49 + 2) + 512 * 136 + 2 * 136 == 96_016
    assert round((count(model) + never_used) / unit, 2) == built
    trained = sum(p.numel() for group in model.parameter_groups().values() for p in group)
    assert count(model) - trained == count(model.backbone.landmarks) == 1_007_248 - 96_016


@pytest.mark.parametrize("name", NAMES)
def test_the_landmark_network_never_moves_and_all_else_learns(name):
    model = models.build(name, 7, size=64, **BOTH).train()
    before = {n: v.clone() for n, v in model.backbone.landmarks.state_dict().items()}
    step = torch.optim.SGD([p for g in model.parameter_groups().values() for p in g], lr=0.1)
    model.loss(model(torch.rand(4, 3, 64, 64)), torch.tensor([0, 1, 2, 3])).backward()
    step.step()
    after = model.backbone.landmarks.state_dict()
    assert all(torch.equal(after[n], v) for n, v in before.items())  # running statistics, too
    still = {n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()}
    assert still == {n for n, _ in model.named_parameters() if ".landmarks." in n[:20]}


def test_its_maps_ask_at_each_scale():
    model = models.build("poster_pp_small", 7, size=80, **BOTH).double().eval()
    images = torch.rand(2, 3, 80, 80).double()
    seen = model.normalise(images)
    maps, beside = model.backbone(seen), model.backbone.landmarks(seen[..., ::2, ::2])
    assert [beside[f"layer{i}"].shape[2] for i in (1, 2, 3)] == [10, 5, 3]
    for i, stage in enumerate(("layer1", "layer2", "layer3")):
        asked = model.landmarks[i](maps, None)
        expected = beside[stage]
        if i == 2:
            mix = model.landmarks[i].mix
            expected = F.conv2d(expected, mix.weight, mix.bias, padding=1)
        torch.testing.assert_close(asked, expected, rtol=0, atol=1e-12)
        assert asked.shape == model.reduce[i](maps[stage]).shape
    told = model(images, points=torch.rand(2, 24, 3).double()).logits
    assert torch.equal(told, model(images).logits)  # points are for models without the network


@pytest.mark.parametrize("name", NAMES)
def test_a_face_alone_is_classified_as_among_others(name):
    model = models.build(name, 7, size=72, **BOTH).eval()
    images = torch.rand(3, 3, 72, 72)
    with torch.inference_mode():
        alone = torch.cat([model(image[None]).logits for image in images])
        torch.testing.assert_close(alone, model(images).logits, rtol=0, atol=1e-4)


def test_both_added_weights_are_joined_and_loaded(tmp_path):
    name = "ms1m_ir50_mobilefacenet"
    face, landmarks = Ir50(), MobileFaceNet()
    torch.save(face.state_dict(), tmp_path / "ir50.pth")
    weights.add_weights("ms1m_ir50", tmp_path / "ir50.pth", tmp_path)
    with pytest.raises(FerBenchError, match=r"weights add landmark_mobilefacenet FILE` first"):
        weights.add_weights(name, None, tmp_path)
    torch.save(landmarks.state_dict(), tmp_path / "best.pth.tar")
    weights.add_weights("landmark_mobilefacenet", tmp_path / "best.pth.tar", tmp_path)
    with pytest.raises(FerBenchError, match="takes no file"):
        weights.add_weights(name, tmp_path / "ir50.pth", tmp_path)
    with pytest.raises(FerBenchError, match=rf"weights add {name}`"):
        weights.resolve("ms1m", BOTH["backbone"], tmp_path)
    path = weights.add_weights(name, None, tmp_path)
    assert weights.resolve("ms1m", BOTH["backbone"], tmp_path) == path
    model = models.build("poster_small", 7, size=64, **BOTH)
    models.load_pretrained(model, load_file(path))
    for ours, theirs in ((model.backbone.face, face), (model.backbone.landmarks, landmarks)):
        assert all(torch.equal(v, theirs.state_dict()[n]) for n, v in ours.state_dict().items())


@pytest.mark.parametrize("start", [None, "identity"])
def test_a_landmark_network_that_never_learnt_is_refused(start):
    params = Params(enabled={}, models={"poster_small": {**BOTH, "pretrained": start}})
    with pytest.raises(FerBenchError, match="`pretrained: ms1m`"):
        row_spec(params, get_dataset("synthetic"), "poster_small")
