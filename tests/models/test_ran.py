"""RAN against its equations written out plainly, in double precision."""

import pytest
import torch

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.models import ran as module
from fer_bench.models.ran import cut, cut_fixed, draw_crops, fixed_crops, region_biased_loss

EXACT = {"rtol": 0, "atol": 1e-9}
TARGET = torch.tensor([3, 0, 6, 3])


def images(size=80):
    generator = torch.Generator().manual_seed(5)
    return torch.rand(4, 3, size, size, generator=generator).double()


def bilinear(image, top, left, side, size):
    """`image` (C, H, W) from `top`, `left` (which may lie between pixels), resized to `size`.

    Cell (i, j) of the result is read at the middle of its square, half pixels as everywhere.
    """
    height, width = image.shape[1:]

    def at(start, limit):
        place = start + (torch.arange(size).double() + 0.5) * side / size - 0.5
        place = place.clamp(0, limit - 1)
        low = place.floor().clamp(max=limit - 2)
        return low.long(), place - low

    (y, fy), (x, fx) = at(top, height), at(left, width)
    fy, fx = fy[:, None], fx[None]
    rows = image[:, y], image[:, y + 1]
    upper = rows[0][:, :, x] * (1 - fx) + rows[0][:, :, x + 1] * fx
    lower = rows[1][:, :, x] * (1 - fx) + rows[1][:, :, x + 1] * fx
    return upper * (1 - fy) + lower * fy


def test_the_five_fixed_crops():
    assert fixed_crops(224) == [
        (0, 0, 168), (0, 56, 168), (56, 28, 168),  # upper left, upper right, middle of lower edge
        (11, 11, 202), (17, 17, 190),  # centre, 0.9 and 0.85
    ]  # fmt: skip
    for size in (80, 100, 224):
        for top, left, side in fixed_crops(size):
            assert 0 <= top <= top + side <= size
            assert 0 <= left <= left + side <= size


@pytest.mark.parametrize("size", [80, 61])
def test_fixed_crops_are_cut_and_resized(size):
    crops = cut_fixed(images(size))
    assert crops.shape == (4, 5, 3, size, size)
    for i, (top, left, side) in enumerate(fixed_crops(size)):
        for b, image in enumerate(images(size)):
            inside = image[:, top : top + side, left : left + side]
            torch.testing.assert_close(crops[b, i], bilinear(inside, 0, 0, side, size), **EXACT)


def test_random_crops_are_cut_and_resized():
    size = 40
    torch.manual_seed(4)
    drawn = draw_crops(4)
    crops = cut(images(size), drawn)
    assert crops.shape == (4, 5, 3, size, size)
    for b, image in enumerate(images(size)):
        for i, (top, left, side) in enumerate(drawn[b] * size):
            expected = bilinear(image, top, left, side, size)
            torch.testing.assert_close(crops[b, i], expected, **EXACT)


def test_random_crops_stay_inside_and_have_every_size():
    torch.manual_seed(0)
    top, left, side = draw_crops(1000).unbind(2)
    assert side.min() == pytest.approx(0.7, abs=0.01)
    assert side.max() == pytest.approx(0.95, abs=0.01)
    for start in (top, left):
        assert start.min() >= 0
        assert (start + side).max() <= 1
        assert (start / (1 - side)).mean() == pytest.approx(0.5, abs=0.02)


def sigmoid(x):
    return 1 / (1 + torch.exp(-x))


