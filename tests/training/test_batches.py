import numpy as np
import pytest

from fer_bench.errors import FerBenchError
from fer_bench.training.batches import class_balanced_weights, epoch_order, in_batches

LABELS = np.repeat([0, 1, 3], [90, 9, 1])


def test_oversampling_makes_present_classes_equally_likely():
    rng = np.random.default_rng(0)
    drawn = np.concatenate([LABELS[epoch_order(LABELS, "oversample", rng)] for _ in range(100)])
    assert len(drawn) == 100 * len(LABELS)
    shares = np.bincount(drawn, minlength=4) / len(drawn)
    assert shares == pytest.approx([1 / 3, 1 / 3, 0, 1 / 3], abs=0.02)


def test_shuffle_takes_every_face_once():
    order = epoch_order(LABELS, "shuffle", np.random.default_rng(0))
    assert sorted(order) == list(range(len(LABELS)))
    assert list(order) != sorted(order)


def test_class_repeat_takes_rare_classes_more_than_once():
    """RAF-DB's counts and what APViT's sampler makes of them: fear three times, three twice."""
    counts = [1290, 281, 717, 4772, 1982, 705, 2524]
    labels = np.repeat(np.arange(7), counts)
    order = epoch_order(labels, "class_repeat", np.random.default_rng(0))
    times = np.bincount(order, minlength=len(labels))
    for label, wanted in enumerate([2, 3, 2, 1, 1, 2, 1]):
        assert set(times[labels == label]) == {wanted}
    assert list(order[: len(labels)]) != sorted(order)[: len(labels)]
    often = epoch_order(LABELS, "class_repeat", np.random.default_rng(0), 1.0)
    assert np.bincount(LABELS[often]).tolist() == [90 * 2, 9 * 4, 0, 10]


@pytest.mark.parametrize(("sampler", "size"), [("pairs", 2), ("quadruplets", 4)])
def test_groups_are_of_one_class_and_of_another(sampler, size):
    labels = np.random.default_rng(1).permutation(np.repeat([0, 1, 3, 4], [20, 9, 4, 1]))
    rng = np.random.default_rng(0)
    drawn = np.stack([epoch_order(labels, sampler, rng).reshape(-1, size) for _ in range(300)])
    assert (np.sort(drawn[:, :, 0]) == np.arange(len(labels))).all()  # each once the first
    of = labels[drawn]
    assert (of[..., 0] == of[..., 1]).all()
    same = drawn[..., 0] == drawn[..., 1]
    assert set(of[..., 0][same]) == {4}  # who is alone is his own partner
    for first in np.flatnonzero(labels == 3):
        found = np.bincount(drawn[drawn[..., 0] == first][:, 1], minlength=len(labels))
        wanted = np.where(np.flatnonzero(labels == 3) == first, 0, 100)
        assert found[labels == 3] == pytest.approx(wanted, abs=40)
    if size == 4:
        assert (of[..., 2] == of[..., 3]).all()
        assert (of[..., 0] != of[..., 2]).all()
        assert set(of[..., 2][drawn[..., 2] == drawn[..., 3]]) == {4}
        share = np.bincount(of[..., 2][of[..., 0] == 0]) / (of[..., 0] == 0).sum()
        assert share[[1, 3, 4]] == pytest.approx([1 / 3] * 3, abs=0.03)
        with pytest.raises(FerBenchError, match="are of one class"):
            epoch_order(np.zeros(5, int), sampler, rng)


@pytest.mark.parametrize(("faces", "size"), [(10, 4), (9, 4), (1, 4), (8, 4), (5, 2), (3, 64)])
def test_batches_cover_everything_once_and_none_is_single(faces, size):
    batches = list(in_batches(np.arange(faces), size))
    assert np.concatenate(batches).tolist() == list(range(faces))
    assert all(len(b) > 1 for b in batches) or faces == 1


def test_class_balanced_weights_by_hand():
    weights = class_balanced_weights(np.array([0, 0, 1]), 3, beta=0.5)
    raw = np.array([0.5 / (1 - 0.25), 0.5 / (1 - 0.5), 0])
    assert weights == pytest.approx(raw / raw.sum() * 3)
