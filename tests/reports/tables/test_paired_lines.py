"""Which rows a table tests against each other."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from fixed_scores import metrics, write_cell

from fer_bench.reports.compare.same_faces import comparisons, corrected
from fer_bench.reports.paper import load_paper
from fer_bench.reports.scores import load_scores
from fer_bench.reports.tables.as_csv import csv_text
from fer_bench.reports.tables.paired_lines import compared_blocks, pairs, parts_of
from fer_bench.reports.tables.sections import TableSection, sections
from fer_bench.reports.tables.table01_to_s1 import TABLES
from fer_bench.statistics.corrections import holm
from fer_bench.statistics.pairs import Comparison
from fer_bench.statistics.wording import p_value

SPECS = {spec.number: spec for spec in TABLES}
MODELS = ("baseline1", "baseline3", "scan_cci", "scan_cci_shared", "scan_cci_sa", "scan_cci_no_cci")


def named(folder: Path, paper: Path, table: int | str, set_: str, part: str = "all") -> list[str]:
    found, _ = sections(SPECS[table], load_scores(folder, {}), load_paper(paper, table))
    section = next(section for section in found if section.set == set_)
    return [
        f"{one.dataset}/{one.model} - {other.dataset}/{other.model}"
        for one, other in pairs(SPECS[table], section, part)
    ]


def write(folder: Path, dataset: str, model: str, *sets: str) -> None:
    parts = {"all": metrics(0.7), "occluded": metrics(0.6, 200)}
    write_cell(folder, dataset, model, 0, dict.fromkeys((dataset, *sets), parts))


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    for model in MODELS:
        write(tmp_path, "a", model, "fedro", "a_masked")
    for model in ("baseline1", "scan_cci"):
        write(tmp_path, "b", model, "fedro")
    write(tmp_path, "sfew", "baseline1")
    write(tmp_path, "sfew", "scan_cci_from_affectnet7_rafdb")
    for model in ("scan_cci", "scan_cci_from_a", "scan_cci_shared"):
        write(tmp_path, "a_masked", model)
    return tmp_path


def test_the_declared_pairs_of_what_was_measured(scores: Path, paper: Path) -> None:
    ours = "a/scan_cci"
    assert named(scores, paper, 1, "a") == [f"{ours} - a/baseline1", f"{ours} - a/baseline3"]
    assert named(scores, paper, 2, "sfew") == []
    assert named(scores, paper, 7, "a") == [f"{ours} - a/scan_cci_sa"]
    assert named(scores, paper, 8, "a") == [f"{ours} - a/scan_cci_no_cci"]
    assert named(scores, paper, 11, "a") == [f"a/scan_cci_shared - {ours}"]


def test_a_transferred_row_stands_for_its_model(scores: Path, paper: Path) -> None:
    assert named(scores, paper, 1, "sfew") == [
        "sfew/scan_cci_from_affectnet7_rafdb - sfew/baseline1"
    ]


def test_on_another_set_only_what_saw_the_same_training_faces(scores: Path, paper: Path) -> None:
    assert named(scores, paper, 4, "fedro") == [
        "a/scan_cci - a/baseline1", "b/scan_cci - b/baseline1", "a/scan_cci - a/baseline3",
    ]  # fmt: skip


def test_ways_to_train_for_masks_by_model(scores: Path, paper: Path) -> None:
    assert named(scores, paper, 10, "a_masked") == ["a_masked/scan_cci_from_a - a_masked/scan_cci"]


def test_masked_faces_with_landmarks_are_a_block_of_their_own(tmp_path: Path, paper: Path) -> None:
    parts = {"all": metrics(0.7), "landmarks_found": metrics(0.72, 180)}
    whole = {"a": {"all": metrics(0.8)}, "a_masked": parts}  # of the unmasked set all were found
    write_cell(tmp_path, "a", "scan_cci", 0, whole)
    write_cell(tmp_path, "a_masked", "scan_cci", 0, {"a_masked": parts})
    ((section,), _) = sections(SPECS[10], load_scores(tmp_path, {}), load_paper(paper, 10))
    measured = {(x.subset, x.label) for x in section.lines if x.measured}
    ways = ("not fine-tuned", "masked only")
    assert measured == {
        ("all", "SCAN-CCI, unmasked faces"),
        *((part, f"SCAN-CCI, {way}") for part in parts for way in ways),
    }
    missing = {x.subset for x in section.lines if not x.measured}
    assert missing == {"all"}  # the paper's rows are said once
    assert parts_of(SPECS[10], section) == ["all"]


def test_a_table_about_subsets_compares_on_them(scores: Path, paper: Path) -> None:
    found, _ = sections(SPECS[3], load_scores(scores, {}), load_paper(paper, 3))
    section = next(section for section in found if section.set == "a")
    assert parts_of(SPECS[3], section) == ["occluded"]
    assert parts_of(SPECS[1], section) == ["all"]
    assert named(scores, paper, 3, "a", "occluded") == [
        "a/scan_cci - a/baseline1", "a/scan_cci - a/baseline3",
    ]  # fmt: skip


def test_holms_correction_is_over_all_sections_of_a_table(tmp_path: Path, paper: Path) -> None:
    for dataset, ours in (("a", 0.75), ("b", 0.72)):
        for model, accuracy in (("scan_cci", ours), ("scan_cci_no_cci", 0.7)):
            parts = {"all": metrics(accuracy, faces=dataset)}
            write_cell(tmp_path, dataset, model, 0, {dataset: parts})
    spec = SPECS[8]
    scores = load_scores(tmp_path, {})
    found, _ = sections(spec, scores, load_paper(paper, 8))
    alone = [comparisons_of(found, name) for name in "ab"]
    together = [one for group in corrected(alone, scores, 0.01) for one in group]
    expected = holm([one.main.p for group in alone for one in group])
    assert [one.holm_p for one in together] == pytest.approx(expected)
    assert [one.pairs for one in together] == [2, 2]
    blocks = compared_blocks(spec, found, None)
    assert len(blocks) == 2
    for of_section, one in zip(blocks, together, strict=True):
        text = "\n".join(of_section)
        assert "corrected for the 2 pairs in all of Table 8" in text
        assert f"| {p_value(one.holm_p)} |" in re.sub(r" +", " ", text)


def test_the_csv_says_what_the_table_says(tmp_path: Path, paper: Path) -> None:
    few = "these networks differ by +5.0; too few seeds for a verdict on the models"
    for seeds, verdict in ((2, few), (5, "With CCI is better")):
        folder = tmp_path / str(seeds)
        for model, accuracy in (("scan_cci", 0.75), ("scan_cci_no_cci", 0.7)):
            for seed in range(seeds):
                write_cell(folder, "a", model, seed, {"a": {"all": metrics(accuracy, faces="a")}})
        text = csv_text(SPECS[8], load_scores(folder, {}), load_paper(paper, 8))
        lines = {x["model"]: x for x in csv.DictReader(text.splitlines()) if x["set"] == "a"}
        assert lines["scan_cci_no_cci"]["verdicts"] == ""
        other = lines["scan_cci_no_cci"]["row"]
        assert lines["scan_cci"]["verdicts"] == f"minus {other}: +5.0; {verdict}"


def comparisons_of(found: list[TableSection], name: str) -> list[Comparison]:
    section = next(s for s in found if s.set == name)
    rows = [line.row for line in section.lines if line.row]
    pair = (f"{name}/scan_cci", f"{name}/scan_cci_no_cci")
    return comparisons(rows, name, "all", [pair], None)


def test_a_masked_set_that_no_row_of_the_table_was_tested_on_is_left_out(
    tmp_path: Path, paper: Path
) -> None:
    parts = {"all": metrics(0.7)}
    write_cell(tmp_path, "a", "scan_cci", 0, {"a": parts})
    write_cell(tmp_path, "a", "some_other_model", 0, {"a": parts, "a_masked": parts})
    found, bare = sections(SPECS[10], load_scores(tmp_path, {}), load_paper(paper, 10))
    assert found == []
    assert bare == ["a_masked"]
