import pytest
import torch
import torchvision
from networks import FAMILIES

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.models.backbone_base import STAGES
from fer_bench.models.backbones import LAYOUTS, ResNet, feature_side


def torchvision_pair(kind):
    theirs = getattr(torchvision.models, kind)().double()
    theirs.fc = torch.nn.Identity()
    ours = ResNet(kind).double()
    # Statistics unlike 0 and 1, so that evaluation mode is a test too.
    for name, buffer in theirs.named_buffers():
        if "running" in name:
            buffer.uniform_(0.5, 1.5)
    ours.load_state_dict(theirs.state_dict())
    return theirs, ours


@pytest.mark.parametrize("kind", ["resnet18", "resnet50"])
@pytest.mark.parametrize("training", [True, False])
def test_equal_to_torchvision(kind, training):
    theirs, ours = torchvision_pair(kind)
    theirs.train(training)
    ours.train(training)
    images = torch.rand(2, 3, 64, 64, dtype=torch.float64)
    pooled, expected = ours(images)["layer4"].mean((2, 3)), theirs(images)
    torch.testing.assert_close(pooled, expected, rtol=0, atol=1e-10)
    weight = torch.randn_like(expected)
    (pooled * weight).sum().backward()
    (expected * weight).sum().backward()
    for name, parameter in theirs.named_parameters():
        gradient = ours.get_parameter(name).grad
        torch.testing.assert_close(gradient, parameter.grad, rtol=1e-8, atol=1e-10)
    for name, buffer in theirs.named_buffers():
        torch.testing.assert_close(ours.get_buffer(name), buffer, rtol=0, atol=1e-10)


@pytest.mark.parametrize("kind", ["resnet18", "resnet50"])
def test_initial_weights_are_torchvisions(kind):
    torch.manual_seed(3)
    ours = ResNet(kind, "layer1").state_dict()
    torch.manual_seed(3)
    theirs = getattr(torchvision.models, kind)().state_dict()
    # Draws differ in order, so the spread is compared, not the numbers.
    for name, value in ours.items():
        if value.ndim == 4:
            assert value.std().item() == pytest.approx(theirs[name].std().item(), rel=0.05)
        else:
            assert torch.equal(value, theirs[name])


@pytest.mark.parametrize("until", STAGES)
def test_a_partial_backbone_gives_the_whole_ones_maps(until):
    whole = ResNet("resnet18_slim").eval()
    part = ResNet("resnet18_slim", until).eval()
    part.load_pretrained(whole.state_dict())
    images = torch.rand(2, 3, 80, 80)
    with torch.inference_mode():
        expected, maps = whole(images), part(images)
    assert list(maps) == list(STAGES[: STAGES.index(until) + 1])
    assert all(torch.equal(maps[stage], expected[stage]) for stage in maps)


@pytest.mark.parametrize("source_network", [False, True])
def test_feature_sides_and_channels(source_network):
    model = ResNet("resnet18_slim", source_network=source_network).eval()
    with torch.inference_mode():
        for size in range(32, 98, 3):
            for stage, features in model(torch.zeros(1, 3, size, size)).items():
                side = feature_side(size, stage, source_network)
                assert features.shape == (1, LAYOUTS["resnet18_slim"].channels(stage), side, side)


def test_the_papers_maps():
    with torch.device("meta"):
        maps = ResNet("resnet50", "layer3")(torch.zeros(1, 3, 224, 224))
    assert maps["layer2"].shape == (1, 512, 28, 28)
    assert maps["layer3"].shape == (1, 1024, 14, 14)


def test_source_network_strides_on_the_1x1_and_pools_unpadded():
    with torch.device("meta"):
        usual, source = ResNet("resnet50"), ResNet("resnet50", source_network=True)
    assert usual.layer2[0].conv1.stride == (1, 1)
    assert usual.layer2[0].conv2.stride == (2, 2)
    assert source.layer2[0].conv1.stride == (2, 2)
    assert source.layer2[0].conv2.stride == (1, 1)
    assert source.layer1[0].conv1.stride == (1, 1)
    assert (source.pool.padding, source.pool.ceil_mode) == (0, True)
    assert usual.state_dict().keys() == source.state_dict().keys()


@pytest.mark.parametrize(
    "name", [name for name in FAMILIES.values() if not models.preset(name).own_backbone]
)
def test_pretrained_weights_reach_the_backbone_and_never_the_heads(small, name):
    donor = small("baseline1", num_classes=30, seed=1)
    state = models.backbone_state(donor)
    state["fc.weight"] = torch.ones(30, 128)
    model = small(name)
    heads = {
        k: v.clone() for k, v in model.state_dict().items() if k.split(".")[0] not in model.rates
    }
    assert heads
    models.load_pretrained(model, state)
    after = model.state_dict()
    for key, value in after.items():
        if key.startswith("backbone."):
            assert torch.equal(value, state[key.removeprefix("backbone.")])
        elif key in heads:
            assert torch.equal(value, heads[key])


def test_pretrained_weights_leave_the_classifier_of_another_task_out(small):
    state = models.backbone_state(small("baseline1", num_classes=30, seed=1))
    state["fc.weight"] = torch.ones(30, 128)
    baseline = small("baseline1")
    models.load_pretrained(baseline, state)
    assert not torch.equal(baseline.fc.weight[0], torch.ones(128))


def test_faults_of_a_state_dict_are_named():
    good = ResNet("resnet18_slim").state_dict()
    part = ResNet("resnet18_slim", "layer2")
    first = part.conv1.weight.detach().clone()
    missing = {k: v for k, v in good.items() if k != "layer2.0.conv1.weight"}
    with pytest.raises(FerBenchError, match=r"1 missing: layer2\.0\.conv1\.weight"):
        part.load_pretrained(missing)
    with pytest.raises(FerBenchError, match=r"1 unexpected: layer9\.weight"):
        part.load_pretrained({**good, "layer9.weight": torch.ones(1)})
    with pytest.raises(FerBenchError, match=r"of another shape: conv1\.weight \(64, 3, 7, 7\)"):
        part.load_pretrained(ResNet("resnet18").state_dict())
    # A refused state leaves the weights alone.
    assert torch.equal(part.conv1.weight, first)
    part.load_pretrained({k: v for k, v in good.items() if "num_batches" not in k})
    assert torch.equal(part.conv1.weight, good["conv1.weight"])
    # What a partial backbone does not build need not be there.
    part.load_pretrained({k: v for k, v in good.items() if not k.startswith("layer3")})
