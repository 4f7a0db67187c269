"""Rows of another protocol version, and predictions from outside, stand apart and never rank."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixed_scores import metrics, write_cell

from fer_bench.errors import FerBenchError
from fer_bench.files import read_json, write_json
from fer_bench.reports import describe
from fer_bench.reports.compare.in_words import compare_text
from fer_bench.reports.leaderboard import build_leaderboard
from fer_bench.reports.pages import index
from fer_bench.reports.scores import load_external, load_scores
from fer_bench.reports.tables.page import markdown, table_page
from fer_bench.reports.tables.table01_to_s1 import TABLES

LISTS = {"evaluate_on": [], "init_from": [], "transfer_models": []}
ENABLED = {"synthetic": {**LISTS, "models": ["baseline1", "scan_cci"], "seeds": [0, 1]}}
CARD = {
    "pretraining": "a billion | <b>pictures</b>", "extra_data": "AffectNet", "landmarks": "68",
    "paper": "They et al., 2024", "code": "closed", "year": 2024,
}  # fmt: skip


def cell(folder: Path, model: str, seed: int, accuracy: float, version: int, **extra) -> None:
    rules = {"version": version, "sha256": f"{version:064x}"} if version else None
    write_cell(
        folder, "synthetic", model, seed, {"synthetic": {"all": metrics(accuracy)}},
        extra={"protocol": rules, **extra},
    )  # fmt: skip


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    for seed in (0, 1):
        cell(tmp_path / "scores", "baseline1", seed, 0.5, 2)
        cell(tmp_path / "scores", "scan_cci", seed, 0.9, 1 + seed)  # seed 0 by older rules
    return tmp_path / "scores"


def test_seeds_of_older_rules_are_not_averaged_with_newer_ones(scores):
    found = load_scores(scores, ENABLED)
    assert found.protocol == 2
    assert [c.training.seed for c in found.get("synthetic", "scan_cci").cells] == [1]
    assert found.missing() == ["synthetic/scan_cci: 1 of 2 seeds"]
    (apart,) = found.apart
    assert (apart.model, apart.protocol, [c.training.seed for c in apart.cells]) == (
        "scan_cci",
        1,
        [0],
    )


def test_rules_that_change_no_number_leave_older_scores_where_they_are(scores):
    second = {"version": 2, "sha256": f"{2:064x}", "since": 1}
    for model, seed in (("baseline1", 0), ("baseline1", 1), ("scan_cci", 1)):
        cell(scores, model, seed, 0.5, 2, protocol=second)
    found = load_scores(scores, ENABLED)
    assert (found.protocol, found.apart) == (2, ())
    older = found.get("synthetic", "scan_cci")
    assert [c.rules.version for c in older.cells] == [1, 2]
    assert [row.protocol for row in load_external(scores)] == [2, 2]


def test_scores_from_before_versions_stand_apart_from_those_with_one(scores):
    cell(scores, "baseline1", 0, 0.7, 0)
    found = load_scores(scores, ENABLED)
    assert [row.protocol for row in found.apart] == [1, 0]
    assert describe.rules(0) == "the rules from before protocol version 1"


def test_files_that_all_lack_a_version_are_read_as_before(tmp_path):
    cell(tmp_path, "scan_cci", 0, 0.9, 0)
    found = load_scores(tmp_path, ENABLED)
    assert (found.protocol, found.apart) == (0, ())
    assert found.get("synthetic", "scan_cci") is not None


def test_a_table_names_what_it_does_not_compare(scores):
    spec = next(spec for spec in TABLES if {"baseline1", "scan_cci"} & {r.model for r in spec.rows})
    text = markdown(table_page(spec, load_scores(scores, ENABLED), []))
    models = {row.model for row in spec.rows}
    line = "`synthetic/scan_cci` by protocol version 1: 90.00 on synthetic, n = 1."
    assert (line in text) == ("scan_cci" in models)
    assert describe.apart(load_scores(scores, ENABLED), ["scan_cci"], ["synthetic"])[1] == line
    assert describe.apart(load_scores(scores, ENABLED), ["scan_cci"], ["elsewhere"]) == []


def test_the_index_of_tables_names_what_is_left_out(scores):
    text = index.markdown({}, {}, load_scores(scores, ENABLED), [])
    assert "All numbers follow protocol version 2 " in text
    assert "- `synthetic/scan_cci`: protocol version 1" in text


def test_rows_of_different_rules_are_not_compared(scores):
    for seed in (0, 1):
        cell(scores, "scan_cci", seed, 0.9, 1)
    with pytest.raises(FerBenchError, match=r"measured by protocol version 1, others by .* 2"):
        compare_text(load_scores(scores, ENABLED), "synthetic", "scan_cci", "baseline1")


def test_the_leaderboard_shows_both_kinds_apart(scores, tmp_path):
    external = tmp_path / "external"
    cell(external, "closed_net", 0, 0.95, 2, card=CARD)
    cell(external, "old_net", 0, 0.96, 1, card=CARD)
    build_leaderboard(scores, ENABLED, tmp_path / "board", external_dir=external)
    text = (tmp_path / "board/README.md").read_text()
    assert "[protocol version 2](../../docs/protocol.md)" in text
    ranked, others = text.split("External: predictions made elsewhere")
    external_part, apart = others.split("Made by other rules")
    assert "closed_net" not in ranked
    assert "| protocol version 1 |" not in ranked
    assert "| `closed_net` " in external_part
    assert "95.00 ± –" in external_part
    assert "a billion / &lt;b>pictures" in external_part
    assert "| `scan_cci` " in apart
    assert "90.00 ± –" in apart
    page = (tmp_path / "board/index.html").read_text()
    assert page.count('data-kind="external"') == 2
    assert page.count('data-kind="apart"') == 1
    assert "<b>pictures</b>" not in page
    assert "They et al., 2024" in page
    rank = page.split('data-kind="measured"')
    assert len(rank) == 1 + 2 * 2  # two rows, last and best_on_test: nothing more is ranked


def test_tools_off_the_shelf_are_a_kind_of_their_own(scores, tmp_path):
    external = tmp_path / "external"
    card = CARD | {"trained_on": "FER2013 | <i>its</i> labels", "may_have_seen": "yes"}
    rules = {"version": 2, "sha256": f"{2:064x}"}
    parts = {"all": metrics(0.61), "common_classes": metrics(0.64)}
    write_cell(external, "synthetic", "some_tool", 0, {"synthetic": parts},
               extra={"protocol": rules, "card": card})  # fmt: skip
    cell(external, "closed_net", 0, 0.95, 2, card=CARD)
    build_leaderboard(scores, ENABLED, tmp_path / "board", external_dir=external)
    text = (tmp_path / "board/README.md").read_text()
    ranked, others = text.split("Off the shelf: what people install")
    tools, closed = others.split("External: predictions made elsewhere")
    assert "some_tool" not in ranked + closed
    assert "closed_net" not in ranked + tools
    heads, _, row = (line for line in tools.splitlines() if line.startswith("|"))
    told = dict(zip(*([c.strip() for c in line.split("|")] for line in (heads, row)), strict=True))
    assert told["Accuracy"] == "61.00 ± –"
    assert told["Among its classes"] == "64.00 ± –"
    assert told["Trained on"] == "FER2013 / &lt;i>its&lt;/i> labels"
    assert told["May have seen"] == "yes"
    assert "Pre-trained on" not in told
    assert "Pre-trained on" in closed
    page = (tmp_path / "board/index.html").read_text()
    assert page.count('data-kind="off the shelf"') == 1
    assert page.count('data-kind="external"') == 1
    assert '<option value="off the shelf">' in page
    assert 'data-label="May have seen">yes</td>' in page
    assert "<i>its</i>" not in page


def test_a_dataset_with_external_rows_alone_has_a_board(tmp_path):
    write_cell(
        tmp_path / "external", "rafdb", "closed_net", 0, {"rafdb": {"all": metrics(0.9)}},
        extra={"protocol": {"version": 1, "sha256": ""}, "card": CARD},
    )  # fmt: skip
    (row,) = load_external(tmp_path / "external")
    assert (row.dataset, row.protocol, row.card) == ("rafdb", 1, CARD)
    build_leaderboard(tmp_path / "none", {}, tmp_path / "board", external_dir=tmp_path / "external")
    assert "closed_net" in (tmp_path / "board/README.md").read_text()
    assert "They et al., 2024" in (tmp_path / "board/index.html").read_text()


def test_a_model_from_outside_speaks_for_itself(scores, tmp_path):
    for seed in (0, 1):
        file = scores / "synthetic" / "baseline1" / f"{seed}.json"
        write_json(file, read_json(file) | {"card": CARD})
    build_leaderboard(scores, ENABLED, tmp_path / "board")
    page = (tmp_path / "board/models/baseline1.html").read_text()
    for words in ("They et al., 2024", "Landmarks</dt><dd>68", "a billion | &lt;b&gt;"):
        assert words in page
    index = (tmp_path / "board/index.html").read_text()
    assert 'data-extra="AffectNet" data-year="2024"' in index
