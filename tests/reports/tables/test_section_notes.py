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
