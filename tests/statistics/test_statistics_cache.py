"""Kept results: used, never needed, never believed when damaged."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from made_answers import classes_of, simulated, track_of

from fer_bench.statistics import cache, pairs, row_intervals
from fer_bench.statistics.track import Track


@pytest.fixture
def track() -> Track:
    wrong = simulated(60, {"d/a": 0.3, "d/b": 0.0, "d/c": 0.1}, 3, np.random.default_rng(0))
    return track_of(wrong, classes_of(60))


@pytest.fixture
def worked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pairs were worked out at each call."""
    seen: list[int] = []
    real = pairs._compare

    def counting(track: Track, wanted):
        seen.append(len(wanted))
        return real(track, wanted)

    monkeypatch.setattr(pairs, "_compare", counting)
    return seen


def test_only_new_pairs_are_worked_out_and_results_are_equal(
    track: Track, tmp_path: Path, worked: list[int]
) -> None:
    fresh = pairs.compare(track)
    assert pairs.compare(track, [("d/a", "d/b")], tmp_path) == fresh[:1]
    assert pairs.compare(track, cache=tmp_path) == fresh
    assert pairs.compare(track, cache=tmp_path) == fresh
    assert worked == [3, 1, 2]
    (file,) = tmp_path.iterdir()
    file.unlink()
    assert pairs.compare(track, cache=tmp_path) == fresh


def test_equal_results_are_equal_bytes(track: Track, tmp_path: Path) -> None:
    for name in ("one", "other"):
        pairs.compare(track, cache=tmp_path / name)
    (one,), (other,) = ((tmp_path / name).iterdir() for name in ("one", "other"))
    assert one.name == other.name
    assert one.read_bytes() == other.read_bytes()
    assert str(tmp_path) not in one.read_text()


def test_other_answers_other_faces_or_other_code_are_not_taken_for_these(
    track: Track, tmp_path: Path, worked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs.compare(track, [("d/a", "d/b")], tmp_path)
    again = simulated(60, {"d/a": 0.3, "d/b": 0.0}, 3, np.random.default_rng(1))
    pairs.compare(track_of(again, classes_of(60)), [("d/a", "d/b")], tmp_path)
    elsewhere = track_of(again, classes_of(60), faces="e" * 16)
    pairs.compare(elsewhere, [("d/a", "d/b")], tmp_path)
    monkeypatch.setattr(cache, "_code", lambda: "changed")
    pairs.compare(track, [("d/a", "d/b")], tmp_path)
    assert worked == [1, 1, 1, 1]


@pytest.mark.parametrize("content", [
    "", "{", "[]", "null", '{"entries": {}}', '{"entries": [], "sha256": "x"}', "\x00\xff",
    "[" * 100_000,
])  # fmt: skip
def test_a_damaged_file_is_worked_out_again_and_put_right(
    track: Track, tmp_path: Path, worked: list[int], content: str
) -> None:
    fresh = pairs.compare(track, cache=tmp_path)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    file.write_bytes(content.encode("latin-1"))
    assert pairs.compare(track, cache=tmp_path) == fresh
    assert file.read_bytes() == whole
    assert worked == [3, 3]


def test_a_changed_number_is_not_believed(track: Track, tmp_path: Path) -> None:
    fresh = pairs.compare(track, cache=tmp_path)
    (file,) = tmp_path.iterdir()
    value = json.loads(file.read_text())
    for entry in value["entries"].values():
        entry["difference"] = 0.5
    file.write_text(json.dumps(value))
    assert pairs.compare(track, cache=tmp_path) == fresh


def test_a_folder_that_cannot_be_written_changes_nothing(track: Track, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    assert pairs.compare(track, cache=blocked) == pairs.compare(track)


def test_old_entries_do_not_pile_up_for_ever(
    track: Track, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "MOST", 2)
    pairs.compare(track, [("d/a", "d/b"), ("d/a", "d/c")], tmp_path)
    pairs.compare(track, [("d/b", "d/c")], tmp_path)
    (file,) = tmp_path.iterdir()
    assert len(json.loads(file.read_text())["entries"]) == 1


def test_rows_are_kept_as_well(
    track: Track, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = row_intervals.row_intervals(track)
    assert row_intervals.row_intervals(track, tmp_path) == fresh
    monkeypatch.setattr(row_intervals, "_intervals", lambda *_: pytest.fail("worked out again"))
    assert row_intervals.row_intervals(track, tmp_path) == fresh
