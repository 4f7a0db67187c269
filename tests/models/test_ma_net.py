"""MA-Net against its equations written out plainly, in double precision."""

import pytest
import torch
import torch.nn.functional as F

from fer_bench import models
from fer_bench.errors import FerBenchError

EXACT = {"rtol": 0, "atol": 1e-9}


def conv_bn(x, layers):
    conv, norm = layers
    y = F.conv2d(x, conv.weight, None, conv.stride, conv.kernel_size[0] // 2)
    mean, spread = y.mean((0, 2, 3), keepdim=True), y.var((0, 2, 3), keepdim=True, unbiased=False)
    scaled = (y - mean) / (spread + 1e-5).sqrt()
    return scaled * norm.weight.view(1, -1, 1, 1) + norm.bias.view(1, -1, 1, 1)


def linear(x, layer):
    return x @ layer.weight.T + layer.bias


def shortcut(x, block):
    return x if isinstance(block.shortcut, torch.nn.Identity) else conv_bn(x, block.shortcut)


def attention_block(x, block):
    residual = conv_bn(conv_bn(x, block.first).clamp(min=0), block.second)
    first, _, last = block.attention.channel
    b, c = residual.shape[:2]
    flat = residual.reshape(b, c, -1)
    scores = [linear(linear(v, first).clamp(min=0), last) for v in (flat.mean(2), flat.max(2)[0])]
    residual = residual / (1 + torch.exp(-sum(scores)))[:, :, None, None]
    plane = torch.stack([residual.max(1)[0], residual.mean(1)], 1)
    residual = residual / (1 + torch.exp(-conv_bn(plane, block.attention.spatial)))
    return (residual + shortcut(x, block)).clamp(min=0)


def multi_scale_block(x, block):
    u = conv_bn(x, block.first).clamp(min=0)
    n = u.shape[1] // 4
    u1, u2, u3, u4 = (u[:, i * n : (i + 1) * n] for i in range(4))
    a1 = conv_bn(u1, block.up[0])
    a2 = conv_bn(a1.clamp(min=0) + u2, block.up[1])
    a3 = conv_bn(a2.clamp(min=0) + u3, block.up[2])
    a4 = conv_bn(a3.clamp(min=0) + u4, block.up[3])
    d4 = conv_bn(u4, block.down[3])
    d3 = conv_bn(d4.clamp(min=0) + u3, block.down[2])
    d2 = conv_bn(d3.clamp(min=0) + u2, block.down[1])
    d1 = conv_bn(d2.clamp(min=0) + u1, block.down[0])
    both = torch.cat([a1, a2, a3, a4], 1) + torch.cat([d1, d2, d3, d4], 1)
    return (both + shortcut(x, block)).clamp(min=0)


def test_the_equations(small):
    model = small("ma_net", blocks=2).double()
    images, target = torch.rand(5, 3, 80, 80).double(), torch.tensor([3, 0, 6, 3, 1])
    output = model(images)
    f = model.backbone(images)["layer2"]  # not normalised
    assert f.shape == (5, 32, 10, 10)
    places = ((0, 0), (0, 5), (5, 0), (5, 5))
    rows = []
    for (top, left), net in zip(places, model.quadrants, strict=True):
        x = f[:, :, top : top + 5, left : left + 5]
        for block in net:
            x = attention_block(x, block)
        assert x.shape == (5, 128, 3, 3)  # layer4 of a quadrant keeps layer3's size
        rows.append(x)
    whole = torch.cat([torch.cat(rows[:2], 3), torch.cat(rows[2:], 3)], 2)
    local = linear(whole.mean((2, 3)), model.fc_local)
    x = f
    for block in model.whole:
        x = multi_scale_block(x, block)
    assert x.shape == (5, 128, 3, 3)
    other = linear(x.mean((2, 3)), model.fc_global)
    torch.testing.assert_close(output.heads, (local, other), **EXACT)
    torch.testing.assert_close(output.logits, 0.6 * local + 0.4 * other, **EXACT)
    entropies = [-h.log_softmax(1)[range(5), target].mean() for h in (local, other)]
    expected = 0.6 * entropies[0] + 0.4 * entropies[1]
    torch.testing.assert_close(model.loss(output, target), expected, **EXACT)


def test_each_quadrant_has_weights_of_its_own_and_the_released_momentum():
    with torch.device("meta"):
        model = models.build("ma_net", 7)
    assert len({id(p) for net in model.quadrants for p in net.parameters()}) == 4 * len(
        list(model.quadrants[0].parameters())
    )
    share = sum(p.numel() for p in model.quadrants.parameters()) / 50_547_214
    assert share == pytest.approx(0.84, abs=0.005)
    spatial = [n[1].momentum for n in (b.attention.spatial for b in model.quadrants[0])]
    assert spatial == [0.01] * 4


@pytest.mark.slow  # the full form, 50 million parameters, forwards and backwards
def test_the_full_form_learns_everywhere_and_a_face_alone():
    torch.manual_seed(0)
    model = models.build("ma_net", 7, size=64)
    images = torch.rand(4, 3, 64, 64)
    model.loss(model(images), torch.tensor([0, 1, 2, 3])).backward()
    assert [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []
    with torch.inference_mode():
        together = model.eval()(images).logits
        alone = torch.cat([model(image[None]).logits for image in images])
    torch.testing.assert_close(alone, together, rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"size": 72}, "no equal quadrants: set size to .* 80"),
        ({"local": 1.0}, "between 0 and 1"),
        ({"blocks": 0}, "at least 1"),
    ],
)
def test_what_cannot_be_built_is_explained(options, said):
    with pytest.raises(FerBenchError, match=said):
        models.configure("ma_net", options)
