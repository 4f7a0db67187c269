"""Accuracy against the share of replaced train labels."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pandas as pd
import pytest
from demo_photographs import ENABLED
from fixed_scores import metrics, write_cell

from fer_bench.reports.columns import names_of
from fer_bench.reports.pages import label_noise
from fer_bench.reports.scores import load_scores


def test_loss_is_taken_seed_by_seed(photographs: Path) -> None:
    scores = load_scores(photographs / "scores", ENABLED)
    lines = pd.read_csv(io.StringIO(label_noise.csv_text(scores)))
    assert lines["rate"].tolist() == [0, 20, 40]
    assert lines["changed"].tolist() == [0, 2 * 37, 2 * 73]
    folder = photographs / "scores" / "rafdb"

    def accuracy(model: str) -> list[float]:
        files = [json.loads((folder / model / f"{s}.json").read_text()) for s in (0, 1)]
        return [f["sets"]["rafdb"]["last"]["all"]["accuracy"] for f in files]

    pairs = zip(accuracy("scan_cci"), accuracy("scan_cci_noise40"), strict=True)
    loss = pd.Series([100 * (a - b) for a, b in pairs])
    assert lines["loss_mean"][2] == pytest.approx(loss.mean(), abs=6e-5)
    assert lines["loss_std"][2] == pytest.approx(loss.std(), abs=6e-5)
    assert pd.isna(lines["loss_mean"][0])
    text = label_noise.markdown(scores)
    assert "### symmetric" in text
    assert "### confusion" not in text
    row = next(x for x in text.splitlines() if x.startswith("| `scan_cci_noise20`"))
    assert [c.strip() for c in row.split("|")[2:5]] == ["20.0", "20.56", "2"]


def write(folder: Path, model: str, seed: int, accuracy: float, noise: dict | None) -> None:
    write_cell(
        folder, "sfew", model, seed, {"sfew": {"all": metrics(accuracy)}}, partial=True,
        base="scan_cci", label_noise=noise,
    )  # fmt: skip


def test_a_transferred_row_is_compared_with_its_own_start(tmp_path: Path) -> None:
    noise = {"kind": "confusion", "rate": 0.1, "changed": 100, "of": 1000}
    write(tmp_path, "scan_cci", 0, 0.9, None)
    write(tmp_path, "scan_cci_from_union", 0, 0.8, None)
    write(tmp_path, "scan_cci_from_union", 1, 0.7, None)
    write(tmp_path, "noisy_from_union", 0, 0.6, noise)
    scores = load_scores(tmp_path, {})
    lines = pd.read_csv(io.StringIO(label_noise.csv_text(scores)))
    assert lines["model"].tolist() == ["scan_cci_from_union", "noisy_from_union"]
    assert lines["loss_mean"][1] == 20.0  # seed 0 alone: seed 1 of the noisy row is missing
    assert "Partial: images of `sfew` are missing" in label_noise.markdown(scores)


def test_without_the_row_at_0_there_is_no_loss(tmp_path: Path) -> None:
    write(tmp_path, "noisy", 0, 0.6, {"kind": "symmetric", "rate": 0.1, "changed": 9, "of": 90})
    scores = load_scores(tmp_path, {})
    lines = pd.read_csv(io.StringIO(label_noise.csv_text(scores)))
    assert lines["model"].tolist() == ["noisy"]
    assert lines["loss_mean"].isna().all()


def test_nothing_measured(tmp_path: Path) -> None:
    scores = load_scores(tmp_path, {})
    assert label_noise.markdown(scores).endswith(label_noise.NOTHING_MEASURED + "\n")
    assert label_noise.csv_text(scores) == ",".join(names_of(label_noise.COLUMNS)) + "\n"
