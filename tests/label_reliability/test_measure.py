"""FERPlus's copies: invented votes whose numbers can be checked by hand, and the real record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from measure import OUTCOMES, majority_or_none, measure, read
from miniatures import ferplus
from miniatures.drawing import place, unpack

from fer_bench.datasets.ferplus import SOURCE
from fer_bench.errors import FerBenchError
from fer_bench.records.reliability import load_reliability

ROOT = Path(__file__).parents[2]
HAPPY = (1, 9, 0, 0, 0, 0, 0, 0, 0, 0)
SURPRISED = (0, 2, 8, 0, 0, 0, 0, 0, 0, 0)
EITHER = (0, 4, 3, 3, 0, 0, 0, 0, 0, 0)  # no majority, most for happiness
NO_FACE = (0, 0, 0, 0, 0, 0, 0, 0, 1, 9)
FACES = pd.DataFrame(
    [
        ("train", "a", HAPPY, HAPPY),  # one face, rated three times
        ("train", "a", SURPRISED, HAPPY),
        ("test", "a", HAPPY, HAPPY),
        ("val", "b", SURPRISED, SURPRISED),
        ("test", "b", EITHER, SURPRISED),
        ("test", "c", EITHER, EITHER),
        ("test", "c", NO_FACE, EITHER),
        ("train", "alone", HAPPY, HAPPY),
        ("test", "alone too", SURPRISED, SURPRISED),
    ],
    columns=["split", "pixels", "label_csv", "fer2013new"],
)


def line(lines: list[dict[str, Any]], **wanted: str) -> dict[str, Any]:
    (found,) = [x for x in lines if all(x[key] == value for key, value in wanted.items())]
    return found


def values(line: dict[str, Any]) -> dict[str, float]:
    return {k: v["value"] for k, v in line.items() if isinstance(v, dict)}


def test_what_is_counted() -> None:
    record = measure(FACES)
    assert (record.faces, record.groups, record.copies) == (9, 3, 7)
    assert record.sizes == {"2": 2, "3": 1}
    assert (record.differ, record.differ_copies) == (3, 3)
    assert record.first_for_all == 3
    other = FACES.assign(fer2013new=FACES["label_csv"].where(FACES["pixels"] == "b", HAPPY))
    assert measure(other).first_for_all == 1, (
        "a alone; of b each copy has its own, of c none has what was cast"
    )
    by = {x["where"]: x for x in record.votes if x["file"] == "label_csv"}
    counts = {k: (x["pairs"], x["equal_votes"], x["same_largest"]) for k, x in by.items()}
    assert counts == {
        "train_test": (2, 1, 1), "train": (1, 0, 0), "val": (0, 0, 0), "test": (1, 0, 0),
        "train_val": (0, 0, 0), "val_test": (1, 0, 0), "all": (5, 1, 1),
    }  # fmt: skip
    made = [x for x in record.votes if x["file"] == "fer2013new"]
    assert all(x["equal_votes"] == x["same_largest"] == x["pairs"] for x in made)


def test_agreement_by_rule() -> None:
    record = measure(FACES)
    cast = {"file": "label_csv", "where": "all"}

    one = line(record.agreement, rule="majority", **cast)  # group a alone: two of three disagree
    assert (one["groups"], one["conflicts"], one["pairs"]) == (1, 1, 3)
    assert values(one)["over_pairs"] == values(one)["over_groups"] == pytest.approx(1 / 3, abs=1e-6)
    assert values(one)["whole_groups"] == 0

    # b: surprise against none; c: none twice, which agree.
    kept = line(record.agreement, rule="majority_or_none", **cast)
    assert (kept["groups"], kept["conflicts"], kept["pairs"]) == (3, 2, 5)
    assert values(kept)["over_pairs"] == pytest.approx(2 / 5)
    assert values(kept)["over_groups"] == pytest.approx((1 / 3 + 0 + 1) / 3, abs=1e-6)
    assert values(kept)["whole_groups"] == pytest.approx(1 / 3, abs=1e-6)
    # First ratings with a label: all of a, half of b; the other gives it too for a third of a.
    assert values(kept)["of_labelled"] == pytest.approx((1 / 3) / (1 + 1 / 2), abs=1e-6)

    # b: surprise against happiness; c has one rating left.
    largest = line(record.agreement, rule="argmax10", **cast)
    assert (largest["groups"], largest["conflicts"], largest["pairs"]) == (2, 2, 4)
    assert values(largest)["over_groups"] == pytest.approx((1 / 3 + 0) / 2, abs=1e-6)


def test_across_train_and_test() -> None:
    found = line(measure(FACES).agreement, file="label_csv", rule="majority", where="train_test")
    assert (found["groups"], found["conflicts"], found["pairs"]) == (1, 1, 2)
    assert values(found)["over_pairs"] == 0.5


def test_the_other_file_agrees_always() -> None:
    made = [x for x in measure(FACES).agreement if x["file"] == "fer2013new"]
    assert [x["conflicts"] for x in made] == [0] * 6
    assert all(x["over_groups"] == {"value": 1, "low": 1, "high": 1} for x in made if x["groups"])


def test_by_class_and_in_the_mix_of_test_faces() -> None:
    record = measure(FACES)
    found = {x["outcome"]: x for x in record.classes
             if (x["rule"], x["where"]) == ("majority_or_none", "all")}  # fmt: skip
    assert list(found) == ["happiness", "surprise", "none"]
    # a: 6 ordered pairs HH HH HS HS SH SH; b: SN NS; c: NN NN. Each group weighs one.
    assert found["happiness"]["value"] == pytest.approx((2 / 6) / (4 / 6), abs=1e-6)
    assert found["surprise"]["value"] == 0
    assert found["none"]["value"] == pytest.approx(1 / (1 + 1 / 2), abs=1e-6)
    assert [found[k]["groups"] for k in found] == [1, 2, 2]
    assert [found[k]["pairs"] for k in found] == [3, 3, 2]
    assert found["happiness"]["low"] is None, "one group tells no interval"
    # Test ratings: happiness 1, surprise 1, none 3 of 5.
    mixed = line(record.agreement, file="label_csv", rule="majority_or_none", where="all")
    assert values(mixed)["in_mix"] == pytest.approx((0.5 + 0 + 3 * 2 / 3) / 5, abs=1e-6)


def test_a_rating_without_a_majority_is_an_outcome() -> None:
    votes = np.array([HAPPY, EITHER, NO_FACE])
    assert [OUTCOMES[k] for k in majority_or_none(votes)] == ["happiness", "none", "none"]


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    downloads = ferplus.write(tmp_path / "downloads")
    return place(SOURCE, unpack(downloads, tmp_path / "unpacked"), tmp_path / "raw")


def test_from_files(raw: Path) -> None:
    """A test row gets a train row's picture."""
    lines = (raw / "fer2013.csv").read_text().splitlines()
    train, test = lines[1].split(","), next(x for x in lines if x.endswith("PrivateTest"))
    lines[lines.index(test)] = ",".join([test.split(",")[0], train[1], "PrivateTest"])
    (raw / "fer2013.csv").write_text("\n".join(lines) + "\n")
    faces = read(raw)
    assert len(faces) == 65  # 64 labelled, one without a majority
    record = measure(faces)
    assert (record.groups, record.copies, record.differ, record.differ_copies) == (1, 2, 1, 0)
    assert line(record.votes, file="label_csv", where="train_test")["pairs"] == 1
    assert line(record.votes, file="label_csv", where="all")["pairs"] == 1


