"""What a section says of itself because of its faces."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fer_bench.reports.row import Row
from fer_bench.reports.scores import Scores, load_scores
from fer_bench.reports.tables.page import markdown, table_page
from fer_bench.reports.tables.table01_to_s1 import TABLES

RESULTS = Path(__file__).parents[3] / "results"
S1 = next(spec for spec in TABLES if spec.number == "S1")


def test_a_balanced_set_says_nothing_of_oversampling(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = load_scores(RESULTS / "scores", {})
    rows = [scores.get("synthetic", spec.model) for spec in S1.rows]
    some = Scores([row for row in rows if row])
    said = "**Says nothing of oversampling**: train classes are of nearly equal size (94 to 107"
    assert said in markdown(table_page(S1, some, []))
    assert said not in markdown(table_page(replace(S1, of_imbalance=False), some, []))
    monkeypatch.setattr(Row, "train_sizes", [100, 900])
    assert "Says nothing" not in markdown(table_page(S1, some, []))


def test_what_labels_allow_stands_above_and_names_what_lies_higher() -> None:
    scores = load_scores(RESULTS / "scores", {})
    low, high = scores.possible["ferplus"]
    assert low == pytest.approx(0.8996, abs=1e-4)
    assert high == pytest.approx(low**0.5)
    spec = next(spec for spec in TABLES if spec.number == 8)
    said = f"lies between {100 * low:.2f} and {100 * high:.2f} %"
    text = markdown(table_page(spec, scores, []))
    assert text.count(said) == 1  # on FERPlus alone
    assert "Above the lower end" not in text
    below = Scores(list(scores), possible={"ferplus": (0.5, 0.7)})
    assert "printed: Without CCI, With CCI." in markdown(table_page(spec, below, []))
