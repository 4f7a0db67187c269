"""POSTER++ against its equations written out plainly, in double precision."""

import math

import pytest
import torch

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.models.poster_pp import PlacesAsked, PointMaps
from fer_bench.models.transformer import Block, drop_path

EXACT = {"rtol": 0, "atol": 1e-9}


def linear(x, layer):
    return x @ layer.weight.T + (0 if layer.bias is None else layer.bias)


def layer_norm(x, norm):
    centred = x - x.mean(-1, keepdim=True)
    spread = centred.square().mean(-1, keepdim=True)
    return centred / (spread + norm.eps).sqrt() * norm.weight + norm.bias


def mlp(x, layers):
    hidden = linear(x, layers.first)
    return linear(hidden * (1 + torch.erf(hidden / 2**0.5)) / 2, layers.second)


def attend(q, k, v, heads, bias=None):
    """Head by head and face by face."""
    d = q.shape[2] // heads
    found = torch.empty_like(v)
    for h in range(heads):
        part = slice(h * d, (h + 1) * d)
        for b in range(len(q)):
            scores = q[b, :, part] @ k[b, :, part].T / d**0.5
            scores = scores if bias is None else scores + bias[h]
            found[b, :, part] = torch.softmax(scores, 1) @ v[b, :, part]
    return found


def test_a_layer_of_the_transformer():
    block, x = Block(24, 8).double(), torch.rand(2, 5, 24).double()
    qkv = linear(layer_norm(x, block.norm1), block.attention.qkv)
    q, k, v = qkv[..., :24], qkv[..., 24:48], qkv[..., 48:]
    y = x + linear(attend(q, k, v, 8), block.attention.project)
    y = y + mlp(layer_norm(y, block.norm2), block.mlp)
    torch.testing.assert_close(block(x), y, **EXACT)


def test_places_are_asked_about_by_the_landmarks():
    module = PlacesAsked(16, 3, 2, 0.25).double().eval()
    with torch.no_grad():
        module.gamma1.normal_()
        module.gamma2.normal_()
        module.kv.weight.normal_()
    face, asked = torch.rand(2, 9, 16).double(), torch.rand(2, 9, 16).double()
    x = layer_norm(face, module.norm)
    kv = linear(x, module.kv)
    bias = torch.empty(2, 9, 9).double()
    for i in range(9):
        for j in range(9):
            down, across = i // 3 - j // 3 + 2, i % 3 - j % 3 + 2
            bias[:, i, j] = module.places[down * 5 + across]
    found = linear(attend(asked, kv[..., :16], kv[..., 16:], 2, bias), module.project)
    y = x + module.gamma1 * found
    y = y + module.gamma2 * mlp(layer_norm(y, module.norm2), module.mlp)
    torch.testing.assert_close(module(face, asked), y, **EXACT)


def test_a_quarter_of_the_faces_is_left_out_as_a_whole():
    x = torch.ones(4000, 2, 3)
    dropped = drop_path(x, 0.25)
    assert dropped.unique().tolist() == [0.0, pytest.approx(4 / 3)]
    assert (dropped == dropped[:, :1, :1]).all()
    assert (dropped[:, 0, 0] == 0).float().mean() == pytest.approx(0.25, abs=0.03)
    assert drop_path(x, 0.0) is x
    module = PlacesAsked(16, 2, 2, 0.5)
    with torch.no_grad():
        module.gamma1.fill_(1.0)
    face = torch.rand(64, 4, 16)
    in_training, at_test = module(face, face), module.eval()(face, face)
    same = (in_training - at_test).abs().amax((1, 2)) < 1e-4
    assert not same.any()  # what is kept counts double
    assert (in_training == module.norm(face)).all((1, 2)).any()


def test_maps_of_points_are_gaussians_weighed_by_how_well_they_are_seen():
    module = PointMaps(4, 6).double()
    points = torch.rand(2, 24, 3).double()
    found = module({}, points)
    for b, row, column in ((0, 2, 5), (1, 4, 0)):
        far = [(column + 0.5) / 6 - points[b, :, 0], (row + 0.5) / 6 - points[b, :, 1]]
        gauss = torch.exp(-sum(f.square() for f in far) / (2 * 0.05**2)) * points[b, :, 2]
        expected = module.mix.weight[:, :, 0, 0] @ gauss + module.mix.bias
        torch.testing.assert_close(found[b, :, row, column], expected, **EXACT)


