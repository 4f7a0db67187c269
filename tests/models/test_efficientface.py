"""EfficientFace against its equations written out plainly, in double precision."""

import pytest
import torch
import torch.nn.functional as F

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.models.efficientface import Local, Modulator, ShuffleUnit

EXACT = {"rtol": 0, "atol": 1e-9}


def convolved(x, layers):
    """Convolution and batch norm by batch statistics, from their weights alone."""
    conv, norm = layers[0], layers[1]
    y = F.conv2d(x, conv.weight, conv.bias, conv.stride, conv.padding, conv.dilation, conv.groups)
    return normalised(y, norm)


def normalised(y, norm):
    axes = [0, *range(2, y.ndim)]
    shape = (1, -1) + (1,) * (y.ndim - 2)
    spread = y.var(axes, keepdim=True, unbiased=False)
    scaled = (y - y.mean(axes, keepdim=True)) / (spread + norm.eps).sqrt()
    return scaled * norm.weight.view(shape) + norm.bias.view(shape)


def test_a_unit_that_keeps_the_size_passes_half_of_the_channels_by():
    unit, x = ShuffleUnit(12, 12, 1).double(), torch.rand(4, 12, 6, 6).double()
    first, second, third = unit.body
    y = convolved(x[:, 6:], first).clamp(min=0)
    assert second[0].groups == 6
    y = convolved(convolved(y, second), third).clamp(min=0)
    found = unit(x)
    torch.testing.assert_close(found[:, 0::2], x[:, :6], **EXACT)
    torch.testing.assert_close(found[:, 1::2], y, **EXACT)


def test_a_unit_of_stride_two_computes_both_halves():
    unit, x = ShuffleUnit(6, 16, 2).double(), torch.rand(4, 6, 8, 8).double()
    depthwise, pointwise = unit.side
    side = convolved(convolved(x, depthwise), pointwise).clamp(min=0)
    first, second, third = unit.body
    body = convolved(convolved(convolved(x, first).clamp(min=0), second), third).clamp(min=0)
    found = unit(x)
    assert found.shape == (4, 16, 4, 4)
    torch.testing.assert_close(found[:, 0::2], side, **EXACT)
    torch.testing.assert_close(found[:, 1::2], body, **EXACT)


def test_the_modulator_multiplies_channel_and_place():
    module, x = Modulator(32).double(), torch.rand(4, 32, 10, 10).double()
    first, norm, _, last = module.channel
    hidden = normalised(x.mean((2, 3)) @ first.weight.T + first.bias, norm).clamp(min=0)
    channel = hidden @ last.weight.T + last.bias
    y, layers = x, list(module.spatial)
    for i in (0, 3, 6):
        y = convolved(y, layers[i : i + 2]).clamp(min=0)
    assert [layers[i].dilation for i in (0, 3, 6)] == [(1, 1), (4, 4), (4, 4)]
    place = F.conv2d(y, layers[-1].weight, layers[-1].bias)
    expected = x / (1 + torch.exp(-channel[:, :, None, None] * place))
    torch.testing.assert_close(module(x), expected, **EXACT)


def test_quadrants_have_weights_of_their_own_and_their_places():
    module, x = Local(3, 6).double(), torch.rand(4, 3, 8, 8).double()
    found = module(x)
    for i, net in enumerate(module.quadrants):
        row, column = divmod(i, 2)
        part = x[:, :, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4]
        first, _, second, _ = net
        part = convolved(convolved(part, first).clamp(min=0), second).clamp(min=0)
        place = found[:, :, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
        torch.testing.assert_close(place, part, **EXACT)


def test_the_parts_in_their_order(small):
    model, images = small("efficientface").double(), torch.rand(4, 3, 80, 80).double()
    shapes = {}
    for name in ("first", "stage2", "stage3", "stage4", "last"):
        part = getattr(model, name)
        part.register_forward_hook(lambda _, __, y, n=name: shapes.update({n: tuple(y.shape[1:])}))
    output = model(images)
    assert shapes == {
        "first": (29, 20, 20), "stage2": (116, 10, 10), "stage3": (232, 5, 5),
        "stage4": (464, 3, 3), "last": (1024, 3, 3),
    }  # fmt: skip
    assert [len(model.stage2), len(model.stage3), len(model.stage4)] == [4, 8, 4]
    p = model.first(model.normalise(images))
    x = model.modulator(model.stage2(p)) + model.local(p)
    pooled = model.last(model.stage4(model.stage3(x))).mean((2, 3))
    expected = pooled @ model.fc.weight.T + model.fc.bias
    torch.testing.assert_close(output.logits, expected, **EXACT)
    target = torch.tensor([0, 3, 3, 6])
    entropy = -expected.log_softmax(1)[range(4), target].mean()
    torch.testing.assert_close(model.loss(output, target), entropy, **EXACT)


def test_sizes_whose_quadrants_do_not_fit_are_refused():
    with pytest.raises(FerBenchError, match=r"multiple of 16, .* the nearest is 96"):
        models.configure("efficientface", {"size": 90})
