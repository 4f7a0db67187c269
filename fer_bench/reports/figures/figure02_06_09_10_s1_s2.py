"""Figures 2, 6, 9, 10, S1 and S2: faces with Grad-CAM laid over them, and channel responses.

The paper darkens what is attended to; here a perceptually uniform map gets brighter, a white line
repeats it for greyscale, and right and wrong are words and marks, not green and red.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from fer_bench.reports.explain_results import Pictures
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
    "figure09": "Figure 9: Grad-CAM's maps of faces of each expression",
    "figure10": "Figure 10: wrong answers with Grad-CAM's maps",
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
        f"params.yaml for a dataset {kind}, then run `fer-bench sweep`.",
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
        f"face: {'; '.join(said)}. A map no better than the middle says nothing of the network."
    )


def layer(arrays: Arrays) -> str:
    """The explained layer, with the paper's name for it."""
    name = str(arrays["layer"])
    return f"{name} (Conv_3x)" if name == "backbone.layer2" else name


def comparison(pictures: Pictures) -> Figure:
    """Figure 9: a face of each expression, occluded where the set has such."""
    return _comparison(pictures, "figure09", [0])


def more_comparisons(pictures: Pictures) -> Figure:
    """Figure S1: the further faces of each expression."""
    return _comparison(pictures, "figure_s1", [1, 2])


def comparison_masked(pictures: Pictures) -> Figure:
    """Figure S2: masked faces."""
    return _comparison(pictures, "figure_s2", [0])


def _comparison(pictures: Pictures, name: str, ranks: Sequence[int]) -> Figure:
    """Blocks side by side; in each a row a face: the face itself, then each model's map."""
    first = pictures.first
    faces = [i for k in range(len(first["classes"])) for r in ranks for i in face(first, k, r)]
    columns = 1 + len(pictures.columns)
    blocks = max(1, min(len(faces), ACROSS // columns))
    height = max(1, -(-len(faces) // blocks))
    said = (
        "Left of each face its true expression, below each map the model's answer and its "
        f"probability. {caption(pictures)}"
    )
    figure = tiled(TITLES[name], said, height, columns * blocks)
    axes = figure.subplots(height, columns * blocks, squeeze=False)
    clear(axes.ravel())
    for k, i in enumerate(faces):
        block, row = divmod(k, height)
        line = axes[row, block * columns : (block + 1) * columns]
        _row(line, pictures, i, header=row == 0)
    colour_bar(figure, axes)
    return figure


def _row(line: Any, pictures: Pictures, i: int, header: bool) -> None:
    """Face `i` and each model's map of it."""
    arrays = pictures.first
    line[0].imshow(arrays["faces"][i])
    line[0].set_ylabel(str(arrays["classes"][arrays["labels"][i]]), fontsize=7)
    if header:
        line[0].set_title("face", fontsize=6.5)
    for axis, (model, own) in zip(line[1:], pictures.columns.items(), strict=True):
        overlay(axis, own, i)
        axis.set_xlabel(answer(own, i), fontsize=6.5)
        if header:
            axis.set_title(model, fontsize=6.5)


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
        f"Wrong answers of {model}: beside each face the map of the answer; the probability of "
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


def masked_faces(pictures: Pictures) -> Figure:
    """Figure 6: one masked face of each expression."""
    first, classes = pictures.first, pictures.first["classes"]
    side = WIDTH / len(classes)
    figure = page(TITLES["figure06"], f"Faces of {pictures.set}.", height=side + 0.25)
    axes = figure.subplots(1, len(classes), squeeze=False)[0]
    clear(axes)
    for k, axis in enumerate(axes):
        axis.set_xlabel(str(classes[k]))
        for i in face(first, k, 0):
            axis.imshow(first["faces"][i])
    return figure


def channel_response(pictures: Pictures) -> Figure:
    """Figure 2: a covered face, and how eight channels' response changes where."""
    model = next((m for m in pictures.columns if m.startswith("baseline")), None)
    model = model or next(iter(pictures.columns))
    arrays = pictures.columns[model]
    maps = arrays["channel_response"].astype(np.float32)
    top = float(np.quantile(maps, 0.99)) or 1.0
    caption = (
        f"{model}, trained on {pictures.dataset}, seed {pictures.seed}: median over "
        f"{int(arrays['measured'])} faces of {pictures.set} of the change at the output of "
        f"{layer(arrays)} when the dashed part is covered, relative to the channel's mean "
        "response. Eight channels, from the weakest answer inside the covered part to the "
        "strongest."
    )
    figure = page(TITLES["figure02"], caption, height=3.6)
    axes = figure.subplots(2, 5)
    clear(axes.ravel())
    shown = [*axes[0], *axes[1, 1:]]
    shown[0].imshow(arrays["channel_example"])
    shown[0].set_title("a covered face")
    for axis, channel, values in zip(shown[1:], arrays["channels"], maps, strict=False):
        axis.imshow(values, cmap=MAP, vmin=0, vmax=top)
        _outline_patch(axis, arrays["channel_patch"], len(values))
        axis.set_title(f"channel {channel}")
    bar = figure.colorbar(ScalarMappable(Normalize(0, top), MAP), ax=axes, shrink=0.7, extend="max")
    bar.set_label("median |change| / mean response")
    return figure


def _outline_patch(axis: Axes, patch: np.ndarray, side: int) -> None:
    """A dashed square where the face was covered, on a map of `side` positions."""
    x0, y0, x1, y1 = patch * side
    for colour, dashes in (("black", "-"), ("white", "--")):
        square = Rectangle((x0 - 0.5, y0 - 0.5), x1 - x0, y1 - y0, fill=False, ec=colour, ls=dashes)
        axis.add_patch(square)
