"""The paper's tables with our numbers beside its own, each declared in the file of its name.

One process writes one table, so that DVC makes only what changed; imports are light.
"""

from __future__ import annotations

from pathlib import Path

from fer_bench.errors import FerBenchError
from fer_bench.files import write_text
from fer_bench.reports.enabled import Enabled
from fer_bench.reports.paper import load_paper
from fer_bench.reports.scores import Scores, load_scores
from fer_bench.reports.tables import table_s2
from fer_bench.reports.tables.as_csv import csv_text
from fer_bench.reports.tables.own_rows import with_own_rows
from fer_bench.reports.tables.page import markdown, table_page, tex
from fer_bench.reports.tables.spec import TableSpec
from fer_bench.reports.tables.table01_to_s1 import TABLES
from fer_bench.row_names import REFERENCE

NAMES = (*(spec.name for spec in TABLES), table_s2.NAME)
"""The tables as the command line calls them: `01` to `11`, `s1`, `s2`."""
SUFFIXES = (".md", ".csv", ".tex")


def build_table(
    name: str,
    scores_dir: Path,
    params_enabled: Enabled,
    paper_dir: Path,
    out_dir: Path,
    *,
    reference: str = REFERENCE,
    cost_dir: Path | None = None,
    cache: Path | None = None,
) -> None:
    """Write one table as Markdown, CSV and LaTeX.

    Args:
        name: one of `NAMES`.
        scores_dir: `results/scores`.
        params_enabled: params.yaml's `enabled`.
        paper_dir: `benchmarks/paper`.
        out_dir: `results/tables`.
        reference: the row that params.yaml compares further rows with.
        cost_dir: `results/cost`, for table `s2`; None or missing: nothing was measured.
        cache: where resampled comparisons are kept, `runs/.statistics`; results do not depend on
            it. None computes them again.

    Raises:
        FerBenchError: there is no such table, or a file is malformed.
    """
    _check(name)
    if is_timed(name):
        write_inference_time(paper_dir, cost_dir, out_dir)
        return
    scores = load_scores(scores_dir, params_enabled)
    spec = next(spec for spec in TABLES if spec.name == name)
    write_table(spec, scores, paper_dir, out_dir, cache, reference)


def is_timed(name: str) -> bool:
    """Whether the table reads `results/cost` instead of scores."""
    return name == table_s2.NAME


def table_outputs(name: str, out_dir: Path) -> list[Path]:
    """Every file that `build_table` writes; raises FerBenchError when there is no such table."""
    _check(name)
    stems = {spec.name: spec.stem for spec in TABLES} | {table_s2.NAME: table_s2.STEM}
    return [out_dir / f"{stems[name]}{suffix}" for suffix in SUFFIXES]


def _check(name: str) -> None:
    if name not in NAMES:
        raise FerBenchError(f"there is no table {name!r}: use one of {', '.join(NAMES)}")


def write_table(
    spec: TableSpec,
    scores: Scores,
    paper_dir: Path,
    out_dir: Path,
    cache: Path | None,
    reference: str = REFERENCE,
) -> None:
    """Write one of `TABLES`; arguments as of `build_table`."""
    spec = with_own_rows(spec, scores, reference)
    printed = load_paper(paper_dir, spec.number)
    page = table_page(spec, scores, printed, cache)
    _write(out_dir / spec.stem, markdown(page), csv_text(spec, scores, printed, cache), tex(page))


def write_inference_time(paper_dir: Path, cost_dir: Path | None, out_dir: Path) -> None:
    """Write table S2, which comes from no score; arguments as of `build_table`."""
    _write(out_dir / table_s2.STEM, *table_s2.build(paper_dir, cost_dir))


def _write(stem: Path, *texts: str) -> None:
    for suffix, text in zip(SUFFIXES, texts, strict=True):
        write_text(stem.with_name(stem.name + suffix), text)
