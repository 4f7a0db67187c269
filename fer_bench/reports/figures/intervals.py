"""Every model of a dataset with its interval: what to look at before calling one better."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from fer_bench.reports import describe
from fer_bench.reports.compare.same_faces import model_intervals, row_intervals, row_key
from fer_bench.reports.figures.select import OURS, Inputs, capped, headed, seeds, short
from fer_bench.reports.figures.style import notice, page
from fer_bench.reports.row import Row
from fer_bench.reports.scores import Scores
from fer_bench.reports.tables.own_rows import own_methods
from fer_bench.statistics.intervals import wilson
from fer_bench.statistics.pairs import SEEDS_NEEDED

ACROSS = 2
MOST_MODELS = 15
_LINE, _AROUND = 0.19, 0.75  # inches: a model, and what stands around the models of a panel
_OURS, _OTHER = "#D55E00", "black"
_WIDE, _THIN = 4.0, 1.4  # points: a bar over people and seeds, and one over people alone


def intervals(inputs: Inputs) -> Figure:
    """`last` accuracy with 95 % intervals and the seeds as dots: a panel a dataset."""
    title = "How sure is each accuracy?"
    found = {d: rows for d in inputs.scores.datasets() if (rows := _ranked(inputs.scores, d))}
    kept, left_out = capped(found)
    if not kept:
        return notice(title, "Nothing measured yet: run `fer-bench sweep`.")
    caption = (
        "Accuracy of the last epoch, mean over seeds, best first. Wide bar, with 5 seeds or more: "
        "95 % interval of the model, over people and seeds. Thin bar, with fewer: of these "
        f"networks, over people alone. Of more than {MOST_MODELS} models, those with 5 seeds and "
        "then the best. People are those of the test set; where nobody knows them, "
        "faces, equal ones together. Dots: seeds. Where a rival's mark lies inside a bar, do not "
        "claim a difference from this picture: models answer the same faces, so the paired "
        "comparisons say more. Axes do not begin at 0." + left_out
    )
    across = min(ACROSS, len(kept))
    lines = [kept[i : i + across] for i in range(0, len(kept), across)]
    heights = [_AROUND + _LINE * max(_shown(found[d]) for d in line) for line in lines]
    figure = page(title, caption, height=sum(heights), legend=_legend())
    axes = figure.subplots(len(lines), across, squeeze=False, height_ratios=heights)
    for axis in axes.ravel()[len(kept) :]:
        axis.set_axis_off()
    stay = {OURS, *own_methods(inputs.scores)}
    for axis, dataset in zip(axes.ravel(), kept, strict=False):
        beside = next(line for line in lines if dataset in line)
        draw_intervals(axis, found[dataset], max(_shown(found[d]) for d in beside), stay)
    return figure


def draw_intervals(axis: Axes, rows: list[Row], places: int, stay: set[str]) -> None:
    """A panel: a bar, a mark and its seeds a row of one dataset.

    Args:
        axis: where.
        rows: from the top.
        places: how many rows the panel has room for.
        stay: models that are shown whatever their place.
    """
    dataset = rows[0].dataset
    shown = _kept(rows, stay)
    models = model_intervals(shown, dataset)
    found = row_intervals(shown, dataset, metrics=("accuracy",))
    ends = {
        name: (i["accuracy"]["low"], i["accuracy"]["high"]) for name, i in found.items()
    } | models
    for place, row in enumerate(shown):
        summary = row.summary("accuracy", dataset)
        assert summary is not None
        low, high = ends.get(row_key(row)) or wilson(summary.mean, row.sizes(dataset)[0])
        colour = _OURS if row.model == OURS else _OTHER
        axis.plot([100 * low, 100 * high], [place, place], color=colour, alpha=0.45,
                  linewidth=_WIDE if row_key(row) in models else _THIN,
                  solid_capstyle="butt")  # fmt: skip
        runs = [100 * v for v in row.values("accuracy", dataset)]
        axis.plot(runs, [place + 0.3] * len(runs), "o", color=colour, markersize=3,
                  markerfacecolor="white", markeredgewidth=0.8)  # fmt: skip
        axis.plot([100 * summary.mean], [place], "D" if row.model == OURS else "o", color=colour,
                  markersize=5)  # fmt: skip
    axis.set_yticks(range(len(shown)), [short(row.model) for row in shown])
    axis.set_ylim(places - 0.3, -0.7)
    sizes = describe.faces(rows[0], dataset)
    hidden = f", {len(shown)} of {len(rows)} models" if len(shown) < len(rows) else ""
    axis.set_title(headed(rows[0], f"{sizes}, {seeds(shown)}{hidden}"))
    axis.set_xlabel("accuracy of the last epoch (%)")
    axis.grid(alpha=0.3, axis="x")


def _ranked(scores: Scores, dataset: str) -> list[Row]:
    """Every row with test faces, by falling accuracy, then name."""
    known = [
        (-summary.mean, row.model, row)
        for row in scores.of(dataset)
        if (summary := row.summary("accuracy", dataset))
    ]
    return [row for _, _, row in sorted(known, key=lambda entry: entry[:2])]


def _kept(rows: list[Row], stay: set[str]) -> list[Row]:
    """MOST_MODELS: SCAN-CCI and models of one's own, those with enough seeds, then the best."""
    few = [len(row.cells) < SEEDS_NEEDED for row in rows]
    first = sorted(range(len(rows)), key=lambda i: (rows[i].model not in stay, few[i], i))
    return [rows[i] for i in sorted(first[:MOST_MODELS])]


def _shown(rows: list[Row]) -> int:
    return min(len(rows), MOST_MODELS)


def _legend() -> list[Line2D]:
    return [
        Line2D([], [], color=_OTHER, marker="o", markersize=5, linestyle="none", label="mean"),
        Line2D([], [], color=_OURS, marker="D", markersize=5, linestyle="none", label=OURS),
        Line2D([], [], color=_OTHER, linewidth=_WIDE, alpha=0.45, label="over people and seeds"),
        Line2D([], [], color=_OTHER, linewidth=_THIN, alpha=0.45, label="over people alone"),
        Line2D([], [], color=_OTHER, marker="o", markersize=3, markerfacecolor="white",
               markeredgewidth=0.8, linestyle="none", label="one seed"),
    ]  # fmt: skip
