"""EAC against its equations written out plainly, in double precision."""

import pytest
import torch
import torch.nn.functional as F

from fer_bench import models
from fer_bench.errors import FerBenchError

EXACT = {"rtol": 0, "atol": 1e-9}
TARGET = torch.tensor([3, 0, 6, 3])


def images(seed=5):
    return torch.rand(4, 3, 80, 80, generator=torch.Generator().manual_seed(seed)).double()


def plain_maps(model, features):
    """M[n, k, i, j] = sum over channels of W[k, c] F[n, c, i, j]."""
    weight = model.fc.weight
    shape = (len(features), len(weight), *features.shape[2:])
    maps = torch.zeros(shape, dtype=torch.float64)
    for k in range(len(weight)):
        for c in range(features.shape[1]):
            maps[:, k] += weight[k, c] * features[:, c]
    return maps


def test_the_equations(small):
    model = small("eac", erasing=0.0).double()
    with torch.no_grad():
        output = model(images())
        x = model.normalise(images())
        features = model.backbone(x)["layer4"]
        other = model.backbone(torch.flip(x, [3]))["layer4"]
        maps, mirrored = plain_maps(model, features), plain_maps(model, other)
        back = mirrored[..., list(range(mirrored.shape[-1]))[::-1]]
        logits = features.mean((2, 3)) @ model.fc.weight.T + model.fc.bias
        entropy = -torch.log_softmax(logits, 1)[range(4), TARGET].mean()
        consistency = ((maps - back) ** 2).mean()
        assert consistency > 1e-6
        torch.testing.assert_close(output.logits, logits, **EXACT)
        torch.testing.assert_close(model.loss(output, TARGET), entropy + 5 * consistency, **EXACT)


def test_a_symmetric_face_is_consistent_to_begin_with(small):
    """With one mirror-symmetric kernel a layer nothing distinguishes the views."""
    model = small("eac", erasing=0.0).double()
    for module in model.backbone.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.weight.data = (module.weight.data + module.weight.data.flip(3)) / 2
            module.stride = (1, 1)
    model.backbone.pool = torch.nn.Identity()
    face = torch.rand(2, 3, 32, 32).double()
    face = (face + face.flip(3)) / 2
    extra = model(face).extra
    torch.testing.assert_close(extra["maps"], extra["mirrored"], **EXACT)


def test_evaluation_is_the_plain_network(small):
    model, baseline = small("eac"), small("baseline1")
    baseline.load_state_dict(model.state_dict())
    model.eval(), baseline.eval()
    with torch.inference_mode():
        output = model(images().float())
        assert torch.equal(output.logits, baseline(images().float()).logits)
    assert output.extra == {}
    torch.testing.assert_close(model.loss(output, TARGET), F.cross_entropy(output.logits, TARGET))


def test_training_erases_both_views_alike_and_draws_anew(small):
    model = small("eac", erasing=1.0)
    seen = []
    model.backbone.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    torch.manual_seed(2)
    first = model(images().float())
    assert torch.equal(seen[0].flip(3), seen[1])
    assert ((seen[0] == 0).all(1).flatten(1).sum(1) > 0).all()
    again = model(images().float())
    assert not torch.equal(first.logits, again.logits)


@pytest.mark.parametrize(("which", "trained"), [("features", False), ("all", True)])
def test_whether_the_consistency_trains_the_classifier(which, trained, small):
    model = small("eac", map_gradient=which)
    output = model(images().float())
    F.mse_loss(output.extra["maps"], output.extra["mirrored"]).backward()
    assert (model.fc.weight.grad is not None) == trained
    assert model.backbone.conv1.weight.grad.abs().sum() > 0


def test_the_consistency_trains_both_views(small):
    model = small("eac")
    last = []
    model.backbone.register_forward_hook(lambda module, given, maps: last.append(maps["layer4"]))
    extra = model(images().float()).extra
    gradients = torch.autograd.grad(F.mse_loss(extra["maps"], extra["mirrored"]), last)
    assert len(gradients) == 2
    for gradient in gradients:
        assert gradient.abs().sum() > 0


def test_defaults_are_those_of_the_released_code():
    config = models.configure("eac", {})
    assert (config.consistency, config.map_gradient) == (5.0, "features")
    assert (config.erasing, config.erase_least, config.erase_most) == (0.5, 0.02, 0.25)


def test_impossible_options():
    with pytest.raises(FerBenchError, match="in this order"):
        models.configure("eac", {"erase_least": 0.5})
    with pytest.raises(FerBenchError, match="erasing"):
        models.configure("eac", {"erasing": 1.5})
