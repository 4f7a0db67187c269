"""Figure 10: wrong answers and what they rest on."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from fer_bench.reports.explained import Pictures
from fer_bench.reports.figures.faces import (
    ACROSS,
    TITLES,
    answer,
    caption,
    clear,
    colour_bar,
    overlay,
    tiled,
)
from fer_bench.reports.figures.style import notice

FAILING = "scan_cci"


def failures(pictures: Pictures) -> Figure:
    """Figure 10: wrong answers of `scan_cci`, or of the last model where it is not explained."""
    model = FAILING if FAILING in pictures.columns else list(pictures.columns)[-1]
    arrays = pictures.columns[model]
    failing = np.flatnonzero(arrays["is_failure"]).tolist()
    if not failing:
        return notice(TITLES["figure10"], f"{model} gave no wrong answer on the faces looked at.")
    height, pairs = -(-len(failing) // 4), ACROSS // 2
    said = (
        f"Wrong answers of {model}: beside each face what the answer rests on; the probability of "
        f"the true and of the given expression. {caption(pictures)}"
    )
    figure = tiled(TITLES["figure10"], said, height, ACROSS)
    axes = figure.subplots(height, ACROSS, squeeze=False)
    clear(axes.ravel())
    for k, i in enumerate(failing):
        plain, over = axes[k // pairs, 2 * (k % pairs) : 2 * (k % pairs) + 2]
        plain.imshow(arrays["faces"][i])
        true = arrays["classes"][arrays["labels"][i]]
        plain.set_xlabel(f"true:\n{true} {arrays['true_probabilities'][i]:.2f}", fontsize=6.5)
        overlay(over, arrays, i)
        over.set_xlabel(answer(arrays, i), fontsize=6.5)
    colour_bar(figure, axes)
    return figure
