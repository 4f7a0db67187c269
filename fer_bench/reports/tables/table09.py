"""Table 9: influence of ECA before CCI."""

from __future__ import annotations

from fer_bench.reports.tables.spec import OURS, RowSpec, TableSpec

TABLE = TableSpec(
    9,
    "Influence of ECA before CCI",
    "What does weighting CCI's input channels add?",
    (RowSpec("Without ECA", "scan_cci_no_eca"), RowSpec("With ECA", "scan_cci")),
    pairs=((OURS.model, "scan_cci_no_eca"),),
    parameters=True,
)
