"""DeRL against its description, and what trains which part of it."""

from itertools import pairwise

import pytest
import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch.testing._internal.distributed.fake_pg import FakeStore

from fer_bench import models
from fer_bench.errors import FerBenchError

EXACT = {"rtol": 0, "atol": 1e-9}
TARGET = torch.tensor([3, 0, 6])


def taken(model, images, neutral=None):
    """The loss, and the gradient of each part's first weight, None where there is none."""
    model.zero_grad()
    output = model(images, neutral_face=neutral)
    loss = model.loss(output, TARGET)
    loss.backward()
    firsts = (model.generator.encoder[0][0], model.discriminator[0], model.locals[0][0])
    return output, loss, [layer.weight.grad for layer in firsts]


def test_the_layers(small):
    model, images = small("derl").double().eval(), torch.rand(3, 3, 80, 80).double()
    x = F.interpolate(images, (64, 64), mode="bilinear", antialias=True) * 2 - 1
    there, back = [], []
    for net in model.generator.encoder:
        x = net(x)
        there.append(x)
    x = model.generator.bottleneck(x)
    assert x.shape[2:] == (1, 1)
    for net in model.generator.decoder:
        x = net(x)
        back.insert(0, x)
    hidden = []
    for a, b, net, side in zip(there, back, model.locals, (32, 16, 8, 4), strict=True):
        assert a.shape == b.shape
        assert a.shape[2] == side
        conv, norm, _, _, _, linear, _ = net
        y = F.conv2d(torch.cat([a, b], 1), conv.weight, padding=1)
        y = F.batch_norm(y, norm.running_mean, norm.running_var, norm.weight, norm.bias).clamp(0)
        y = y.unfold(2, side // 4, side // 4).unfold(3, side // 4, side // 4).amax((4, 5))
        hidden.append((y.flatten(1) @ linear.weight.T + linear.bias).clamp(0))
    heads = [torch.cat(hidden, 1) @ model.fc.weight.T + model.fc.bias]
    heads += [h @ fc.weight.T + fc.bias for h, fc in zip(hidden, model.fcs, strict=True)]
    output = model(images)
    assert output.extra == {}
    for found, expected in zip(output.heads, heads, strict=True):
        torch.testing.assert_close(found, expected, **EXACT)
    assert output.logits is output.heads[0]
    entropies = [-h.log_softmax(1)[range(3), TARGET].mean() for h in heads]
    torch.testing.assert_close(model.loss(output, TARGET), sum(entropies) / 5, **EXACT)


def test_the_generator_learns_from_its_drawing_alone(small):
    """Against the gradients of the two players' own losses, taken one by one."""
    model = small("derl", adversarial=0.25).double()
    images, neutral = (torch.rand(3, 3, 64, 64).double() for _ in range(2))
    output, loss, (of_generator, of_discriminator, of_local) = taken(model, images, neutral)
    drawn, seen = model.generator(images * 2 - 1)[0], images * 2 - 1
    judged, true = (
        torch.sigmoid(model.discriminator(torch.cat([seen, face * 2 - 1], 1)))
        for face in (drawn, neutral)
    )
    caught = -(1 - judged).log().mean()
    both = caught - true.log().mean()
    error = (drawn - neutral).abs().mean()
    entropies = sum(F.cross_entropy(head, TARGET) for head in output.heads) / 5
    torch.testing.assert_close(loss, both + error + entropies, **EXACT)
    weights = model.generator.encoder[0][0].weight, model.discriminator[0].weight
    (expected,) = torch.autograd.grad(error - 0.25 * caught, weights[0], retain_graph=True)
    torch.testing.assert_close(of_generator, expected, **EXACT)
    torch.testing.assert_close(of_discriminator, torch.autograd.grad(both, weights[1])[0], **EXACT)
    assert of_local.any()


def test_a_fixed_generator_stays_to_the_bit(small):
    model, images = small("derl", drawing=2), torch.rand(3, 3, 80, 80)
    neutral = torch.rand(3, 3, 80, 80)
    for epoch, fixed in ((1, False), (2, True), (0, False)):
        model.start_epoch(epoch)
        before = {k: v.clone() for k, v in model.state_dict().items()}
        output, _, grads = taken(model, images, neutral)
        assert [g is None for g in grads] == [fixed, fixed, False]
        assert (output.extra == {}) == fixed
        moved = {k.split(".")[0] for k, v in model.state_dict().items() if (v != before[k]).any()}
        assert moved == ({"locals"} if fixed else {"generator", "discriminator", "locals"})


def test_a_generator_that_will_be_fixed_is_trained_by_one_process(small):
    def start(drawing, world):
        dist.init_process_group("fake", rank=0, world_size=world, store=FakeStore())
        try:
            small("derl", drawing=drawing).start_epoch(0)
        finally:
            dist.destroy_process_group()

    start(drawing=0, world=2)
    start(drawing=3, world=1)
    with pytest.raises(FerBenchError, match=r"drawing: 3: .* set compute.devices to 1 in params"):
        start(drawing=3, world=2)


def test_its_parameters_by_hand():
    with torch.device("meta"):
        model = models.build("derl", 7)
    conv = lambda inside, outside: 16 * inside * outside + 2 * outside  # noqa: E731
    w = (64, 128, 256, 512)
    steps, back = (sum(conv(*p) for p in pairwise(way)) for way in (w, w[::-1]))
    generator = conv(3, 64) + steps + 2 * conv(512, 512) + back + 16 * 64 * 3 + 3
    discriminator = 16 * 6 * 64 + 64 + conv(64, 128) + conv(128, 256) + 16 * 256 + 1
    local = sum(9 * 2 * c * 64 + 128 + 1024 * 128 + 128 for c in w)
    heads = 4 * (128 * 7 + 7) + 512 * 7 + 7
    counted = {name: sum(p.numel() for p in part.parameters())
               for name, part in model.named_children()}  # fmt: skip
    assert counted["generator"] == generator == 13_904_643
    assert counted["discriminator"] == discriminator == 666_433
    assert sum(counted.values()) == generator + discriminator + local + heads == 16_209_511


def test_wrong_options_are_explained():
    for options, said in (
        ({"width": 0}, "width must be at least 1"),
        ({"adversarial": -0.1}, "adversarial must be at least 0"),
        ({"drawing": -1}, "drawing must be at least 0"),
        ({"input": "unit"}, "half"),
    ):
        with pytest.raises(FerBenchError, match=said):
            models.configure("derl", options)
