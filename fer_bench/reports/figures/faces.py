"""Drawing attention: faces with Grad-CAM laid over them, and channel responses.

The paper darkens what is attended to; here a perceptually uniform map gets brighter, a white line
repeats it for greyscale, and right and wrong are words and marks, not green and red.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from fer_bench.reports.explained import Pictures
from fer_bench.reports.figures.style import WIDTH, notice, page

Arrays = Mapping[str, np.ndarray]
MAP, OVER = "viridis", 0.55
RIGHT, WRONG = "✓ right:", "✗ wrong:"
ACROSS = 8
"""Faces beside each other, as far as the number of models lets."""

BAR, TEXT = 0.7, 0.36
"""Width left to the colour bar, and height to the text below a face, in inches."""

TITLES = {
    "figure02": "Figure 2: channels answer differently to something before the face",
    "figure06": "Figure 6: one masked face of each expression",
    "figure09": "Figure 9: what the models look at (Grad-CAM)",
    "figure10": "Figure 10: wrong answers and what they rest on (Grad-CAM)",
    "figure_s1": "Figure S1: what the models look at, further faces (Grad-CAM)",
    "figure_s2": "Figure S2: what the models look at on masked faces (Grad-CAM)",
}


def nothing(figure: str) -> Figure:
    """The page of a figure that has no data; says what would fill it."""
    masked = figure in ("figure06", "figure_s2")
    kind = "also evaluated on a rendered masked set" if masked else "of rendered faces"
    return notice(
        TITLES[figure],
        f"Nothing explained yet. To fill this figure, name models in enabled.<dataset>.explain of "
        f"params.yaml for a dataset {kind}, then run `dvc repro`.",
    )


def face(arrays: Arrays, label: int, rank: int) -> list[int]:
    """The gallery's face number `rank` of a class, if it has so many."""
    own = np.flatnonzero((arrays["labels"] == label) & ~arrays["is_failure"])
    return [int(i) for i in own[rank : rank + 1]]


def answer(arrays: Arrays, i: int) -> str:
    """What a model says of face `i`, right or wrong, with its probability."""
    said = arrays["classes"][arrays["predictions"][i]]
    mark = RIGHT if arrays["predictions"][i] == arrays["labels"][i] else WRONG
    return f"{mark}\n{said} {arrays['probabilities'][i]:.2f}"


def overlay(axis: Axes, arrays: Arrays, i: int) -> None:
    """A grey face under its map, with the outlines the caption names."""
    face = arrays["faces"][i].astype(np.float32) @ np.array([0.299, 0.587, 0.114]) / 255
    cam = arrays["cams"][i].astype(np.float32)
    axis.imshow(face, cmap="gray", vmin=0, vmax=1)
    axis.imshow(cam, cmap=MAP, vmin=0, vmax=1, alpha=OVER)
    if cam.max() > 0.5:
        axis.contour(cam, levels=[0.5], colors="white", linewidths=1)
    if arrays["occluders"][i].any():
        mask = arrays["occluders"][i].astype(float)
        # Black below white dots: seen on dark and on bright, and not taken for the white line.
        axis.contour(mask, [0.5], colors="black", linewidths=1.4)
        axis.contour(mask, [0.5], colors="white", linewidths=0.9, linestyles="dotted")


def tiled(title: str, caption: str, rows: int, columns: int) -> Figure:
    """A page for so many faces below and beside each other."""
    side = (WIDTH - BAR) / columns
    return page(title, caption, height=(side + TEXT) * rows + 0.2)


def clear(axes: Iterable[Axes]) -> None:
    """Take ticks and frames from axes that hold faces."""
    for axis in axes:
        axis.set(xticks=[], yticks=[])
        axis.set_aspect("equal")
        axis.patch.set_visible(False)
        for spine in axis.spines.values():
            spine.set_visible(False)


def colour_bar(figure: Figure, axes: Any) -> None:
    """What the colours of the maps mean."""
    shades = ScalarMappable(Normalize(0, 1), MAP)
    bar = figure.colorbar(shades, ax=axes, shrink=0.6, aspect=30, pad=0.01)
    bar.set_label("attention (share of the face's maximum)")


def caption(pictures: Pictures) -> str:
    """How maps are read, whose they are, and how faithful."""
    text = (
        f"Trained on {pictures.dataset}, seed {pictures.seed}, faces of {pictures.set}; Grad-CAM "
        f"of the given answer at the output of {layer(pictures.first)}. Bright is high, the white "
        "line is half of the maximum, the black line with dots the edge of a known occluder. "
        f"{_faithfulness(pictures)} More: results/tables/attention.md."
    )
    if pictures.missing:
        text += f" Not explained yet: {', '.join(pictures.missing)}."
    return text


def _faithfulness(pictures: Pictures) -> str:
    """Mean areas of each model's maps beside those of two orders that know nothing of it."""
    said = []
    for k, (name, good) in enumerate((("deletion", "low"), ("insertion", "high"))):
        models = [
            "{} {:.2f} ({:.2f}, {:.2f})".format(model, *arrays["areas"][k])
            for model, arrays in pictures.columns.items()
        ]
        said.append(f"{name} ({good} is good) {', '.join(models)}")
    faces = int(pictures.first["measured"])
    return (
        f"Faithfulness on {faces} faces, in brackets of a random order and of the middle of the "
        f"face: {'; '.join(said)}."
    )


def layer(arrays: Arrays) -> str:
    """The explained layer, with the paper's name for it."""
    name = str(arrays["layer"])
    return f"{name} (Conv_3x)" if name == "backbone.layer2" else name
