"""The pages beside the paper's tables: what each shows, and how it is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fer_bench.reports import (
    attention,
    cross_dataset,
    label_noise,
    ranks,
    raters,
    robustness,
    selection_gap,
    slices,
    subset_gaps,
    text_numbers,
)
from fer_bench.reports.explained import Explained, load_explained
from fer_bench.reports.paper import load_said
from fer_bench.reports.robustness_results import Robustness, load_robustness
from fer_bench.reports.scores import Enabled, Scores


@dataclass(frozen=True)
class Material:
    """What pages are made of.

    Attributes:
        scores: every row.
        enabled: params.yaml's `enabled`.
        paper_dir: `benchmarks/paper`.
        robustness_dir: `results/robustness`; None or missing: nothing was measured.
        explain_dir: `results/explain`; None or missing: nothing was measured.
    """

    scores: Scores
    enabled: Enabled
    paper_dir: Path
    robustness_dir: Path | None = None
    explain_dir: Path | None = None


@dataclass(frozen=True)
class PageSpec:
    """A page: its title, one line on what it shows, and its Markdown and CSV."""

    title: str
    shows: str
    markdown: Callable[[Material], str]
    csv_text: Callable[[Material], str]


def _of_scores(
    title: str, shows: str, markdown: Callable[[Scores], str], csv_text: Callable[[Scores], str]
) -> PageSpec:
    return PageSpec(title, shows, lambda m: markdown(m.scores), lambda m: csv_text(m.scores))


def _robustness(material: Material) -> Robustness:
    return load_robustness(material.robustness_dir, material.enabled)


def _explained(material: Material) -> list[Explained]:
    folder = material.explain_dir
    return load_explained(folder, material.enabled) if folder else []


PAGES: dict[str, PageSpec] = {
    "selection_gap": _of_scores(
        "Selecting on the test set",
        "What choosing the epoch on the test faces is worth, by model.",
        selection_gap.markdown, selection_gap.csv_text,
    ),
    "subset_gaps": _of_scores(
        "Gaps of subsets",
        "Occluded and turned faces against all, with the class mix made equal.",
        subset_gaps.markdown, subset_gaps.csv_text,
    ),
    "across_datasets": _of_scores(
        "Ranks across datasets",
        "Which models differ over all datasets together (critical difference).",
        ranks.markdown, ranks.csv_text,
    ),
    "cross_dataset": _of_scores(
        "Across datasets",
        "Models trained on one dataset, tested on another.",
        cross_dataset.markdown, cross_dataset.csv_text,
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
        raters.markdown, raters.csv_text,
    ),
    "slices": _of_scores(
        "Groups of people",
        "Accuracy by age, gender and other groups, with intervals.",
        slices.markdown, slices.csv_text,
    ),
    "label_noise": _of_scores(
        "Wrong train labels",
        "What replaced train labels cost.",
        label_noise.markdown, label_noise.csv_text,
    ),
    "text_numbers": PageSpec(
        "Numbers of the paper's text",
        "Claims of the paper's text with what fills them here.",
        lambda m: text_numbers.markdown(m.scores, load_said(m.paper_dir)),
        lambda m: text_numbers.csv_text(m.scores, load_said(m.paper_dir)),
    ),
}  # fmt: skip
"""In the order of the index."""
