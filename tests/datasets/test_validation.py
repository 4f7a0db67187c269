"""Properties of the carved validation split, over random sets of people."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_bench.datasets.validation import carve_validation
from fer_bench.errors import FerBenchError


def manifest(labels, subjects, split="train"):
    return pd.DataFrame(
        {
            "sample_id": [f"s{i:05d}" for i in range(len(labels))],
            "label": np.asarray(labels, dtype=np.int64),
            "subject": pd.Series(subjects, dtype=object),
            "split": split,
        }
    )


@st.composite
def people(draw):
    """A set of 2 to 60 people with 1 to 8 images each, some images without a person."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    classes = draw(st.integers(1, 8))
    shares = rng.dirichlet(np.full(classes, draw(st.sampled_from([0.3, 1.0, 10.0]))))
    labels, subjects = [], []
    for person in range(draw(st.integers(2, 60))):
        n = int(rng.integers(1, 9))
        labels += rng.choice(classes, n, p=shares).tolist()
        subjects += [f"p{person}"] * n
    alone = draw(st.integers(0, 40))
    labels += rng.choice(classes, alone, p=shares).tolist()
    return manifest(labels, subjects + [None] * alone)


def groups(frame):
    return frame["subject"].where(frame["subject"].notna(), frame["sample_id"])


@settings(max_examples=150, deadline=None)
@given(people(), st.sampled_from([0.1, 0.2, 0.3]), st.integers(0, 5))
def test_properties(frame, fraction, seed):
    mask = carve_validation(frame, fraction, seed)
    inside, outside = frame[mask], frame[~mask]
    assert 0 < len(inside) < len(frame)
    assert not set(groups(inside)) & set(groups(outside))
    assert (carve_validation(frame, fraction, seed) == mask).all()
    people_per_class = groups(frame).groupby(frame["label"]).nunique()
    for label, n in people_per_class.items():
        if n >= 10:
            assert label in set(inside["label"])
            assert label in set(outside["label"])
    largest = groups(frame).value_counts().max()
    slack = largest * (1 + frame["label"].nunique())
    assert abs(len(inside) - fraction * len(frame)) <= slack


@settings(max_examples=40, deadline=None)
@given(people(), st.randoms(use_true_random=False))
def test_the_choice_does_not_depend_on_the_order_of_rows(frame, random):
    order = list(range(len(frame)))
    random.shuffle(order)
    shuffled = frame.iloc[order]
    chosen = set(frame["sample_id"][carve_validation(frame)])
    assert set(shuffled["sample_id"][carve_validation(shuffled)]) == chosen


def test_without_subjects_every_class_keeps_its_share():
    labels = [0] * 600 + [1] * 300 + [2] * 40
    mask = carve_validation(manifest(labels, [None] * 940), 0.1, seed=3)
    assert np.bincount(np.asarray(labels)[mask]).tolist() == [60, 30, 4]


def test_many_small_families_come_close_to_the_fraction_and_to_each_class():
    rng = np.random.default_rng(0)
    labels = rng.choice(7, 2000, p=[0.4, 0.3, 0.1, 0.08, 0.06, 0.04, 0.02])
    frame = manifest(labels, [f"p{i // 3}" for i in range(2000)])
    mask = carve_validation(frame, 0.1, seed=0)
    assert mask.mean() == pytest.approx(0.1, abs=0.01)
    share = pd.Series(mask).groupby(labels).mean()
    assert share.between(0.05, 0.18).all()


def test_only_train_rows_are_moved_and_seeds_differ():
    frame = manifest([0, 1] * 100, [f"p{i // 2}" for i in range(200)])
    frame.loc[:99, "split"] = "test"
    masks = [carve_validation(frame, 0.2, seed) for seed in range(4)]
    assert not any(m[:100].any() for m in masks)
    assert len({m.tobytes() for m in masks}) > 1


def test_the_only_person_of_a_class_stays_in_train():
    labels = [0] * 40 + [1] * 5
    frame = manifest(labels, [f"p{i // 2}" for i in range(40)] + ["rare"] * 5)
    assert not any(carve_validation(frame, 0.3, seed)[40:].any() for seed in range(10))


def test_two_people_with_a_class_each_still_give_a_split():
    mask = carve_validation(manifest([0, 0, 1], ["a", "a", "b"]))
    assert mask.tolist() == [False, False, True]


@pytest.mark.parametrize("subjects", [[], ["a", "a"]])
def test_nothing_to_divide(subjects):
    with pytest.raises(FerBenchError, match="fewer than two subjects"):
        carve_validation(manifest([0] * len(subjects), subjects))


@pytest.mark.parametrize("fraction", [0, -0.1, 0.6])
def test_impossible_fractions(fraction):
    with pytest.raises(FerBenchError, match=r"outside \(0, 0.5\]"):
        carve_validation(manifest([0, 1], ["a", "b"]), fraction)


def test_a_class_of_ten_large_families_is_represented_though_the_fraction_is_small():
    labels = ([0] * 30 + [1]) * 10 + [0] * 100
    subjects = [f"family {i // 31}" for i in range(310)] + [None] * 100
    frame = manifest(labels, subjects)
    mask = carve_validation(frame, 0.02, seed=0)
    assert frame["label"][mask].tolist().count(1) == 1
    assert mask.sum() == 31
