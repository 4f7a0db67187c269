"""Which score files reports read."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from demo_photographs import ENABLED as PHOTOGRAPHS
from demo_photographs import UNION
from demo_scores import ENABLED
from fixed_scores import metrics, write_cell
from made_scores import made_row

from fer_bench.errors import FerBenchError
from fer_bench.labels import SEVEN
from fer_bench.reports.describe import class_counts, empty_classes, partial_names
from fer_bench.reports.enabled import row_names
from fer_bench.reports.row import classes_of
from fer_bench.reports.scores import load_scores


def changed(**lists: list) -> dict:
    return {**ENABLED, "synthetic": {**ENABLED["synthetic"], **lists}}


def test_enabled_first_then_measured_elsewhere(demo: Path) -> None:
    scores = load_scores(demo / "scores", ENABLED)
    assert scores.datasets() == ["synthetic", "synthetic_masked", "facial_expressions"]
    assert [scores.elsewhere(d) for d in scores.datasets()] == [False, False, True]
    row = scores.get("facial_expressions", "scan_cci")
    assert row is not None
    assert [cell.training.seed for cell in row.cells] == [0, 1, 2]
    assert scores.missing() == []


def test_what_params_do_not_name_is_ignored(demo: Path) -> None:
    scores = load_scores(demo / "scores", changed(models=["scan_cci"], seeds=[1], evaluate_on=[]))
    assert [row.model for row in scores.of("synthetic")] == ["scan_cci"]
    row = scores.get("synthetic", "scan_cci")
    assert row is not None
    assert [cell.training.seed for cell in row.cells] == [1]
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
    with pytest.raises(FerBenchError, match=r"5\.json holds the result of synthetic/scan_cci/0"):
        load_scores(tmp_path, {})
    for text in ("{", "[]", json.dumps({"dataset": "synthetic"})):
        (folder / "5.json").write_text(text)
        with pytest.raises(FerBenchError, match=r"5\.json is no score file"):
            load_scores(tmp_path, {})


def test_the_main_row_is_a_transferred_one_only_where_no_plain_one_is(photographs: Path) -> None:
    scores = load_scores(photographs / "scores", PHOTOGRAPHS)
    names = {d: getattr(scores.main(d, "scan_cci"), "model", None) for d in scores.datasets()}
    assert names["rafdb"] == "scan_cci"
    assert names["sfew"] == names["ckplus7"] == UNION
    assert scores.main("sfew", "scan_cci_shared") is None


def test_a_restricted_part_has_its_own_classes(photographs: Path) -> None:
    row = load_scores(photographs / "scores", PHOTOGRAPHS).get("affectnet7", "scan_cci")
    assert row is not None
    assert row.subsets("affectnet7") == ["all", "without_neutral"]
    (part, _) = row.parts("affectnet7", "without_neutral")
    assert classes_of(part) == list(SEVEN[1:])
    assert class_counts(row, "affectnet7", "without_neutral").startswith(
        "n = 60 faces, people not known (happiness 10, "
    )


def test_partial_sets_are_told_from_partial_training(photographs: Path) -> None:
    scores = load_scores(photographs / "scores", PHOTOGRAPHS)
    row = scores.get("rafdb", "scan_cci")
    assert row is not None
    assert row.partial("jaffe")
    assert not row.partial("rafdb")
    assert partial_names([row], ["rafdb"]) == []
    assert partial_names([row], ["rafdb", "jaffe"]) == ["jaffe"]
    assert partial_names(scores.of("sfew"), ["sfew"]) == ["sfew"]


def test_score_files_from_before_folds_and_slices_are_read(tmp_path: Path) -> None:
    write_cell(tmp_path, "old", "scan_cci", 0, {"old": {"all": metrics(0.5)}})
    row = load_scores(tmp_path, {}).get("old", "scan_cci")
    assert row is not None
    assert (row.folded, row.fold_mean(), row.fold_std(), row.groups("old")) == (
        False, None, None, {},
    )  # fmt: skip
    assert not row.partial("old")


def test_classes_without_faces_stand_below_tables(tmp_path: Path) -> None:
    part = {"n": 3, "n_per_class": {"neutral": 2, "happiness": 1, "fear": 0}}
    cell = {"sets": {"mine": {"last": {"all": part}}}, "untrained_classes": ["happiness"]}
    row = made_row("mine", "baseline1", [cell])
    assert empty_classes([row], ["mine"]) == [
        "`mine`: There are no training faces of happiness.",
        "`mine`: There are no test faces of fear.",
    ]
    before = made_row("mine", "baseline1", [{"sets": {}}])
    assert empty_classes([before], ["mine"]) == []
