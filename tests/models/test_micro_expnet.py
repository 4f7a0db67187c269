"""MicroExpNet against its description, layer by layer, in double precision."""

import numpy as np
import pytest
import torch
from PIL import Image

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.models.layers import grey

EXACT = {"rtol": 0, "atol": 1e-9}


def same(x, kernel, stride, fill):
    """Windows of TensorFlow's SAME: what is missing is shared out, the odd cell comes last."""
    side = x.shape[-1]
    out = -(-side // stride)
    missing = max(0, (out - 1) * stride + kernel - side)
    before = missing // 2
    padded = x.new_full((*x.shape[:2], side + missing, side + missing), fill)
    padded[:, :, before : before + side, before : before + side] = x
    return padded.unfold(2, kernel, stride).unfold(3, kernel, stride)


def convolved(x, layer, kernel):
    y = torch.einsum("bcijkl,ockl->boij", same(x, kernel, 2, 0.0), layer.weight)
    return (y + layer.bias[:, None, None]).clamp(min=0)


@pytest.mark.parametrize("input", ["unit", "bytes"])
def test_the_layers(input):
    model = models.build("micro_expnet", 8, input=input).double().eval()
    images = torch.rand(3, 3, 84, 84).double()
    red, green, blue = images.unbind(1)
    x = (0.299 * red + 0.587 * green + 0.114 * blue)[:, None]
    x = convolved(x * (255 if input == "bytes" else 1), model.first, 8)
    assert x.shape == (3, 16, 42, 42)
    x = same(x, 2, 2, -1.0).amax((4, 5))
    x = convolved(x, model.second, 4)
    assert x.shape == (3, 32, 11, 11)
    x = same(x, 2, 2, -1.0).amax((4, 5))
    assert x.shape == (3, 32, 6, 6)
    flat = torch.stack([face[:, i, j] for face in x for i in range(6) for j in range(6)])
    hidden = (flat.view(3, 1152) @ model.hidden.weight.T + model.hidden.bias).clamp(min=0)
    expected = hidden @ model.fc.weight.T + model.fc.bias
    torch.testing.assert_close(model(images).logits, expected, **EXACT)


def test_it_has_the_65_000_parameters_of_the_paper():
    model = models.build("micro_expnet", 8)
    counts = [sum(p.numel() for p in getattr(model, n).parameters())
              for n in ("first", "second", "hidden", "fc")]  # fmt: skip
    assert counts == [1040, 8224, 55344, 392]
    biases = torch.cat([model.hidden.bias, model.second.bias, model.first.bias]).detach()
    assert biases.std().item() == pytest.approx(0.5, rel=0.2)
    limit = (6 / (1152 + 48)) ** 0.5
    assert limit * 0.99 < model.hidden.weight.abs().max() <= limit


def test_grey_faces_are_resized_as_pillow_does():
    drawn = np.random.default_rng(0).integers(0, 256, (160, 160, 3), np.uint8)
    drawn = np.asarray(Image.fromarray(drawn).resize((200, 200)))
    image = torch.from_numpy(drawn.copy()).permute(2, 0, 1)[None] / 255
    plane = Image.fromarray((np.asarray(grey(image, 200))[0, 0] * 255).astype(np.float32))
    expected = np.asarray(plane.resize((84, 84), Image.Resampling.BILINEAR)) / 255
    np.testing.assert_allclose(grey(image, 84)[0, 0].numpy(), expected, atol=1e-5)
    assert models.build("micro_expnet", 7).eval()(image).logits.shape == (1, 7)


def test_only_what_it_knows_is_taken():
    for options, said in (({"input": "half"}, "unit"), ({"dropout": 1.0}, r"\[0, 1\)")):
        with pytest.raises(FerBenchError, match=said):
            models.configure("micro_expnet", options)
