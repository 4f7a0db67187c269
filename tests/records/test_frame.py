"""The tidy frame holds what the score files say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import fer_bench
from fer_bench.errors import FerBenchError
from fer_bench.records.frame import COLUMNS


def test_every_committed_accuracy_is_a_line() -> None:
    frame = fer_bench.results("results/scores")
    assert list(frame) == list(COLUMNS)
    file = sorted(Path("results/scores").glob("*/scan_cci/0.json"))[0]
    dataset = file.parts[-3]
    found = frame.query(
        "dataset == @dataset and model == 'scan_cci' and seed == 0 and set == @dataset "
        "and selection == 'last' and subset == 'all'"
    ).set_index("metric")
    whole = json.loads(file.read_text())["sets"][dataset]["last"]["all"]
    assert found["value"]["accuracy"] == whole["accuracy"]
    assert found["value"]["recall_fear"] == whole["recall"]["fear"]
    assert set(found["n"]) == {whole["n"]}
    assert not frame.duplicated(list(COLUMNS)[:10]).any()


def test_an_empty_place_is_told(tmp_path: Path) -> None:
    with pytest.raises(FerBenchError, match="no score files below"):
        fer_bench.results(tmp_path)
