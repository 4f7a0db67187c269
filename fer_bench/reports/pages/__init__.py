"""The pages beside the paper's tables, a file each, and the index of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from fer_bench.files import write_text
from fer_bench.model_texts import load_texts
from fer_bench.records.cost import load_costs
from fer_bench.records.reliability import load_reliability
from fer_bench.reports.enabled import Enabled
from fer_bench.reports.explain_results import load_explained
from fer_bench.reports.face_tables import FaceTables
from fer_bench.reports.pages import index
from fer_bench.reports.paper import load_claims, load_paper, load_said
from fer_bench.reports.parallel import in_parallel
from fer_bench.reports.reported import load_reported
from fer_bench.reports.robustness_results import load_robustness
from fer_bench.reports.scores import Scores, load_external, load_scores
from fer_bench.reports.tables import (
    NAMES,
    table_outputs,
    write_inference_time,
    write_table,
)
from fer_bench.reports.tables.table01_to_s1 import TABLES


@dataclass(frozen=True)
class Material:
    """What pages are made of.

    Attributes:
        scores: every row.
        enabled: params.yaml's `enabled`.
        paper_dir: `benchmarks/paper`.
        robustness_dir: `results/robustness`; None or missing: nothing was measured.
        explain_dir: `results/explain`; None or missing: nothing was measured.
        cost_dir: `results/cost`, for the devices that the index names.
        reliability_dir: `results/label_reliability`; None or missing: nothing was measured.
        reported_dir: `benchmarks/reported`; None: nothing is shown beside it.
        external_dir: `results/external`; None: no tool from outside is shown.
        faces_dir: `results/faces`; None or missing: which faces were rated twice is not known.
    """

    scores: Scores
    enabled: Enabled
    paper_dir: Path
    robustness_dir: Path | None = None
    explain_dir: Path | None = None
    cost_dir: Path | None = None
    reliability_dir: Path | None = None
    reported_dir: Path | None = None
    faces_dir: Path | None = None
    external_dir: Path | None = None

    def reliability(self) -> tuple[Any, ...]:
        """What the page on label reliability is made of."""
        found = load_reliability(self.reliability_dir)
        tables = FaceTables(self.faces_dir)
        return self.scores, found, load_reported(self.reported_dir, self.paper_dir), tables


ORDER = (
    "claims", "selection_gap", "power", "contamination", "subset_gaps", "across_datasets",
    "cross_dataset", "robustness", "attention", "raters", "label_reliability", "slices",
    "label_noise", "text_numbers",
)  # fmt: skip
PAGES: dict[str, ModuleType] = {name: import_module(f"{__name__}.{name}") for name in ORDER}
"""In the order of the index; each has TITLE, SHOWS, `markdown` and `csv_text`."""

MADE_OF: dict[str, Callable[[Material], tuple[Any, ...]]] = {
    "robustness": lambda m: (load_robustness(m.robustness_dir, m.enabled),),
    "attention": lambda m: (load_explained(m.explain_dir, m.enabled),),
    "selection_gap": lambda m: (m.scores, load_reported(m.reported_dir)),
    "label_reliability": Material.reliability,
    "contamination": lambda m: (m.scores, load_external(m.external_dir), load_texts()),
    "claims": lambda m: (m.scores, load_claims(m.paper_dir)),
    "text_numbers": lambda m: (m.scores, load_said(m.paper_dir)),
}
"""What a page's functions are given, where it is not the scores alone."""
INDEX = "README.md"


def build_pages(
    scores_dir: Path,
    params_enabled: Enabled,
    paper_dir: Path,
    out_dir: Path,
    **folders: Path | None,
) -> None:
    """Write the pages that the paper has no table for, and the index of tables and pages.

    Args:
        scores_dir: `results/scores`.
        params_enabled: params.yaml's `enabled`.
        paper_dir: `benchmarks/paper`.
        out_dir: `results/tables`.
        folders: the further ones of `Material`.
    """
    scores = load_scores(scores_dir, params_enabled)
    material = Material(scores, params_enabled, paper_dir, **folders)
    in_parallel(_parts(material, out_dir))


def build_tables_and_pages(
    scores_dir: Path,
    params_enabled: Enabled,
    paper_dir: Path,
    out_dir: Path,
    *,
    cache: Path | None = None,
    **folders: Path | None,
) -> None:
    """Write every table, every page and the index at once.

    Arguments are those of `build_pages` and `tables.build_table`.
    """
    scores = load_scores(scores_dir, params_enabled)
    material = Material(scores, params_enabled, paper_dir, **folders)
    parts = _parts(material, out_dir)
    parts += [partial(write_table, spec, scores, paper_dir, out_dir, cache) for spec in TABLES]
    in_parallel(parts)
    write_inference_time(paper_dir, material.cost_dir, out_dir)


def page_outputs(out_dir: Path) -> list[Path]:
    """Every file that `build_pages` writes."""
    files = [out_dir / f"{name}{suffix}" for name in PAGES for suffix in (".md", ".csv")]
    return [*files, out_dir / INDEX]


def outputs(out_dir: Path) -> list[Path]:
    """Every file that `build_tables_and_pages` writes."""
    tables = [file for name in NAMES for file in table_outputs(name, out_dir)]
    return [*tables, *page_outputs(out_dir)]


def _parts(material: Material, out_dir: Path) -> list[Callable[[], None]]:
    parts: list[Callable[[], None]] = [
        partial(_write_page, name, material, out_dir) for name in PAGES
    ]
    return [*parts, partial(_write_index, material, out_dir)]


def _write_page(name: str, material: Material, out_dir: Path) -> None:
    given = MADE_OF[name](material) if name in MADE_OF else (material.scores,)
    write_text(out_dir / f"{name}.md", PAGES[name].markdown(*given))
    write_text(out_dir / f"{name}.csv", PAGES[name].csv_text(*given))


def _write_index(material: Material, out_dir: Path) -> None:
    printed = {spec: load_paper(material.paper_dir, spec.number) for spec in TABLES}
    titles = {name: (page.TITLE, page.SHOWS) for name, page in PAGES.items()}
    timed = [cost.device.label for cost in load_costs(material.cost_dir)]
    write_text(out_dir / INDEX, index.markdown(printed, titles, material.scores, timed))
