"""IR-50 against its description, in double precision."""

import torch
import torch.nn.functional as F

from fer_bench.models.backbones import feature_side
from fer_bench.models.ir50 import Ir50, Unit
from fer_bench.models.transformer import face_backbone

EXACT = {"rtol": 0, "atol": 1e-9}


def normalised(y, norm):
    spread = y.var((0, 2, 3), keepdim=True, unbiased=False)
    scaled = (y - y.mean((0, 2, 3), keepdim=True)) / (spread + norm.eps).sqrt()
    return scaled * norm.weight.view(1, -1, 1, 1) + norm.bias.view(1, -1, 1, 1)


def test_its_units():
    for inside, outside, stride in ((4, 4, 2), (4, 6, 2), (4, 4, 1)):
        unit, x = Unit(inside, outside, stride).double(), torch.rand(3, inside, 7, 7).double()
        first, conv, act, last, norm = unit.res_layer
        y = F.conv2d(normalised(x, first), conv.weight, padding=1)
        y = torch.where(y > 0, y, act.weight.view(1, -1, 1, 1) * y)
        y = normalised(F.conv2d(y, last.weight, stride=stride, padding=1), norm)
        side = x[..., ::stride, ::stride]
        if inside != outside:
            side = normalised(F.conv2d(side, unit.shortcut_layer[0].weight), unit.shortcut_layer[1])
        torch.testing.assert_close(unit(x), y + side, **EXACT)


def test_its_maps_have_a_resnets_sides_and_it_sees_every_second_pixel():
    with torch.device("meta"):
        net = Ir50()
        maps = net(torch.zeros(2, 3, 224, 224))
        small = net(torch.zeros(2, 3, 80, 80))
    assert [tuple(m.shape[1:]) for m in maps.values()] == [
        (64, 56, 56), (128, 28, 28), (256, 14, 14)
    ]  # fmt: skip
    assert sum(p.numel() for p in net.parameters()) == 17_611_968
    for stage, found in small.items():
        assert found.shape[1:] == (net.channels(stage), *2 * (feature_side(80, stage),))
    torch.manual_seed(0)
    net = Ir50().eval()
    one = torch.rand(1, 3, 32, 32)
    other = torch.rand(1, 3, 32, 32)
    other[..., ::2, ::2] = one[..., ::2, ::2]
    with torch.no_grad():
        torch.testing.assert_close(net(one)["layer3"], net(other)["layer3"])
    assert face_backbone("resnet18_slim", False).channels("layer3") == 64
    assert isinstance(face_backbone("ir50", False), Ir50)
