"""Answers read from score files, and what is wrong with damaged ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from made_answers import FACES, classes_of, part, track_of

from fer_bench.errors import FerBenchError
from fer_bench.evaluation import detail
from fer_bench.evaluation.metrics import measure
from fer_bench.labels import EIGHT, SEVEN
from fer_bench.statistics.answers import decode
from fer_bench.statistics.track import NO_ANSWERS, UNEQUAL_SEEDS, tracks


def test_what_scoring_writes_is_what_is_read() -> None:
    draw = np.random.default_rng(0)
    labels, logits = draw.integers(0, 7, 90), draw.normal(size=(90, 7))
    ids = pd.Series([f"face{i:02}" for i in draw.permutation(90)])
    written = measure(labels, logits, SEVEN) | detail.answers(labels, logits, ids)
    read = decode(written, "a cell")
    assert read is not None
    order = np.lexsort((ids.to_numpy(dtype=str), labels))
    np.testing.assert_array_equal(read.true, labels[order])
    np.testing.assert_array_equal(read.predicted, logits.argmax(axis=1)[order])
    assert read.faces == written["faces_sha256"]


def test_digits_count_the_parts_own_classes() -> None:
    read = decode(part([0, 1], [1, 1], ["happiness", "fear"]), "a cell")
    assert read is not None
    assert [EIGHT[i] for i in read.true] == ["happiness", "fear"]
    assert [EIGHT[i] for i in read.predicted] == ["fear", "fear"]


@pytest.mark.parametrize("missing", [{}, {"answers": "", "n": 0}, {"answers": None}])
def test_parts_without_answers_give_none(missing: dict) -> None:
    assert decode({"n_per_class": {"fear": 3}, "confusion": [[3]], **missing}, "a cell") is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"answers": "01"}, "2 answers for 3 faces"),
        ({"answers": "0128"}, "4 answers for 3 faces"),
        ({"answers": "018"}, "digits from 0 to 6"),
        ({"answers": "01x"}, "digits from 0 to 6"),
        ({"answers": "01/"}, "digits from 0 to 6"),
        ({"answers": "01é"}, "digits from 0 to 6"),
        ({"answers": "102"}, "do not add up to the confusion matrix"),
        ({"faces_sha256": "xyz"}, "expected 16 hex digits"),
        ({"faces_sha256": None}, "expected 16 hex digits"),
        ({"faces_sha256": FACES + "0"}, "expected 16 hex digits"),
    ],
)
def test_damaged_answers_are_named_with_the_place(change: dict, said: str) -> None:
    with pytest.raises(FerBenchError, match=r"cell/0\.json.*" + said) as error:
        decode(part([0, 1, 2], [0, 1, 2]) | change, "cell/0.json")
    assert "fer-bench sweep" in str(error.value)


class TestTracks:
    def test_rows_on_the_same_faces_are_together_and_the_rest_is_explained(self) -> None:
        same, other = part([0, 1], [0, 1]), part([0, 1], [0, 1], faces="f" * 16)
        old = {k: v for k, v in same.items() if k not in ("answers", "faces_sha256")}
        found, left = tracks(
            {
                "x": [(0, other)], "a": [(1, same), (0, part([0, 1], [1, 1]))], "b": [(0, same)],
                "old": [(0, old)], "mixed": [(0, same), (1, other)], "half": [(0, same), (1, old)],
            },
            "a set",
        )  # fmt: skip
        assert [list(track.rows) for track in found] == [["a", "b", "half"], ["x"]]
        assert left == {"old": NO_ANSWERS, "mixed": UNEQUAL_SEEDS}
        assert found[0].rows["a"].seeds == (0, 1)
        np.testing.assert_array_equal(found[0].rows["a"].correct, [[False, True], [True, True]])
        assert found[0].rows["a"].accuracy == 0.75
        assert found[0].rows["half"].seeds == (0,)

    def test_equal_names_of_faces_with_other_labels_are_other_faces(self) -> None:
        found, _ = tracks(
            {"a": [(0, part([0, 0, 1], [0, 0, 1]))], "b": [(0, part([0, 1, 1], [0, 1, 1]))]}, "set"
        )
        assert len(found) == 2
        assert found[0].key != found[1].key

    def test_a_model_of_eight_classes_is_compared_on_faces_of_seven(self) -> None:
        found, _ = tracks(
            {"a": [(0, part([0, 1], [0, 1]))], "b": [(0, part([0, 1], [7, 1], EIGHT))]}, "set"
        )
        assert list(found[0].rows) == ["a", "b"]
        assert found[0].rows["b"].accuracy == 0.5

    def test_equal_digits_of_other_classes_have_another_hash(self) -> None:
        one = tracks({"a": [(0, part([0, 0], [0, 1]))]}, "set")[0][0]
        other = tracks(
            {"a": [(0, part([0, 0], [0, 1], ["neutral", "fear"]))]}, "set"
        )[0][0]  # fmt: skip
        assert one.rows["a"].sha256 != other.rows["a"].sha256

    def test_mean_correctness_is_over_seeds(self) -> None:
        track = track_of({"a": [[1, 0, 0], [1, 1, 0]]}, classes_of(3))
        np.testing.assert_array_equal(track.rows["a"].mean_correct, [0, 0.5, 1])
