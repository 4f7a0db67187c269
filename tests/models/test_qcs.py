"""DCS and QCS against their equations written out plainly, in double precision."""

import math

import pytest
import torch

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.models.qcs import CrossSimilarity

EXACT = {"rtol": 0, "atol": 1e-9}


def distances(x, y):
    """D of two faces of every group, place by place: (B, N, M)."""
    return torch.stack([
        torch.stack([(cell - b).square().sum(1).sqrt() for cell in a])
        for a, b in zip(x, y, strict=True)
    ])  # fmt: skip


def told(table):
    """What each place i of (N, M) has of the places j, every column of unit length."""
    found = torch.zeros(len(table), dtype=table.dtype)
    for column in table.T:
        found += column / column.square().sum().sqrt()
    return found


def weights(keys, factor):
    """w (G, B, N), face by face, by the two faces that it is compared with."""
    near = {0: 1, 1: 0, 2: 3, 3: 2}
    far = {0: 2, 2: 0, 1: 3, 3: 1} if len(keys) == 4 else {}
    found = torch.empty(keys.shape[:3], dtype=keys.dtype)
    for face in range(len(keys)):
        alike = distances(keys[face], keys[near[face]])
        unlike = distances(keys[face], keys[far[face]]) if far else None
        for b in range(keys.shape[1]):
            score = told(alike.max() - alike[b])
            if unlike is not None:
                score = score + factor * told(unlike[b] - unlike.min())
            found[face, b] = torch.softmax(score, 0)
    return found


@pytest.mark.parametrize("group", [2, 4])
def test_tokens_weigh_what_the_faces_share(group):
    module = CrossSimilarity(8, group).double()
    with torch.no_grad():
        module.kv.weight.normal_()
        module.kv.bias.normal_()
        if group == 4:
            module.theta.fill_(0.7)
    faces = torch.rand(group, 3, 5, 8).double()
    x = module.norm1(faces)
    keys, values = module.kv(x)[..., :8], module.kv(x)[..., 8:]
    expected = weights(keys, 1 + math.tanh(0.7))
    torch.testing.assert_close(module.weights(keys), expected, **EXACT)
    torch.testing.assert_close(expected.sum(2), torch.ones(group, 3).double())
    y = module.norm2(x + expected[..., None] * values)
    torch.testing.assert_close(module(faces), y + module.mlp(y), **EXACT)


def test_a_face_compared_with_itself_has_a_gradient():
    """The sampler gives a face twice where it is alone in its class."""
    module = CrossSimilarity(8, 2)
    faces = torch.rand(1, 1, 5, 8).repeat(2, 1, 1, 1).requires_grad_()
    module(faces).square().sum().backward()
    assert faces.grad.isfinite().all()


@pytest.mark.parametrize(("name", "group"), [("dcs", 2), ("qcs", 4)])
def test_training_has_both_branches_and_a_test_the_first(small, name, group):
    model = small(name).double()
    images, target = torch.rand(8, 3, 80, 80).double(), torch.arange(8) % 7
    model.backbone.eval()  # its batch norms would tell the branches' passes apart
    output = model(images)
    maps = model.backbone(model.normalise(images))
    sides, tokens = (3, 3, 3), []
    for i, side in enumerate(sides):
        cells = model.embed[i](model.reduce[i](maps[f"layer{i + 1}"]))
        tokens.append(cells.permute(0, 2, 3, 1).reshape(8, side * side, -1))
    logits, left = model.read(torch.cat(tokens, 1))
    torch.testing.assert_close(output.logits, logits, **EXACT)
    left = model.read.norm(left)
    refined = torch.empty_like(left)
    for i in range(3):
        part = slice(9 * i, 9 * i + 9)
        faces = torch.stack([left[member::group, part] for member in range(group)])
        for member, found in enumerate(model.cross[i](faces)):
            refined[member::group, part] = found
    crossed, _ = model.read_crossed(left + refined)
    torch.testing.assert_close(output.extra["crossed"], crossed, **EXACT)
    entropies = [-x.log_softmax(1)[torch.arange(8), target].mean() for x in (logits, crossed)]
    torch.testing.assert_close(model.loss(output, target), sum(entropies) / 2, **EXACT)
    assert model(images[:7]).extra == {}  # its groups are not whole
    alone = model.eval()(images[:1])
    assert alone.extra == {}
    torch.testing.assert_close(alone.logits, model(images).logits[:1], **EXACT)


def test_the_released_networks_size():
    with torch.device("meta"):
        dcs, qcs = models.build("dcs", 7), models.build("qcs", 7)
    count = lambda module: sum(p.numel() for p in module.parameters())  # noqa: E731
    # Built and never used: IR-50's output layer and, in both transformers, four layers and a small
    # one, and a 1x1 convolution over the tokens in each of the three blocks.
    layers = 256 * 768 + 768 + 256 * 768 + 1024 * 768 + 768 + 768 * 512 + 512 + 5
    idle = 2 * layers + 3 * (148 * 148 + 148)
    assert idle == 3_215_990
    assert count(qcs) + 12_847_616 + idle == 82_874_119
    assert count(dcs) == count(qcs) - 3  # what each scale learns to weigh distances by
    at_test = count(qcs) - count(qcs.cross) - count(qcs.read_crossed)
    assert at_test + layers + 2 * (148 * 148 + 148) == pytest.approx(42.3e6, abs=5e4)  # README


def test_the_samplers_come_with_the_presets():
    for name, sampler in (("dcs", "pairs"), ("qcs_small", "quadruplets")):
        assert models.preset(name).recipe == {"sampler": sampler}
    with pytest.raises(FerBenchError, match=r"or 4 \(quadruplets\), got 3"):
        models.configure("qcs", {"group": 3})


@pytest.mark.slow  # the full form on IR-50, 67 million parameters, forwards and backwards
def test_the_full_form_learns_everywhere_and_a_face_alone():
    torch.manual_seed(0)
    model = models.build("qcs", 7, size=64)
    images = torch.rand(8, 3, 64, 64)
    model.loss(model(images), torch.arange(8) // 2).backward()
    assert [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []
    with torch.inference_mode():
        together = model.eval()(images).logits
        alone = torch.cat([model(image[None]).logits for image in images])
    torch.testing.assert_close(alone, together, rtol=0, atol=1e-4)
