"""Votes on equal faces: cast anew for each copy, or copied."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fer_bench.audit.ratings import ANEW, MADE, ratings_section
from fer_bench.audit.section import AuditedFaces

ROWS = pd.DataFrame(
    {
        "source_sha256": ["a", "a", "a", "b", "b", "c", None, None],
        "label": [0, 0, 1, 2, 2, 3, 4, 4],
        "votes": [np.array(v) for v in
                  ([9, 1], [8, 2], [4, 6], [5, 5], [5, 5], [1, 9], [2, 8], [2, 8])],
    }
)  # fmt: skip


def text_of(rows: pd.DataFrame) -> str:
    section = ratings_section(AuditedFaces(rows, folds=False))
    assert section is not None
    return section.text


def test_each_copy_rated() -> None:
    text = text_of(ROWS)
    assert "equal votes: 1 of 4 (25.0 %); with equal labels: 2 of 4 (50.0 %)" in text
    assert text.endswith(ANEW)


def test_copied_votes() -> None:
    rows = ROWS.assign(votes=[np.array([k, 1]) for k in (1, 1, 1, 2, 2, 3, 4, 4)])
    assert text_of(rows).endswith(MADE)


@pytest.mark.parametrize(
    "rows", [ROWS.drop(columns="votes"), ROWS.assign(source_sha256=list("abcdefgh"))]
)
def test_without_votes_or_copies(rows: pd.DataFrame) -> None:
    assert ratings_section(AuditedFaces(rows, folds=False)) is None
