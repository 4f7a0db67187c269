"""Grad-CAM and channel responses of hand-made networks whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.evaluation import explain_cam
from fer_bench.evaluation.explain_cam import (
    CONV_3X_OUTPUT,
    PATCH,
    channel_response,
    cover,
    grad_cam,
    layer_of,
)
from fer_bench.models.base import Output


class Halves(nn.Module):
    """Class 0's logit is the sum of the red channel, class 1's of the green one."""

    def __init__(self) -> None:
        super().__init__()
        self.eye = nn.Conv2d(3, 2, 1, bias=False)
        with torch.no_grad():
            self.eye.weight.copy_(torch.eye(2, 3)[:, :, None, None])

    def forward(self, images: Tensor) -> Output:
        logits = self.eye(images).sum((2, 3))
        return Output(logits, (logits,))


def small(name: str = "scan_cci", **options: object) -> models.FERModel:
    torch.manual_seed(0)
    return models.build(name, 7, backbone="resnet18_slim", size=80, **options).eval()


def test_map_is_the_weighted_sum_of_channels_of_the_predicted_class() -> None:
    images = torch.zeros(2, 3, 8, 8)
    images[0, 0, 1, 2] = 1.0  # red: class 0
    images[1, 1, 5:7, 6] = torch.tensor([1.0, 0.5])  # green: class 1
    model = Halves().eval()
    found = grad_cam(model, model.eye, lambda a, b: images[a:b], 2)  # type: ignore[arg-type]
    assert found.predicted.tolist() == [0, 1]
    # d(logit k)/d(channel k) is 1 everywhere and 0 for the other: the map is the channel itself.
    assert found.cams[0] == pytest.approx(images[0, 0].numpy(), abs=1e-5)
    assert found.cams[1] == pytest.approx(images[1, 1].numpy(), abs=1e-5)
    assert found.probabilities[0] == pytest.approx([np.e / (np.e + 1), 1 / (np.e + 1)], abs=1e-5)


def test_map_of_a_face_where_nothing_speaks_for_the_answer_is_zero() -> None:
    images = torch.zeros(1, 3, 8, 8)
    images[0, 0, 0, 0] = -1.0
    images[0, 1, 0, 0] = -2.0
    model = Halves().eval()
    found = grad_cam(model, model.eye, lambda a, b: images[a:b], 1)  # type: ignore[arg-type]
    assert not found.cams.any()


def test_maps_keep_their_minimum() -> None:
    # An even map stays even, and a share of attention is that of the raw map: 3 of 3 + 63.
    images = torch.zeros(2, 3, 8, 8)
    images[:, 0] = 0.25
    images[1, 0, 4, 4] = 0.75
    model = Halves().eval()
    found = grad_cam(model, model.eye, lambda a, b: images[a:b], 2)  # type: ignore[arg-type]
    assert found.cams[0] == pytest.approx(np.ones((8, 8)), abs=1e-5)
    assert found.cams[1].min() == pytest.approx(1 / 3, abs=1e-5)
    assert found.cams[1, 4, 4] / found.cams[1].sum() == pytest.approx(3 / 66, abs=1e-5)


def test_batches_do_not_change_the_maps(monkeypatch: pytest.MonkeyPatch) -> None:
    model, images = small(), torch.rand(5, 3, 80, 80)
    layer = layer_of(model, CONV_3X_OUTPUT, images[:1])
    whole = grad_cam(model, layer, lambda a, b: images[a:b], 5)
    monkeypatch.setattr(explain_cam, "BATCH", 2)
    parts = grad_cam(model, layer, lambda a, b: images[a:b], 5)
    assert whole.cams == pytest.approx(parts.cams, abs=1e-4)
    assert whole.cams.shape == (5, 80, 80)
    assert whole.cams.max() <= 1
    assert whole.cams.std() > 0.05
    assert all(p.grad is None for p in model.parameters())


def test_scans_own_weighted_map_is_a_layer_too() -> None:
    model, images = small(), torch.rand(1, 3, 80, 80)
    layer = layer_of(model, "attention.whole", images)
    assert grad_cam(model, layer, lambda a, b: images[a:b], 1).cams.shape == (1, 80, 80)


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        ("backbone.layer22", "did you mean 'backbone.layer2'"),
        ("", "no layer ''"),
        ("backbone", "no single map"),  # gives a dict
        ("attention.fc", "no single map"),  # gives vectors
        ("attention.local.0", "no single map"),  # gives 25 patches
    ],
)
def test_a_layer_without_a_map_is_named_with_the_way_out(layer: str, said: str) -> None:
    with pytest.raises(FerBenchError, match=said):
        layer_of(small(), layer, torch.rand(1, 3, 80, 80))


class Red(nn.Module):
    """Channel 0 is red, channel 1 is twice red, channel 2 hears nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.eye = nn.Conv2d(3, 3, 1, bias=False)
        with torch.no_grad():
            self.eye.weight.zero_()
            self.eye.weight[0, 0], self.eye.weight[1, 0] = 1.0, 2.0

    def forward(self, images: Tensor) -> Output:
        logits = self.eye(images).mean((2, 3))
        return Output(logits, (logits,))


def test_channel_response_by_hand() -> None:
    # Three faces, red 1.0, 0.8 and 0.2; covered with 0.5: changes 0.5, 0.3, 0.3, median 0.3,
    # mean clean response 2 / 3. Doubling a channel doubles both, so the relative change is equal.
    images = torch.zeros(3, 3, 50, 50)
    images[:, 0] = torch.tensor([1.0, 0.8, 0.2])[:, None, None]
    model = Red().eval()
    found = channel_response(model, model.eye, lambda a, b: images[a:b], 3)  # type: ignore[arg-type]
    assert found.median.shape == (3, 50, 50)
    assert found.inside() == pytest.approx([0.45, 0.45, 0], abs=1e-5)
    assert found.outside() == pytest.approx([0, 0, 0])
    assert found.silent == 1
    assert found.shown()[0] == 2
    x0, y0, x1, y1 = PATCH
    rows, columns = np.nonzero(found.median[0])
    assert (rows.min(), rows.max() + 1) == (round(y0 * 50), round(y1 * 50))
    assert (columns.min(), columns.max() + 1) == (round(x0 * 50), round(x1 * 50))
    assert found.example[20, 15].tolist() == [128, 128, 128]


def test_patches_stacked_along_the_batch_are_no_map_either() -> None:
    with pytest.raises(FerBenchError, match="no single map"):
        layer_of(small("scan_cci_shared"), "attention.local.0", torch.rand(1, 3, 80, 80))


def test_cover_leaves_the_faces_it_is_given() -> None:
    images = torch.rand(2, 3, 20, 20)
    before = images.clone()
    covered = cover(images)
    assert torch.equal(images, before)
    x0, y0, x1, y1 = PATCH
    assert (covered != images).any(dim=1).float().mean() == pytest.approx(
        (x1 - x0) * (y1 - y0), abs=0.04
    )
