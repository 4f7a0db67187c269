"""Table 11: shared and non-shared local units."""

from __future__ import annotations

from fer_bench.reports.tables.spec import SHARED_PAIR, RowSpec, TableSpec

TABLE = TableSpec(
    11,
    "Shared and non-shared local units",
    "Can all patches share one attention unit without loss?",
    (RowSpec("Non-shared SCAN", "scan_cci"), RowSpec("Shared SCAN", "scan_cci_shared")),
    pairs=SHARED_PAIR,
    parameters=True,
)
