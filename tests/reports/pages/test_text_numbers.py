"""The numbers of the paper's text and what fills them."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from fixed_scores import metrics, write_cell
from made_scores import made_row

from fer_bench.reports.pages import text_numbers
from fer_bench.reports.pages.text_numbers import fill
from fer_bench.reports.paper import TextNumber, load_said
from fer_bench.reports.scores import Scores, load_scores


def said(statistic: str, against: str = "", **changed: str) -> TextNumber:
    fields = {
        "section": "6.9", "says": "words", "printed": "1.2 to 1.5", "place": "here",
        "dataset": "a", "model": "scan_cci", "set": "a", "subset": "all",
        "selection": "best_on_test", "statistic": statistic, "against": against, "note": "",
    }  # fmt: skip
    return TextNumber(**{**fields, **changed})


@pytest.fixture
def scores(tmp_path: Path) -> Scores:
    """On the test-chosen epoch everything is half a point better than `last`."""
    for seed, less in enumerate((0.0, 0.02)):
        for model, accuracy in (("scan_cci", 0.8), ("one", 0.7), ("two", 0.75), ("alike", 0.8)):
            parts = {"all": metrics(accuracy - less), "occluded": metrics(accuracy - 0.1 - less)}
            write_cell(tmp_path, "a", model, seed, {"a": parts})
    write_cell(tmp_path, "a_masked", "scan_cci", 0, {"a_masked": {"all": metrics(0.6)}})
    return load_scores(tmp_path, {})


@pytest.mark.parametrize(
    ("asked", "ours", "last"),
    [
        (said("max"), 0.805, 0.79),
        (said("max", subset="occluded"), 0.705, 0.69),
        (said("difference", "one"), 0.1, 0.1),
        (said("difference", "max one two"), 0.05, 0.05),
        (said("difference", "min one two"), 0.1, 0.1),
        (said("difference", "a_masked/scan_cci"), 0.2, 0.19),
        (said("difference", "78.5"), 0.02, None),
        (said("difference", "max one missing"), None, None),
        (said("difference", "one", dataset="b", set="b"), None, None),
    ],
)
def test_numbers(scores: Scores, asked: TextNumber, ours: float | None, last: float | None) -> None:
    found = fill(asked, scores)
    assert found.ours == (None if ours is None else pytest.approx(ours))
    assert found.last == (None if last is None else pytest.approx(last))


def test_the_best_of_several_names_all_that_are_equal(scores: Scores) -> None:
    assert fill(said("best", "one two"), scores).ours == "`scan_cci`"
    assert fill(said("best", "one alike"), scores).ours == "`scan_cci`, `alike`"
    assert fill(said("best", "one missing"), scores).ours is None


def test_one_line_a_sentence_and_the_same_on_other_datasets(scores: Scores, paper: Path) -> None:
    asked = [
        said("difference", "one", dataset="paper", set="paper", place="Paper"),
        said("difference", "one", dataset="other", set="other", place="Other"),
        said("difference", "max baseline1 two", says="more", dataset="paper", printed="9"),
        said("difference", "max baseline1 two", says="most", dataset="other", printed="39"),
        said("difference", "50.5", says="rival", dataset="paper", set="paper"),
    ]  # fmt: skip
    text = text_numbers.markdown(scores, asked)
    lines = [x for x in text.splitlines() if x.startswith("| 6.9")]
    assert lines == [
        "| 6.9 | “words” | – | `scan_cci` − `one` |",
        "| 6.9 | “more” | – | `scan_cci` − best of `baseline1`, `two` |",
        "| 6.9 | “most” | – | `scan_cci` − best of `baseline1`, `two` |",
        "| 6.9 | “rival” | – | `scan_cci` − the rival's printed number |",
        "| 6.9 | `scan_cci` − `one` | a | 1.2 to 1.5 | +10.00 | +10.00 |",
        "| 6.9 | `scan_cci` − `two` | a | 9 to 39 | +5.00 | +5.00 |",
    ]
    every = text_numbers.csv_text(scores, load_said(paper))
    frame = pd.read_csv(io.StringIO(every), dtype=str, keep_default_na=False)
    assert len(frame[frame["in_paper"] == "True"]) == len(load_said(paper))
    dip = frame[(frame["in_paper"] == "False") & frame["against"].str.contains("masked")]
    assert dip[["dataset", "against", "ours"]].to_dict("records") == [
        {"dataset": "a", "against": "a_masked/scan_cci", "ours": "20.0000"}
    ]


def test_measured_places_are_named(scores: Scores) -> None:
    asked = [
        said("difference", "one", place="A"),
        said("difference", "one", place="B", dataset="b"),
    ]
    assert "| A: +10.00; B: – |" in text_numbers.markdown(scores, asked)


def test_claims_about_classes_are_read_off_the_confusion_matrix() -> None:
    confusion = [[8, 2, 0], [3, 1, 6], [0, 0, 0]]  # of fear nobody was tested
    classes = ("neutral", "surprise", "fear")
    part = {
        "n": 20, "accuracy": 0.45, "confusion": confusion,
        "n_per_class": dict(zip(classes, (10, 10, 0), strict=True)),
    }  # fmt: skip
    parts = {"best_on_test": {"all": part}, "last": {"all": part}}
    scores = Scores([made_row("a", "scan_cci", [{"sets": {"a": parts}}])])
    for statistic, against, ours in (
        ("easiest", "every class", "neutral (80.00 %)"),
        ("hardest", "every class", "surprise (10.00 %)"),
        ("confused", "surprise", "fear (60.00 %)"),
        ("confused", "fear", None),
        ("confused", "contempt", None),
    ):
        asked = said(statistic, against, dataset="a", set="a")
        assert fill(asked, scores).ours == fill(asked, scores).last == ours
        moved = text_numbers.elsewhere([replace(asked, dataset="b", set="b")], scores)
        assert [one.ours for one in moved] == ([ours] if ours else [])
