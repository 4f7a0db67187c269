"""OADN's attention and losses against plain loops, in double precision."""

import math

import pytest
import torch
import torch.nn.functional as F

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.faces.face_points import mean_points
from fer_bench.models.oadn import attention_maps

EXACT = {"rtol": 0, "atol": 1e-9}
TARGET = torch.tensor([3, 0, 6, 3])


def some_points():
    generator = torch.Generator().manual_seed(1)
    points = torch.from_numpy(mean_points()).double().repeat(4, 1, 1)
    points[..., :2] += 0.05 * torch.randn(4, 24, 2, generator=generator)
    points[..., 2] = torch.rand(4, 24, generator=generator)
    return points


def plain_map(x, y, confidence, side, spread):
    if confidence < 0.6:
        return torch.zeros(side, side).double()
    return torch.tensor(
        [
            [
                confidence
                * math.exp(
                    -(((j + 0.5) / side - x) ** 2 + ((i + 0.5) / side - y) ** 2) / (2 * spread**2)
                )
                for j in range(side)
            ]
            for i in range(side)
        ],
        dtype=torch.float64,
    )


def test_attention_maps():
    points = some_points()
    assert 0 < (points[..., 2] < 0.6).sum() < points[..., 2].numel()
    maps = attention_maps(points, 14, 1 / 14, 0.6)
    for b in range(4):
        for p in range(24):
            x, y, confidence = points[b, p].tolist()
            torch.testing.assert_close(maps[b, p], plain_map(x, y, confidence, 14, 1 / 14), **EXACT)


def test_a_gaussian_is_one_in_the_middle_and_falls_off_by_cells():
    point = torch.tensor([[[6.5 / 14, 3.5 / 14, 1.0]]])
    (maps,) = attention_maps(point, 14, 1 / 14, 0.6)[0]
    assert divmod(int(maps.argmax()), 14) == (3, 6)
    assert maps.max() == pytest.approx(1.0)
    assert maps[3, 7] == pytest.approx(math.exp(-0.5), abs=1e-6)


def test_the_equations(small):
    model = small("oadn").double()
    images, points = torch.rand(4, 3, 80, 80).double(), some_points()
    with torch.no_grad():
        output = model(images, points)
        features = model.backbone(model.normalise(images))["layer4"]
        side = features.shape[-1]
        assert side == 5  # the last stage keeps the side of the one before
        vectors = []
        for b in range(4):
            seen = [
                (plain_map(*points[b, p].tolist(), side, 1 / 14) * features[b]).mean((1, 2))
                for p in range(24)
            ]
            vectors.append(torch.stack(seen).max(0).values)

        def layers(x, first, last):
            return (x @ first.weight.T + first.bias).clamp(min=0) @ last.weight.T + last.bias

        heads = [layers(torch.stack(vectors), model.landmarks[0], model.landmarks[2])]
        blocks = [(0, 3, 0, 3), (0, 3, 3, 5), (3, 5, 0, 3), (3, 5, 3, 5)]
        for (top, bottom, left, right), head in zip(blocks, model.regions, strict=True):
            block = features[:, :, top:bottom, left:right].mean((2, 3))
            heads.append(layers(block, model.shared[0], head))
    assert len(output.heads) == 5
    for found, expected in zip(output.heads, heads, strict=True):
        torch.testing.assert_close(found, expected, **EXACT)
    torch.testing.assert_close(output.logits, sum(heads) / 5, **EXACT)
    parts = [-torch.log_softmax(h, 1)[range(4), TARGET].mean() for h in heads]
    torch.testing.assert_close(
        model.loss(output, TARGET), 0.5 * parts[0] + 0.5 * sum(parts[1:]) / 4, **EXACT
    )


def test_the_papers_map_has_fourteen_cells_a_side():
    with torch.device("meta"):
        model = models.build("oadn", 7)
        features = model.backbone(torch.zeros(1, 3, 224, 224))["layer4"]
    assert features.shape == (1, 2048, 14, 14)


def test_points_below_the_threshold_say_nothing(small):
    model = small("oadn").eval()
    images = torch.rand(2, 3, 80, 80)
    hidden = torch.from_numpy(mean_points()).repeat(2, 1, 1)
    hidden[..., 2] = 0.59
    elsewhere = hidden.clone()
    elsewhere[..., :2] = 0.5
    with torch.inference_mode():
        one, other = model(images, hidden), model(images, elsewhere)
        assert torch.equal(one.logits, other.logits)
        # What is left of the branch is its bias, alike for every face.
        torch.testing.assert_close(one.heads[0][0], one.heads[0][1])
        shown = model(images)
        assert not torch.allclose(shown.heads[0], one.heads[0])


def test_the_landmark_branch_learns_by_itself(small):
    """A published re-run's stayed at the loss of guessing, ln K."""
    model = small("oadn", lam=1.0)
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(14, 3, 80, 80, generator=generator)
    target = torch.arange(14) % 7
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for _ in range(40):
        optimizer.zero_grad()
        loss = model.loss(model(images), target)
        loss.backward()
        optimizer.step()
    assert F.cross_entropy(model(images).heads[0], target) < math.log(7) / 4


@pytest.mark.parametrize("options", [{"threshold": 1.1}, {"lam": -0.1}, {"spread": 0.0}])
def test_impossible_options(options):
    with pytest.raises(FerBenchError, match=next(iter(options))):
        models.configure("oadn", options)
