"""Table 2: comparison with the state of the art."""

from __future__ import annotations

from fer_bench.reports.tables.spec import (
    COMPETITORS,
    DUPLICATES,
    OURS,
    OVER_COMPETITORS,
    RELEASED,
    REPORTED,
    SHARED,
    WITHOUT_NEUTRAL,
    TableSpec,
)

TABLE = TableSpec(
    2,
    "Comparison with the state of the art",
    "Where do our runs stand beside the numbers that other methods report?",
    (OURS, SHARED, RELEASED, *COMPETITORS),
    pairs=OVER_COMPETITORS,
    subsets=("all", "without_neutral", "without_duplicates"),
    folds=False,
    notes=(REPORTED,),
    block_notes=(WITHOUT_NEUTRAL, DUPLICATES),
)
