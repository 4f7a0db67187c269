"""Agreement with annotators' votes between people and the ceiling."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from demo_photographs import DATASETS, ENABLED
from fixed_scores import metrics, raters, write_cell
from made_faces import rows_of

from fer_bench.reports.columns import names_of
from fer_bench.reports.pages import raters as page
from fer_bench.reports.scores import load_scores


def write(folder: Path, seed: int, agreement: float | None) -> None:
    part = metrics(0.9)
    part["raters"] = None if agreement is None else raters(agreement)
    write_cell(folder, "ferplus", "scan_cci", seed, {"ferplus": {"all": part}})


def test_between_people_and_the_ceiling(tmp_path: Path) -> None:
    for seed, agreement in enumerate((0.55, 0.75)):  # of people 0.6 and ceiling 0.8
        write(tmp_path, seed, agreement)
    scores = load_scores(tmp_path, {})
    text = page.markdown(scores)
    assert "800 test faces with votes. People: 60.00 %; ceiling: 80.00 %; entropy" in text
    row = next(x for x in text.splitlines() if x.startswith("| `scan_cci`"))
    assert [c.strip() for c in row.split("|")[2:-1]] == [
        "2", "65.00 ± 14.14", "25.00 ± 70.71", "1.250 ± 0.000", "90.00 ± 0.00",
    ]  # fmt: skip
    (line,) = pd.read_csv(io.StringIO(page.csv_text(scores))).to_dict("records")
    assert (line["human"], line["ceiling"], line["entropy"]) == (60.0, 80.0, 0.5)
    assert (line["agreement_mean"], line["of_the_way_max"]) == (65.0, 75.0)


def test_below_people_is_below_zero(tmp_path: Path) -> None:
    write(tmp_path, 0, 0.55)
    assert " −25.00 ± – |" in page.markdown(load_scores(tmp_path, {}))


def test_only_seeds_with_votes_count(tmp_path: Path) -> None:
    write(tmp_path, 0, 0.7)
    write(tmp_path, 1, None)
    (line,) = pd.read_csv(io.StringIO(page.csv_text(load_scores(tmp_path, {})))).to_dict("records")
    assert line["seeds"] == 1


def test_agreement_again_from_votes_and_predictions(photographs: Path) -> None:
    scores = load_scores(photographs / "scores", ENABLED)
    lines = pd.read_csv(io.StringIO(page.csv_text(scores))).query("dataset == 'sfew'")
    assert len(lines) == 2
    faces = rows_of(DATASETS["sfew"], photographs / "data" / "aligned")
    for _, line in lines.iterrows():
        means = []
        for seed in "01":
            folder = photographs / "runs" / "sfew" / line["model"] / seed / "train"
            rows = pd.read_parquet(folder / "predictions.parquet").query("selection == 'last'")
            rows = rows.merge(faces[["face", "votes"]], on="face")
            guess = rows.filter(like="logit_").to_numpy().argmax(axis=1)
            votes = np.stack(rows["votes"].tolist())
            share = votes[np.arange(len(rows)), guess] / votes.sum(axis=1)
            means.append(100 * share.mean())
        assert line["agreement_mean"] == pytest.approx(np.mean(means), abs=1e-3)


def test_nothing_measured(tmp_path: Path) -> None:
    write_cell(tmp_path, "old", "scan_cci", 0, {"old": {"all": metrics(0.5)}})
    scores = load_scores(tmp_path, {})
    assert page.markdown(scores).endswith(page.NOTHING_MEASURED + "\n")
    assert page.csv_text(scores) == ",".join(names_of(page.COLUMNS)) + "\n"
