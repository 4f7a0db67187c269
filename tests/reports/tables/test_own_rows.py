"""A model of one's own stands in Table 2, beside the row that params.yaml names, and in metrics."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixed_scores import metrics, write_cell

from fer_bench.reports.leaderboard.dvc_metrics import headline_numbers
from fer_bench.reports.scores import load_scores
from fer_bench.reports.tables import build_table

ENABLED = {
    "synthetic": {"models": ["scan_cci", "scan_cci_m9", "my_net", "baseline1"], "seeds": [0]}
}


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    for model, accuracy in (("scan_cci", 0.6), ("my_net", 0.7), ("baseline1", 0.5)):
        part = metrics(accuracy, faces="all")
        extra = {"card": {"year": 2026}} if model == "my_net" else None
        write_cell(tmp_path, "synthetic", model, 0, {"synthetic": {"all": part}}, extra=extra)
    return tmp_path


@pytest.mark.parametrize(("reference", "called"), [("scan_cci", "SCAN-CCI"), ("baseline1",) * 2])
def test_it_stands_in_table_2_paired_with_the_reference(
    scores: Path, paper: Path, tmp_path: Path, reference: str, called: str
) -> None:
    build_table("02", scores, ENABLED, paper, tmp_path, reference=reference)
    text = (tmp_path / "table02.md").read_text(encoding="utf-8")
    assert f"| my_net − {called} " in text
    assert "| my_net " in text
    assert "scan_cci_m9" not in text  # Figure 7's
    assert "Rows marked *reported*" not in text  # there is none
    assert ("| baseline1 " in text) == (reference == "baseline1")
    assert "\nmy_net & " in (tmp_path / "table02.tex").read_text(encoding="utf-8").replace(
        r"\_", "_"
    )
    assert ",my_net,my_net," in (tmp_path / "table02.csv").read_text(encoding="utf-8")


def test_other_tables_and_the_headlines(scores: Path, paper: Path, tmp_path: Path) -> None:
    build_table("01", scores, ENABLED, paper, tmp_path)
    assert "my_net" not in (tmp_path / "table01.md").read_text(encoding="utf-8")
    assert headline_numbers(load_scores(scores, ENABLED))["synthetic.my_net"] == 70.0
