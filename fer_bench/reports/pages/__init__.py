"""The pages beside the paper's tables, a file each, and the index of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from fer_bench.files import write_text
from fer_bench.reports.cost import load_costs
from fer_bench.reports.enabled import Enabled
from fer_bench.reports.explained import Explained, load_explained
from fer_bench.reports.pages import (
    across_datasets,
    attention,
    cross_dataset,
    index,
    label_noise,
    raters,
    robustness,
    selection_gap,
    slices,
    subset_gaps,
    text_numbers,
)
from fer_bench.reports.paper import load_paper, load_said
from fer_bench.reports.parallel import in_parallel
from fer_bench.reports.robustness_results import Robustness, load_robustness
from fer_bench.reports.scores import Scores, load_scores
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
    """

    scores: Scores
    enabled: Enabled
    paper_dir: Path
    robustness_dir: Path | None = None
    explain_dir: Path | None = None
    cost_dir: Path | None = None


@dataclass(frozen=True)
class PageSpec:
    """A page: its title, one line on what it shows, and its Markdown and CSV."""

    title: str
    shows: str
    markdown: Callable[[Material], str]
    csv_text: Callable[[Material], str]


def _of_scores(title: str, shows: str, page: Any) -> PageSpec:
    """A page whose module makes it of scores alone."""
    return PageSpec(
        title, shows, lambda m: page.markdown(m.scores), lambda m: page.csv_text(m.scores)
    )


def _robustness(material: Material) -> Robustness:
    return load_robustness(material.robustness_dir, material.enabled)


def _explained(material: Material) -> list[Explained]:
    return load_explained(material.explain_dir, material.enabled)


PAGES: dict[str, PageSpec] = {
    "selection_gap": _of_scores(
        "Selecting on the test set",
        "What choosing the epoch on the test faces is worth, by model.",
        selection_gap,
    ),
    "subset_gaps": _of_scores(
        "Gaps of subsets",
        "Occluded and turned faces against all, with the class mix made equal.",
        subset_gaps,
    ),
    "across_datasets": _of_scores(
        "Ranks across datasets",
        "Which models differ over all datasets together (critical difference).",
        across_datasets,
    ),
    "cross_dataset": _of_scores(
        "Across datasets",
        "Models trained on one dataset, tested on another.",
        cross_dataset,
    ),
    "robustness": PageSpec(
        "Robustness",
        "Accuracy on covered, blurred, dark or badly cut faces, and flipped answers.",
        lambda m: robustness.markdown(_robustness(m)),
        lambda m: robustness.csv_text(_robustness(m)),
    ),
    "attention": PageSpec(
        "Attention",
        "Whether Grad-CAM maps point at what decides, and how much falls on occluders.",
        lambda m: attention.markdown(_explained(m)),
        lambda m: attention.csv_text(_explained(m)),
    ),
    "raters": _of_scores(
        "Agreement with annotators",
        "How often models answer as people do, and how often people agree.",
        raters,
    ),
    "slices": _of_scores(
        "Groups of people",
        "Accuracy by age, gender and other groups, with intervals.",
        slices,
    ),
    "label_noise": _of_scores(
        "Wrong train labels",
        "What replaced train labels cost.",
        label_noise,
    ),
    "text_numbers": PageSpec(
        "Numbers of the paper's text",
        "Claims of the paper's text with what fills them here.",
        lambda m: text_numbers.markdown(m.scores, load_said(m.paper_dir)),
        lambda m: text_numbers.csv_text(m.scores, load_said(m.paper_dir)),
    ),
}  # fmt: skip
"""In the order of the index."""
INDEX = "README.md"


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
    scores = load_scores(scores_dir, params_enabled)
    material = Material(scores, params_enabled, paper_dir, robustness_dir, explain_dir, cost_dir)
    in_parallel(_parts(material, out_dir))


def build_tables_and_pages(
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
    """Write every table, every page and the index at once.

    Arguments are those of `build_pages` and `tables.build_table`.
    """
    scores = load_scores(scores_dir, params_enabled)
    material = Material(scores, params_enabled, paper_dir, robustness_dir, explain_dir, cost_dir)
    parts = _parts(material, out_dir)
    parts += [partial(write_table, spec, scores, paper_dir, out_dir, cache) for spec in TABLES]
    in_parallel(parts)
    write_inference_time(paper_dir, cost_dir, out_dir)


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
        partial(_write_page, page, material, out_dir / name) for name, page in PAGES.items()
    ]
    return [*parts, partial(_write_index, material, out_dir)]


def _write_page(page: PageSpec, material: Material, stem: Path) -> None:
    write_text(stem.with_name(f"{stem.name}.md"), page.markdown(material))
    write_text(stem.with_name(f"{stem.name}.csv"), page.csv_text(material))


def _write_index(material: Material, out_dir: Path) -> None:
    printed = {spec: load_paper(material.paper_dir, spec.number) for spec in TABLES}
    titles = {name: (page.title, page.shows) for name, page in PAGES.items()}
    timed = [device.label for device in load_costs(material.cost_dir)] if material.cost_dir else []
    write_text(out_dir / INDEX, index.markdown(printed, titles, material.scores, timed))
