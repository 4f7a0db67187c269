"""Who is on the faces of a score, from its set's table, and only where the table is the score's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_answers import part, wrong_where
from made_scores import made_row

from fer_bench.files import sha256_file
from fer_bench.records.faces import faces_hash
from fer_bench.reports import describe
from fer_bench.reports.compare.same_faces import (
    judged,
    row_intervals,
    row_key,
    sampling_error,
    slice_interval,
)
from fer_bench.reports.face_tables import FaceTables
from fer_bench.reports.leaderboard.face_intervals import Intervals
from fer_bench.reports.row import Row
from fer_bench.reports.scores import Scores

N = 300


@pytest.fixture
def table(tmp_path: Path) -> pd.DataFrame:
    """300 test faces of 30 people, ten each, and 50 train faces; half of them are occluded."""
    draw = np.random.default_rng(0)
    n = N + 50
    rows = pd.DataFrame({
        "face": np.arange(n, dtype="int32"), "label": draw.integers(0, 7, n).astype("int8"),
        "split": ["test"] * N + ["train"] * 50, "fold": pd.array([None] * n, dtype="Int16"),
        "person": (np.arange(n) // 10).astype("int32"), "person_known": True,
        "duplicated": np.arange(n) % 9 == 0, "subset_occluded": np.arange(n) % 2 == 0,
        "slice_gender": np.where(np.arange(n) // 10 % 2 == 0, "man", "woman"),
    })  # fmt: skip
    rows.to_parquet(tmp_path / "synthetic.parquet", index=False)
    return rows


def scored(folder: Path, table: pd.DataFrame, name: str, seeds: int = 1, lead: float = 0) -> Row:
    """A row of the table's test faces; people differ in how hard they are."""
    test = table[table["split"] == "test"].sort_values(["label", "face"])
    masks = {"all": np.ones(N, bool), "occluded": test["subset_occluded"].to_numpy(),
             "without_duplicates": ~test["duplicated"].to_numpy(),
             "seven": test["label"].to_numpy() < 3}  # fmt: skip
    hard = np.random.default_rng(1).random(30)[test["person"].to_numpy()]
    cells = []
    for seed in range(seeds):
        wrong = np.random.default_rng([2, seed, len(name)]).random(N) + lead < hard * 0.8
        true = test["label"].to_numpy()
        given = wrong_where(true, wrong)
        parts = {}
        for key, mask in masks.items():
            said = part(true[mask], given[mask])
            parts[key] = said | {"faces_sha256": faces_hash(test["face"].to_numpy()[mask].tolist())}
        cells.append({
            "seed": seed, "sets": {"synthetic": {"last": parts}},
            "faces_sha256": {"synthetic": sha256_file(folder / "synthetic.parquet")},
        })  # fmt: skip
    return replace(made_row("synthetic", name, cells), faces=FaceTables(folder))


def test_people_of_a_set_and_of_its_parts(tmp_path: Path, table: pd.DataFrame) -> None:
    row = scored(tmp_path, table, "good")
    whole = row.units("synthetic")
    assert whole is not None
    assert (whole.n, whole.count, whole.people, whole.unknown) == (300, 30, 30, 0)
    test = table[table["split"] == "test"].sort_values(["label", "face"])
    assert whole.faces is not None
    np.testing.assert_array_equal(whole.faces, test["face"])
    together = pd.Series(whole.group).groupby(test["person"].to_numpy()).nunique()
    assert (together == 1).all()
    for name in ("occluded", "without_duplicates", "seven"):
        some = row.units("synthetic", name)
        assert some is not None
        assert some.n == row.sizes("synthetic", name)[0] < 300
    assert "n = 300 faces of 30 people (" in describe.class_counts(row, "synthetic")


def test_another_table_says_nothing_of_a_score(tmp_path: Path, table: pd.DataFrame) -> None:
    row = scored(tmp_path, table, "good")
    assert row.units("synthetic") is not None
    table.assign(person=np.arange(len(table), dtype="int32")).to_parquet(
        tmp_path / "synthetic.parquet", index=False
    )
    again = replace(row, faces=FaceTables(tmp_path))
    assert again.units("synthetic") is None
    said = describe.class_counts(again, "synthetic")
    assert "n = 300 faces, people not known to these scores (" in said
    alone = replace(row, faces=FaceTables(tmp_path / "nowhere"))
    assert alone.units("synthetic") is None
    assert "n = 300 faces, people not known (" in describe.class_counts(alone, "synthetic")


