"""The paper's tables in its order: which rows each compares, on which faces.

A row is shown for every measured dataset; `core` rows also where they were not measured (a dash),
because the paper has them. Table S2 compares no rows and is made in `table_s2`.
"""

from __future__ import annotations

from importlib import import_module

from fer_bench.reports.tables.spec import TableSpec

TABLES: tuple[TableSpec, ...] = tuple(
    import_module(f"fer_bench.reports.tables.{name}").TABLE
    for name in (*(f"table{number:02}" for number in range(1, 12)), "table_s1")
)
