"""Table 7: influence of SCAN: the attention mechanism."""

from __future__ import annotations

from fer_bench.reports.tables.spec import OURS, RowSpec, TableSpec

_UNITS = ("sa", "spa", "lpa", "ga", "eca_attention", "no_scan")

TABLE = TableSpec(
    7,
    "Influence of SCAN: the attention mechanism",
    "Does attention per channel and position beat simpler attention units?",
    (
        RowSpec("SA: one weight a patch", "scan_cci_sa"),
        RowSpec("SPA: one weight a position", "scan_cci_spa"),
        RowSpec("LPA: local units only", "scan_cci_lpa"),
        RowSpec("GA: global unit only", "scan_cci_ga"),
        RowSpec("ECA: one weight a channel", "scan_cci_eca_attention"),
        RowSpec("SCAN", "scan_cci"),
        RowSpec("no attention branch", "scan_cci_no_scan", core=False),
    ),
    pairs=tuple((OURS.model, f"scan_cci_{unit}") for unit in _UNITS),
    parameters=True,
    notes=("The paper's text adds: without the attention branch 1.2 to 1.5 points are lost.",),
)
