"""gACNN's patches and gates against plain loops, in double precision."""

import pytest
import torch
import torch.nn.functional as F
import torchvision

from fer_bench.errors import FerBenchError
from fer_bench.faces.face_points import mean_points, mirrored
from fer_bench.models.gacnn import cut_patches, drop, patch_cells
from fer_bench.models.vgg import Vgg16

EXACT = {"rtol": 0, "atol": 1e-9}


def some_points(faces, seed=0):
    generator = torch.Generator().manual_seed(seed)
    points = torch.from_numpy(mean_points()).repeat(faces, 1, 1)
    points[..., :2] += 0.1 * torch.randn(faces, 24, 2, generator=generator)
    return points


def test_sides_of_patches():
    assert [patch_cells(side) for side in (28, 10, 14, 4)] == [6, 2, 3, 2]


def test_a_patch_is_the_block_of_cells_nearest_to_its_point():
    side, cells = 28, 6
    features = torch.arange(2 * 3 * side * side).view(2, 3, side, side).double()
    points = some_points(2)
    points[0, 0, :2] = torch.tensor([-0.2, 1.3])  # outside: moved inside
    patches = cut_patches(features, points, cells)
    assert patches.shape == (2, 24, 3, 6, 6)
    for b in range(2):
        for p in range(24):
            # All blocks that lie inside; the nearest middle wins in each direction.
            middles = torch.arange(side - cells + 1) + cells / 2
            x, y = (float(v) * side for v in points[b, p, :2])
            left, top = (int((middles - v).abs().argmin()) for v in (x, y))
            expected = features[b, :, top : top + cells, left : left + cells]
            assert torch.equal(patches[b, p], expected), (b, p)


def bn_relu(x, norm):
    mean = x.mean((0, 2, 3), keepdim=True)
    spread = ((x - mean) ** 2).mean((0, 2, 3), keepdim=True)
    return (
        (x - mean) / (spread + 1e-5).sqrt() * norm[0].view(1, -1, 1, 1) + norm[1].view(1, -1, 1, 1)
    ).clamp(min=0)


def part(tensor, unit, units):
    return tensor.chunk(units)[unit]


