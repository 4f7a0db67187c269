"""Table 8: influence of CCI."""

from __future__ import annotations

from fer_bench.reports.tables.spec import OURS, RowSpec, TableSpec

TABLE = TableSpec(
    8,
    "Influence of CCI",
    "What is lost without the complementary context branch?",
    (RowSpec("Without CCI", "scan_cci_no_cci"), RowSpec("With CCI", "scan_cci")),
    pairs=((OURS.model, "scan_cci_no_cci"),),
    parameters=True,
)
