"""DAN against its equations written out plainly, in double precision."""

import pytest
import torch
import torch.nn.functional as F

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.models.dan import affinity_loss, partition_loss

EXACT = {"rtol": 0, "atol": 1e-9}


def normalised(x, norm):
    axes = [0, *range(2, x.ndim)]
    mean = x.mean(axes, keepdim=True)
    spread = ((x - mean) ** 2).mean(axes, keepdim=True)
    shape = (1, -1) + (1,) * (x.ndim - 2)
    scaled = (x - mean) / (spread + norm.eps).sqrt()
    return scaled * norm.weight.view(shape) + norm.bias.view(shape)


def conv_bn(x, layers):
    conv, norm = layers
    padding = tuple(k // 2 for k in conv.kernel_size)
    return normalised(F.conv2d(x, conv.weight, conv.bias, padding=padding), norm)


def plain_head(head, features):
    reduced = conv_bn(features, head.reduce)
    score = sum(conv_bn(reduced, branch) for branch in head.branches).clamp(min=0).sum(1)
    pooled = torch.stack([(f * s).mean((1, 2)) for f, s in zip(features, score, strict=True)])
    first, norm, _, last = head.channel
    hidden = normalised(pooled @ first.weight.T + first.bias, norm).clamp(min=0)
    weight = 1 / (1 + torch.exp(-(hidden @ last.weight.T + last.bias)))
    return pooled * weight


def test_the_equations(small):
    model = small("dan").double()
    assert [b[0].kernel_size for b in model.heads[0].branches] == [(3, 3), (1, 3), (3, 1)]
    images = torch.rand(5, 3, 80, 80).double()
    target = torch.tensor([3, 0, 6, 3, 1])
    with torch.no_grad():
        output = model(images)
        features = model.backbone(model.normalise(images))["layer4"]
        heads = torch.stack([plain_head(head, features) for head in model.heads], 1)
        shifted = heads - torch.log(torch.exp(heads).sum(1, keepdim=True))
        scores = normalised(shifted.sum(1) @ model.fc.weight.T + model.fc.bias, model.norm)
        torch.testing.assert_close(output.logits, scores, **EXACT)

        pooled = features.mean((2, 3))
        centres = model.centres
        middle = centres.mean(0)
        variance = sum(((c - middle) ** 2).sum() for c in centres) / (len(centres) - 1)
        affinity = sum(
            ((p - centres[t]) ** 2).sum() for p, t in zip(pooled, target, strict=True)
        ) / (5 * variance)
        partition = 0.0
        for face in heads:
            spread = ((face - face.mean(0)) ** 2).sum(0) / 3
            partition += torch.log(1 + 4 / (spread + 1e-6)).sum() / heads[:, 0].numel()
        entropy = -torch.log_softmax(scores, 1)[range(5), target].mean()
        torch.testing.assert_close(
            model.loss(output, target), entropy + affinity + partition, **EXACT
        )


def test_the_log_softmax_leaves_the_variance_over_heads_as_it_is():
    heads = torch.randn(4, 3, 10).double()
    torch.testing.assert_close(partition_loss(heads), partition_loss(heads.log_softmax(1)), **EXACT)


def test_weights_of_the_losses_and_the_released_variance(small):
    target = torch.tensor([0, 1, 2, 3])
    images = torch.rand(4, 3, 80, 80)
    plain = small("dan", affinity=0.0, partition=0.0)
    output = plain(images)
    entropy = F.cross_entropy(output.logits, target)
    torch.testing.assert_close(plain.loss(output, target), entropy)
    released = small("dan", affinity=0.0, partition=2.0, variance="mean")
    variance = output.extra["attended"].var(1).mean()
    torch.testing.assert_close(
        released.loss(output, target), entropy + 2 * torch.log(1 + 4 / (variance + 1e-6))
    )


def test_losses_pull_faces_to_their_centre_and_heads_apart():
    features = torch.tensor([[0.0, 0.0], [4.0, 0.0]])
    centres = torch.tensor([[0.0, 0.0], [4.0, 0.0]])
    right, wrong = torch.tensor([0, 1]), torch.tensor([1, 0])
    assert affinity_loss(features, right, centres) == 0
    # Distance² 16 over the centres' variance 8.
    assert affinity_loss(features, wrong, centres) == pytest.approx(2.0)
    near = torch.tensor([[[0.0], [0.1]]])
    assert partition_loss(near) > partition_loss(10 * near)


def test_where_the_heads_start():
    torch.manual_seed(0)
    for head in models.build("dan", 7, size=80).heads:
        for module in head.modules():
            if not isinstance(module, torch.nn.Conv2d | torch.nn.Linear):
                continue
            assert not module.bias.any()
            outside, _, *kernel = (*module.weight.shape, 1, 1)[:4]
            fan_out = outside * kernel[0] * kernel[1]
            wanted = 0.001 if isinstance(module, torch.nn.Linear) else (2 / fan_out) ** 0.5
            weight = module.weight.detach()
            assert weight.std().item() == pytest.approx(wanted, rel=0.05)
            assert weight.mean().abs() < wanted / 10


def test_the_centres_are_trained_and_saved_with_the_heads(small):
    model = small("dan")
    assert "centres" in model.state_dict()
    assert any(p is model.centres for p in model.parameter_groups()["heads_lr"])
    before = model.centres.detach().clone()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.loss(model(torch.rand(4, 3, 80, 80)), torch.tensor([0, 1, 2, 2])).backward()
    optimizer.step()
    assert not torch.equal(model.centres, before)


def test_one_head_is_refused():
    with pytest.raises(FerBenchError, match="at least 2"):
        models.configure("dan", {"heads": 1})
