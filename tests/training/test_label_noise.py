"""Label noise: rate, nesting, which classes, who shares it."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_bench.labels import EIGHT, SEVEN
from fer_bench.training.batches import Faces
from fer_bench.training.label_noise import RATER_VOTES, with_noise
from fer_bench.training.recipe import Recipe
from fer_bench.training.streams import CellStreams

FERPLUS = Path(__file__).parents[3] / "shared" / "data" / "ferplus"


def faces(n=4000, classes=7):
    ids = np.array([f"s{i}" for i in range(n)])
    labels = np.resize(np.arange(classes), n)
    return Faces(np.zeros((n, 1, 1, 3), np.uint8), np.arange(n), labels, ids, np.full(n, None))


def noisy(rate, kind="symmetric", model="a", seed=0, given=None, classes=SEVEN):
    recipe = Recipe(label_noise=rate, noise_kind=kind)
    return with_noise(given or faces(), classes, recipe, CellStreams("toy", model, seed)).labels


@pytest.mark.parametrize("kind", ["symmetric", "confusion"])
@pytest.mark.parametrize("rate", [0.1, 0.2, 0.3])
def test_the_share_asked_for_changes_in_every_class_and_always_to_another_one(rate, kind):
    clean, changed = faces().labels, noisy(rate, kind)
    for k in range(7):
        share = (changed[clean == k] != k).mean()
        assert share == pytest.approx(rate, abs=4.5 * np.sqrt(rate * (1 - rate) / 571))
    assert set(changed) <= set(range(7))


def test_no_noise_changes_nothing():
    given = faces(50)
    assert with_noise(given, SEVEN, Recipe(), CellStreams("toy", "a", 0)) is given


def test_more_noise_changes_the_same_faces_and_more():
    clean = faces().labels
    low, high = noisy(0.1), noisy(0.3)
    assert (high[low != clean] == low[low != clean]).all()


def test_models_share_the_noise_and_seeds_do_not():
    assert (noisy(0.2, model="a") == noisy(0.2, model="b")).all()
    assert (noisy(0.2, seed=0) != noisy(0.2, seed=1)).any()


@given(st.permutations(range(60)))
def test_the_noise_does_not_depend_on_the_order_of_the_faces(order):
    whole, order = faces(60), np.array(order)
    moved = Faces(whole.pixels, order, whole.labels[order], whole.sample_ids[order], whole.folds)
    assert (noisy(0.5, given=moved) == noisy(0.5, given=whole)[order]).all()


def test_symmetric_noise_takes_each_other_class_equally_often():
    clean, changed = faces(14000).labels, noisy(0.3, given=faces(14000))
    to = np.bincount(changed[(clean == 0) & (changed != 0)], minlength=7)
    assert to[1:] == pytest.approx(600 / 6, abs=45)


def test_confusion_noise_follows_the_raters():
    given = faces(28000)
    changed = noisy(0.3, "confusion", given=given)
    fear = SEVEN.index("fear")
    to = np.bincount(changed[(given.labels == fear) & (changed != fear)], minlength=7)
    votes = RATER_VOTES[fear, :7].astype(float)
    votes[fear] = 0
    assert to / to.sum() == pytest.approx(votes / votes.sum(), abs=0.05)
    assert to.argmax() == SEVEN.index("surprise")


@pytest.mark.skipif(not FERPLUS.is_dir(), reason="needs FERPlus's label files")
def test_rater_votes_are_those_of_the_label_files():
    counted, n = np.zeros((8, 8), int), 0
    for split in ("train", "valid", "test"):
        with open(FERPLUS / f"label_{split}.csv", newline="") as stream:
            for row in csv.reader(stream):
                votes = np.array([int(v) for v in row[2:12]])
                kept = np.where(votes > 1, votes, 0)
                top = int(kept.argmax())
                if top < len(EIGHT) and 2 * kept[top] > kept.sum():
                    counted[top] += votes[:8]
                    n += 1
    assert n == 31_373
    assert (counted == RATER_VOTES).all()
