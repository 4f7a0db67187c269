"""Reported numbers are read strictly: a mistake is named by file, line and column."""

from __future__ import annotations

from pathlib import Path

import pytest

from fer_bench.datasets import datasets
from fer_bench.errors import FerBenchError
from fer_bench.files import write_text
from fer_bench.reports.reported import COLUMNS, EVIDENCE, load_reported

ROOT = Path(__file__).parents[2]
REPORTED, PAPER = ROOT / "benchmarks" / "reported", ROOT / "benchmarks" / "paper"
HEAD = "model,subset,accuracy,selection,backbone,pretraining,extra_data,year,evidence,source,note\n"
GOOD = {
    "model": "A Net", "subset": "all", "accuracy": "88.50", "selection": "best_on_test",
    "backbone": "ResNet-18", "pretraining": "", "extra_data": "none", "year": "2020",
    "evidence": "verified", "source": "somewhere", "note": "",
}  # fmt: skip


def line(**changes: str) -> str:
    return ",".join({**GOOD, **changes}.values()) + "\n"


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("accuracy", "0.885.", "percent from 0 to 100"),
        ("accuracy", "88.5%", "percent from 0 to 100"),
        ("accuracy", "100.1", "percent from 0 to 100"),
        ("accuracy", "-3", "percent from 0 to 100"),
        ("accuracy", "", "percent from 0 to 100"),
        ("accuracy", "nan", "percent from 0 to 100"),
        ("accuracy", "٨٨", "percent from 0 to 100"),
        ("year", "20", "four digits"),
        ("year", "2020a", "four digits"),
        ("subset", "easy", "one of all, without_neutral, occluded, pose_gt_30, pose_gt_45"),
        ("selection", "best", "one of last, best_on_val, best_on_test, not_stated"),
        ("evidence", "sure", "one of verified, printed, recalled"),
        ("model", "", "may not be empty"),
        ("source", "", "may not be empty"),
        ("note", " spaced ", "without spaces at its ends"),
        ("note", "bell\x07", "without spaces at its ends"),
    ],
)
def test_a_wrong_cell_is_named(tmp_path: Path, column: str, value: str, expected: str) -> None:
    file = tmp_path / "affectnet7.csv"
    write_text(file, HEAD + line(model="First") + line(**{column: value}))
    with pytest.raises(FerBenchError) as error:
        load_reported(tmp_path)
    assert f"{file}, line 3, column {column}: {value!r}, expected" in str(error.value)
    assert expected in str(error.value)


def test_who_disputes_a_number_is_named(tmp_path: Path) -> None:
    write_text(tmp_path / "rafdb.csv", HEAD + line(evidence="disputed", note="others get less"))
    with pytest.raises(FerBenchError, match="column note: 'others get less', expected the public"):
        load_reported(tmp_path)
    write_text(tmp_path / "rafdb.csv", HEAD + line(evidence="disputed", note="issue 3 of it"))
    assert [r.evidence for r in load_reported(tmp_path)] == ["disputed"]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("rafdb", "model,accuracy\n", "line 1: the columns must be model,subset,accuracy"),
        ("rafdb", "", "line 1: the columns must be"),
        ("rafdb", HEAD + "a,b\n", "line 2: 2 cells, expected 11"),
        ("rafdb", HEAD + line() + "\n", "line 3: 0 cells, expected 11"),
        (
            "rafdb",
            HEAD + line() + line(),
            "line 3: 'A Net' on 'all' by best_on_test stands on line 2",
        ),
        ("rafbd", HEAD + line(), "no dataset is called 'rafbd', did you mean 'rafdb"),
        ("rafdb", HEAD + line(note='"open'), "is no CSV file in UTF-8"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, name: str, text: str, expected: str) -> None:
    write_text(tmp_path / f"{name}.csv", text)
    with pytest.raises(FerBenchError, match=rf"{name}\.csv") as error:
        load_reported(tmp_path)
    assert expected in str(error.value)


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    (tmp_path / "rafdb.csv").write_bytes(HEAD.encode() + b"\xff\xfe\n")
    with pytest.raises(FerBenchError, match=r"rafdb\.csv is no CSV file in UTF-8"):
        load_reported(tmp_path)


def test_no_folder_no_numbers(tmp_path: Path) -> None:
    assert load_reported(None) == []
    assert load_reported(tmp_path / "missing") == []


def test_what_is_shipped() -> None:
    """Spot checks by hand against the sources, and that nothing is said twice."""
    found = load_reported(REPORTED, PAPER)
    assert len({(r.model, r.dataset, r.subset, r.selection) for r in found}) == len(found)
    by = {(r.model, r.dataset, r.subset): r for r in found}
    last = {(r.model, r.dataset): r.accuracy for r in found if r.selection == "last"}
    assert last["MA-Net", "rafdb"] == "88.00"
    assert last["ORSANet", "affectnet7"] == "66.29"
    assert by["EAC", "rafdb", "all"].accuracy == "90.35"
    assert by["POSTER++", "affectnet8", "all"].accuracy == "63.77"
    assert by["HSEmotion", "affectnet8", "all"].accuracy == "63.125"
    assert by["SCN (extra data)", "ferplus", "all"].accuracy == "89.35"
    assert by["RAN", "ferplus", "pose_gt_45"].evidence == "recalled"
    assert by["RAN", "ferplus", "pose_gt_30"].evidence == "printed"
    assert by["ARM", "affectnet8", "all"].evidence == "recalled"
    assert by["TransFER", "rafdb", "all"].evidence == "verified"
    assert by["TransFER", "ferplus", "all"].evidence == "recalled"
    assert by["QCS (extra data)", "rafdb", "all"].accuracy == "93.02"
    disputed = {r.model for r in found if r.evidence == "disputed"}
    assert disputed == {"ResEmoteNet", "PAtt-Lite"}
    assert {r.evidence for r in found} == set(EVIDENCE)
    ours = {r.dataset: r for r in found if r.model == "SCAN-CCI"}
    assert {d: r.accuracy for d, r in ours.items()} == {
        "ferplus": "89.42", "rafdb": "89.02", "affectnet7": "65.14", "affectnet8": "61.73",
        "sfew": "58.93",
    }  # fmt: skip
    assert {r.selection for r in ours.values()} == {"best_on_test"}
    assert ours["sfew"].extra_data == "affectnet7_rafdb"
    assert ours["rafdb"].extra_data == "none beyond the pre-training"
    assert all("MS-Celeb-1M" in r.pretraining for r in ours.values())
    order = list(datasets())
    places = [(order.index(r.dataset), r.year) for r in found]
    assert places == sorted(places)


def test_the_page_that_explains_the_columns_knows_all() -> None:
    text = (REPORTED / "README.md").read_text(encoding="utf-8")
    explained = [row.split("`")[1] for row in text.splitlines() if row.startswith("| `")]
    assert explained == list(COLUMNS)
