"""POSTER against its equations written out plainly, in double precision."""

import pytest
import torch
import torch.nn.functional as F

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.models.poster import Crossing, PyramidLayer, Streams, face_tokens

EXACT = {"rtol": 0, "atol": 1e-9}


def linear(x, layer):
    return x @ layer.weight.T + layer.bias


def layer_norm(x, norm):
    centred = x - x.mean(-1, keepdim=True)
    spread = centred.square().mean(-1, keepdim=True)
    return centred / (spread + norm.eps).sqrt() * norm.weight + norm.bias


def mixed(x, conv):
    """A 1x1 convolution whose channels are the tokens."""
    return torch.einsum("nm,bmd->bnd", conv.weight[:, :, 0], x) + conv.bias[:, None]


def widened(x, conv):
    """Each number of a token becomes two, of all tokens."""
    out = torch.einsum("mnk,bmd->bndk", conv.weight, x).flatten(2)
    return out + conv.bias[:, None]


def test_tokens_are_places_as_described_and_channels_as_released():
    features = torch.arange(2 * 8 * 4 * 4).float().view(2, 8, 4, 4)
    found = face_tokens(features, released=False)
    assert found.shape == (2, 4, 32)
    for token, (row, column) in enumerate(((0, 0), (0, 2), (2, 0), (2, 2))):
        place = features[:, :, row : row + 2, column : column + 2].flatten(1)
        assert torch.equal(found[:, token], place)
    pieces = face_tokens(features, released=True)
    assert torch.equal(pieces.flatten(1), features.flatten(1))  # memory cut, nothing moved
    assert torch.equal(pieces[0, 0], features[0, :2].flatten())  # two whole channels, no place
    odd = face_tokens(torch.ones(1, 4, 5, 5), released=False)
    assert odd.shape == (1, 9, 16)
    assert odd.sum() == 4 * 25
    assert (odd[0, 8] == 0).sum() == 12  # the corner has one cell of the map


def test_a_stream_is_found_by_the_other_and_the_tokens_are_mixed():
    module = Streams(16, 10, 0.0).double()
    x = torch.rand(2, 10, 16).double()

    def crossing(part: Crossing, own, other):
        kv, q = linear(layer_norm(own, part.norm1), part.kv), layer_norm(other, part.norm1)
        heads = []
        for h in range(8):
            at = slice(2 * h, 2 * h + 2)
            scores = q[..., at] @ kv[..., at].transpose(1, 2) / 2**0.5
            heads.append(scores.softmax(2) @ kv[..., 16:][..., at])
        y = own + linear(torch.cat(heads, 2), part.project)
        hidden = linear(layer_norm(y, part.norm2), part.mlp.first)
        return y + linear(hidden * (1 + torch.erf(hidden / 2**0.5)) / 2, part.mlp.second)

    face, landmarks = x[:, :5], x[:, 5:]
    assert module.face.mlp.first.out_features == 32
    both = [crossing(module.face, face, landmarks), crossing(module.landmarks, landmarks, face)]
    torch.testing.assert_close(module(x), mixed(torch.cat(both, 1), module.mix), **EXACT)


def test_what_is_narrow_is_added_to_what_is_wide():
    layer = PyramidLayer(32, 6, 0.0).double()
    given = [torch.rand(2, 6, d).double() for d in (32, 16, 8)]
    whole, half, quarter = (net(x) for net, x in zip(layer.widths, given, strict=True))
    half = half + widened(quarter, layer.widen[1])
    expected = [whole + widened(half, layer.widen[0]), half, quarter]
    torch.testing.assert_close(layer(given), expected, **EXACT)


@pytest.mark.parametrize("tokens", ["places", "released"])
def test_from_streams_to_logits(small, tokens):
    images, points = torch.rand(2, 3, 64, 64).double(), torch.rand(2, 24, 3).double()
    model = small("poster", tokens=tokens, size=64).double().eval()
    with torch.no_grad():
        model.places.normal_()
    output = model(images, points=points)
    features = model.backbone(model.normalise(images))["layer3"]
    face = linear(face_tokens(features, tokens == "released"), model.embed)
    asked = model.landmarks({}, points).permute(0, 2, 3, 1).reshape(2, 4, -1)
    face = torch.cat([face.mean(1, keepdim=True), face], 1) + model.places
    x = torch.cat([face, asked.mean(1, keepdim=True), asked], 1)
    assert x.shape == (2, 10, 64)
    widths = [x, *(F.conv1d(x, n.weight, n.bias, n.kernel_size[0]) for n in model.narrow)]
    assert [w.shape[2] for w in widths] == [64, 32, 16]
    for layer in model.layers:
        widths = layer(widths)
    t = layer_norm(widths[0][:, 0], model.norm)
    first, _, last = model.gate
    gate = 1 / (1 + torch.exp(-linear(linear(t, first).clamp(min=0), last)))
    torch.testing.assert_close(output.logits, linear(t * gate, model.fc), **EXACT)

    logs = output.logits.log_softmax(1)
    hard = -logs[[0, 1], [3, 5]].mean()
    smooth = 0.8 * hard - 0.2 * logs.mean()
    found = model.loss(output, torch.tensor([3, 5]))
    torch.testing.assert_close(found, hard + 2 * smooth, **EXACT)


def test_the_sizes_of_the_paper_and_what_is_left_out():
    with torch.device("meta"):
        model = models.build("poster", 7)
    count = lambda module: sum(p.numel() for p in module.parameters())  # noqa: E731
    assert model.places.shape == (1, 50, 512)
    # Beside ours: the frozen MobileFaceNet, IR-50's output layer and a class token, never used.
    built = count(model) - count(model.landmarks) + 1_007_248 + 12_847_616 + 512
    assert round(built / 1e6, 2) == 71.85
    assert round((built - 1_007_248) / 1e6, 2) == 70.84
    shares = [layer.widths[0].face.left_out for layer in model.layers]
    assert shares == pytest.approx([0.1 * i / 7 for i in range(8)])


@pytest.mark.slow  # the full form, 58 million parameters, forwards and backwards
def test_the_full_form_learns_everywhere_and_a_face_alone():
    torch.manual_seed(0)
    model = models.build("poster", 7, size=64)
    images = torch.rand(4, 3, 64, 64)
    model.loss(model(images), torch.tensor([0, 1, 2, 3])).backward()
    assert [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []
    with torch.inference_mode():
        together = model.eval()(images).logits
        alone = torch.cat([model(image[None]).logits for image in images])
    torch.testing.assert_close(alone, together, rtol=0, atol=1e-4)


def test_a_width_that_heads_cannot_share_is_refused():
    with pytest.raises(FerBenchError, match="multiple of 32, got 48"):
        models.configure("poster", {"dim": 48})
