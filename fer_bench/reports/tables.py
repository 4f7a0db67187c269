"""The paper's tables with our numbers beside its own, as Markdown and CSV, and further pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from fer_bench.files import write_text
from fer_bench.reports import cross_dataset, describe, label_noise, slices
from fer_bench.reports.as_printed import as_printed
from fer_bench.reports.grid import grid
from fer_bench.reports.paper import Printed, load_paper
from fer_bench.reports.scores import Enabled, Scores, load_scores
from fer_bench.reports.sections import Section, sections
from fer_bench.reports.specs import TABLES
from fer_bench.reports.table_csv import csv_text
from fer_bench.reports.table_spec import TableSpec

LEGEND = """\
All numbers are percent of the test set; mean ± sample standard deviation (n − 1) over seeds, `–`
where nothing was measured. **Accuracy**, **max**, **balanced** (mean recall over classes) and
**macro-F1** are those of the `last` epoch, the only selection that ranks. `best_on_test` takes the
epoch with the best accuracy on the test set, as the paper does: it is too optimistic, and is shown
only for comparison with the paper's numbers. A difference smaller than the spread over seeds shows
nothing.
"""

Page = tuple[Callable[[Scores], str], Callable[[Scores], str]]
PAGES: dict[str, Page] = {
    "cross_dataset": (cross_dataset.markdown, cross_dataset.csv_text),
    "slices": (slices.markdown, slices.csv_text),
    "label_noise": (label_noise.markdown, label_noise.csv_text),
}
"""Pages that no table of the paper has: Markdown and CSV from the scores alone."""


def outputs(out_dir: Path) -> list[Path]:
    """Every file `build_tables` writes."""
    stems = [*(f"table{spec.number:02}" for spec in TABLES), *PAGES]
    return [out_dir / f"{stem}{suffix}" for stem in stems for suffix in (".md", ".csv")]


def build_tables(scores_dir: Path, params_enabled: Enabled, paper_dir: Path, out_dir: Path) -> None:
    """Write `table<NN>.md` and `table<NN>.csv` for every declared table, and every page of `PAGES`.

    Args:
        scores_dir: `results/scores`.
        params_enabled: params.yaml's `enabled`.
        paper_dir: `benchmarks/paper`.
        out_dir: `results/tables`.
    """
    scores = load_scores(scores_dir, params_enabled)
    for spec in TABLES:
        printed = load_paper(paper_dir, spec.number)
        stem = out_dir / f"table{spec.number:02}"
        write_text(stem.with_suffix(".md"), markdown(spec, scores, printed))
        write_text(stem.with_suffix(".csv"), csv_text(spec, scores, printed))
    for name, (page, lines) in PAGES.items():
        write_text(out_dir / f"{name}.md", page(scores))
        write_text(out_dir / f"{name}.csv", lines(scores))


def markdown(spec: TableSpec, scores: Scores, printed: Sequence[Printed]) -> str:
    """One table as a page of Markdown."""
    found, bare = sections(spec, scores, printed)
    parts = [f"# Table {spec.number}. {spec.title}", spec.shows, LEGEND.strip()]
    parts += spec.notes
    for section in found:
        parts += _section(spec, section, scores)
    if not found:
        parts.append("Nothing has been measured for this table yet.")
    if bare:
        parts.append(f"Left out, because too few of these rows were measured: {', '.join(bare)}.")
    if missing := scores.missing():
        parts.append("Not finished: " + "; ".join(missing) + ".")
    parts += as_printed(scores, printed)
    return "\n\n".join(parts) + "\n"


def _section(spec: TableSpec, section: Section, scores: Scores) -> list[str]:
    measured = [line for line in section.lines if line.row is not None]
    rows = [line.row for line in measured if line.row]
    scored = next(row for row in rows if row.has(section.set))
    parts = [
        f"## {describe.title(section.set)}",
        f"{describe.place(rows)} Test faces: {describe.class_counts(scored, section.set)}. "
        f"{describe.sampling_error(rows, section.set)} {describe.setup(rows)}",
    ]
    parts += describe.warnings(rows, [section.set], scores)
    parts.append(grid(spec, section))
    whole = max(scored.sizes(section.set))
    for subset, note in spec.block_notes:
        sizes = [n for line in measured if line.subset == subset and line.row
                 for n in line.row.sizes(section.set, subset)]  # fmt: skip
        if sizes:
            parts.append(note.format(left_out=f"{whole - max(sizes):,}", set=section.set))
    return parts
