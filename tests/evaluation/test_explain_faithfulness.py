"""Deletion and insertion by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor, nn

from fer_bench.evaluation.explain_faithfulness import (
    area,
    blurred,
    centre_saliency,
    curves,
    faithfulness,
    pixel_order,
    ratio,
    replaced,
    summary,
    tidy,
)
from fer_bench.records.explanation import Mean


class Corner(nn.Module):
    """P(class 1) is sigmoid(100 (red of pixel (0, 0) - 1/2)): it rests on that pixel alone."""

    def forward(self, images: Tensor) -> Tensor:
        score = 100 * (images[:, 0, 0, 0] - 0.5)
        return torch.stack([torch.zeros_like(score), score], 1)


def image() -> Tensor:
    face = torch.zeros(3, 20, 20)
    face[0, 0, 0] = 1.0
    return face


def order(first: int) -> np.ndarray:
    return np.array([first, *(k for k in range(400) if k != first)])


def test_order_is_by_saliency_then_by_the_given_ties() -> None:
    saliency = np.array([[0.0, 2.0], [1.0, 0.0]])
    assert pixel_order(saliency, np.array([0, 1, 2, 3])).tolist() == [1, 2, 0, 3]
    assert pixel_order(saliency, np.array([3, 1, 2, 0])).tolist() == [1, 2, 3, 0]
    # A map of zeros says nothing: its order is the random one.
    assert pixel_order(np.zeros((2, 2)), np.array([2, 0, 3, 1])).tolist() == [1, 3, 0, 2]


def test_pixels_change_one_share_a_step() -> None:
    start, end = torch.zeros(3, 2, 2), torch.ones(3, 2, 2)
    pictures = replaced(start, end, np.array([3, 0, 1, 2]), 2)
    assert pictures.shape == (3, 3, 2, 2)
    assert pictures[0].sum() == 0
    assert pictures[1, 0].tolist() == [[1, 0], [0, 1]]
    assert pictures[2].min() == 1


def test_curves_fall_and_rise_where_the_deciding_pixel_goes() -> None:
    first, last = order(0), np.array([*range(1, 400), 0])
    deletion, insertion = curves(Corner(), image(), 1, [first, last], steps=4)
    # Deleted first, the probability is gone after one step; deleted last, it stays to the end.
    assert deletion[0] == pytest.approx([1, 0, 0, 0, 0], abs=1e-6)
    assert deletion[1] == pytest.approx([1, 1, 1, 1, 0], abs=1e-6)
    assert insertion[0] == pytest.approx([0, 1, 1, 1, 1], abs=1e-6)
    assert insertion[1] == pytest.approx([0, 0, 0, 0, 1], abs=1e-6)
    # Trapezium: 1/8 for the falling step, 3/4 + 1/8 where it falls last.
    assert area(deletion) == pytest.approx([0.125, 0.875], abs=1e-5)
    assert area(insertion) == pytest.approx([0.875, 0.125], abs=1e-5)


def test_both_ways_end_at_the_same_pictures_for_every_order() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(1200, 5))
    paths = curves(model, torch.rand(3, 20, 20), 2, [order(3), order(7), order(0)], steps=3)
    assert paths.shape == (2, 3, 4)
    assert np.ptp(paths[:, :, 0], axis=1) == pytest.approx([0, 0], abs=1e-6)
    assert np.ptp(paths[:, :, -1], axis=1) == pytest.approx([0, 0], abs=1e-6)
    assert paths[0, 0, 0] == pytest.approx(paths[1, 0, -1])  # the face itself


def test_blur_keeps_the_mean_and_flattens() -> None:
    from scipy.ndimage import gaussian_filter

    torch.manual_seed(0)
    face = torch.rand(1, 3, 40, 40)
    soft = blurred(face)
    oracle = gaussian_filter(face[0, 1].numpy(), 4.0, mode="nearest", truncate=3.0)
    assert soft[0, 1].numpy() == pytest.approx(oracle, abs=1e-3)
    assert soft.std() < 0.2 * face.std()


def test_centre_saliency_is_highest_in_the_middle_and_symmetric() -> None:
    prior = centre_saliency(6, 6)
    assert prior.sum() == pytest.approx(1)
    assert prior == pytest.approx(prior[::-1, ::-1])
    assert np.argmax(prior) in (14, 15, 20, 21)


def test_gains_are_positive_where_the_map_is_the_better_order() -> None:
    # Two faces; the map's areas 0.1 and 0.3 in deletion, random 0.5, middle 0.2.
    paths = np.zeros((2, 2, 3, 3))
    paths[0, 0] = [[0.1] * 3, [0.5] * 3, [0.2] * 3]
    paths[1, 0] = [[0.3] * 3, [0.5] * 3, [0.2] * 3]
    paths[:, 1] = [[0.9] * 3, [0.5] * 3, [0.9] * 3]
    found = faithfulness(paths, np.arange(2))
    assert found.n == 2
    assert found.deletion.cam.mean == pytest.approx(0.2)
    assert found.deletion.gain_over["random"].mean == pytest.approx(0.3)
    assert found.deletion.gain_over["centre"].mean == pytest.approx(0.0)
    assert found.insertion.gain_over["random"] == Mean(0.4, 0.4, 0.4, 2, 2)
    assert found.insertion.gain_over["centre"].mean == 0
    assert found.deletion.curves["cam"] == pytest.approx([0.2, 0.2, 0.2])


def test_interval_of_faces_of_different_people_is_students() -> None:
    values = np.random.default_rng(0).normal(1.0, 0.5, 20)
    found = summary(values, np.arange(20))
    low, high = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-6)
    assert (found.n, found.units) == (20, 20)
    assert summary(values[:1], np.zeros(1)) == Mean(tidy(values[0]), None, None, 1, 1)
    assert summary(values[:0], np.zeros(0)) == Mean(None, None, None, 0, 0)


def test_faces_of_one_person_count_once() -> None:
    draw = np.random.default_rng(1)
    once = draw.normal(1.0, 0.5, 12)
    many, people = np.repeat(once, 10), np.repeat(np.arange(12), 10)
    assert summary(many, people) == replace(summary(once, np.arange(12)), n=120)
    alone = summary(many, np.arange(120))
    found = summary(many, people)
    assert found.high - found.low > 3 * (alone.high - alone.low)
    under = draw.uniform(0.1, 0.3, 120)
    whole = ratio(many * under, under, people)
    assert whole.mean == pytest.approx((many * under).sum() / under.sum(), abs=1e-6)
    # Resampled people, as an independent way to the spread of a ratio.
    picks = draw.integers(0, 12, (20_000, 12))
    over, below = (np.bincount(people, v) for v in (many * under, under))
    spread = (over[picks].sum(1) / below[picks].sum(1)).std() * np.sqrt(12 / 11)
    half = (whole.high - whole.low) / 2
    assert half == pytest.approx(stats.t.ppf(0.975, 11) * spread, rel=0.05)
