"""A row over its seeds."""

from __future__ import annotations

from typing import Any

import pytest
from made_scores import made_row


def cell(seed: int, part: dict[str, Any] | None) -> dict[str, Any]:
    return {"seed": seed, "sets": {"d": {"last": {} if part is None else {"all": part}}}}


def test_seeds_without_a_value_do_not_count() -> None:
    parts = [{"n": 4, "accuracy": 0.5}, {"n": 0, "accuracy": None}, None, {"n": 4, "accuracy": 1.0}]
    cells = tuple(cell(seed, part) for seed, part in enumerate(parts))
    row = made_row("d", "m", cells, frozenset({"d"}))
    assert row.by_seed("accuracy", "d") == [(0, 0.5), (3, 1.0)]
    summary = row.summary("accuracy", "d")
    assert summary is not None
    assert (summary.n, summary.mean) == (2, pytest.approx(0.75))
    assert row.sizes("d") == [0, 4]
