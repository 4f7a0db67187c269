import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from fer_bench.training.verification import (
    _auc,
    _best_threshold,
    drawn_pairs,
    folds_of,
    verified,
)


def faces(people: int, each: int, noise: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features around one direction a person; noise 0: a person's are equal."""
    chance = np.random.default_rng(seed)
    who = np.repeat(np.arange(people), each)
    features = chance.normal(size=(people, 16))[who] + noise * chance.normal(size=(len(who), 16))
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    return features, np.array([f"p{i:03}" for i in who])


def test_people_whose_faces_are_alike_are_told_apart_and_noise_is_not():
    clear = verified(*faces(60, 4, 0.0))
    assert (clear.verification_accuracy, clear.auc) == (1.0, 1.0)
    assert (clear.held_out_people, clear.held_out_faces, clear.folds) == (60, 240, 10)
    assert clear.pairs == 2 * 10 * 36  # each fold: 6 people with 4 faces, 6 pairs of each
    blurred = verified(*faces(60, 4, 1.0))
    assert 0.6 < blurred.verification_accuracy < 1
    features, people = faces(200, 4, 0.0)
    shuffled = verified(features[np.random.default_rng(1).permutation(len(people))], people)
    assert abs(shuffled.verification_accuracy - 0.5) < 0.06
    assert abs(shuffled.auc - 0.5) < 0.06


def test_the_same_faces_give_the_same_number_in_any_order_of_names():
    features, people = faces(30, 3, 0.7)
    assert verified(features, people) == verified(features.copy(), people.copy())


def test_folds_share_no_person_and_each_has_pairs_of_both_kinds():
    people = np.array(["a"] * 50 + ["b", "b", "c", "c"] + [f"one{i}" for i in range(9)])
    folds = folds_of(people)
    assert len(folds) == 3
    assert sorted(np.concatenate(folds)) == list(range(len(people)))
    for one in range(3):
        here = people[folds[one]]
        others = np.concatenate([people[folds[i]] for i in range(3) if i != one])
        assert not set(here) & set(others)
        assert len(set(here)) >= 2
        assert np.unique(here, return_counts=True)[1].max() >= 2


def test_pairs_are_as_many_of_each_kind_and_none_comes_twice():
    people = np.array(["a"] * 40 + ["b"] * 3 + ["c"] * 2)
    fold = np.arange(len(people))
    one, two = drawn_pairs(people, fold, 20, np.random.default_rng(0))
    same = people[one] == people[two]
    assert (same[:20].all(), same[20:].any()) == (True, False)
    assert len({frozenset(pair) for pair in zip(one.tolist(), two.tolist(), strict=True)}) == 40
    assert {"a", "b", "c"} == set(people[one[:20]])  # not of the person with most faces alone


@pytest.mark.parametrize("people", [["a", "a"], ["a", "b", "c"], ["a", "a", "b", "c"], []])
def test_too_few_people_give_no_number(people):
    found = verified(np.ones((len(people), 2)), np.array(people, dtype=str))
    assert (found.verification_accuracy, found.auc, found.pairs, found.folds) == (None, None, 0, 0)
    assert found.held_out_people == len(set(people))


def test_the_area_is_scikit_learns_with_ties():
    chance = np.random.default_rng(3)
    same = chance.random(200) < 0.5
    cosines = np.round(chance.normal(size=200) + same, 1)
    assert _auc(cosines, same) == pytest.approx(roc_auc_score(same, cosines), abs=1e-12)


def test_the_threshold_is_where_most_pairs_are_right():
    cosines = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
    assert _best_threshold(cosines, np.array([False, False, True, True, True])) == 0.25
    assert _best_threshold(cosines, np.array([True, True, True, True, True])) == -np.inf
    assert _best_threshold(cosines, np.zeros(5, dtype=bool)) == np.inf
