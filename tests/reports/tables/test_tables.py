"""Golden tables from fixed scores, and every printed number again from the predictions."""

from __future__ import annotations

import io
import os
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from demo_scores import DATASETS, ENABLED, SUBSETS
from fixed_scores import metrics, write_cell, write_fixed
from made_faces import rows_of

from fer_bench.errors import FerBenchError
from fer_bench.evaluation.score import SELECTIONS
from fer_bench.reports import describe
from fer_bench.reports.pages import PAGES, build_pages, build_tables_and_pages, outputs
from fer_bench.reports.paper import load_paper
from fer_bench.reports.scores import Scores, load_scores
from fer_bench.reports.tables import NAMES, build_table, table_outputs
from fer_bench.reports.tables import page as table_page
from fer_bench.reports.tables import paired_lines as pairs
from fer_bench.reports.tables.as_csv import csv_text
from fer_bench.reports.tables.spec import TableSpec
from fer_bench.reports.tables.table01_to_s1 import TABLES

GOLDEN = Path(__file__).parents[1] / "golden"


def markdown(spec: TableSpec, scores: Scores, paper: Path) -> str:
    return table_page.markdown(table_page.table_page(spec, scores, load_paper(paper, spec.number)))


def test_one_by_one_and_all_at_once_write_the_same_bytes(
    demo: Path, paper: Path, tmp_path: Path
) -> None:
    one, every = tmp_path / "one", tmp_path / "every"
    build_tables_and_pages(demo / "scores", ENABLED, paper, every)
    assert (*(f"{n:02}" for n in range(1, 12)), "s1", "s2") == NAMES
    for name in NAMES:
        before = set(one.glob("*"))
        build_table(name, demo / "scores", ENABLED, paper, one, cache=tmp_path / "cache")
        assert set(one.iterdir()) - before == set(table_outputs(name, one))
    build_pages(demo / "scores", ENABLED, paper, one)
    assert sorted(one.iterdir()) == sorted(outputs(one))
    assert sorted(every.iterdir()) == sorted(outputs(every))
    for file in outputs(one):
        assert file.read_bytes() == (every / file.name).read_bytes(), file.name


def test_an_unknown_table_is_named(paper: Path, tmp_path: Path) -> None:
    with pytest.raises(FerBenchError, match="there is no table '12': use one of 01, 02"):
        build_table("12", tmp_path, {}, paper, tmp_path)
    with pytest.raises(FerBenchError, match="there is no table 'table_s1': use one of 01, 02"):
        table_outputs("table_s1", tmp_path)


def test_the_index_lists_every_file(demo: Path, paper: Path, tmp_path: Path) -> None:
    build_tables_and_pages(demo / "scores", ENABLED, paper, tmp_path)
    index = (tmp_path / "README.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\(([^)]+)\)", index))
    assert linked == {file.name for file in outputs(tmp_path)} - {"README.md"}
    line = next(x for x in index.splitlines() if "(table10.md)" in x)
    assert line.rstrip(" |").endswith("synthetic_masked, synthetic_masked_mixed")


@pytest.fixture
def no_titles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Golden files must not change when a dataset's title is reworded."""
    monkeypatch.setattr(describe, "datasets", dict)


GOLDENS = ("table01.md", "table01.tex", "table03.md", "table10.md", "table11.md",
           "selection_gap.md", "text_numbers.md")  # fmt: skip


