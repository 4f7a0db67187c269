"""The paper's tables in its order: which rows each compares, on which faces.

A row is shown for every measured dataset; `core` rows also where they were not measured (a dash),
because the paper has them.
"""

from __future__ import annotations

from fer_bench.reports.ablations import ABLATIONS
from fer_bench.reports.comparisons import COMPARISONS
from fer_bench.reports.table_spec import TableSpec

TABLES: tuple[TableSpec, ...] = (*COMPARISONS, *ABLATIONS)
