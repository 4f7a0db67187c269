"""What `dvc metrics show` and `dvc plots show` are given."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from demo_scores import ENABLED

from fer_bench.reports.leaderboard.dvc_metrics import build_metrics

TEMPLATE = Path(__file__).parents[2] / "benchmarks" / "plots" / "history.json"


@pytest.fixture(scope="module")
def written(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("metrics")
    build_metrics(demo / "scores", ENABLED, folder)
    return folder


def test_metrics_are_flat_and_only_of_this_grid(written: Path, demo: Path) -> None:
    numbers = json.loads((written / "metrics.json").read_text())
    assert sorted(numbers) == [
        "synthetic.baseline1",
        "synthetic.baseline_identity",
        "synthetic.scan_cci",
        "synthetic_masked.scan_cci",
    ]
    folder = demo / "scores" / "synthetic" / "scan_cci"
    cells = [json.loads((folder / f"{seed}.json").read_text()) for seed in (0, 1)]
    mean = sum(c["sets"]["synthetic"]["last"]["all"]["accuracy"] for c in cells) / 2
    assert numbers["synthetic.scan_cci"] == pytest.approx(100 * mean, abs=0.005)


def test_history_is_the_mean_over_seeds(written: Path, demo: Path) -> None:
    frame = pd.read_csv(written / "history.csv")
    rows = frame[(frame["dataset"] == "facial_expressions") & (frame["model"] == "scan_cci")]
    folder = demo / "runs" / "facial_expressions" / "scan_cci"
    runs = [pd.read_csv(f) for f in sorted(folder.glob("*/train/history.csv"))]
    assert list(rows["epoch"]) == [1, 2, 3, 4, 5, 6]
    assert set(rows["seeds"]) == {3}
    for name in ("train_loss", "train_accuracy", "val_accuracy", "test_accuracy"):
        mean = sum(run[name] for run in runs) / 3
        assert rows[name].tolist() == pytest.approx(mean.tolist(), rel=1e-5)


def test_nothing_measured(tmp_path: Path) -> None:
    build_metrics(tmp_path / "none", {}, tmp_path)
    assert json.loads((tmp_path / "metrics.json").read_text()) == {}
    header = (tmp_path / "history.csv").read_text().strip()
    assert header.startswith("dataset,model,epoch,")


def test_the_plot_template_uses_columns_that_exist(written: Path) -> None:
    template = json.loads(TEMPLATE.read_text())
    columns = {*pd.read_csv(written / "history.csv").columns, "rev"}
    encoding = template["spec"]["encoding"]
    fields = {template["facet"][k]["field"] for k in ("row", "column")}
    fields |= set(template["data"]["format"]["parse"])
    fields |= {encoding[k]["field"] for k in ("color", "strokeDash")}
    assert fields <= columns
    assert encoding["x"]["field"] == "<DVC_METRIC_X>"
    assert encoding["y"]["field"] == "<DVC_METRIC_Y>"
    assert template["data"]["values"] == "<DVC_METRIC_DATA>"