@pytest.mark.usefixtures("no_titles")
def test_golden(paper: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounding, one seed, ties, a missing row, the paper beside ours, partial data, elsewhere.

    Of paired comparisons only which pairs they are: their wording has tests of its own.
    `FER_BENCH_GOLDEN=write` writes the files again: read what changed.
    """

    def named(found, rows, tested, set_, part, **_) -> list[str]:
        return [f"{set_} ({part}): {one} against {other}" for one, other in tested]

    monkeypatch.setattr(pairs, "written", named)
    enabled = write_fixed(tmp_path / "scores")
    build_tables_and_pages(tmp_path / "scores", enabled, paper, tmp_path / "tables")
    for name in GOLDENS:
        text = (tmp_path / "tables" / name).read_text(encoding="utf-8")
        if os.environ.get("FER_BENCH_GOLDEN") == "write":
            (GOLDEN / name).write_text(text, encoding="utf-8")
        assert text == (GOLDEN / name).read_text(encoding="utf-8"), name


def test_pairs_are_compared_and_how_to_read_them_is_said_once(
    demo: Path, paper: Path, tmp_path: Path
) -> None:
    text = markdown(TABLES[2], load_scores(demo / "scores", ENABLED), paper)
    part = text.split("## synthetic")[1].split("\n## ")[0]
    assert part.count("### Compared on the same faces") == 3  # occluded, and two angles
    assert part.count("<details><summary>In words</summary>\n\nWith 2 seeds (fewer than 5) ") == 3
    assert part.count("| SCAN-CCI − Baseline1 (from scratch) ") == 3
    assert text.count("Difference: first minus second") == 1
    assert text.count("McNemar's exact test") == 1
    both = markdown(TABLES[6], load_scores(demo / "scores", {}), paper)
    assert "| SCAN − SPA " in both
    old = tmp_path / "old"
    for model in ("scan_cci", "scan_cci_shared"):
        write_cell(old, "old", model, 0, {"old": {"all": metrics(0.5)}})
    assert "Not compared" in markdown(TABLES[10], load_scores(old, {}), paper)


def test_competitors_stand_beside_ours_where_they_were_measured(
    paper: Path, tmp_path: Path
) -> None:
    for model in ("scan_cci", "ran", "gacnn_identity", "oadn", "eac", "dan"):
        part = {"all": metrics(0.5, faces="all"), "occluded": metrics(0.4, 200, "occluded")}
        write_cell(tmp_path, "synthetic", model, 0, {"synthetic": part})
    scores = load_scores(tmp_path, {})
    for number in (2, 3):
        page = markdown(TABLES[number - 1], scores, paper)
        for label in ("SCAN-CCI", "RAN", "gACNN (our identities)", "OADN", "EAC", "DAN"):
            assert f"| {label} " in page, (number, label)
        assert "| RAN as released " not in page


def measured_lines(text: str, section: str) -> dict[str, list[str]]:
    part = text.split(f"## {section}")[1].split("\n## ")[0]
    lines = [[c.strip() for c in x.split("|")[1:-1]] for x in part.splitlines() if x[:2] == "| "]
    return {line[0]: line[1:] for line in lines}


def test_the_best_of_last_is_bold_ties_alike(paper: Path, tmp_path: Path) -> None:
    """88.125 and 88.1251 are printed alike; `best_on_test` never decides."""
    for model, accuracy, over in (
        ("baseline1", 0.7, 0.29), ("scan_cci", 0.88125, 0.0), ("scan_cci_released", 0.881251, 0.0),
    ):  # fmt: skip
        write_cell(tmp_path, "new", model, 0, {"new": {"all": metrics(accuracy)}}, over=over)
    write_cell(tmp_path, "lone", "scan_cci", 0, {"lone": {"all": metrics(0.5)}})
    text = markdown(TABLES[0], load_scores(tmp_path, {}), paper)
    bold = {k for k, v in measured_lines(text, "new").items() if any("**" in x for x in v)}
    assert bold == {"SCAN-CCI", "SCAN-CCI as released"}
    assert text.count("**88.13 ± –**") == 2
    assert "## lone" not in text
    unshared = markdown(TABLES[10], load_scores(tmp_path, {}), paper)
    assert "**50" not in unshared


def test_differences_to_the_paper_are_marked(paper: Path, tmp_path: Path) -> None:
    """rafdb: 75.93 ± 1.00 against 76.25, 88.52 ± 1.00 against 88.50; then far from both."""
    write_fixed(tmp_path)
    lines = measured_lines(markdown(TABLES[0], load_scores(tmp_path, {}), paper), "rafdb")
    assert lines["Baseline3 (VGGFace2)"][-1] == "−0.32"
    assert lines["SCAN-CCI"][-1] == "+0.02"
    assert lines["Baseline1 (from scratch)"][-1] == "–"
    for seed in range(3):
        write_cell(tmp_path, "rafdb", "scan_cci", seed, {"rafdb": {"all": metrics(0.5)}})
    text = markdown(TABLES[0], load_scores(tmp_path, {}), paper)
    assert measured_lines(text, "rafdb")["SCAN-CCI"][-1] == "−38.00 ↓"
    assert "88.50±0.16 / 50.50 ± 0.00 (−38.00 ↓)" in text
    assert "76.43 / 76.93† (+0.50)" in text  # baseline3's images are incomplete
    assert "† Ours on a dataset of which images are missing." in text
    lines = pd.read_csv(io.StringIO(csv_text(TABLES[0], load_scores(tmp_path, {}),
                                             load_paper(paper, 1))))  # fmt: skip
    line = lines.query("dataset == 'rafdb' and model == 'scan_cci'").iloc[0]
    assert line["ours_minus_paper_mean_std"] == -38.0
    assert line["over_two_std_mean_std"] in (True, "True")


def test_only_this_tables_unfinished_rows_are_named(paper: Path, tmp_path: Path) -> None:
    enabled = write_fixed(tmp_path)
    enabled["synthetic"]["models"].append("scan_cci_sa")
    scores = load_scores(tmp_path, enabled)
    assert "Not finished: synthetic/baseline1: 1 of 2 seeds.\n" in markdown(
        TABLES[0], scores, paper
    )
    assert "Not finished: synthetic/scan_cci_sa: 0 of 2 seeds.\n" in markdown(
        TABLES[6], scores, paper
    )
    assert "Not finished" not in markdown(TABLES[8], scores, paper)


def test_nothing_measured_still_gives_every_table(paper: Path, tmp_path: Path) -> None:
    build_tables_and_pages(tmp_path / "none", {}, paper, tmp_path / "tables")
    for spec in TABLES:
        places = load_paper(paper, spec.number)
        stem = tmp_path / "tables" / spec.stem
        page = stem.with_suffix(".md").read_text(encoding="utf-8")
        assert "Nothing has been measured for this table yet." in page
        assert page.count(" / –") == sum(p.model != "" and p.printed != "–" for p in places)
        lines = pd.read_csv(stem.with_suffix(".csv"), dtype=str, keep_default_na=False)
        assert set(lines["measured"]) <= {"no", "reported"}
        printed = [*lines["paper_max"], *lines["paper_mean_std"]]
        assert sorted(filter(None, printed)) == sorted(p.printed for p in places)
    for name in PAGES:
        text = (tmp_path / "tables" / f"{name}.md").read_text(encoding="utf-8")
        if name == "text_numbers":
            assert re.findall(r"^\| [6S].*”.*$", text, re.M) == re.findall(
                r"^.*” \| – \|.*$", text, re.M
            )
            assert "## On other datasets" not in text
        else:
            assert re.search("(?i)nothing (is|was) (measured|explained)|not ranked: 0", text), name


def accuracy_by_pandas(demo: Path, line: pd.Series, selection: str) -> pd.Series:
    """Accuracy by seed of one line of a table, from predictions and manifest alone."""
    hits = {}
    for folder in sorted((demo / "runs" / line["dataset"] / line["model"]).iterdir()):
        part = "train" if line["set"] == line["dataset"] else f"on_{line['set']}"
        rows = pd.read_parquet(folder / part / "predictions.parquet")
        rows = rows[rows["selection"] == selection]
        faces = rows_of(DATASETS[line["set"]], demo / "data" / "aligned")
        rows = rows.merge(faces[["face", "yaw", "occluder"]], on="face")
        if line["subset"] != "all":
            rows = rows[SUBSETS[line["subset"]](rows)]
        logits = rows.filter(like="logit_")
        guess = logits.to_numpy().argmax(axis=1)
        hits[folder.name] = (guess == rows["label"].to_numpy()).mean()
    return pd.Series(hits)


RENDERED = [spec for spec in TABLES if spec.number not in (2, 4, 5, 6, "S1")]


@pytest.mark.parametrize("spec", RENDERED, ids=lambda spec: spec.stem)
def test_every_number_again_from_the_predictions(demo: Path, paper: Path, spec) -> None:
    scores = load_scores(demo / "scores", ENABLED)
    text = csv_text(spec, scores, load_paper(paper, spec.number))
    lines = pd.read_csv(io.StringIO(text))
    measured = lines[lines["seeds"] > 0]
    assert len(measured) >= 2
    for _, line in measured.iterrows():
        for selection in SELECTIONS:
            again = 100 * accuracy_by_pandas(demo, line, selection)
            assert line["seeds"] == len(again)
            for name, value in (("mean", again.mean()), ("std", again.std()), ("max", again.max())):
                printed = line[f"{selection}_accuracy_{name}"]
                assert printed == pytest.approx(value, abs=6e-5, nan_ok=True)


def test_markdown_shows_what_the_csv_holds(demo: Path, paper: Path) -> None:
    spec = TABLES[0]
    scores, printed = load_scores(demo / "scores", ENABLED), load_paper(paper, 1)
    lines = pd.read_csv(io.StringIO(csv_text(spec, scores, printed)))
    ours = lines[(lines["dataset"] == "synthetic") & (lines["model"] == "scan_cci")].iloc[0]
    text = markdown(spec, scores, paper).split("## synthetic")[1]
    row = next(x for x in text.splitlines() if x.startswith("| SCAN-CCI "))
    assert f"{ours['last_accuracy_mean']:.2f} ± {ours['last_accuracy_std']:.2f}" in row
    assert f"{ours['best_on_test_accuracy_max']:.2f}" in row


def test_never_calls_our_identities_vggface2(demo: Path, paper: Path) -> None:
    text = markdown(TABLES[0], load_scores(demo / "scores", ENABLED), paper)
    for line in text.splitlines():
        if "identity(" in line and line.startswith("|"):
            assert "VGGFace2" not in line


def test_a_dataset_measured_elsewhere_survives_a_new_grid(
    demo: Path, paper: Path, tmp_path: Path
) -> None:
    scores = tmp_path / "scores"
    shutil.copytree(demo / "scores", scores)
    shutil.rmtree(scores / "synthetic")
    shutil.rmtree(scores / "synthetic_masked")
    text = markdown(TABLES[0], load_scores(scores, ENABLED), paper)
    assert "## facial_expressions" in text
    assert "**Measured elsewhere**" in text
    assert "synthetic/scan_cci: 0 of 2 seeds" in text
