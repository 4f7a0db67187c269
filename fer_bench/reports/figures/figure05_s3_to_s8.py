"""Figures 5 and S3 to S8: confusion matrices, and the same subsets of datasets the paper lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from matplotlib.figure import Figure

from fer_bench.reports.describe import subset_title
from fer_bench.reports.figures.matrix import MOST_LINES, MatrixPanel, grid
from fer_bench.reports.figures.select import COLUMNS, OURS, Inputs, capped, columns, needs
from fer_bench.reports.figures.style import notice
from fer_bench.reports.relations import share_images
from fer_bench.reports.row import Row
from fer_bench.reports.scores import Scores
from fer_bench.reports.seen_before import no_new_ground

PRINTED = ("ferplus", "rafdb", "affectnet8")
"""The datasets of the paper's Figure 5, which stand first."""


def figure05(inputs: Inputs) -> Figure:
    """The models side by side on each dataset's own test faces."""
    title = "Figure 5: confusion matrices on the own test faces"
    scores = inputs.scores
    names = [d for d in scores.datasets() if any(columns(scores, d))]
    kept, left_out = capped(sorted(names, key=_printed_first), MOST_LINES)
    panels = [
        MatrixPanel(row, dataset, missing=f"{' or '.join(models)}\non {dataset}:\nnot measured")
        for dataset in kept
        for models, row in zip(COLUMNS, columns(scores, dataset), strict=True)
    ]
    if not panels:
        return notice(title, needs(PRINTED))
    return grid(title, left_out, panels)


def _printed_first(dataset: str) -> int:
    return PRINTED.index(dataset) if dataset in PRINTED else len(PRINTED)


CROSS = (
    ("affectnet7", "ckplus7"), ("affectnet7", "oulu_casia"), ("affectnet7", "ckplus7_first_last"),
)  # fmt: skip
"""The paper's cross-evaluation: trained on, tested on. It does not say which CK+7 it drew."""


FEDRO_TRAINED = ("affectnet7_rafdb", "affectnet7", "affectnet8_rafdb", "affectnet8")
"""What a model of the paper's Table 4 was trained on, else the nearest to it."""


def figure_s3(inputs: Inputs) -> Figure:
    """SCAN-CCI on the faces of datasets that it was not trained on."""
    title = "Figure S3: confusion on datasets that were not trained on"
    found = {f"{row.dataset} on {set_}": (row, set_) for row, set_ in _crossed(inputs.scores)}
    kept, left_out = capped(found)
    if not kept:
        return notice(
            title,
            "Nothing measured yet: the paper shows scan_cci trained on affectnet7 and tested on "
            "ckplus7 and oulu_casia. Enable affectnet7 in params.yaml with these in its "
            "evaluate_on, and run `fer-bench sweep`.",
        )
    known = [name for name in kept if no_new_ground(*found[name])]
    warned = f" Pre-trained on other faces of the tested set: {', '.join(known)}." if known else ""
    return grid(title, warned + left_out, [MatrixPanel(*found[name]) for name in kept])


def figure_s4(inputs: Inputs) -> Figure:
    """SCAN-CCI on SFEW and FED-RO."""
    title = "Figure S4: confusion on SFEW and FED-RO"
    scores = inputs.scores
    panels = [
        MatrixPanel(scores.main("sfew", OURS), "sfew", missing=f"{OURS} on sfew:\nnot measured"),
        MatrixPanel(_on_fedro(scores), "fedro", missing=f"{OURS} on fedro:\nnot measured"),
    ]
    if not any(panel.filled for panel in panels):
        return notice(
            title,
            "Nothing measured yet: it needs scan_cci trained on sfew (in the paper started from "
            "affectnet7_rafdb), and scan_cci trained on affectnet7_rafdb with fedro in "
            "evaluate_on. Enable them in params.yaml and run `fer-bench sweep`.",
        )
    return grid(title, "", panels)


def _crossed(scores: Scores) -> Iterator[tuple[Row, str]]:
    """SCAN-CCI's rows with each set they were tested on without training: the paper's first.

    FED-RO has its own figure; masked twins of a dataset's own test faces are no other ground.
    """
    rows = [row for d in scores.datasets() if (row := scores.get(d, OURS)) is not None]
    pairs = {
        (row.dataset, name): row for row in rows for name in row.scored_on
        if name != "fedro" and not share_images(row.dataset, name)
    }  # fmt: skip
    first = {pair: i for i, pair in enumerate(CROSS)}
    for pair in sorted(pairs, key=lambda pair: first.get(pair, len(first))):
        yield pairs[pair], pair[1]


def _on_fedro(scores: Scores) -> Row | None:
    known = [d for d in (*FEDRO_TRAINED, *scores.datasets()) if scores.get(d, OURS)]
    rows = [row for d in known if (row := scores.get(d, OURS)) is not None and row.has("fedro")]
    return rows[0] if rows else None


SUBSETS = ("occluded", "pose_gt_30", "pose_gt_45")


SUBSET_FIGURES = {
    "figure_s5": "ferplus", "figure_s6": "rafdb", "figure_s7": "affectnet7",
    "figure_s8": "affectnet8",
}  # fmt: skip


def subset_confusion(inputs: Inputs) -> Figure:
    """SCAN-CCI on occluded and turned faces of datasets that the paper has no such figure of."""
    title = "Confusion on occluded and turned faces, datasets beyond the paper's"
    panels = {d: _subset_panels(inputs.scores, d) for d in inputs.scores.datasets()}
    found = [
        dataset
        for dataset, places in panels.items()
        if dataset not in SUBSET_FIGURES.values() and any(place.filled for place in places)
    ]
    kept, left_out = capped(found, MOST_LINES)
    if not kept:
        return notice(
            title,
            "Nothing measured yet: it needs scan_cci on a dataset with subsets of occluded or "
            "turned faces, such as synthetic. Enable it in params.yaml and run `fer-bench sweep`.",
        )
    return grid(title, left_out, [panel for name in kept for panel in panels[name]])


def _figure_of_subsets(number: str, dataset: str, inputs: Inputs) -> Figure:
    title = f"Figure {number}: confusion on occluded and turned faces of {dataset}"
    panels = _subset_panels(inputs.scores, dataset)
    if not any(panel.filled for panel in panels):
        return notice(title, f"{needs([dataset])} The subsets are published lists of test faces.")
    return grid(title, "", panels)


SUBSET_DRAWINGS: dict[str, Callable[[Inputs], Figure]] = {
    name: partial(_figure_of_subsets, name.removeprefix("figure_").upper(), dataset)
    for name, dataset in SUBSET_FIGURES.items()
}


def _subset_panels(scores: Scores, dataset: str) -> list[MatrixPanel]:
    row = scores.main(dataset, OURS)
    return [
        MatrixPanel(row, dataset, s, f"{dataset}, {subset_title(s)}:\nnot measured")
        for s in SUBSETS
    ]
