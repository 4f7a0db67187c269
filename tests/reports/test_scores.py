"""Which score files reports read."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from demo_scores import ENABLED

from fer_bench.errors import FerBenchError
from fer_bench.reports.scores import load_scores, row_names


def changed(**lists: list) -> dict:
    return {**ENABLED, "synthetic": {**ENABLED["synthetic"], **lists}}


def test_enabled_first_then_measured_elsewhere(demo: Path) -> None:
    scores = load_scores(demo / "scores", ENABLED)
    assert scores.datasets() == ["synthetic", "synthetic_masked", "facial_expressions"]
    assert [scores.elsewhere(d) for d in scores.datasets()] == [False, False, True]
    row = scores.get("facial_expressions", "scan_cci")
    assert row is not None
    assert [cell["seed"] for cell in row.cells] == [0, 1, 2]
    assert scores.missing() == []


def test_what_params_do_not_name_is_ignored(demo: Path) -> None:
    scores = load_scores(demo / "scores", changed(models=["scan_cci"], seeds=[1], evaluate_on=[]))
    assert [row.model for row in scores.of("synthetic")] == ["scan_cci"]
    row = scores.get("synthetic", "scan_cci")
    assert row is not None
    assert [cell["seed"] for cell in row.cells] == [1]
    assert row.has("synthetic")
    assert not row.has("synthetic_masked")


def test_a_disabled_datasets_rows_move_elsewhere(demo: Path) -> None:
    scores = load_scores(demo / "scores", changed(models=[], seeds=[]))
    assert scores.elsewhere("synthetic")
    assert len(scores.of("synthetic")) == 12


def test_missing_cells_are_named(demo: Path) -> None:
    scores = load_scores(demo / "scores", changed(models=["scan_cci", "novel"], seeds=[0, 1, 7]))
    assert scores.missing() == ["synthetic/scan_cci: 2 of 3 seeds", "synthetic/novel: 0 of 3 seeds"]
    assert scores.get("synthetic", "novel") is None


def test_transferred_rows() -> None:
    lists = {"models": ["a"], "init_from": ["x", "y"], "transfer_models": ["a", "b"]}
    assert row_names(lists) == ["a", "a_from_x", "b_from_x", "a_from_y", "b_from_y"]


def test_nothing_measured(tmp_path: Path) -> None:
    assert load_scores(tmp_path / "scores", {}).datasets() == []


def test_a_broken_or_moved_file_is_named(demo: Path, tmp_path: Path) -> None:
    folder = tmp_path / "synthetic" / "scan_cci"
    folder.mkdir(parents=True)
    shutil.copy(demo / "scores" / "synthetic" / "scan_cci" / "0.json", folder / "5.json")
    with pytest.raises(FerBenchError, match=r"5\.json holds the score of synthetic/scan_cci/0"):
        load_scores(tmp_path, {})
    for text in ("{", "[]", json.dumps({"dataset": "synthetic"})):
        (folder / "5.json").write_text(text)
        with pytest.raises(FerBenchError, match=r"5\.json is no score file"):
            load_scores(tmp_path, {})
