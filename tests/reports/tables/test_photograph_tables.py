"""Tables 1 to 6 on lists, duplicates, fewer classes and folds: every number again, by pandas."""

from __future__ import annotations

import dataclasses
import io
import re
from pathlib import Path

import pandas as pd
import pytest
from demo_photographs import AUDIT, DATASETS, ENABLED, UNION
from fixed_scores import metrics, write_cell
from made_faces import rows_of

from fer_bench.datasets.base import Part
from fer_bench.evaluation.score import SELECTIONS
from fer_bench.labels import EIGHT, SEVEN
from fer_bench.reports import relations
from fer_bench.reports.paper import Printed, load_paper
from fer_bench.reports.scores import Scores, load_scores
from fer_bench.reports.tables.as_csv import csv_text
from fer_bench.reports.tables.own_rows import with_own_rows
from fer_bench.reports.tables.page import markdown, table_page
from fer_bench.reports.tables.spec import TableSpec
from fer_bench.reports.tables.table01_to_s1 import TABLES

pytestmark = pytest.mark.usefixtures("photograph_registry")
SPECS = {spec.number: spec for spec in TABLES}


@pytest.fixture(scope="module")
def scores(photographs: Path) -> Scores:
    return load_scores(photographs / "scores", ENABLED)


def spec_of(table: int | str, scores: Scores) -> TableSpec:
    return with_own_rows(SPECS[table], scores, "scan_cci")


def csv_lines(table: int | str, scores: Scores, paper: Path) -> pd.DataFrame:
    text = csv_text(spec_of(table, scores), scores, load_paper(paper, table))
    return pd.read_csv(io.StringIO(text), dtype={"paper_max": str, "model": str})


def page(table: int | str, scores: Scores, paper: Path) -> str:
    return markdown(table_page(spec_of(table, scores), scores, load_paper(paper, table)))


def hits_by_pandas(root: Path, line: pd.Series, selection: str) -> list[pd.DataFrame]:
    """The faces of one line with `hit`, a frame a seed, from predictions and manifests alone."""
    frames = []
    for folder in sorted((root / "runs" / line["dataset"] / line["model"]).iterdir()):
        part = "train" if line["set"] == line["dataset"] else f"on_{line['set']}"
        rows = pd.read_parquet(folder / part / "predictions.parquet")
        rows = rows[rows["selection"] == selection]
        known = rows_of(DATASETS[line["set"]], root / "data/aligned")[["face", "sample_id"]]
        rows = rows.merge(known, on="face")
        names = list(EIGHT[:8] if "logit_contempt" in rows else SEVEN)
        subset, audited = line["subset"], AUDIT.get(line["set"])
        kept = {"without_neutral": names[1:], "common_classes": list(SEVEN)}.get(subset, names)
        rows = rows[[names[label] in kept for label in rows["label"]]]
        if subset == "without_duplicates":
            rows = rows[~rows["sample_id"].isin(audited["duplicated_test"])]
        elif audited and (challenge := audited["challenge"].get(subset.split("_as_")[0])):
            listed = challenge if subset.endswith("_as_listed") else sorted(set(challenge))
            rows = rows.set_index("sample_id").loc[listed]
        guess = rows[[f"logit_{name}" for name in kept]].to_numpy().argmax(axis=1)
        hit = [names[label] == kept[k] for label, k in zip(rows["label"], guess, strict=True)]
        frames.append(rows.assign(hit=hit))
    return frames


@pytest.mark.parametrize("table", [1, 2, 3, 4, 5, 6])
def test_every_number_again(scores: Scores, photographs: Path, paper: Path, table: int) -> None:
    lines = csv_lines(table, scores, paper)
    measured = lines[lines["seeds"] > 0]
    assert len(measured) >= 2
    for _, line in measured.iterrows():
        for selection in SELECTIONS:
            frames = hits_by_pandas(photographs, line, selection)
            again = pd.Series([100 * frame["hit"].mean() for frame in frames])
            assert line["n"] == len(frames[0])
            for name, value in (("mean", again.mean()), ("std", again.std()), ("max", again.max())):
                printed = line[f"{selection}_accuracy_{name}"]
                assert printed == pytest.approx(value, abs=6e-5)


def test_folds_have_a_mean_of_their_own_and_a_spread(
    scores: Scores, photographs: Path, paper: Path
) -> None:
    lines = csv_lines(5, scores, paper)
    line = lines[(lines["model"] == UNION) & (lines["subset"] == "all")].iloc[0]
    for selection in SELECTIONS:
        frames = hits_by_pandas(photographs, line, selection)
        folds = pd.DataFrame([100 * frame.groupby("fold")["hit"].mean() for frame in frames])
        assert folds.shape == (2, 10)
        means = folds.mean(axis=1)
        assert line[f"{selection}_fold_mean_accuracy_mean"] == pytest.approx(means.mean(), abs=6e-5)
        assert line[f"{selection}_fold_mean_accuracy_std"] == pytest.approx(means.std(), abs=6e-5)
        if selection == "last":
            spread = folds.std(axis=1).mean()
            assert line["last_accuracy_std_over_folds"] == pytest.approx(spread, abs=6e-5)
    text = page(5, scores, paper)
    assert "± is over seeds, not over folds" in text
    row = next(x for x in text.splitlines() if f"first trained on {UNION[14:]}" in x)
    assert f"{line['last_accuracy_std_over_folds']:.2f} |" in row


