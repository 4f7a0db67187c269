"""The page on label reliability: what copies say, and models on faces that were rated twice."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fer_bench.evaluation.detail import answers
from fer_bench.evaluation.metrics import measure
from fer_bench.labels import EIGHT
from fer_bench.records.faces import FaceTable
from fer_bench.records.reliability import Reliability, load_reliability
from fer_bench.records.score import Score
from fer_bench.records.training import Training
from fer_bench.reports.columns import names_of
from fer_bench.reports.face_tables import FaceTables
from fer_bench.reports.pages import label_reliability as page
from fer_bench.reports.reported import load_reported
from fer_bench.reports.row import Row
from fer_bench.reports.scores import Scores
from fer_bench.reports.twice_rated import reached, twice_rated

ROOT = Path(__file__).parents[3]
NOBODY = Scores([])
FACES = pd.DataFrame(
    [
        (0, 1, "train", 0, False),
        (1, 1, "test", 0, False),  # one copy, same label
        (2, 2, "test", 1, False),  # two copies, one of the same label
        (3, 2, "val", 1, False),
        (4, 0, "train", 1, False),
        (5, 0, "test", 2, False),  # a copy with another label
        (6, 3, "train", 2, False),
        (7, 0, "test", 3, False),  # alone
        (8, 4, "test", 4, True),  # one person in two pictures
        (9, 4, "train", 4, True),
    ],
    columns=["face", "label", "split", "person", "person_known"],
).set_index("face", drop=False)
TABLE = FaceTable(FACES, "a" * 64)


class Told(FaceTables):
    """One table, whatever lies on disk."""

    def table(self, set_: str) -> FaceTable | None:
        return TABLE if set_ == "ferplus" else None


TABLES = Told(None)
ORDER = (5, 7, 1, 2, 8)
"""Test faces by label, then number."""


def scored(given: dict[int, int], seed: int, table: str = TABLE.sha256) -> Score:
    """A cell that answers each test face as told."""
    labels = FACES["label"].to_numpy()[list(ORDER)]
    logits = np.eye(len(EIGHT))[[given[face] for face in ORDER]]
    part: Any = measure(labels, logits, EIGHT) | answers(labels, logits, np.array(ORDER))
    training = Training(dataset="ferplus", model="net", seed=seed, method="net", classes=EIGHT,
                        protocol="split")  # fmt: skip
    return Score(training, None, {"ferplus": {"last": {"all": part}}},
                 faces_sha256={"ferplus": table})  # fmt: skip


def rows(*cells: Score) -> Scores:
    return Scores([Row("ferplus", "net", "net", None, True, len(cells), cells,
                       frozenset({"ferplus"}))])  # fmt: skip


def lines(text: str, **wanted: str) -> list[dict[str, Any]]:
    read = pd.read_csv(io.StringIO(text), keep_default_na=False, dtype=str).to_dict("records")
    return [x for x in read if all(x[key] == value for key, value in wanted.items())]


def test_which_faces_were_rated_twice() -> None:
    found = twice_rated(FACES)
    assert [ORDER[k] for k in found.places] == [5, 1, 2]
    assert found.own.tolist() == [0, 1, 2]
    assert found.share(found.own).tolist() == [0, 1, 0.5]
    assert found.conflict.tolist() == [True, False, False]
    assert found.trained.tolist() == [True, True, True]
    assert not twice_rated(FACES[FACES["split"] != "train"]).trained.any()


def test_right_by_whose_rating() -> None:
    cells = scored({5: 3, 7: 0, 1: 1, 2: 0, 8: 4}, 0), scored({5: 0, 7: 0, 1: 7, 2: 2, 8: 4}, 1)
    (one,) = reached(rows(*cells), "ferplus", TABLES, twice_rated(FACES))
    assert one.own is not None
    assert one.other is not None
    assert (one.own.n, one.own.mean) == (2, pytest.approx((1 / 3 + 2 / 3) / 2))
    assert one.other.mean == pytest.approx(((1 + 1 + 0.5) / 3 + (0 + 0 + 0.5) / 3) / 2)
    assert one.conflict_own is not None
    assert one.conflict_other is not None
    assert (one.conflict_own.mean, one.conflict_other.mean) == (0.5, 0.5)  # once each


def test_scores_of_another_table_of_faces_are_left_out() -> None:
    cell = scored({5: 3, 7: 0, 1: 1, 2: 2, 8: 4}, 0, table="b" * 64)
    assert not list(reached(rows(cell), "ferplus", TABLES, twice_rated(FACES)))
    text = page.markdown(rows(cell), _records(), [], TABLES)
    assert "No model was scored with this table of faces yet." in text


def _records() -> list[Reliability]:
    return load_reliability(ROOT / "results" / "label_reliability")


def test_the_page_of_the_committed_record() -> None:
    reported = load_reported(ROOT / "benchmarks" / "reported", ROOT / "benchmarks" / "paper")
    cell = scored({5: 3, 7: 0, 1: 1, 2: 2, 8: 4}, 0)
    given = (rows(cell), _records(), reported, TABLES)
    text, csv = page.markdown(*given), page.csv_text(*given)
    (across,) = lines(csv, part="agreement", file="label_csv", rule="majority",
                      where="train_test", measure="whole_groups")  # fmt: skip
    assert (across["n"], across["value"]) == ("225", f"{100 * 205 / 225:.4f}")
    shown = next(x for x in text.splitlines() if x.startswith("| majority") and "225" in x)
    assert f" {100 * 205 / 225:.2f} [" in shown
    (a,) = lines(csv, part="agreement", file="label_csv", rule="majority", where="all",
                 measure="over_groups")  # fmt: skip
    ends = float(a["value"]), 100 * (float(a["value"]) / 100) ** 0.5
    assert f"| {ends[0]:.2f} to {ends[1]:.2f} [" in text
    assert "1,601 of 35,708 faces have other votes" in text
    assert "| SCAN-CCI " in text
    assert "89.42" in text
    assert "Test faces of which a labelled copy stands anywhere: 3. For 3 of them" in text
    assert [c.strip() for c in text.splitlines()[-1].split("|")[1:-1]] == [
        "`net`", "1", "80.00 ± –", "66.67 ± –", "83.33 ± –", "0.00 ± –", "100.00 ± –",
    ]  # fmt: skip
    assert [x["value"] for x in lines(csv, part="model")] == [
        "80.0000", "66.6667", "83.3333", "0.0000", "100.0000",
    ]  # fmt: skip
    assert len(lines(csv, part="reported")) == 13


def test_nothing_of_a_missing_table_or_record(tmp_path: Path) -> None:
    assert FaceTables(None).table("ferplus") is FaceTables(tmp_path).table("ferplus") is None
    text = page.markdown(NOBODY, _records(), [], FaceTables(tmp_path))
    assert "`results/faces/ferplus.parquet` is missing" in text
    assert load_reliability(None) == load_reliability(tmp_path / "none") == []
    assert page.markdown(NOBODY, [], [], FaceTables(None)).endswith(page.NOTHING_MEASURED + "\n")
    assert (
        page.csv_text(NOBODY, [], [], FaceTables(None)) == ",".join(names_of(page.COLUMNS)) + "\n"
    )
