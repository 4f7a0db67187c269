"""Subsets against all faces, with the class mix made equal."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from demo_scores import ENABLED
from fixed_scores import metrics, write_cell

from fer_bench.reports.columns import names_of
from fer_bench.reports.pages import subset_gaps
from fer_bench.reports.scores import load_scores


@pytest.fixture(scope="module")
def lines(demo: Path) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(subset_gaps.csv_text(load_scores(demo / "scores", ENABLED))))


def test_every_gap_again_from_recalls_by_class(demo: Path, lines: pd.DataFrame) -> None:
    own = lines[lines["dataset"] == "synthetic"]
    assert set(own["model"]) == {
        "baseline1", "baseline_identity", "scan_cci", "scan_cci_shared", "scan_cci_no_scan",
    }  # fmt: skip
    assert set(own["part"]) == {"occluded", "pose_gt_30", "pose_gt_45"}
    for _, line in own.iterrows():
        raw, reweighted = [], []
        for file in (demo / "scores" / "synthetic" / line["model"]).glob("*.json"):
            parts = json.loads(file.read_text())["sets"]["synthetic"]["last"]
            part, whole = parts[line["part"]], parts["all"]
            raw.append(part["accuracy"] - whole["accuracy"])
            names = [name for name, recall in part["recall"].items() if recall is not None]
            weights = [whole["n_per_class"][name] for name in names]
            gaps = [part["recall"][name] - whole["recall"][name] for name in names]
            reweighted.append(np.average(gaps, weights=weights))
        assert line["raw_gap"] == pytest.approx(100 * np.mean(raw), abs=1e-3)
        assert line["gap"] == pytest.approx(100 * np.mean(reweighted), abs=1e-3)
        if line["n"] < 30:
            assert pd.isna(line["low"])
        else:
            assert line["low"] <= line["gap"] <= line["high"]
    assert own["low"].notna().any()


def test_the_page_shows_what_the_csv_holds(demo: Path, lines: pd.DataFrame) -> None:
    text = subset_gaps.markdown(load_scores(demo / "scores", ENABLED))
    part = text.split("\n## synthetic")[1].split("\n## ")[0]
    shown = lines.query("dataset == 'synthetic' and model == 'scan_cci'").set_index("part")
    rows = [x for x in part.splitlines() if x.startswith("| `scan_cci` ")]
    intervals = 0
    for (_, line), row in zip(shown.iterrows(), rows, strict=True):
        cells = [c.strip().replace("−", "-") for c in row.split("|")[1:-1]]
        assert cells[2] == str(line["n"])
        assert cells[3] == "–"  # people are not known
        assert cells[4:6] == [f"{line['accuracy']:.2f}", f"{line['full_accuracy']:.2f}"]
        numbers = [*cells[6:8], *(cells[8].split(" to ") if " to " in cells[8] else ())]
        keys = ("raw_gap", "gap", "low", "high")[: len(numbers)]
        assert [float(x) for x in numbers] == pytest.approx([line[k] for k in keys], abs=0.051)
        intervals += len(numbers) == 4
    assert intervals


def test_scores_without_answers_have_no_gap(tmp_path: Path) -> None:
    parts = {"all": metrics(0.8), "occluded": metrics(0.7, 200)}
    write_cell(tmp_path, "old", "scan_cci", 0, {"old": parts})
    scores = load_scores(tmp_path, {})
    assert subset_gaps.markdown(scores).endswith(subset_gaps.NOTHING_MEASURED + "\n")
    assert subset_gaps.csv_text(scores) == ",".join(names_of(subset_gaps.COLUMNS)) + "\n"
