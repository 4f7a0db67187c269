"""What choosing the epoch on the test faces is worth, seed by seed."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pandas as pd
import pytest
from demo_scores import ENABLED
from fixed_scores import metrics, write_cell

from fer_bench.reports.columns import names_of
from fer_bench.reports.pages import selection_gap
from fer_bench.reports.reported import load_reported
from fer_bench.reports.scores import Scores, load_scores


def lines(folder: Path, enabled: dict) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(selection_gap.csv_text(load_scores(folder, enabled))))


def test_every_gap_again_from_the_score_files(demo: Path) -> None:
    found = lines(demo / "scores", ENABLED)
    assert len(found) == 18
    for _, line in found.iterrows():
        gaps: dict[str, list[float]] = {"last": [], "best_on_val": []}
        for file in sorted((demo / "scores" / line["dataset"] / line["model"]).glob("*.json")):
            parts = json.loads(file.read_text())["sets"][line["dataset"]]
            for other, found_gaps in gaps.items():
                accuracies = (parts[s]["all"]["accuracy"] for s in ("best_on_test", other))
                found_gaps.append(100 * (next(accuracies) - next(accuracies)))
        for other, name in (("last", "test_minus_last"), ("best_on_val", "test_minus_val")):
            again = pd.Series(gaps[other])
            assert line["seeds"] == len(again)
            assert line[f"{name}_mean"] == pytest.approx(again.mean(), abs=6e-5)
            assert line[f"{name}_std"] == pytest.approx(again.std(), abs=6e-5, nan_ok=True)
            assert line[f"{name}_max"] == pytest.approx(again.max(), abs=6e-5)


def test_the_spread_is_of_the_gaps_and_models_weigh_alike(tmp_path: Path) -> None:
    for seed, over in enumerate((0.01, 0.03)):
        sets = {"a": {"all": metrics(0.5 + 0.2 * seed)}}
        write_cell(tmp_path, "a", "scan_cci", seed, sets, over=over)
    write_cell(tmp_path, "a", "baseline1", 0, {"a": {"all": metrics(0.5)}}, over=0.06)
    text = selection_gap.markdown(load_scores(tmp_path, {}))
    rows = {x.split("|")[1].strip(): x.split("|")[2:-1] for x in text.splitlines() if x[:2] == "| "}
    cells = {name: [c.strip() for c in row] for name, row in rows.items()}
    # last 50 and 70, on test 51 and 73: a gap of 1 and 3, far steadier than the accuracies
    assert cells["`scan_cci`"] == [
        "2", "60.00 ± 14.14", "–", "62.00 ± 15.56", "2.00 ± 1.41", "–", "3.00",
    ]  # fmt: skip
    assert cells["`baseline1`"][4:] == ["6.00 ± –", "–", "6.00"]
    assert cells["**mean over 2 models**"][4:] == ["**4.00**", "–", "**6.00**"]


def test_other_sets_are_not_its_subject(demo: Path) -> None:
    found = lines(demo / "scores", ENABLED)
    assert set(found["dataset"]) == {"synthetic", "synthetic_masked", "facial_expressions"}
    assert not found.duplicated(["dataset", "model"]).any()


def test_nothing_measured(tmp_path: Path) -> None:
    scores = load_scores(tmp_path, {})
    assert selection_gap.markdown(scores).endswith(selection_gap.NOTHING_MEASURED + "\n")
    assert selection_gap.csv_text(scores) == ",".join(names_of(selection_gap.COLUMNS)) + "\n"


def test_others_logs_that_hold_both_epochs_stand_below() -> None:
    folder = Path(__file__).parents[3] / "benchmarks" / "reported"
    text = selection_gap.markdown(Scores([]), load_reported(folder))
    below = text.split("## In the authors' own logs")[1]
    table = [x for x in below.splitlines() if x.startswith("|")][2:]
    lines = [[cell.strip() for cell in x.split("|")[1:-1]] for x in table]
    assert ["MA-Net", "`sfew`", "57.57", "59.40", "1.83"] in lines
    assert {line[0] for line in lines} == {"MA-Net", "EfficientFace", "POSTER", "ORSANet"}
    assert all(float(line[4]) >= 0 for line in lines)
