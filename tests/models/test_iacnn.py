"""IACNN: its losses against plain loops over pairs, and who it needs to know."""

import numpy as np
import pandas as pd
import pytest
import torch

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.models.iacnn import contrast
from fer_bench.training import fields

EXACT = {"rtol": 0, "atol": 1e-9}


def by_hand(features, groups, margin):
    total, pairs = 0.0, 0
    for i in range(len(features)):
        for j in range(i + 1, len(features)):
            far = (features[i] - features[j]).norm().item()
            alike = groups[i] == groups[j]
            total += far**2 / 2 if alike else max(0.0, margin - far) ** 2 / 2
            pairs += 1
    return total / pairs


def test_faces_of_a_group_are_pulled_together_and_others_apart():
    torch.manual_seed(0)
    features, groups = torch.randn(7, 3).double(), torch.tensor([0, 1, 0, 2, 1, 1, 2])
    for margin in (1.0, 3.0):
        found = contrast(features, groups, margin).item()
        assert found == pytest.approx(by_hand(features, groups.tolist(), margin), abs=1e-9)
    assert contrast(features[:1], groups[:1], 1.0) == 0
    equal = torch.zeros(2, 3, requires_grad=True)
    contrast(equal, torch.tensor([0, 1]), 1.0).backward()
    assert torch.isfinite(equal.grad).all()


def test_the_loss_is_of_expression_and_person(small):
    model = small("iacnn", expression=0.3, identity=0.7, margin=2.0).double().eval()
    images = torch.rand(6, 3, 80, 80).double()
    target, person = torch.tensor([0, 3, 3, 1, 0, 6]), torch.tensor([0, 0, 1, -1, 1, 2])
    output = model(images, person=person)
    extra = output.extra
    both = torch.cat([extra["expression"], extra["identity"]], 1)
    expected = both @ model.fc.weight.T + model.fc.bias
    torch.testing.assert_close(output.logits, expected, **EXACT)
    entropy = -output.logits.log_softmax(1)[range(6), target].mean().item()
    known = [i for i in range(6) if person[i] >= 0]
    one, other = (
        [v / v.square().sum().sqrt() for v in extra[k]] for k in ("expression", "identity")
    )
    people = by_hand([other[i] for i in known], [int(person[i]) for i in known], 2.0)
    alike = by_hand(one, target.tolist(), 2.0)
    found = model.loss(output, target)
    assert found.item() == pytest.approx(entropy + 0.3 * alike + 0.7 * people, abs=1e-8)
    torch.testing.assert_close(model(images).logits, output.logits, **EXACT)  # it decides nothing


def test_a_batch_of_strangers_counts_no_people_and_an_epoch_of_them_is_refused(small):
    model, images, target = small("iacnn"), torch.rand(4, 3, 80, 80), torch.tensor([0, 1, 2, 3])
    model.start_epoch(0)
    output = model(images, person=torch.full((4,), -1))
    nobody = {name: value for name, value in output.extra.items() if name != "person"}
    without = model.loss(output._replace(extra=nobody), target)
    assert torch.equal(model.loss(output, target), without)
    with pytest.raises(FerBenchError, match="nobody knows the people"):
        model.start_epoch(1)
    model.loss(model(images, person=torch.tensor([0, 0, 1, -1])), target)
    model.start_epoch(1)


def test_a_person_is_a_number_that_goes_with_the_face():
    rows = pd.DataFrame({"subject": ["b", None, "a", "b"]})
    read = fields.read(["person"], rows)
    np.testing.assert_array_equal(read["person"], [0, -1, 1, 0])
    of_pictures = fields.read(["person"], rows.drop(columns="subject"))
    np.testing.assert_array_equal(of_pictures["person"], [-1] * 4)
    which, flip = np.array([3, 1]), np.array([True, False])
    moves = np.zeros((2, 2, 3), np.float32)
    found = fields.of_batch(read, which, torch.device("cpu"), flip, moves)["person"]
    assert found.tolist() == [0, -1]


def test_wrong_options_are_explained():
    for options, said in (({"margin": 0.0}, "above 0"), ({"dropout": 1.0}, r"\[0, 1\)")):
        with pytest.raises(FerBenchError, match=said):
            models.configure("iacnn", options)
