"""The paper's tables with our numbers beside its own, the pages beside them, and their index.

One process writes one table, so that DVC makes only what changed; imports are light.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fer_bench.errors import FerBenchError
from fer_bench.files import write_text
from fer_bench.reports import index, inference_time
from fer_bench.reports.paper import load_paper
from fer_bench.reports.scores import Enabled, Scores, load_scores
from fer_bench.reports.side_by_side import side_by_side
from fer_bench.reports.specs import TABLES
from fer_bench.reports.table_csv import csv_text
from fer_bench.reports.table_page import markdown, table_page, tex
from fer_bench.reports.table_spec import TableSpec

if TYPE_CHECKING:
    from fer_bench.reports.pages import Material, PageSpec

NAMES = (*(spec.name for spec in TABLES), inference_time.NAME)
"""The tables as the command line calls them: `01` to `11`, `s1`, `s2`."""
SUFFIXES = (".md", ".csv", ".tex")
INDEX = "README.md"


def build_table(
    name: str,
    scores_dir: Path,
    params_enabled: Enabled,
    paper_dir: Path,
    out_dir: Path,
    *,
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
        cost_dir: `results/cost`, for table `s2`; None or missing: nothing was measured.
        cache: where resampled comparisons are kept, `runs/.statistics`; results do not depend on
            it. None computes them again.

    Raises:
        FerBenchError: there is no such table, or a file is malformed.
    """
    if name not in NAMES:
        raise FerBenchError(f"there is no table {name!r}: use one of {', '.join(NAMES)}")
    if is_timed(name):
        _write(out_dir / inference_time.STEM, *inference_time.build(paper_dir, cost_dir))
        return
    scores = load_scores(scores_dir, params_enabled)
    spec = next(spec for spec in TABLES if spec.name == name)
    _write_table(spec, scores, paper_dir, out_dir, cache)


def build_pages(
    scores_dir: Path,
    params_enabled: Enabled,
    paper_dir: Path,
    out_dir: Path,
    *,
    cost_dir: Path | None = None,
    robustness_dir: Path | None = None,
    explain_dir: Path | None = None,
) -> None:
    """Write the pages that the paper has no table for, and the index of tables and pages.

    Args:
        scores_dir: `results/scores`.
        params_enabled: params.yaml's `enabled`.
        paper_dir: `benchmarks/paper`.
        out_dir: `results/tables`.
        cost_dir: `results/cost`, for the devices that the index names.
        robustness_dir: `results/robustness`; None or missing: nothing was measured.
        explain_dir: `results/explain`; None or missing: nothing was measured.
    """
    from fer_bench.reports.pages import Material

    scores = load_scores(scores_dir, params_enabled)
    material = Material(scores, params_enabled, paper_dir, robustness_dir, explain_dir)
    side_by_side(_page_parts(material, out_dir, cost_dir))


def build_tables(
    scores_dir: Path,
    params_enabled: Enabled,
    paper_dir: Path,
    out_dir: Path,
    *,
    cost_dir: Path | None = None,
    robustness_dir: Path | None = None,
    explain_dir: Path | None = None,
    cache: Path | None = None,
) -> None:
    """Write every table, every page and the index at once; arguments as above."""
    from fer_bench.reports.pages import Material

    scores = load_scores(scores_dir, params_enabled)
    material = Material(scores, params_enabled, paper_dir, robustness_dir, explain_dir)
    parts = _page_parts(material, out_dir, cost_dir)
    parts += [partial(_write_table, spec, scores, paper_dir, out_dir, cache) for spec in TABLES]
    side_by_side(parts)
    _write(out_dir / inference_time.STEM, *inference_time.build(paper_dir, cost_dir))


def is_timed(name: str) -> bool:
    """Whether the table reads `results/cost` instead of scores."""
    return name == inference_time.NAME


def table_outputs(name: str, out_dir: Path) -> list[Path]:
    """Every file that `build_table` writes."""
    stems = {spec.name: spec.stem for spec in TABLES} | {inference_time.NAME: inference_time.STEM}
    return [out_dir / f"{stems[name]}{suffix}" for suffix in SUFFIXES]


def page_outputs(out_dir: Path) -> list[Path]:
    """Every file that `build_pages` writes."""
    from fer_bench.reports.pages import PAGES

    files = [out_dir / f"{name}{suffix}" for name in PAGES for suffix in (".md", ".csv")]
    return [*files, out_dir / INDEX]


def outputs(out_dir: Path) -> list[Path]:
    """Every file that `build_tables` writes."""
    tables = [file for name in NAMES for file in table_outputs(name, out_dir)]
    return [*tables, *page_outputs(out_dir)]


def _write_table(
    spec: TableSpec, scores: Scores, paper_dir: Path, out_dir: Path, cache: Path | None
) -> None:
    printed = load_paper(paper_dir, spec.number)
    page = table_page(spec, scores, printed, cache)
    _write(out_dir / spec.stem, markdown(page), csv_text(spec, scores, printed), tex(page))


def _write(stem: Path, *texts: str) -> None:
    for suffix, text in zip(SUFFIXES, texts, strict=True):
        write_text(stem.with_name(stem.name + suffix), text)


def _page_parts(
    material: Material, out_dir: Path, cost_dir: Path | None
) -> list[Callable[[], None]]:
    from fer_bench.reports.pages import PAGES

    parts: list[Callable[[], None]] = [
        partial(_write_page, page, material, out_dir / name) for name, page in PAGES.items()
    ]
    return [*parts, partial(_write_index, material, out_dir, cost_dir)]


def _write_page(page: PageSpec, material: Material, stem: Path) -> None:
    write_text(stem.with_name(f"{stem.name}.md"), page.markdown(material))
    write_text(stem.with_name(f"{stem.name}.csv"), page.csv_text(material))


def _write_index(material: Material, out_dir: Path, cost_dir: Path | None) -> None:
    from fer_bench.reports.cost import load_costs
    from fer_bench.reports.pages import PAGES

    tables = {spec: load_paper(material.paper_dir, spec.number) for spec in TABLES}
    titles = {name: (page.title, page.shows) for name, page in PAGES.items()}
    timed = [device.label for device in load_costs(cost_dir)] if cost_dir else []
    write_text(out_dir / INDEX, index.markdown(tables, titles, material.scores, timed))
