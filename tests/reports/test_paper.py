"""The paper's numbers as data: complete, and as the facts about them say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fer_bench.errors import FerBenchError
from fer_bench.params import load
from fer_bench.reports.paper import Printed, load_paper, load_said
from fer_bench.reports.tables.beside_paper import value
from fer_bench.reports.tables.table01_to_s1 import TABLES

PLACES = {
    1: 32, 2: 30, 3: 36, 4: 4, 5: 18, 6: 6, 7: 12, 8: 8, 9: 6, 10: 10, 11: 12, "S1": 2, "S2": 2,
}  # fmt: skip
PRINTED = """\
1 Baseline1 | 55.82 53.04±2.04 59.87 50.99±7.25 45.43 44.24±1.33 21.34 21.02±0.2
1 Baseline2 | 79.75 78.45±0.75 74.45 73.87±0.6 57.86 57.73±0.15 31.09 27.98±2.64
1 Baseline3 | 79.31 78.79±0.46 76.43 76.25±0.16 56.77 56.3±0.44 20.18 19.63±0.31
1 Ours | 89.42 89.13±0.25 89.02 88.50±0.16 65.14 64.7±0.28 58.93 56.80±1.33
2 GACNN[30] | - 85.07 58.78 - -
2 RAN[48] | 89.16 86.9 - 59.5 56.4
2 OADN[13] | - 89.83 64.06 - -
2 FMPN[7] | - - 61.52∗ - -
2 SCN[47] | 88.01 87.03 - 60.23 -
2 Ours | 89.42 89.02 65.14 61.73 58.93
3 RAN[22] | 83.63 82.23 83.63 82.72 86.74 85.2 - - - 58.5 53.9 53.19
3 OADN[23] | 84.57 88.52 87.50 - - - 64.02 61.12 61.08 - - -
3 Ours | 86.12 88.89 88.15 85.03 89.82 89.07 67.06 62.64 61.31 63.69 60.41 60.86
4 GACNN[30] | 66.5
4 RAN[48] | 67.98
4 OADN[13] | 71.17
4 Ours | 73.5
5 Baseline1 | 91.72 - 82.71
5 IACNN [35] | - 95.37 -
5 DeRL [51] | - 97.30 88.0*
5 FMPN [7] | - 98.06 -
5 Teacher-ExpNet [9] | 97.6 - 85.83
5 Ours | 97.07 97.31 86.56
6 GACNN[30] | 91.64 58.18 -
6 Ours | 91.04 58.49 56.33
7 SA | 64.0 60.7
7 SPA | 64.43 61.35
7 LPA | 64.4 61.23
7 GA | 64.71 61.05
7 ECA | 64.54 61.18
7 SCAN | 65.14 61.73
8 AffectNet-7 | 43.74 65.14
8 AffectNet-8 | 42.63 61.73
8 RAF-DB | 73.79 89.02
8 FERPlus | 77.21 89.42
9 Without ECA | 63.51 88.71 86.34
9 With ECA | 65.14 89.42 89.02
10 Baseline3 | 64.50 58.46
10 RAN(Trained from scratch) [48] | 74.41 64.81
10 Ours(Pre-trained(Non-masked)) | 49.48 51.26
10 Ours(Pre-trained(Non-masked)+ Finetuned) | 75.65 71.6
10 Ours(Trained from scratch) | 77.64 74.69
11 Non-shared SCAN | 89.42 89.02 65.14 61.73 58.93 73.5
11 Shared SCAN | 89.25 89.11 64.43 60.47 56.61 72.75
S1 With-oversampling | 65.14
S1 Without-oversampling | 62.57
S2 GPU | 0.03
S2 CPU | 0.12
"""
"""Every line of every table, read off the paper a second time."""


def number(places: list[Printed], row: str, column: str) -> float:
    (found,) = [p for p in places if (p.row, p.column) == (row, column)]
    return float(found.printed)


def test_every_number_as_printed(paper: Path) -> None:
    lines = []
    for table in PLACES:
        rows: dict[str, list[str]] = {}
        for p in load_paper(paper, table):
            printed = "-" if p.printed == "–" else p.printed.replace(" ± ", "±")
            rows.setdefault(p.row, []).append(printed)
        lines += [f"{table} {row} | {' '.join(numbers)}" for row, numbers in rows.items()]
    assert lines == PRINTED.splitlines()


@pytest.mark.parametrize("table", [table for table in PLACES if table != "S2"])
def test_every_place_once_and_well_formed(paper: Path, table: int | str) -> None:
    places = load_paper(paper, table)
    assert len(places) == len({(p.row, p.column) for p in places}) == PLACES[table]
    for p in places:
        assert p.printed == "–" or re.fullmatch(r"\d\d\.\d{1,2}( ?± ?\d\.\d{1,2})?[*∗]?", p.printed)
        assert ("±" in p.printed) == (p.statistic == "mean_std")
        assert p.selection == "best_on_test"
        for name in (p.dataset, p.set, p.subset, p.model or "none"):
            assert re.fullmatch(r"[a-z0-9_]+", name)


def test_the_declared_tables_are_the_papers() -> None:
    assert [*(spec.number for spec in TABLES), "S2"] == list(PLACES)


def test_known_anomalies_are_noted(paper: Path) -> None:
    noted = {
        (table, p.row, p.column): p.note
        for table in PLACES
        for p in load_paper(paper, table)
        if p.note
    }
    assert "83.63 is printed twice" in noted[3, "RAN[22]", "FERPlus Pose>45"]
    assert "neutral images left out" in noted[2, "FMPN[7]", "Affect Net-7"]
    assert "neutral left out" in noted[5, "DeRL [51]", "Oulu-CASIA"]
    assert "at least 12 runs" in noted[1, "Ours", "RAFDB Mean±Std"]
    assert "not named" in noted["S2", "CPU", "Average time/image(sec)"]


def test_the_numbers_of_the_text_are_rows_that_can_be_measured(paper: Path) -> None:
    said = load_said(paper)
    levels = {(s.dataset, s.model): s.printed for s in said if s.statistic == "max"}
    assert levels == {
        ("affectnet7", "scan_cci_lambda04"): "65.3", ("affectnet8", "scan_cci_lambda06"): "61.93",
    }  # fmt: skip
    without = [s for s in said if s.against == "scan_cci_no_scan"]
    assert {s.printed for s in without} == {"1.2 to 1.5"}
    assert {s.dataset for s in without} == {"affectnet7", "affectnet8", "rafdb", "ferplus"}
    assert {s.selection for s in said} == {"best_on_test"}


def test_every_row_of_the_paper_is_a_model_or_variant(paper: Path) -> None:
    """A cell that no params could enable would never be filled."""
    from fer_bench.models import names

    known = {*names(), *load(paper.parents[1] / "params.yaml").every_variant}
    wanted = {p.model for table in PLACES for p in load_paper(paper, table)}
    assert [p for table in (2, 4, 5, 6) for p in load_paper(paper, table) if not p.model] == []
    for said in load_said(paper):
        words = [word for word in said.against.split() if not value(word)]
        words = [] if said.statistic in ("easiest", "hardest", "confused") else words  # classes
        wanted |= {said.model, *(word.split("/")[-1] for word in words)}
    wanted = {name.split("_from_")[0] for name in wanted} - {"", "max", "min"}
    assert len(wanted) > 20
    assert wanted <= known


def test_one_number_printed_in_several_tables_is_the_same(paper: Path) -> None:
    """SCAN-CCI's best on a dataset stands in Tables 1, 2, 4, 7, 8, 9 and 11."""
    best: dict[str, set[str]] = {}
    for table in (1, 2, 4, 7, 8, 9, 11):
        for p in load_paper(paper, table):
            if p.model.split("_from_")[0] == "scan_cci" and p.statistic == "max":
                best.setdefault(p.set, set()).add(p.printed)
    assert best == {
        "ferplus": {"89.42"}, "rafdb": {"89.02"}, "affectnet7": {"65.14"}, "affectnet8": {"61.73"},
        "sfew": {"58.93"}, "fedro": {"73.5"},
    }  # fmt: skip