def test_from_scales_to_logits(small):
    model = small("poster_pp").double().eval()
    images, points = torch.rand(2, 3, 80, 80).double(), torch.rand(2, 24, 3).double()
    output = model(images, points=points)
    maps = model.backbone(model.normalise(images))
    read, tokens = model.read, [model.read.first.expand(2, 1, -1)]
    for i, side in enumerate((10, 5, 3)):
        face, asked = model.reduce[i](maps[f"layer{i + 1}"]), model.landmarks[i]({}, points)
        assert face.shape == asked.shape == (2, 16 << i, side, side)
        cells = [m.permute(0, 2, 3, 1).reshape(2, side * side, -1) for m in (face, asked)]
        y = model.scales[i](*cells)
        y = model.embed[i](y.view(2, side, side, -1).permute(0, 3, 1, 2))
        tokens.append(y.permute(0, 2, 3, 1).reshape(2, 9, -1))
    x = torch.cat(tokens, 1) + read.places
    assert x.shape == (2, 28, 96)
    for block in read.blocks:
        x = block(x)
    x = layer_norm(x[:, 0], read.norm)
    first, _, last = read.gate
    gate = 1 / (1 + torch.exp(-linear(linear(x, first).clamp(min=0), last)))
    torch.testing.assert_close(output.logits, linear(x * gate, read.fc), **EXACT)
    moved = model(images, points=points.flip(1)).logits
    assert (moved - output.logits).abs().max() > 1e-12
    without = model(images).logits
    torch.testing.assert_close(without, model(images, model.mean.expand(2, -1, -1)).logits)
    entropy = -output.logits.log_softmax(1)[[0, 1], [3, 5]].mean()
    torch.testing.assert_close(model.loss(output, torch.tensor([3, 5])), entropy, **EXACT)


def test_the_sizes_of_the_paper():
    with torch.device("meta"):
        model = models.build("poster_pp", 7)
    count = lambda module: sum(p.numel() for p in module.parameters())  # noqa: E731
    ours = count(model.landmarks)
    theirs = 1_007_248 + 9 * 512 * 256 + 256  # MobileFaceNet, and the convolution behind it
    # Built by the released network and never used: IR-50's output layer, four layers and a small
    # one of the transformer, a 1x1 convolution over the tokens in both of its layers. Its gate has
    # biases, as ours.
    idle = [12_847_616, 256 * 768 + 768, 256 * 768, 1024 * 768 + 768, 768 * 512 + 512, 5,
            2 * (148 * 148 + 148)]  # fmt: skip
    assert count(model) - ours + theirs + sum(idle) == 58_316_594
    assert count(model) == 41_674_005
    assert model.read.places.shape == (1, 148, 768)
    assert [scale.heads for scale in model.scales] == [2, 4, 8]
    assert [tuple(scale.places.shape) for scale in model.scales] == [
        (55**2, 2), (27**2, 4), (13**2, 8)
    ]  # fmt: skip
    assert model.read.blocks[0].attention.scale == math.sqrt(1 / 96)


@pytest.mark.slow  # the full form on IR-50, 42 million parameters, forwards and backwards
def test_the_full_form_learns_everywhere_and_a_face_alone():
    torch.manual_seed(0)
    model = models.build("poster_pp", 7, size=64)
    images = torch.rand(4, 3, 64, 64)
    model.loss(model(images), torch.tensor([0, 1, 2, 3])).backward()
    assert [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []
    with torch.inference_mode():
        together = model.eval()(images).logits
        alone = torch.cat([model(image[None]).logits for image in images])
    torch.testing.assert_close(alone, together, rtol=0, atol=1e-4)


def test_a_width_that_heads_cannot_share_is_refused():
    with pytest.raises(FerBenchError, match="multiple of 8, got 100"):
        models.configure("poster_pp", {"dim": 100})