def test_the_equations(small):
    model = small("ran").double()
    with torch.no_grad():
        for layer in (model.own, model.relation):
            layer.weight.mul_(20)  # attention that differs from region to region
        output = model(images())
        x = model.normalise(images())
        regions = torch.cat([x[:, None], cut_fixed(x)], 1)
        pooled = model.backbone(regions.flatten(0, 1))["layer4"].mean((2, 3)).view(4, 6, -1)
        logits, biased, spread = [], 0.0, []
        for features in pooled:
            mu = [
                1 / (1 + torch.exp(-(model.own.weight[0] @ f + model.own.bias))) for f in features
            ]
            f_m = sum(m * f for m, f in zip(mu, features, strict=True)) / sum(mu)
            both = [torch.cat([f, f_m]) for f in features]
            nu = [sigmoid(model.relation.weight[0] @ b + model.relation.bias) for b in both]
            weight = [m * n for m, n in zip(mu, nu, strict=True)]
            p = sum(w * b for w, b in zip(weight, both, strict=True)) / sum(weight)
            logits.append(model.fc.weight @ p + model.fc.bias)
            biased += max(0.0, 0.1 - (max(mu[1:]) - mu[0]).item()) / 4
            spread.append((max(mu) - min(mu)).item())
    assert min(spread) > 0.01
    logits = torch.stack(logits)
    torch.testing.assert_close(output.logits, logits, **EXACT)
    entropy = -torch.log_softmax(logits, 1)[range(4), TARGET].mean()
    assert biased > 0
    torch.testing.assert_close(model.loss(output, TARGET), entropy + biased, **EXACT)
    off = small("ran", region_biased=False)
    torch.testing.assert_close(off.loss(output, TARGET), entropy, **EXACT)


def test_softmax_over_the_regions_as_in_the_released_code(small):
    model = small("ran", attention="softmax").double()
    model.load_state_dict(small("ran").state_dict())
    with torch.no_grad():
        for layer in (model.own, model.relation):
            layer.weight.mul_(20)
        output = model(images())
        for b, f in enumerate(model.region_features(model.normalise(images()))):
            mu = torch.exp(sigmoid(f @ model.own.weight[0] + model.own.bias))
            mu = mu / mu.sum()
            f_m = (mu[:, None] * f).sum(0)
            both = torch.stack([torch.cat([region, f_m]) for region in f])
            nu = torch.exp(sigmoid(both @ model.relation.weight[0] + model.relation.bias))
            weight = mu * nu / (mu * nu).sum()
            logits = model.fc.weight @ (weight[:, None] * both).sum(0) + model.fc.bias
            torch.testing.assert_close(output.extra["own"][b], mu, **EXACT)
            torch.testing.assert_close(output.logits[b], logits, **EXACT)
            assert mu.max() - mu.min() > 0.001
    with pytest.raises(FerBenchError, match="softmax"):
        models.configure("ran", {"attention": "softmaxed"})


def test_region_biased_loss_by_hand():
    # The best crop is ahead by 0.3, by 0.05, and behind by 0.2: 0, 0.05 and 0.3 are missing.
    own = torch.tensor([[0.5, 0.8, 0.1], [0.5, 0.2, 0.55], [0.9, 0.7, 0.6]])
    assert region_biased_loss(own, 0.1) == pytest.approx(0.35 / 3)


def test_evaluation_takes_the_fixed_crops_one_after_the_other(small):
    fixed, free = small("ran").double().eval(), small("ran_random").double().eval()
    with torch.inference_mode():
        expected = fixed(images()).logits
        assert torch.equal(free(images()).logits, expected)
        x = fixed.normalise(images())
        regions = torch.cat([x[:, None], cut_fixed(x)], 1)
        joint = fixed.backbone(regions.flatten(0, 1))["layer4"].mean((2, 3)).view(4, 6, -1)
        torch.testing.assert_close(fixed.region_features(x), joint, **EXACT)


def test_random_crops_are_drawn_anew_at_each_step_from_the_global_stream(small, monkeypatch):
    model = small("ran_random")
    drawn = []
    monkeypatch.setattr(
        module, "draw_crops", lambda faces: drawn.append(draw_crops(faces)) or drawn[-1]
    )
    model.train()
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        model(images().float())
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[1], drawn[2])
    model.eval()
    model(images().float())
    assert len(drawn) == 3


def test_regions_whose_sigmoids_are_all_zero_in_float_are_still_weighed(small):
    # As in the first steps on masked faces: sigmoid(-300) is 0 in single precision, 0 / 0 is nan.
    model = small("ran").float()
    with torch.no_grad():
        model.own.bias.fill_(-300.0)
        model.relation.bias.fill_(-300.0)
    output = model.train()(images().float())
    model.loss(output, TARGET).backward()
    assert torch.isfinite(output.logits).all()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)
    with torch.no_grad():
        model.own.bias.fill_(-30.0)  # a shift of all scores, far below 0, moves no weight
        model.relation.bias.fill_(-30.0)
        torch.testing.assert_close(model(images().float()).logits, output.logits, rtol=0, atol=1e-4)
