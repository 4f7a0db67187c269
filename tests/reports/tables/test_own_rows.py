"""A model of one's own stands in tables of rivals, beside params.yaml's reference; in metrics."""

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
    assert "*reported*" not in text  # there is none
    assert ("| baseline1 " in text) == (reference == "baseline1")
    assert "\nmy_net & " in (tmp_path / "table02.tex").read_text(encoding="utf-8").replace(
        r"\_", "_"
    )
    assert ",my_net,my_net," in (tmp_path / "table02.csv").read_text(encoding="utf-8")


def test_other_tables_and_the_headlines(scores: Path, paper: Path, tmp_path: Path) -> None:
    build_table("01", scores, ENABLED, paper, tmp_path)
    assert "my_net" not in (tmp_path / "table01.md").read_text(encoding="utf-8")
    build_table("03", scores, ENABLED, paper, tmp_path)  # of rivals, but no part was scored
    assert "my_net" not in (tmp_path / "table03.md").read_text(encoding="utf-8")
    assert headline_numbers(load_scores(scores, ENABLED))["synthetic.my_net"] == 70.0


def test_a_rival_trained_on_masked_faces_fills_its_place(paper: Path, tmp_path: Path) -> None:
    def written(*models: str) -> str:
        part = {"all": metrics(0.7)}
        for model in models:
            write_cell(tmp_path / "scores", "ferplus_masked", model, 0, {"ferplus_masked": part})
        build_table("10", tmp_path / "scores", {}, paper, tmp_path)
        return (tmp_path / "table10.md").read_text(encoding="utf-8")

    def cells(text: str, row: str) -> list[str]:
        (line,) = [x for x in text.splitlines() if x.startswith(f"| {row} ")]
        return [cell.strip() for cell in line.split("|")[2:-1]]

    before = written("scan_cci")
    assert cells(before, "RAN, masked only")[-2:] == ["64.81", "–"]
    assert cells(before, "Baseline3 (VGGFace2), masked only")[-2:] == ["58.46", "–"]
    assert "Baseline1" not in before  # the paper has none, and none was measured
    after = written("ran", "baseline1", "ma_net")
    assert cells(after, "RAN, masked only")[-2] == "64.81"
    assert cells(after, "RAN, masked only")[-1].startswith("+5.69")
    assert "| Baseline1 (from scratch), masked only " in after
    assert ", masked only " in after.split("| RAN, masked only")[1]  # whatever is not declared
    assert "64.81 / 70.50 (+5.69)" in after


def test_a_method_without_a_model_is_called_that(paper: Path, tmp_path: Path) -> None:
    text = (paper / "table04.csv").read_text(encoding="utf-8")
    (tmp_path / "table04.csv").write_text(text.replace(",oadn,", ",no_such_model,"))
    build_table("04", tmp_path / "scores", {}, tmp_path, tmp_path)
    page = (tmp_path / "table04.md").read_text(encoding="utf-8")
    assert "No model here: OADN[13]." in page
    assert "71.17 |" in page  # with nothing of ours behind it, where RAN has a dash
    assert "67.98 / – |" in page
