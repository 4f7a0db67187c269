"""What the page and `fer-bench plan` say of power."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fer_bench.cli import app
from fer_bench.errors import FerBenchError
from fer_bench.reports.pages import power
from fer_bench.reports.scores import Scores, load_scores

RESULTS = Path(__file__).parents[3] / "results"


@pytest.fixture(scope="module")
def scores() -> Scores:
    return load_scores(RESULTS / "scores", {})


def test_the_page_has_a_line_a_dataset_and_more_seeds_show_less(scores: Scores) -> None:
    lines = list(csv.DictReader(power.csv_text(scores).splitlines()))
    known = [
        name
        for name in scores.datasets()
        if sum(len(row.cells) > 1 for row in scores.of(name)) > 1  # else seeds cannot be told
    ]
    assert [x["dataset"] for x in lines] == known
    for line in lines:
        smallest = [float(line[f"smallest_{n}"]) for n in (2, 5, 10, 20, "any")]
        assert smallest == sorted(smallest, reverse=True)
        assert int(line["seeds_for_0.5_these_faces"]) > 3 * int(line["seeds_for_1_these_faces"])
        assert f"| `{line['dataset']}`" in power.markdown(scores)
    of = {x["dataset"]: x for x in lines}
    assert of["synthetic"]["people"] == "30"
    assert of["synthetic"]["seeds_for_1_other_people"] == ""  # 30 people never tell 1 point
    assert " / – |" in power.markdown(scores)
    assert power.markdown(Scores([])).endswith(f"{power.NOTHING_MEASURED}\n")


def test_a_plan_says_what_would_be_needed(scores: Scores) -> None:
    text = power.plan_text(scores, "synthetic", seeds=None, people=None, points=1.0)
    assert "300 faces of 30 people" in text
    assert "other people like these: more people; no number of seeds is enough" in text
    many = power.plan_text(scores, "synthetic", seeds=10, people=30_000, points=1.0)
    assert "One pair, 30,000 people" in many
    assert many.count(" seeds of each model") == 2
    with pytest.raises(FerBenchError, match="synthetic"):
        power.plan_text(scores, "syntetic", seeds=None, people=None, points=1.0)


def test_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(RESULTS.parent)
    said = CliRunner().invoke(app, ["plan", "ferplus", "--seeds", "5"])
    assert said.exit_code == 0
    assert "points with 5 seeds of each" in said.output
    assert CliRunner().invoke(app, ["plan", "ferplus", "--seeds", "1"]).exit_code == 2
