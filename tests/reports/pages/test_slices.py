"""Accuracy by group, and intervals against published examples."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pytest
from demo_photographs import DATASETS, ENABLED
from fixed_scores import metrics, write_cell
from made_faces import rows_of
from scipy.stats import binomtest

from fer_bench.reports.columns import names_of
from fer_bench.reports.pages import slices
from fer_bench.reports.pages.groups import Group, sentences
from fer_bench.reports.scores import load_scores
from fer_bench.statistics.intervals import Interval, of_intervals, wilson
from fer_bench.statistics.summary import summarise


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_as_published_and_as_scipy(hits: int, n: int, low: float, high: float) -> None:
    """Examples of Newcombe (1998), Two-sided confidence intervals for the single proportion."""
    found = wilson(hits / n, n)
    assert found == pytest.approx((low, high), abs=6e-5)
    again = binomtest(hits, n).proportion_ci(0.95, method="wilson")
    assert found == pytest.approx((again.low, again.high), abs=1e-12)


def difference(one: float, n_one: int, other: float, n_other: int) -> Interval:
    return of_intervals(one, wilson(one, n_one), other, wilson(other, n_other))


@pytest.mark.parametrize(
    ("a", "m", "b", "n", "low", "high"),
    [(56, 70, 48, 80, 0.0524, 0.3339), (9, 10, 3, 10, 0.1705, 0.8090), (10, 10, 0, 20, 0.6791, 1)],
)
def test_differences_as_published(a: int, m: int, b: int, n: int, low: float, high: float) -> None:
    """Method 10 of Newcombe (1998), Table II."""
    assert difference(a / m, m, b / n, n) == pytest.approx((low, high), abs=6e-5)


def test_groups_again_from_the_predictions(photographs: Path) -> None:
    text = slices.csv_text(load_scores(photographs / "scores", ENABLED))
    lines = pd.read_csv(io.StringIO(text), dtype={"group": str})
    faces = rows_of(DATASETS["rafdb"], photographs / "data" / "aligned")
    own = lines[(lines["set"] == "rafdb") & (lines["dataset"] == "rafdb")]
    assert set(own["model"]) == {"baseline1", "scan_cci", "scan_cci_noise20", "scan_cci_noise40"}
    assert set(own["column"]) == {"gender", "age"}
    for _, line in own.iterrows():
        hits = []
        for seed in "01":
            folder = photographs / "runs" / "rafdb" / line["model"] / seed / "train"
            rows = pd.read_parquet(folder / "predictions.parquet").query("selection == 'last'")
            rows = rows.merge(faces[["face", "gender", "age"]], on="face")
            rows = rows[rows[line["column"]] == line["group"]]
            guess = rows.filter(like="logit_").to_numpy().argmax(axis=1)
            hits.append(100 * (guess == rows["label"].to_numpy()).mean())
        assert line["n"] == len(rows)
        assert line["last_accuracy_mean"] == pytest.approx(sum(hits) / 2, abs=6e-5)
        low, high = wilson(sum(hits) / 200, len(rows))
        assert line["low"] == pytest.approx(100 * low, abs=6e-5)
        assert line["high"] == pytest.approx(100 * high, abs=6e-5)
        assert line["ranked"] == (len(rows) >= 30 and line["group"] != "unsure")


def test_the_page_shows_groups_in_a_readers_order(photographs: Path) -> None:
    text = slices.markdown(load_scores(photographs / "scores", ENABLED))
    age = text.split("### age")[1].split("###")[0]
    rows = [x.split("|")[2].strip() for x in age.splitlines() if x.startswith("| `scan_cci`")]
    assert rows == ["0-3", "4-19", "20-39", "70+"]
    gender = text.split("### gender")[1]
    assert gender.index("| man") < gender.index("| woman") < gender.index("| unsure")
    assert "not what people say of themselves" in text
    assert "trained on affectnet7" not in text  # rafdb has models of its own
    assert "scan_cci_noise20" not in text


def group(name: str, n: int, accuracy: float) -> Group:
    summary = summarise([accuracy])
    assert summary is not None
    return Group(name, n, summary, summary)


def test_what_is_said_of_a_gap() -> None:
    groups = [group("a", 700, 0.8), group("b", 800, 0.6), group("c", 100, 0.7)]
    text = sentences([*groups, group("few", 29, 0.1), group("unsure", 400, 0.2)])
    low, high = difference(0.8, 700, 0.6, 800)
    assert text == (
        "of 3 groups compared, worst is b (60.00), best a (80.00); gap 20.0 points, 95 % interval "
        f"{100 * low:.1f} to {100 * high:.1f}. Too few to say (under 30 faces or 10 people), not "
        "ranked: few (n = 29). Without a group, not ranked: unsure (n = 400)."
    )
    assert "contains 0" in sentences([group("a", 40, 0.8), group("b", 40, 0.75)])
    assert sentences([group("a", 40, 0.8), group("few", 3, 0)]).startswith("fewer than two groups")


def test_a_partial_set_and_a_test_only_set(tmp_path: Path) -> None:
    seen = {"gender": {"female": {"n": 50, "accuracy": 0.5, "balanced_accuracy": 0.5}}}
    extra = {"slices": {"lab": seen, "rafdb": {}}, "partial_sets": ["lab"]}
    sets = {"rafdb": {"all": metrics(0.5)}, "lab": {"all": metrics(0.5)}}
    write_cell(tmp_path, "rafdb", "scan_cci", 0, sets, extra=extra)
    text = slices.markdown(load_scores(tmp_path, {}))
    assert "## lab, by models trained on rafdb" in text
    assert "Partial: images of `lab` are missing" in text
    assert "**Measured elsewhere**" in text


def test_nothing_measured(tmp_path: Path) -> None:
    scores = load_scores(tmp_path, {})
    assert slices.markdown(scores).endswith(slices.NOTHING_MEASURED + "\n")
    assert slices.csv_text(scores) == ",".join(names_of(slices.COLUMNS)) + "\n"


def test_the_interval_of_too_few_people_is_marked() -> None:
    root = Path(__file__).parents[3] / "results"
    text = slices.markdown(load_scores(root / "scores", {}))
    lines = [x.split("|")[1:-1] for x in text.split("### skin tone")[1].split("###")[0].splitlines()
             if x.startswith("| `scan_cci`")]  # fmt: skip
    assert lines
    for cells in lines:
        people = int(cells[3])
        assert ("(too few)" in " ".join(cells)) == (people < 10), cells
