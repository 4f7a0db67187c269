"""FMPN against its description, layer by layer, in double precision, and what it is taught."""

import pytest
import torch
import torch.nn.functional as F

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.models.layers import grey

EXACT = {"rtol": 0, "atol": 1e-9}


def normed(x, norm):
    mean, spread = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), keepdim=True, unbiased=False)
    scaled = (x - mean) / (spread + 1e-5).sqrt()
    return scaled * norm.weight.view(1, -1, 1, 1) + norm.bias.view(1, -1, 1, 1)


def residual(x, block):
    y = x
    for conv, norm, slope in (block.body[:3], block.body[3:]):
        y = normed(F.conv2d(y, conv.weight, padding=1), norm)
        y = torch.where(y > 0, y, slope.weight * y)
    return x + y


def mask_of(x, net):
    conv, norm, _ = net.first
    x = normed(F.conv2d(x, conv.weight, padding=3), norm).clamp(min=0)
    sides = []
    for conv, norm, _ in net.down:
        sides.append(x.shape[-1])
        x = normed(F.conv2d(x, conv.weight, stride=2, padding=1), norm).clamp(min=0)
    for block in net.blocks:
        x = residual(x, block)
    for conv, norm, side in zip(net.up, net.norms, reversed(sides), strict=True):
        x = F.conv_transpose2d(x, conv.weight, stride=2, padding=1, output_padding=side % 2)
        x = normed(x, norm).clamp(min=0)
    return torch.sigmoid(F.conv2d(x, net.last.weight, padding=3))


@pytest.mark.parametrize("side", [0, 53])  # with 53 both layers on the way back need a cell more
def test_the_equations(small, side):
    model = small("fmpn", side=side, motion=0.3).double()
    images, target = torch.rand(4, 3, 80, 80).double(), torch.tensor([3, 0, 6, 3])
    taught = torch.rand(4, 1, 80, 80).double()
    output = model(images, class_means=taught)
    if side:
        images, taught = (
            F.interpolate(x, (side, side), mode="bilinear", antialias=True)
            for x in (images, taught)
        )
    plane = grey(images, images.shape[-1])
    mask = mask_of(plane, model.mask)
    torch.testing.assert_close(output.extra["mask"], mask, **EXACT)
    fusion = model.fusion
    seen = sum(
        normed(F.conv2d(x, net[0].weight, padding=1), net[1]).clamp(min=0)
        for x, net in ((images, fusion.face), (mask * plane, fusion.focus))
    )
    block, last = fusion.last
    fused = torch.sigmoid(F.conv2d(residual(seen, block), last.weight, padding=1))
    features = model.backbone((fused - 0.5) / 0.5)["layer4"].mean((2, 3))
    logits = features @ model.fc.weight.T + model.fc.bias
    torch.testing.assert_close(output.logits, logits, **EXACT)
    entropy = -logits.log_softmax(1)[range(4), target].mean()
    motion = (mask - taught).square().mean()
    torch.testing.assert_close(model.loss(output, target), entropy + 0.3 * motion, **EXACT)


def test_the_mask_alone_comes_first(small):
    model, target = small("fmpn", alone=2, side=0), torch.tensor([0, 1, 2])
    images, taught = torch.rand(3, 3, 80, 80), torch.rand(3, 1, 80, 80)
    for epoch, alone in ((1, True), (2, False)):
        model.zero_grad()
        model.start_epoch(epoch)
        output = model(images, class_means=taught)
        loss = model.loss(output, target)
        loss.backward()
        motion = (output.extra["mask"] - taught).square().mean()
        assert torch.isclose(loss, motion) == alone
        moved = [bool(p.grad.any()) for p in (model.fc.weight, model.mask.last.weight)]
        assert moved == [not alone, True]


def test_each_prior_asks_for_its_own_images_and_a_test_for_none(small):
    images, taught = torch.rand(2, 3, 80, 80), torch.rand(2, 1, 80, 80)
    for name, asked in (("fmpn", "class_means"), ("fmpn_pairs", "class_pairs")):
        model = small(name, side=0)
        assert model.targets == (asked,)
        assert torch.equal(model(images, **{asked: taught}).extra["target"], taught)
        assert "target" not in model.eval()(images).extra


def test_a_face_is_told_alone_once_its_norms_have_seen_faces(small):
    model, images = small("fmpn").double(), torch.rand(4, 3, 80, 80).double()
    with torch.no_grad():  # fresh running statistics leave all of it near 0
        model.fusion.last[-1].weight.mul_(100)
        for _ in range(40):
            model(images)
        together = model.eval()(images).logits
        assert together.std(0).min() > 1e-4
        for image, logits in zip(images, together, strict=True):
            torch.testing.assert_close(model(image[None]).logits[0], logits, **EXACT)


def test_it_has_the_parameters_of_the_released_network():
    with torch.device("meta"):
        model = models.build("fmpn", 7)
    counts = [sum(p.numel() for p in part.parameters())
              for part in (model.mask, model.fusion, model.backbone, model.fc)]  # fmt: skip
    assert counts == [6_040_968, 377, 21_785_568, 14_343]
    assert sum(counts[2:]) == 21_799_911


def test_wrong_options_are_explained():
    for options, said in (
        ({"prior": "pair"}, "pairs"),
        ({"width": 0}, "width must be at least 1"),
        ({"alone": -1}, "alone must be at least 0"),
        ({"backbone": "timm_inception_v4"}, "timm_inception_v3"),
    ):
        with pytest.raises(FerBenchError, match=said):
            models.configure("fmpn", options)
