import pytest
import torch
import torch.nn.functional as F

from fer_bench import models


@pytest.mark.parametrize("size", [64, 80])
def test_a_baseline_is_pooling_and_one_linear_layer(size, small):
    model = small("baseline1", size=size).eval()
    images, target = torch.rand(3, 3, size, size), torch.tensor([0, 6, 2])
    with torch.no_grad():
        features = model.backbone((images - 0.5) / 0.5)["layer4"]
        expected = torch.stack(
            [model.fc.weight @ f.flatten(1).mean(1) + model.fc.bias for f in features]
        )
        output = model(images)
    torch.testing.assert_close(output.logits, expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(model.loss(output, target), F.cross_entropy(expected, target))


def test_all_baselines_are_one_network_that_starts_from_different_weights(small):
    names = [name for name in models.names() if name.startswith("baseline")]
    assert len(names) == 8
    first = small("baseline1").state_dict()
    for name in names:
        state = small(name).state_dict()
        assert all(torch.equal(value, state[key]) for key, value in first.items())
