"""Sections of masked faces: one a masked set, its lines the ways to train for masks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fer_bench.reports.paper import Printed
from fer_bench.reports.relations import masked_base
from fer_bench.reports.scores import Scores
from fer_bench.reports.tables.lines import Line, reported
from fer_bench.reports.tables.spec import RowSpec
from fer_bench.rows import transferred


def masked_sections(
    rows: Sequence[RowSpec], scores: Scores, printed: Sequence[Printed]
) -> Iterator[tuple[str, list[Line]]]:
    """Each masked set that was trained on or scored, with its lines."""
    names = {row.dataset: None for row in scores if row.cells}
    names |= {s: None for row in scores if row.cells for s in sorted(row.sets)}
    for masked in names:
        base = masked_base(masked)
        if base is None:
            continue
        places = [p for p in printed if p.set == masked]
        lines = reported(places)
        for row_spec in rows:
            lines += _lines(row_spec, scores, places, base, masked)
        yield masked, lines


def _lines(
    row_spec: RowSpec, scores: Scores, places: Sequence[Printed], base: str, masked: str
) -> Iterator[Line]:
    model = row_spec.model
    wanted = (
        ("unmasked faces", base, model, base),
        ("not fine-tuned", base, model, masked),
        ("fine-tuned", masked, transferred(model, base), masked),
        ("masked only", masked, model, masked),
    )
    for way, dataset, name, set_ in wanted:
        row = scores.get(dataset, name)
        if row and not row.has(set_):
            row = None
        if row or row_spec.core:
            paper = {
                p.statistic: p.printed
                for p in places
                if (p.dataset, p.model, p.set) == (dataset, name, set_)
            }
            yield Line(f"{row_spec.label}, {way}", dataset, name, set_, "all", row, paper)