def test_a_table_with_other_faces_says_nothing(tmp_path: Path, table: pd.DataFrame) -> None:
    row = scored(tmp_path, table, "good")
    (cell,) = row.cells
    table["split"] = "train"
    table.to_parquet(tmp_path / "synthetic.parquet", index=False)
    same = {"synthetic": sha256_file(tmp_path / "synthetic.parquet")}
    row = replace(row, cells=(replace(cell, faces_sha256=same),), faces=FaceTables(tmp_path))
    # In cross-validation every face is a test face; these are only some of them.
    assert row.units("synthetic") is None


def test_faces_of_nobody_known_are_grouped_but_are_no_people(
    tmp_path: Path, table: pd.DataFrame
) -> None:
    table["person_known"] = table["person"] < 20
    table.to_parquet(tmp_path / "synthetic.parquet", index=False)
    units = scored(tmp_path, table, "good").units("synthetic")
    assert units is not None
    assert (units.count, units.people, units.unknown) == (30, 20, 100)
    assert describe.people(units) == ", 200 of them of 20 known people"


def test_intervals_are_over_people_on_every_surface(tmp_path: Path, table: pd.DataFrame) -> None:
    row = scored(tmp_path, table, "good")
    bare = replace(row, faces=None)
    ends = {}
    for known, one in ((True, row), (False, bare)):
        found = row_intervals([one], "synthetic")[row_key(one)]["accuracy"]
        assert found["people"] == (30 if known else None)
        shown = Intervals(Scores([one]), None).of(one, "synthetic")
        assert (shown.low, shown.high) == (found["low"], found["high"])
        ends[known] = found["high"] - found["low"]
        text = sampling_error([one], "synthetic")
        assert f"on so many {'people' if known else 'faces'} is known to" in text
        assert f"±{50 * ends[known]:.1f} points" in text
    assert ends[True] > 1.2 * ends[False]


def test_without_answers_an_interval_is_as_wide_as_the_people_make_it(
    tmp_path: Path, table: pd.DataFrame
) -> None:
    row = scored(tmp_path, table, "good")
    (cell,) = row.cells
    last = cell.sets["synthetic"]["last"]["all"]
    chosen = {k: v for k, v in last.items() if k not in ("answers", "faces_sha256")}
    sets = {"synthetic": {**cell.sets["synthetic"], "best_on_test": {"all": chosen}}}
    row = replace(row, cells=(replace(cell, sets=sets),))
    intervals = Intervals(Scores([row]), None)
    found, other = (intervals.of(row, "synthetic", s) for s in ("last", "best_on_test"))
    assert other.method == "wilson"
    assert other.high - other.low == pytest.approx(found.high - found.low, rel=0.1)


def test_pairs_are_compared_over_people(tmp_path: Path, table: pd.DataFrame) -> None:
    rows = [scored(tmp_path, table, "good", 5, 0.1), scored(tmp_path, table, "worse", 5)]
    (found,) = judged(rows, "synthetic", "all", None, 0.01, None)
    assert (found.comparison.units, found.comparison.people) == (30, 30)
    assert found.comparison.mcnemar == ()
    bare = [replace(row, faces=None) for row in rows]
    (over_faces,) = judged(bare, "synthetic", "all", None, 0.01, None)
    assert over_faces.comparison.people is None


def test_groups_have_people_too(tmp_path: Path, table: pd.DataFrame) -> None:
    row = scored(tmp_path, table, "good")
    found = slice_interval(row, "synthetic", "gender", "man")
    assert found is not None
    assert (found["n"], found["people"]) == (150, 15)
    assert slice_interval(row, "synthetic", "age", "old") is None
    assert slice_interval(replace(row, faces=None), "synthetic", "gender", "man") is None