def test_differences_known_from_the_audit(paper: Path) -> None:
    one, three, nine, ten = (load_paper(paper, t) for t in (1, 3, 9, 10))
    assert number(one, "Ours", "SFEW Max") - number(one, "Baseline2", "SFEW Max") == pytest.approx(
        27.84
    )
    assert number(nine, "With ECA", "RAF-DB") - number(
        nine, "Without ECA", "RAF-DB"
    ) == pytest.approx(2.68)
    scratch = "Ours(Trained from scratch)"
    assert number(one, "Ours", "RAFDB Max") - number(ten, scratch, "Masked RAF-DB") == (
        pytest.approx(11.38)
    )
    assert number(one, "Ours", "FERPlus Max") - number(ten, scratch, "Masked FERPlus") == (
        pytest.approx(14.73)
    )
    gains = [
        number(three, "Ours", f"{dataset} {subset}") - number(three, rival, f"{dataset} {subset}")
        for subset in ("Occ.", "Pose>30", "Pose>45")
        for rival, datasets in (
            ("RAN[22]", ("RAFDB", "AffectNet-8")),
            ("OADN[23]", ("FERPlus", "AffectNet-7")),
        )
        for dataset in datasets
    ]
    assert min(gains) == pytest.approx(0.23)
    assert max(gains) == pytest.approx(7.67)


def test_malformed_files_are_named(paper: Path, tmp_path: Path) -> None:
    with pytest.raises(FerBenchError, match=r"table01\.csv is missing"):
        load_paper(tmp_path, 1)
    text = (paper / "table01.csv").read_text(encoding="utf-8")
    (tmp_path / "table01.csv").write_text(text.replace("row,column", "column,row", 1))
    with pytest.raises(FerBenchError, match="the first line must be"):
        load_paper(tmp_path, 1)
    (tmp_path / "table01.csv").write_text(text.replace(",mean_std,", ",median,", 1))
    with pytest.raises(FerBenchError, match="'median'"):
        load_paper(tmp_path, 1)
    (tmp_path / "table01.csv").write_text(text + "1,Ours,short\n")
    with pytest.raises(FerBenchError, match="every line must have 11 columns"):
        load_paper(tmp_path, 1)
    with pytest.raises(FerBenchError, match=r"text\.csv is missing"):
        load_said(tmp_path)
    text = (paper / "text.csv").read_text(encoding="utf-8")
    (tmp_path / "text.csv").write_text(text.replace(",difference,83.63", ",difference,", 1))
    with pytest.raises(FerBenchError, match="something to compare with"):
        load_said(tmp_path)
