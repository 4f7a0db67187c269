"""ARM against its equations written out plainly, in double precision."""

import pytest
import torch

from fer_bench import models
from fer_bench.contract.behaviour import independence
from fer_bench.contract.subject import BrokenError, Subject
from fer_bench.models.arm import kernel_of
from fer_bench.params import Params

EXACT = {"rtol": 0, "atol": 1e-9}


def planes_of(features, factor):
    """Pixel shuffle, cell by cell."""
    b, c, h, w = features.shape
    out = features.new_zeros(b, c // factor**2, h * factor, w * factor)
    for i in range(factor):
        for j in range(factor):
            out[:, :, i::factor, j::factor] = features[:, i * factor + j :: factor**2]
    return out


def test_the_equations(small):
    model = small("arm").double()
    images = torch.rand(5, 3, 80, 80).double()
    with torch.no_grad():
        logits = model(images).logits
        planes = planes_of(model.backbone(model.normalise(images))["layer4"], 8)
        assert planes.shape == (5, 2, 24, 24)
        k, s = kernel_of(24)
        assert model.albino.weight.shape == (1, 1, k, k)
        windows = planes.unfold(2, k, s).unfold(3, k, s)  # (5, 2, 9, 9, k, k)
        x = (windows * model.albino.weight[0, 0]).sum((4, 5))
        mean = x.mean((0, 2, 3), keepdim=True)
        spread = ((x - mean) ** 2).mean((0, 2, 3), keepdim=True)
        x = (x - mean) / (spread + 1e-5).sqrt()
        common = sum(face.mean(0) for face in x) / 5
        amended = x.mean(1) + common  # alpha begins at 1
        expected = amended.flatten(1) @ model.fc.weight.T + model.fc.bias
        torch.testing.assert_close(logits, expected, **EXACT)
        torch.testing.assert_close(model.running_common, 0.1 * common, **EXACT)
        model.alpha.fill_(3.0)
        model(images)
        torch.testing.assert_close(model.running_common, (0.9 * 0.1 + 0.1) * common, **EXACT)
    torch.manual_seed(0)
    assert models.build("arm", size=224, backbone="resnet18").fc.in_features == 121
    assert kernel_of(112) == (32, 8)


def test_in_evaluation_the_running_mean_is_what_faces_share(small):
    model, images = small("arm").double().eval(), torch.rand(3, 3, 80, 80).double()
    with torch.no_grad():
        before = model(images).logits
        model.running_common += torch.rand(9, 9)
        moved = model(images).logits - before
    shift = (model.alpha * model.running_common).flatten() @ model.fc.weight.T
    torch.testing.assert_close(moved, shift.expand(3, -1), **EXACT)
    assert shift.abs().min() > 1e-3


@pytest.mark.parametrize("common", ["running", "batch"])
def test_the_contract_catches_the_released_mean_over_the_test_batch(common):
    options = {"backbone": "resnet18_slim", "size": 64, "common": common}
    subject = Subject("arm", Params.model_validate({"enabled": {}}), options)
    if common == "running":
        assert independence(subject).startswith("within")
        return
    with pytest.raises(BrokenError, match=r"logits move by .* when other faces stand in its batch"):
        independence(subject)
