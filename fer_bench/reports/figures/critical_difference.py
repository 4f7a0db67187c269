"""Average ranks over datasets, with what cannot be told apart joined.

Demšar (2006), Statistical comparisons of classifiers over multiple data sets, J. Mach. Learn. Res.
7, 1-30; drawn with a line a model, because names of many models do not fit around one axis.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_bench.reports.figures.select import OURS, Inputs, short
from fer_bench.reports.figures.style import notice, page
from fer_bench.reports.formatting import rounded
from fer_bench.reports.pages import across_datasets as ranks
from fer_bench.statistics.ranks import FEWEST
from fer_bench.statistics.wording import p_value

TITLE = "Ranks over all datasets, and which models differ"
MOST_MODELS = 20
_LINE, _AROUND = 0.2, 0.85  # inches: a model, and what stands around them


def critical_difference(inputs: Inputs) -> Figure:
    """The diagram, or why there is none."""
    found = ranks.diagram(inputs.scores)
    if found is None:
        return notice(
            TITLE,
            f"Nothing is ranked yet: it takes at least {FEWEST} datasets that share no images, and "
            f"{FEWEST} models measured on all of them; on fewer, ranks cannot differ by more than "
            "chance does. results/tables/across_datasets.md says what there is.",
        )
    return draw(found)


def draw(found: Mapping[str, Any]) -> Figure:
    """Draw what `ranks.diagram` found: models by rising rank, and cliques as bars on the right."""
    models, places = list(found["models"]), list(found["ranks"])
    shown = min(len(models), MOST_MODELS)
    cliques = [(i, min(j, shown - 1)) for i, j in found["cliques"] if i < shown]
    caption = (
        f"Mean rank by accuracy of the last epoch, 1 is best, on {len(found['datasets'])} "
        f"datasets: {', '.join(found['datasets'])}. Models joined by a bar on the right are not "
        f"told apart: {_why(found)}. That does not show that they are equal."
    )
    if shown < len(models):
        caption += f" The best {shown} of {len(models)} models are shown."
    figure = page(TITLE, caption, height=_AROUND + _LINE * shown)
    axis, bars = figure.subplots(1, 2, sharey=True, width_ratios=[1, 0.25])
    _ranks(axis, models[:shown], places[:shown], float(found["critical_difference"]))
    bars.set_axis_off()
    bars.set_xlim(0, max(8, len(cliques) + 1))
    for k, (first, last) in enumerate(cliques):
        bars.plot([k + 0.5] * 2, [first - 0.25, last + 0.25], color="black", linewidth=3,
                  solid_capstyle="butt")  # fmt: skip
    return figure


def _why(found: Mapping[str, Any]) -> str:
    value = p_value(found["p"])
    p = f"Friedman's test, p {value if value.startswith('<') else f'= {value}'}"
    if found["p"] >= found["alpha"]:
        return f"over all models together, no difference is shown ({p})"
    gap = rounded(found["critical_difference"], 2)
    return f"they differ by less than the critical difference of {gap} ranks ({p})"


def _ranks(axis: Axes, models: list[str], places: list[float], difference: float) -> None:
    for line, (model, place) in enumerate(zip(models, places, strict=True)):
        ours = model == OURS
        axis.plot([place], [line], "D" if ours else "o", markersize=5,
                  color="#D55E00" if ours else "black")  # fmt: skip
        axis.annotate(rounded(place, 2), (place, line), (6, 0), textcoords="offset points",
                      va="center", fontsize=7)  # fmt: skip
    start = min(places)
    axis.plot([start, start + difference], [-1.1, -1.1], color="#555555", linewidth=1.5, marker="|",
              label="critical difference")  # fmt: skip
    axis.text(start + difference / 2, -1.3, "critical difference", ha="center", va="bottom",
              fontsize=7, color="#555555")  # fmt: skip
    axis.set_yticks(range(len(models)), [short(model) for model in models])
    axis.set_ylim(len(models) - 0.4, -2.1)
    end = max(*places, start + difference)
    axis.set_xlim(0.9, end + 0.1 * (end - 0.9))
    axis.set_xlabel("mean rank")
    axis.grid(alpha=0.3, axis="x")
