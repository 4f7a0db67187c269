"""Table S1: effect of oversampling."""

from __future__ import annotations

from fer_bench.reports.tables.spec import OURS, RowSpec, TableSpec

TABLE = TableSpec(
    "S1",
    "Effect of oversampling",
    "What does drawing every class equally often in training add?",
    (
        RowSpec("With oversampling", "scan_cci"),
        RowSpec("Without oversampling", "scan_cci_no_oversampling"),
    ),
    pairs=((OURS.model, "scan_cci_no_oversampling"),),
    notes=(
        "Table 1 of the paper's supplement. Oversampling is meant for rare classes: look at "
        "balanced accuracy.",
    ),
)
