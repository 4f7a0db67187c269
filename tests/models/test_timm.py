"""timm's networks as baselines and as SCAN-CCI's backbone; skips where timm is not installed."""

import sys

import pytest
import torch
from safetensors.torch import load_file

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.models import weights
from fer_bench.models.timm_nets import TimmFeatures, TimmPooled

timm = pytest.importorskip("timm")

IMAGES = torch.rand(8, 3, 80, 80, generator=torch.Generator().manual_seed(7))
TARGET = torch.arange(8) % 7
BASELINES = ["timm_resnet18", "timm_mobilenetv3_small_050", "timm_vit_tiny_patch16_224"]


def build(name, **options):
    torch.manual_seed(0)
    return models.build(name, 7, size=80, **options)


@pytest.mark.parametrize("name", BASELINES)
def test_a_timm_baseline_keeps_the_contract(name):
    model = build(name)
    model.start_epoch(0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for _ in range(2):  # timm begins with residual branches of weight 0, behind which nothing moves
        optimizer.zero_grad()
        output = model(IMAGES)
        assert output.logits.shape == (8, 7)
        model.loss(output, TARGET).backward()
        optimizer.step()
    dead = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert dead == []
    groups = model.parameter_groups()
    assert len(groups["heads_lr"]) == 2
    assert sum(map(len, groups.values())) == len(list(model.parameters()))
    model.double().eval()
    images = IMAGES[:3].double()
    with torch.inference_mode():
        together = model(images).logits
        alone = torch.cat([model(image[None]).logits for image in images])
    torch.testing.assert_close(alone, together, rtol=0, atol=1e-10)
    again = build(name).double().eval()
    again.load_state_dict(model.state_dict())
    with torch.inference_mode():
        assert torch.equal(again(images).logits, together)


def test_it_is_timms_network_and_one_layer():
    model = build("timm_resnet18").eval()
    own = timm.create_model("resnet18", num_classes=7).eval()
    state = {k.removeprefix("backbone.network."): v for k, v in model.state_dict().items()}
    own.load_state_dict(state)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    with torch.inference_mode():
        expected = own((IMAGES - mean.view(3, 1, 1)) / std.view(3, 1, 1))
        torch.testing.assert_close(model(IMAGES).logits, expected, rtol=1e-4, atol=1e-5)


def test_names_and_presets():
    preset = models.preset("timm_resnet18")
    assert preset.own_backbone
    assert preset.defaults["backbone"] == "timm_resnet18"
    assert (preset.module, preset.pretrained) == ("fer_bench.models.timm_baseline", None)
    assert models.exists("timm_resnet18")
    assert not models.exists("timm_resnt18")
    assert not any(name.startswith("timm_") for name in models.names())
    assert models.libraries("timm_resnet18") == ("timm",)
    assert models.libraries("resnet18") == ()
    with pytest.raises(FerBenchError, match="did you mean 'resnet18'"):
        models.build("timm_resnt18")
    with pytest.raises(FerBenchError, match="list_models"):
        models.build("timm_zzzzzzz")
    with pytest.raises(FerBenchError, match="unknown 'timm_resnet18'"):
        models.configure("baseline1", {"backbone": "timm_resnet18"})


def test_a_missing_library_is_explained(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(FerBenchError, match="pip install"):
        models.configure("scan_cci", {"backbone": "timm_convnext_atto"})


@pytest.mark.parametrize("name", ["timm_mobilenetv3_small_050", "timm_convnext_atto"])
def test_scan_cci_on_a_timm_network(name):
    model = build("scan_cci", backbone=name)
    maps = model.backbone(model.normalise(IMAGES))
    assert {k: v.shape[2:] for k, v in maps.items()} == {"layer2": (10, 10), "layer3": (5, 5)}
    assert [v.shape[1] for v in maps.values()] == [model.backbone.channels(k) for k in maps]
    output = model(IMAGES)
    assert len(output.heads) == 5
    model.loss(output, TARGET).backward()
    assert [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []
    without = build("scan_cci_no_cci", backbone=name)
    assert list(without.backbone(IMAGES)) == ["layer2"]
    count = sum(p.numel() for p in without.backbone.parameters())
    assert count < sum(p.numel() for p in model.backbone.parameters())


def test_what_cannot_be_a_backbone_of_scan_cci():
    with pytest.raises(FerBenchError, match="no feature maps of strides 8 and 16"):
        build("scan_cci", backbone="timm_vit_tiny_patch16_224")
    with pytest.raises(FerBenchError, match="multiple of 16"):
        models.build("scan_cci", backbone="timm_convnext_atto", size=72)


def test_weights_of_the_whole_network_fit_both_uses(tmp_path):
    published = timm.create_model("mobilenetv3_small_050").state_dict()
    file = tmp_path / "published.pth"
    torch.save(published, file)
    with pytest.raises(FerBenchError, match="weights add imagenet_timm_mobilenetv3_small_050"):
        weights.resolve("imagenet", "timm_mobilenetv3_small_050", tmp_path)
    path = weights.add_weights("imagenet_timm_mobilenetv3_small_050", file, tmp_path)
    assert weights.resolve("imagenet", "timm_mobilenetv3_small_050", tmp_path) == path
    state = load_file(path)
    assert not any(key.startswith("classifier") for key in state)
    pooled, features = (
        TimmPooled("timm_mobilenetv3_small_050", 80),
        TimmFeatures("timm_mobilenetv3_small_050", "layer3", 80),
    )
    for network in (pooled, features):
        network.load_pretrained(state)
        first = next(v for k, v in network.state_dict().items() if k.endswith("conv_stem.weight"))
        assert torch.equal(first, published["conv_stem.weight"])
    with pytest.raises(FerBenchError, match="missing"):
        pooled.load_pretrained({})
    with pytest.raises(FerBenchError, match="did you mean"):
        weights.known("imagenet_timm_mobilenetv3_smal_050")
