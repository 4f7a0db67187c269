"""Runs that did not train: found, named, and counted nowhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fixed_scores import metrics, write_cell
from made_scores import made_row, made_score

from fer_bench.errors import FerBenchError
from fer_bench.reports import describe
from fer_bench.reports.collapse import why_collapsed
from fer_bench.reports.compare.in_words import compare_text
from fer_bench.reports.leaderboard import build_leaderboard
from fer_bench.reports.leaderboard.ranking import ranked
from fer_bench.reports.pages import selection_gap
from fer_bench.reports.paper import load_paper
from fer_bench.reports.scores import Scores, load_scores
from fer_bench.reports.tables.page import markdown, table_page
from fer_bench.reports.tables.table01_to_s1 import TABLES


def of(confusion: Any, **more: Any) -> str | None:
    part = {"confusion": np.asarray(confusion).tolist()}
    sets = {"synthetic": {"last": {"all": part}}}
    return why_collapsed(made_score("synthetic", "m", {"sets": sets, "classes": "abc", **more}))


def test_one_class_for_nearly_all() -> None:
    assert of([[40, 0, 0], [40, 0, 0], [38, 0, 2]]) == "one class for 98 % of its test faces"
    assert of([[40, 0, 0], [40, 0, 0], [34, 0, 6]]) is None  # exactly 95 %
    assert of([[40, 0, 0], [1, 0, 0], [0, 0, 0]]) is None  # the faces are of one class
    assert of([[0]]) is None


def test_train_and_test_faces_at_chance() -> None:
    def learned(*right: float) -> dict[str, Any]:
        return {"history": {"train_accuracy": list(right)}}

    even, better = [[10, 10, 10]] * 3, [[20, 5, 5], [5, 20, 5], [5, 5, 20]]
    assert (
        of(even, **learned(0.33, 0.3, 0.35)) == "train and test faces are answered as guessing does"
    )
    assert of(better, **learned(0.33, 0.3, 0.35)) is None  # heavy augmentation may look like that
    assert of(even, **learned(0.33, 0.6, 0.7)) is None  # learned its train faces by heart
    assert of(even, **learned(0.33)) is None
    assert of(even) is None


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    still = metrics(0.75, faces="faces")  # right on every neutral face: one class for all
    still |= {"answers": "0" * 800, "confusion": [[600, 0], [200, 0]]}
    for seed in range(2):
        good = {"synthetic": {"all": metrics(0.7, faces="faces")}}
        write_cell(tmp_path, "synthetic", "scan_cci", seed, good)
        write_cell(tmp_path, "synthetic", "baseline1", seed, good)
        lost = {"synthetic": {"all": still}}
        write_cell(tmp_path, "synthetic", "scan_cci_released", seed, lost)
        write_cell(tmp_path, "synthetic", "scan_cci_shared", seed, good if seed else lost)
    return tmp_path


def test_it_is_in_no_mean_rank_or_gap(scores: Path) -> None:
    found = load_scores(scores, {})
    assert found.get("synthetic", "scan_cci_released") is None
    shared = found.get("synthetic", "scan_cci_shared")
    assert shared is not None
    assert [cell.training.seed for cell in shared.cells] == [1]
    assert shared.by_seed("accuracy", "synthetic") == [(1, 0.7)]
    assert [row.model for _, row in ranked(found.of("synthetic"))] == [
        "baseline1", "scan_cci", "scan_cci_shared",
    ]  # fmt: skip
    assert "scan_cci_released" not in [g.row.model for g in selection_gap.gaps(found, "synthetic")]
    assert found.missing() == []


def test_it_is_named_where_it_is_missing(scores: Path, paper: Path, tmp_path: Path) -> None:
    found = load_scores(scores, {})
    said = describe.did_not_train(found.collapsed())
    assert said[0] == (
        "`synthetic/scan_cci_released`, seeds 0 and 1: did not train (one class for 100 % of its "
        "test faces); left out of ranks, means and comparisons."
    )
    spec = next(spec for spec in TABLES if spec.number == 1)
    text = markdown(table_page(spec, found, load_paper(paper, 1)))
    assert said[0] in text
    line = next(x for x in text.splitlines() if "SCAN-CCI as released (did not train)" in x)
    assert "75.00" not in line
    assert "**75.00" not in text
    assert said[0] in selection_gap.markdown(found)
    out = tmp_path / "board"
    build_leaderboard(scores, {}, out)
    assert said[0] in (out / "README.md").read_text("utf-8")
    assert "did not train" in (out / "index.html").read_text("utf-8")
    with pytest.raises(FerBenchError, match=r"seeds 0 and 1: did not train.*train it again"):
        compare_text(found, "synthetic", "scan_cci_released", "scan_cci")


def test_what_is_asked_for_is_found() -> None:
    row = made_row("synthetic", "scan_cci", [{"sets": {}}])
    assert Scores([row]).collapsed() == []
