"""Rows that no table of the paper declares join the tables that hold other papers' methods."""

from __future__ import annotations

import re
from dataclasses import replace

from fer_bench.model_texts import load_texts
from fer_bench.reports.scores import Scores
from fer_bench.reports.tables.spec import COMPETITORS, RowSpec, TableSpec
from fer_bench.reports.tables.table01_to_s1 import TABLES

_DECLARED = {row.model for spec in TABLES for row in spec.rows}
_DRAWN = re.compile(r"scan_cci_(m|lambda)\d+")
"""What Figures 7 and 8 draw."""


def own_methods(scores: Scores) -> list[str]:
    """Models and variants, measured or enabled, that neither a table nor a figure declares."""
    methods = dict.fromkeys(row.method for row in scores)
    return [name for name in methods if name not in _DECLARED and not _DRAWN.fullmatch(name)]


def with_own_rows(spec: TableSpec, scores: Scores, reference: str) -> TableSpec:
    """A table of rivals with these rows, each paired with `reference`; other tables as they are.

    In a table of masked faces the pairs are ways to train, so that none is added.

    Args:
        spec: of any table.
        scores: what is enabled and measured.
        reference: params.yaml's; a row of its own where the table has none of it.
    """
    found = own_methods(scores) if set(COMPETITORS) <= set(spec.rows) else []
    if not found:
        return spec
    known = {row.model for row in spec.rows}
    added = [name for name in dict.fromkeys([reference, *found]) if name not in known]
    rows = [RowSpec(_label(name), name, core=False) for name in added]
    pairs = [(name, reference) for name in found if name != reference and not spec.masked]
    return replace(spec, rows=(*spec.rows, *rows), pairs=(*spec.pairs, *pairs))


def _label(model: str) -> str:
    families = load_texts().families
    return families[model].title if model in families else model
