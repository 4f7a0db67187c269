"""DDAMFN and its backbone against their equations written out plainly, in double precision."""

import pytest
import torch
import torch.nn.functional as F

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.models.ddamfn import map_side, nearness
from fer_bench.models.mixed_feature_net import Coordinates, MixedBottleneck, MixedFeatureNet

EXACT = {"rtol": 0, "atol": 1e-9}


def normalised(y, norm):
    spread = y.var((0, 2, 3), keepdim=True, unbiased=False)
    scaled = (y - y.mean((0, 2, 3), keepdim=True)) / (spread + norm.eps).sqrt()
    return scaled * norm.weight.view(1, -1, 1, 1) + norm.bias.view(1, -1, 1, 1)


def coordinates(rows, columns, module):
    conv, norm, _ = module.both
    long = torch.cat([rows.squeeze(3), columns.squeeze(2)], 2)  # (B, C, h + w)
    y = torch.einsum("bcl,kc->bkl", long, conv.weight[:, :, 0, 0]) + conv.bias[:, None]
    y = normalised(y[..., None], norm)[..., 0]
    y = y * (y + 3).clamp(0, 6) / 6
    h = rows.shape[2]
    shares = []
    for part, last in ((y[..., :h], module.rows), (y[..., h:], module.columns)):
        z = torch.einsum("bcl,kc->bkl", part, last.weight[:, :, 0, 0]) + last.bias[:, None]
        shares.append(1 / (1 + torch.exp(-z)))
    return shares[0][..., None], shares[1][:, :, None]


def test_coordinate_attention_tells_rows_from_columns():
    module = Coordinates(32).double()
    rows, columns = torch.rand(3, 32, 5, 1).double(), torch.rand(3, 32, 1, 4).double()
    found, expected = module(rows, columns), coordinates(rows, columns, module)
    assert [tuple(f.shape) for f in found] == [(3, 32, 5, 1), (3, 32, 1, 4)]
    torch.testing.assert_close(found, expected, **EXACT)


@pytest.mark.parametrize("stride", [1, 2])
def test_a_mixed_bottleneck(stride):
    block = MixedBottleneck(8, 16, 8, (3, 5, 7), 1 / 4, stride).double()
    x = torch.rand(4, 8, 6, 6).double()
    conv, norm, act = block.expand
    y = normalised(F.conv2d(x, conv.weight), norm)
    y = torch.where(y > 0, y, act.weight.view(1, -1, 1, 1) * y)
    parts = [(0, 8, 3), (8, 12, 5), (12, 16, 7)]
    y = torch.cat([
        F.conv2d(y[:, a:b], layer.weight, stride=stride, padding=k // 2, groups=b - a)
        for (a, b, k), layer in zip(parts, block.mixed, strict=True)
    ], 1)  # fmt: skip
    rows, columns = coordinates(y.mean(3, keepdim=True), y.mean(2, keepdim=True), block.attention)
    y = normalised(F.conv2d(y * rows * columns, block.project[0].weight), block.project[1])
    torch.testing.assert_close(block(x), y + x if stride == 1 else y, **EXACT)


def test_the_heads_and_the_loss(small):
    model = small("ddamfn", heads=3).double()
    images, target = torch.rand(5, 3, 80, 80).double(), torch.tensor([3, 0, 6, 3, 1])
    output = model(images)
    x = model.backbone(model.normalise(images))["conv6"]
    assert x.shape == (5, 128, 5, 5)
    found = []
    for head in model.heads:
        (rows, first), (columns, second) = head.rows, head.columns
        shares = coordinates(
            normalised((x * rows.weight[:, 0]).sum(3, keepdim=True), first),
            normalised((x * columns.weight[:, 0]).sum(2, keepdim=True), second),
            head.attention,
        )
        found.append(shares[0] * shares[1])
    torch.testing.assert_close(output.extra["attention"], torch.stack(found, 1), **EXACT)
    y = x * torch.maximum(torch.maximum(*found[:2]), found[2])
    conv, norm = model.whole
    pooled = normalised((y * conv.weight[:, 0]).sum((2, 3), keepdim=True), norm)[:, :, 0, 0]
    logits = pooled @ model.fc.weight.T + model.fc.bias
    torch.testing.assert_close(output.logits, logits, **EXACT)
    a, b, c = found
    apart = sum(((p - q) ** 2).mean() for p, q in ((a, b), (a, c), (b, c)))
    entropy = -logits.log_softmax(1)[range(5), target].mean()
    expected = entropy + 0.1 * 3 / (apart + 0.01)
    torch.testing.assert_close(model.loss(output, target), expected, **EXACT)


def test_the_released_loss_between_heads_has_no_bound():
    one, other = torch.zeros(2, 4), torch.full((2, 4), 1e-3)
    assert nearness((one, other), 0.0) == pytest.approx(1e6, rel=1e-3)
    assert nearness((one, other), 0.01) == pytest.approx(100, rel=1e-3)
    assert torch.isfinite(nearness((one, one), 0.0))
    assert models.preset("ddamfn_released").defaults["spread"] == 0


def test_the_sizes_of_the_paper():
    with torch.device("meta"):
        net = MixedFeatureNet()
        assert net(torch.zeros(2, 3, 112, 112))["conv6"].shape == (2, 512, 7, 7)
        model = models.build("ddamfn", 7, size=112)
    assert [map_side(size) for size in (112, 80, 224)] == [7, 5, 14]
    used = sum(p.numel() for p in model.parameters())
    # What the released network builds and never calls: 3 numbers a channel after each mixed
    # convolution, a 7 x 7 layer in both heads, the output's batch norm.
    channels = sum(sum(m.groups) for m in net.modules() if isinstance(m, MixedBottleneck))
    idle = 3 * channels + 2 * (512 * 7 * 7 + 2 * 512) + 2 * 7
    assert (used, idle, used + idle) == (4_105_999, 81_422, 4_187_421)
    assert sum(p.numel() for p in net.parameters()) + 3 * channels == 4_035_752
    groups = {tuple(m.groups) for m in net.modules() if isinstance(m, MixedBottleneck)}
    assert {(172, 170, 170), (96, 32), (192, 64), (256,) * 4, (64, 32, 32)} < groups
    assert sum(m.residual for m in net.modules() if isinstance(m, MixedBottleneck)) == 31


@pytest.mark.slow  # the full form, 34 bottlenecks deep, forwards and backwards
def test_the_full_form_learns_everywhere_and_a_face_alone():
    torch.manual_seed(0)
    model = models.build("ddamfn", 7, size=64)
    images = torch.rand(4, 3, 64, 64)
    model.loss(model(images), torch.tensor([0, 1, 2, 3])).backward()
    assert [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []
    with torch.inference_mode():
        together = model.eval()(images).logits
        alone = torch.cat([model(image[None]).logits for image in images])
    torch.testing.assert_close(alone, together, rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("options", "said"),
    [({"heads": 1}, "no pair"), ({"width": 12}, "multiple of 8"), ({"depth": 2.0}, r"\[0, 1\]")],
)
def test_what_cannot_be_built_is_explained(options, said):
    with pytest.raises(FerBenchError, match=said):
        models.configure("ddamfn", options)