def test_lists_are_counted_once_and_as_listed(scores: Scores, paper: Path) -> None:
    lines = csv_lines(3, scores, paper).query("dataset == 'rafdb' and model == 'scan_cci'")
    sizes = dict(zip(lines["subset"], lines["n"], strict=True))
    assert sizes == {
        "all": 200, "occluded": 4, "occluded_as_listed": 5, "pose_gt_30": 59, "pose_gt_45": 29,
    }  # fmt: skip
    assert list(sizes) == ["all", "occluded", "occluded_as_listed", "pose_gt_30", "pose_gt_45"]
    assert "| occluded, as listed |   5 |" in page(3, scores, paper)


def test_duplicates_are_a_block_that_says_how_many(scores: Scores, paper: Path) -> None:
    for table in (1, 2):
        text = page(table, scores, paper).split("## rafdb")[1].split("\n## ")[0]
        assert "| without duplicates | 197 |" in text
        assert "without the 3 test faces" in text
        assert "without duplicates" not in page(table, scores, paper).split("## sfew")[1]


def test_reported_rows_of_six_classes_stand_beside_ours_of_six(scores: Scores, paper: Path) -> None:
    text = page(2, scores, paper).split("## affectnet7")[1].split("\n## ")[0]
    blocks = [line.split("|")[1].strip() for line in text.splitlines() if "| FMPN " in line]
    assert blocks == ["without neutral"]
    assert re.search(r"\| without neutral +\| +60 \| +– \| SCAN-CCI", text)


def test_reported_rows_without_a_number_are_left_out(scores: Scores, paper: Path) -> None:
    text = page(2, scores, paper).split("## sfew")[1].split("## The paper")[0]
    (ran,) = [line for line in text.splitlines() if line.startswith("| RAN ")]
    assert [cell.strip() for cell in ran.split("|")[-3:-1]] == ["56.4", "–"]
    assert "SCN" not in text


def test_a_plain_row_gives_way_to_the_transferred_one(scores: Scores, paper: Path) -> None:
    text = page(1, scores, paper).split("## sfew")[1].split("### Compared")[0]
    ours = [line for line in text.splitlines() if line.startswith("| SCAN-CCI")]
    assert len(ours) == 1
    assert "first trained on affectnet7_rafdb" in ours[0]
    assert [cell.strip() for cell in ours[0].split("|")[-3:-1]] == ["58.93", "+4.45"]


def test_a_set_nothing_is_trained_on_says_what_was(scores: Scores, paper: Path) -> None:
    text = page(4, scores, paper)
    rows = [[c.strip() for c in x.split("|")[1:]] for x in text.splitlines() if "| SCAN" in x]
    assert [(row[0], row[4]) for row in rows] == [
        ("all", "affectnet7_rafdb"), ("all", "affectnet8"), ("common classes", "affectnet8"),
    ]  # fmt: skip
    assert rows[0][-3:-1] == ["73.5", "−14.75 ↓"]


def test_images_that_were_trained_on_are_no_cross_evaluation(
    scores: Scores, paper: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = page(6, scores, paper)
    assert "## jaffe" in text
    assert "Partial: images of `jaffe` are missing" in text
    assert UNION not in text  # the cross-validated rows of ckplus7 themselves
    assert "| rafdb " in text
    seen = dataclasses.replace(DATASETS["rafdb"], parts=(Part("rafdb"), Part("jaffe")))
    monkeypatch.setattr(relations, "datasets", lambda: {**DATASETS, "rafdb": seen})
    assert "| rafdb " not in page(6, scores, paper)


def test_a_set_whose_start_was_partial_says_so(photographs: Path, paper: Path) -> None:
    scores = load_scores(photographs / "scores", ENABLED)
    start = scores.get("affectnet7_rafdb", "scan_cci")
    assert start is not None
    spoilt = tuple(dataclasses.replace(cell, partial=True) for cell in start.cells)
    rows = [dataclasses.replace(r, cells=spoilt) if r == start else r for r in scores]
    text = page(5, Scores(rows), paper)
    assert "Partial: images of `affectnet7_rafdb` are missing" in text
    assert "images of" not in page(5, load_scores(photographs / "scores", ENABLED), paper)


def write_filled(folder: Path, places: list[Printed]) -> None:
    """A score for every printed place that is ours."""
    cells: dict[tuple[str, str], dict[str, dict[str, dict]]] = {}
    for p in places:
        if p.model:
            sets = cells.setdefault((p.dataset, p.model), {})
            sets.setdefault(p.dataset, {"all": metrics(0.5)})
            sets.setdefault(p.set, {"all": metrics(0.5)})[p.subset] = metrics(0.5)
    folds = {"best_on_test": [{"fold": k, "n": 400, "accuracy": 0.505} for k in (0, 1)]}
    for (dataset, model), sets in cells.items():
        folded = dataset in ("ckplus7", "ckplus8", "oulu_casia")
        write_cell(folder, dataset, model, 0, sets, extra={"folds": folds if folded else None})


@pytest.mark.parametrize("table", [1, 2, 3, 4, 5, 6, 10])
def test_every_column_of_the_paper_is_filled_once_it_is_measured(
    paper: Path, tmp_path: Path, table: int
) -> None:
    places = load_paper(paper, table)
    write_filled(tmp_path, places)
    scores = load_scores(tmp_path, {})
    text = page(table, scores, paper)
    last = text.split("## The paper's table")[1].split("\n- ")[0]
    assert last.count(" / 50.50") == sum(p.model != "" for p in places)
    assert " / –" not in last
    lines = csv_lines(table, scores, paper)
    shown = lines[lines["seeds"] > 0]
    for p in places:
        if p.model:
            here = shown.query("dataset == @p.dataset and model == @p.model and set == @p.set")
            assert (here["subset"] == p.subset).any(), p
