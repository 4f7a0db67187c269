"""ResEmoteNet against its description written out plainly, in double precision."""

import pytest
import torch
import torch.nn.functional as F

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.models.layers import grey


def norm(x, layer):
    x = (x - layer.running_mean[:, None, None]) / (layer.running_var[:, None, None] + 1e-5).sqrt()
    return x * layer.weight[:, None, None] + layer.bias[:, None, None]


def conv(x, layer, stride=1):
    return F.conv2d(x, layer.weight, stride=stride, padding=layer.weight.shape[-1] // 2)


def test_the_layers(small):
    model = small("resemotenet").double()
    for part in model.modules():  # as if it had learned
        if isinstance(part, torch.nn.BatchNorm2d):
            part.running_mean.uniform_(-0.1, 0.1)
            part.running_var.uniform_(0.5, 1.5)
    model.eval()
    images = torch.rand(2, 3, 80, 80).double()
    plane, mean, std = grey(images, 64), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    x = torch.cat([(plane - m) / s for m, s in zip(mean, std, strict=True)], 1)
    for convolution, bn in model.stem:
        x = norm(conv(x, convolution), bn).clamp(min=0)
        x = x.unfold(2, 2, 2).unfold(3, 2, 2).amax((4, 5))
    assert x.shape == (2, 64, 8, 8)
    first, second = model.squeeze[0].weight, model.squeeze[2].weight
    x = x * torch.sigmoid((x.mean((2, 3)) @ first.T).clamp(min=0) @ second.T)[:, :, None, None]
    for block, side in zip(model.blocks, (4, 2, 1), strict=True):
        one, bn_one, _, two, bn_two = block.body
        y = norm(conv(norm(conv(x, one, 2), bn_one).clamp(min=0), two), bn_two)
        x = (y + norm(conv(x, block.shortcut[0], 2), block.shortcut[1])).clamp(min=0)
        assert x.shape[2:] == (side, side)
    x = x.mean((2, 3))
    for layer in (*model.hidden, model.fc):
        x = x @ layer.weight.T + layer.bias
        x = x if layer is model.fc else x.clamp(min=0)
    torch.testing.assert_close(model(images).logits, x, rtol=0, atol=1e-9)


def test_dropout_is_drawn_in_training_alone(small):
    model, images = small("resemotenet"), torch.rand(4, 3, 80, 80)
    again = [model.train()(images).logits for _ in range(2)]
    assert not torch.equal(*again)
    assert torch.equal(*(model.eval()(images).logits for _ in range(2)))


def test_it_is_as_large_as_described_and_wrong_options_are_explained():
    with torch.device("meta"):
        sizes = [sum(p.numel() for p in models.build(name, 7).parameters())
                 for name in ("resemotenet", "resemotenet_small")]  # fmt: skip
    assert round(sizes[0] / 1e6, 1) == 80.2
    assert sizes[0] > 15 * sizes[1]
    for options, said in (
        ({"width": 2}, "width must be at least 4"),
        ({"dropout": 1.0}, r"dropout must lie in \[0, 1\)"),
    ):
        with pytest.raises(FerBenchError, match=said):
            models.configure("resemotenet", options)
