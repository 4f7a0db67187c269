"""Rows that no table of the paper declares, such as a model file's: they stand in Table 2."""

from __future__ import annotations

import re
from dataclasses import replace

from fer_bench.reports.scores import Scores
from fer_bench.reports.tables.spec import RowSpec, TableSpec
from fer_bench.reports.tables.table01_to_s1 import TABLES

_DECLARED = {row.model for spec in TABLES for row in spec.rows}
_DRAWN = re.compile(r"scan_cci_(m|lambda)\d+")
"""What Figures 7 and 8 draw."""
AMONG = 2
"""The number of the table that they join."""


def own_methods(scores: Scores) -> list[str]:
    """Models and variants, measured or enabled, that neither a table nor a figure declares."""
    methods = dict.fromkeys(row.method for row in scores)
    return [name for name in methods if name not in _DECLARED and not _DRAWN.fullmatch(name)]


def with_own_rows(spec: TableSpec, scores: Scores, reference: str) -> TableSpec:
    """Table 2 with these rows at its end, each paired with `reference`; other tables as they are.

    Args:
        spec: of any table.
        scores: what is enabled and measured.
        reference: params.yaml's; a row of its own where the table has none of it.
    """
    found = own_methods(scores) if spec.number == AMONG else []
    if not found:
        return spec
    known = {row.model for row in spec.rows}
    added = [name for name in dict.fromkeys([reference, *found]) if name not in known]
    rows = [RowSpec(name, name, core=False) for name in added]
    pairs = [(name, reference) for name in found if name != reference]
    return replace(spec, rows=(*spec.rows, *rows), pairs=(*spec.pairs, *pairs))
