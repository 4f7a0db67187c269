"""SCN against its equations written out plainly, in double precision."""

import math

import pytest
import torch

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.models.scn import important_group, rank_loss, relabelled

EXACT = {"rtol": 0, "atol": 1e-9}
TARGET = torch.tensor([3, 0, 6, 3, 1, 2, 5, 4, 0, 1])


def images():
    generator = torch.Generator().manual_seed(5)
    return torch.rand(10, 3, 80, 80, generator=generator).double()


def test_the_equations(small):
    model = small("scn", erasing=0.0).double()
    with torch.no_grad():
        output = model(images())
        features = model.backbone(model.normalise(images()))["layer4"].mean((2, 3))
        alpha, entropy = [], 0.0
        for x, y in zip(features, TARGET, strict=True):
            doubt = -(model.importance.weight[0] @ x + model.importance.bias).item()
            alpha.append(1 / (1 + math.exp(doubt)))
            classes = zip(*model.fc.parameters(), strict=True)
            scores = [alpha[-1] * (w @ x + b).item() for w, b in classes]
            entropy -= math.log(math.exp(scores[y]) / sum(map(math.exp, scores))) / 10
    ranked = sorted(alpha, reverse=True)
    high, low = sum(ranked[:7]) / 7, sum(ranked[7:]) / 3
    regular = max(0.0, 0.15 - (high - low))
    assert 0 < regular < 0.15
    expected = torch.tensor(0.5 * regular + 0.5 * entropy, dtype=torch.float64)
    torch.testing.assert_close(
        output.extra["importance"], torch.tensor(alpha, dtype=torch.float64), **EXACT
    )
    torch.testing.assert_close(model.loss(output, TARGET), expected, **EXACT)


def test_groups_and_rank_loss_by_hand():
    importance = torch.tensor([0.9, 0.1, 0.5, 0.7, 0.3])
    assert important_group(importance, 0.6).tolist() == [True, False, True, True, False]
    # (0.9 + 0.5 + 0.7) / 3 - (0.1 + 0.3) / 2 = 0.5
    assert rank_loss(importance, 0.6, 0.15) == 0
    assert rank_loss(importance, 0.6, 0.6).item() == pytest.approx(0.1)
    # Both groups have a face, whatever the share; equals are taken in order.
    assert important_group(importance, 0.0).sum() == 1
    assert important_group(importance, 1.0).sum() == 4
    assert important_group(torch.full((4,), 0.5), 0.5).tolist() == [True, True, False, False]
    one = torch.tensor([0.4], requires_grad=True)
    assert rank_loss(one, 0.7, 0.15) == 0
    rank_loss(one, 0.7, 0.15).backward()


def test_the_relabel_rule_by_hand():
    def logits(*probabilities):
        return torch.tensor(probabilities).log()

    given = logits(
        [0.50, 0.31, 0.19],  # ahead by 0.19: stays
        [0.52, 0.31, 0.17],  # ahead by 0.21: changes
        [0.10, 0.10, 0.80],  # its own label is likeliest: stays
        [0.05, 0.05, 0.90],  # certain, but not doubtful: stays
    )
    target = torch.tensor([1, 1, 2, 0])
    doubtful = torch.tensor([True, True, True, False])
    assert relabelled(given, target, doubtful, 0.2).tolist() == [1, 0, 2, 0]
    assert target.tolist() == [1, 1, 2, 0]


def output_of(importance, probabilities):
    logits = torch.tensor(probabilities).log()
    return models.Output(logits, (logits,), {"importance": torch.tensor(importance)})


def test_who_may_be_relabelled_and_when(small):
    # Two faces of ten classes apart, the last one unimportant.
    output = output_of([0.9, 0.8, 0.7, 0.1], [[0.1, 0.9]] * 4)
    target = torch.zeros(4, dtype=torch.int64)
    expected = {"unimportant": [0, 0, 0, 1], "all": [1, 1, 1, 1]}
    for scope, labels in expected.items():
        model = small("scn", num_classes=2, relabel=scope)
        model.start_epoch(8)
        assert model.relabel(output, target) is None
        model.start_epoch(9)  # the tenth
        assert model.relabel(output, target).tolist() == labels
    never = small("scn", num_classes=2, relabel="none")
    never.start_epoch(50)
    assert never.relabel(output, target) is None
    early = small("scn", num_classes=2, relabel_from=0)
    assert early.relabel(output, target).tolist() == [0, 0, 0, 1]
    assert small("baseline1").relabel(output, target) is None


def test_importance_scales_logits_but_never_turns_an_answer(small):
    model = small("scn").double().eval()
    with torch.inference_mode():
        output = model(images())
        features = model.backbone(model.normalise(images()))["layer4"].mean((2, 3))
        plain = model.fc(features)
    assert torch.equal(output.logits.argmax(1), plain.argmax(1))
    assert (output.logits.abs().sum(1) < plain.abs().sum(1)).all()


def test_training_erases_a_part_of_half_of_the_faces(small):
    model = small("scn")
    seen = []
    model.backbone.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    torch.manual_seed(3)
    faces = torch.full((400, 3, 32, 32), 0.7)
    with torch.no_grad():
        model(faces)
        share = (seen[0] == 0).all(1).flatten(1).float().mean(1)
        model.eval()(faces)
    assert (share > 0).float().mean() == pytest.approx(0.5, abs=0.06)
    assert share[share > 0].min() == pytest.approx(0.02, abs=0.015)
    assert share.max() == pytest.approx(0.25, abs=0.02)
    assert (seen[1] != 0).all()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"important": 1.2}, "important"),
        ({"relabel_from": -1}, "0 or more"),
        ({"relabel": "some"}, "none"),
    ],
)
def test_impossible_options(options, said):
    with pytest.raises(FerBenchError, match=said):
        models.configure("scn", options)
