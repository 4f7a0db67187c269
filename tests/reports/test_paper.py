"""The paper's numbers as data: complete, and as the facts about them say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fer_bench.errors import FerBenchError
from fer_bench.reports.paper import Printed, load_paper
from fer_bench.reports.specs import TABLES

PLACES = {1: 32, 2: 30, 3: 36, 4: 4, 5: 18, 6: 6, 7: 12, 8: 8, 9: 6, 10: 10, 11: 12}


def number(places: list[Printed], row: str, column: str) -> float:
    (found,) = [p for p in places if (p.row, p.column) == (row, column)]
    return float(found.printed)


@pytest.mark.parametrize("table", PLACES)
def test_every_place_once_and_well_formed(paper: Path, table: int) -> None:
    places = load_paper(paper, table)
    assert len(places) == len({(p.row, p.column) for p in places}) == PLACES[table]
    for p in places:
        assert p.printed == "–" or re.fullmatch(r"\d\d\.\d{1,2}( ?± ?\d\.\d{1,2})?[*∗]?", p.printed)
        assert ("±" in p.printed) == (p.statistic == "mean_std")
        assert p.selection == "best_on_test"
        for name in (p.dataset, p.set, p.subset, p.model or "none"):
            assert re.fullmatch(r"[a-z0-9_]+", name)


def test_the_declared_tables_are_the_papers() -> None:
    assert [spec.number for spec in TABLES] == list(PLACES)


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
