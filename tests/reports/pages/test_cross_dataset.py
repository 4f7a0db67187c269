"""The matrix of training and test sets over seven classes."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pytest
from demo_photographs import ENABLED

from fer_bench.labels import SEVEN
from fer_bench.reports.pages import cross_dataset
from fer_bench.reports.scores import Scores, load_scores

pytestmark = pytest.mark.usefixtures("photograph_registry")


@pytest.fixture
def scores(photographs: Path) -> Scores:
    return load_scores(photographs / "scores", ENABLED)


def places(scores: Scores) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(cross_dataset.csv_text(scores)))


def test_every_place_is_over_seven_classes_or_marked(scores: Scores, photographs: Path) -> None:
    found = places(scores).set_index(["trained_on", "set"])
    for (dataset, set_), line in found.iterrows():
        hits = []
        for seed in "01":
            folder = photographs / "runs" / dataset / "scan_cci" / seed
            folder = folder / ("train" if dataset == set_ else f"on_{set_}")
            rows = pd.read_parquet(folder / "predictions.parquet").query("selection == 'last'")
            if line["classes"] == 7:
                rows = rows[rows["label"] < 7].drop(columns="logit_contempt", errors="ignore")
            guess = rows.filter(like="logit_").to_numpy().argmax(axis=1)
            hits.append(100 * (guess == rows["label"].to_numpy()).mean())
        assert line["n"] == len(rows)
        assert line["last_accuracy_mean"] == pytest.approx(sum(hits) / 2, abs=6e-5)
    assert found.loc[("affectnet8", "rafdb"), "subset"] == "common_classes"
    assert found.loc[("rafdb", "affectnet8"), "n"] == 70  # contempt left out
    assert found.loc[("affectnet8", "affectnet8"), "classes"] == 8


def test_the_matrix_marks_what_is_no_new_ground(scores: Scores) -> None:
    text = cross_dataset.markdown(scores)
    head, rows = None, {}
    for line in (x for x in text.splitlines() if x.startswith("| ")):
        cells = [c.strip() for c in line.split("|")[1:-1]]
        head = head or cells
        rows[cells[0]] = dict(zip(head, cells, strict=True))
    assert set(rows) == {"Trained on", "rafdb", "affectnet7", "affectnet8", "affectnet7_rafdb"}
    own = rows["rafdb"]["rafdb (200 faces)"]
    assert own.startswith("**")
    assert own.endswith("**")
    shared = rows["affectnet7_rafdb"]["rafdb (200 faces)"]
    assert shared.endswith("*")
    assert not shared.startswith("*")
    assert "*" not in rows["affectnet7"]["rafdb (200 faces)"]
    assert rows["affectnet8"]["affectnet8 (70 faces or 80 faces)"].endswith("** (8)")
    assert rows["affectnet7"]["fedro (160 faces)"] == "–"
    assert "images of `jaffe` are missing" in text
    assert "sfew" not in text  # scored on nothing but its own test faces


def test_weights_that_know_other_people_of_a_set_are_marked() -> None:
    committed = load_scores(Path(__file__).parents[3] / "results/scores", {})
    found = places(committed).set_index(["model", "set"])["shares_images"]
    assert found["scan_cci", "facial_expressions"]  # its start is identity(facial_expressions)
    assert not found["baseline1", "facial_expressions"]


def test_masked_faces_are_no_other_dataset(demo: Path) -> None:
    """synthetic is scored on synthetic_masked: the same faces, which Table 10 compares."""
    scores = load_scores(demo / "scores", {})
    row = scores.get("synthetic", "scan_cci")
    assert row is not None
    assert row.has("synthetic_masked")
    assert "nothing is measured" in cross_dataset.markdown(scores)
    assert len(places(scores)) == 0


def test_a_part_without_contempt_stands_in_for_common_classes(scores: Scores) -> None:
    row = scores.get("affectnet8", "scan_cci")
    assert row is not None
    parts = [cell.sets["affectnet8"]["last"] for cell in row.cells]
    for part in parts:
        kept = dict.fromkeys(sorted(SEVEN), 10)
        part["without_contempt"] = {**part["all"], "n": 70, "n_per_class": kept, "accuracy": 0.25}
    found = places(scores).set_index(["trained_on", "set"]).loc[("affectnet8", "affectnet8")]
    assert (found["subset"], found["classes"], found["last_accuracy_mean"]) == (
        "without_contempt", 7, 25.0,
    )  # fmt: skip
