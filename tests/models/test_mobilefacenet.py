"""MobileFaceNet against its description, in double precision."""

import torch
import torch.nn.functional as F

from fer_bench import models
from fer_bench.models.backbones import feature_side
from fer_bench.models.mobilefacenet import Bottleneck, MobileFaceNet
from fer_bench.models.transformer import face_backbone

EXACT = {"rtol": 0, "atol": 1e-9}
BLOCKS = [(64, 128, 64)] * 5 + [(64, 256, 128)] + [(128, 256, 128)] * 6 + [(128, 512, 128)]
BLOCKS += [(128, 256, 128)] * 2


def normalised(y, norm):
    spread = y.var((0, 2, 3), keepdim=True, unbiased=False)
    scaled = (y - y.mean((0, 2, 3), keepdim=True)) / (spread + norm.eps).sqrt()
    return scaled * norm.weight.view(1, -1, 1, 1) + norm.bias.view(1, -1, 1, 1)


def layer(x, part, **how):
    y = normalised(F.conv2d(x, part.conv.weight, **how), part.bn)
    return torch.where(y > 0, y, part.prelu.weight.view(1, -1, 1, 1) * y)


def test_its_bottlenecks():
    for inside, expanded, outside, stride in ((4, 10, 4, 1), (4, 10, 6, 2), (4, 10, 4, 2)):
        net = Bottleneck(inside, expanded, outside, stride).double()
        x = torch.rand(3, inside, 7, 7).double()
        y = layer(layer(x, net.conv), net.conv_dw, stride=stride, padding=1, groups=expanded)
        y = normalised(F.conv2d(y, net.project.conv.weight), net.project.bn)
        torch.testing.assert_close(net(x), y + x if stride == 1 else y, **EXACT)


def test_its_maps_have_a_resnets_sides_and_it_the_published_size():
    with torch.device("meta"):
        net = face_backbone("mobilefacenet", source_network=False)
        maps = net(torch.zeros(2, 3, 112, 112))
        small = net(torch.zeros(2, 3, 70, 70))
    assert isinstance(net, MobileFaceNet)
    assert [tuple(m.shape[1:]) for m in maps.values()] == [(64, 28, 28), (128, 14, 14), (512, 7, 7)]
    for stage, found in small.items():
        assert found.shape[1:] == (net.channels(stage), *2 * (feature_side(70, stage),))
    ours = sum(p.numel() for p in net.parameters())
    # A layer of kernel k has C k^2 C' / groups weights and, with norm and PReLU, 2 C' and C' more.
    stem, last = (27 + 3) * 64 + (9 + 3) * 64, 128 * 512 + 3 * 512
    assert ours == stem + last + sum(i * e + e * o + 15 * e + 2 * o for i, e, o in BLOCKS)
    assert ours + 512 * (49 + 2) + 512 * 136 + 2 * 136 == 1_007_248  # with 68 landmarks read off


def test_models_take_it_in_place_of_ir50():
    torch.manual_seed(0)
    for name in ("poster_pp_small", "qcs_small"):
        model = models.build(name, 7, backbone="mobilefacenet", size=64).eval()
        with torch.inference_mode():
            assert model(torch.rand(2, 3, 64, 64)).logits.shape == (2, 7)