def plain_conv(layers, x, unit, units):
    conv, norm, _ = layers
    y = F.conv2d(x, part(conv.weight, unit, units), padding=conv.kernel_size[0] // 2)
    return bn_relu(y, [part(norm.weight, unit, units), part(norm.bias, unit, units)])


def plain_gate(gate, x, unit, units):
    pooled = plain_conv(gate.conv, F.max_pool2d(x, 2), unit, units).mean((2, 3))
    first = part(gate.first.weight, unit, units)[..., 0], part(gate.first.bias, unit, units)
    second = part(gate.second.weight, unit, units)[..., 0], part(gate.second.bias, unit, units)
    hidden = (pooled @ first[0].T + first[1]).clamp(min=0)
    return 1 / (1 + torch.exp(-(hidden @ second[0].T + second[1])))


def test_the_equations(small):
    model = small("gacnn", dropout=0.0).double()
    images, points = torch.rand(4, 3, 80, 80).double(), some_points(4)
    with torch.no_grad():
        output = model(images, points)
        features = model.backbone(model.normalise(images))["layer2"]
        assert features.shape[1:] == (32, 10, 10)
        patches = cut_patches(features, points, 2)
        vectors, gates = [], []
        for unit in range(24):
            x = patches[:, unit]
            for layers in model.patches.convs:
                x = plain_conv(layers, x, unit, 24)
            weight = part(model.patches.vector.weight, unit, 24).flatten(1)
            bias = part(model.patches.vector.bias, unit, 24)
            gates.append(plain_gate(model.patches.gate, x, unit, 24))
            vectors.append(gates[-1] * (x.flatten(1) @ weight.T + bias).clamp(min=0))
        before, _, *after = model.whole.convs
        x = F.max_pool2d(plain_conv(before, features, 0, 1), 2)
        for layers in after:
            x = plain_conv(layers, x, 0, 1)
        whole = x.flatten(1) @ model.whole.vector.weight.flatten(1).T + model.whole.vector.bias
        vectors.append(plain_gate(model.whole.gate, x, 0, 1) * whole.clamp(min=0))
        joined = torch.cat(vectors, 1)
        assert joined.shape[1] == 24 * 64 + 32
        hidden = (joined @ model.hidden.weight.T + model.hidden.bias).clamp(min=0)
        logits = hidden @ model.fc.weight.T + model.fc.bias
    torch.testing.assert_close(output.extra["gates"], torch.cat(gates, 1), **EXACT)
    torch.testing.assert_close(output.logits, logits, **EXACT)
    target = torch.tensor([3, 0, 6, 3])
    torch.testing.assert_close(
        model.loss(output, target), -torch.log_softmax(logits, 1)[range(4), target].mean(), **EXACT
    )


def test_the_papers_widths():
    from fer_bench import models

    with torch.device("meta"):
        model = models.build("gacnn", 7)
    assert model.hidden.in_features == 2048
    assert model.patches.vector.kernel_size == (6, 6)
    assert model.whole.vector.weight.shape == (512, 512, 14, 14)
    convs = [m for m in model.whole.convs.modules() if isinstance(m, torch.nn.Conv2d)]
    assert [conv.weight.shape for conv in convs] == [(512, 512, 3, 3)] * 3
    for unit in (model.patches, model.whole):
        assert unit.gate.conv[0].weight.shape[1:] == (512, 1, 1)
    assert model.dropout == 0.5
    assert models.preset("gacnn").pretrained == "imagenet"


def test_points_matter_and_are_a_mean_face_by_default(small):
    model = small("gacnn").eval()
    images = torch.rand(3, 3, 80, 80)
    with torch.inference_mode():
        default = model(images).logits
        mean = torch.from_numpy(mean_points()).repeat(3, 1, 1)
        assert torch.equal(model(images, mean).logits, default)
        points = some_points(3)
        moved = model(images, points).logits
        assert not torch.allclose(moved, default)
        each = zip(images, points, strict=True)
        alone = torch.cat([model(image[None], place[None]).logits for image, place in each])
        torch.testing.assert_close(alone, moved, rtol=1e-4, atol=1e-5)


def test_dropout_is_drawn_for_each_number_and_keeps_the_mean():
    torch.manual_seed(1)
    dropped = drop(torch.ones(40, 500), 0.3)
    assert set(dropped.unique().tolist()) == {0.0, torch.tensor(1 / 0.7).item()}
    assert (dropped == 0).float().mean() == pytest.approx(0.3, abs=0.01)
    assert not torch.equal(dropped[0], dropped[1])
    assert torch.equal(drop(torch.ones(3), 0.0), torch.ones(3))


def test_dropout_is_for_training(small):
    images = torch.rand(4, 3, 80, 80)
    for dropout, alike in ((0.5, False), (0.0, True)):
        model = small("pacnn", dropout=dropout)
        one, other = model(images).logits, model(images).logits
        assert torch.equal(one, other) == alike
        model.eval()
        assert torch.equal(model(images).logits, model(images).logits)
    with pytest.raises(FerBenchError, match="dropout"):
        small("gacnn", dropout=1.0)


def test_a_mirrored_face_has_its_patches_mirrored_and_swapped():
    from fer_bench.faces.face_points import SWAP

    features = torch.rand(1, 4, 28, 28)
    points = some_points(1)
    # Away from ties between two blocks, where rounding has to take a side.
    points[..., :2] = (points[..., :2] * 28).floor() / 28 + 0.3 / 28
    turned = torch.from_numpy(mirrored(points.numpy()))
    there = cut_patches(features, points, 6)
    back = cut_patches(features.flip(3), turned, 6)
    assert torch.equal(back, there[:, SWAP].flip(4))


def test_vgg_is_torchvisions_up_to_conv4_2():
    torch.manual_seed(0)
    whole = torchvision.models.vgg16_bn(num_classes=3)
    state = whole.state_dict()
    for value in state.values():
        if value.is_floating_point():
            value.uniform_(0.1, 0.6) if value.ndim == 1 else value.normal_(0, 0.05)
    own = Vgg16()
    own.load_pretrained(state)
    whole.load_state_dict(state)
    own.eval(), whole.eval()
    image = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        expected = whole.features[:30](image)
        found = own(image)["conv4_2"]
    assert found.shape == (1, 512, 8, 8)
    torch.testing.assert_close(found, expected)
    convs = [m for m in own.modules() if isinstance(m, torch.nn.Conv2d)]
    assert len(convs) == 9


@pytest.mark.parametrize("name", ["gacnn", "pacnn"])
def test_with_and_without_the_whole_face(name, small):
    assert (small(name).whole is not None) == (name == "gacnn")
