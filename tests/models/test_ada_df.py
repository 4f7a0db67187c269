"""Ada-DF against its equations written out plainly, in double precision."""

import math

import pytest
import torch

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.models.ada_df import ramps

EXACT = {"rtol": 0, "atol": 1e-9}


def test_the_loss_face_by_face(small):
    model = small("ada_df").double()
    model.start_epoch(0)
    images, target = torch.rand(8, 3, 80, 80).double(), torch.arange(8) % 7
    output = model(images)
    (first, second), weight = output.heads, output.extra["importance"]
    assert output.logits is second
    low, high, apart = weight.min(), weight.max(), 0.0
    for b, label in enumerate(target.tolist()):
        share = 0.2 + 0.8 * (weight[b] - low) / (high - low)
        of_class = torch.full((7,), 0.3 / 6).double()
        of_class[label] = 0.7
        fused = (1 - share) * first[b].softmax(0) + share * of_class
        apart = apart + (fused * (fused.log() - second[b].log_softmax(0))).sum() / 8
    entropy = -first.log_softmax(1)[torch.arange(8), target].mean()
    ranked = weight.sort(descending=True).values
    ranking = (0.07 - ranked[:6].mean() + ranked[6:].mean()).clamp(min=0)
    expected = entropy + math.exp(-4 / 9) * apart + ranking
    torch.testing.assert_close(model.loss(output, target), expected, rtol=0, atol=1e-7)


def test_labels_weigh_less_and_classes_more_from_epoch_to_epoch():
    assert ramps(0) == (1.0, pytest.approx(math.exp(-4 / 9)))
    assert ramps(2) == (1.0, 1.0)
    assert ramps(5) == (pytest.approx(math.exp(-1 / 4)), 1.0)


def test_a_class_is_what_its_faces_were_answered_in_the_epoch_before(small):
    model = small("ada_df", num_classes=3, threshold=0.6)
    target, sure = torch.tensor([0, 0, 1]), torch.tensor([[2.0, 0, 1], [3, 0, 0], [1, 1, 0]])
    output = model(torch.rand(3, 3, 80, 80))
    output = output._replace(heads=(sure, output.heads[1]))
    model.start_epoch(0)
    before = model.distributions.clone()
    model.loss(output, target)
    model.start_epoch(0)  # as after a resume: the epoch goes on
    assert torch.equal(model.distributions, before)
    model.loss(output, target)
    model.eval()
    model.loss(output._replace(heads=(-sure, output.heads[1])), target)  # a look changes nothing
    model.start_epoch(1)
    first = sure[:2].softmax(1).mean(0)
    expected = torch.stack([first, torch.tensor([0.2, 0.6, 0.2]), torch.tensor([0.2, 0.2, 0.6])])
    torch.testing.assert_close(model.distributions, expected)
    model.start_epoch(2)  # nothing was answered since
    torch.testing.assert_close(model.distributions, before)


def test_both_branches_begin_alike_and_their_stem_never_learns(small):
    donor = small("baseline1", seed=1)
    model = small("ada_df")
    models.load_pretrained(model, models.backbone_state(donor))
    for own, stage in zip(model.other, ("layer2", "layer3", "layer4"), strict=True):
        theirs = getattr(donor.backbone, stage).state_dict()
        assert all(torch.equal(v, theirs[n]) for n, v in own.state_dict().items())
    model.start_epoch(0)
    before = {n: v.clone() for n, v in model.backbone.layer1.state_dict().items()}
    output = model(torch.rand(4, 3, 80, 80))
    model.loss(output, torch.arange(4)).backward()
    assert all(torch.equal(v, before[n]) for n, v in model.backbone.layer1.state_dict().items())
    assert model.backbone.conv1.weight.grad is None
    assert model.backbone.layer2[0].conv1.weight.grad.any()
    with pytest.raises(FerBenchError, match=r"threshold must lie in \(0, 1\), got 1.0"):
        models.configure("ada_df", {"threshold": 1.0})