def test_half_a_set_is_refused(raw: Path) -> None:
    lines = (raw / "fer2013.csv").read_text().splitlines()
    (raw / "fer2013.csv").write_text("\n".join(lines[:-3]) + "\n")
    with pytest.raises(FerBenchError, match="lacks the pictures of 3 faces"):
        read(raw)


def test_the_committed_record() -> None:
    """What was measured on the real files, in the words of the datasheet."""
    (record,) = load_reliability(ROOT / "results" / "label_reliability")
    assert (record.copies, record.groups, record.differ, record.differ_copies) == (
        3353, 1513, 1601, 1601,
    )  # fmt: skip
    assert record.first_for_all == record.groups
    by = {(x["file"], x["where"]): x for x in record.votes}
    for where, pairs, equal, same in (("train_test", 415, 45, 336), ("train", 1484, 176, 1242)):
        cast, copied = by["label_csv", where], by["fer2013new", where]
        assert (cast["pairs"], cast["equal_votes"], cast["same_largest"]) == (pairs, equal, same)
        assert copied["equal_votes"] == pairs
    found = line(record.agreement, file="label_csv", rule="majority", where="train_test")
    assert (found["groups"], found["conflicts"]) == (225, 20)
    assert not any(".png" in text or "fer0" in text for text in map(str, record.__dict__.values()))
