"""Figures 9, S1 and S2: what the models look at, face by face."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from fer_bench.reports.explained import Pictures
from fer_bench.reports.figures.faces import (
    ACROSS,
    TITLES,
    answer,
    caption,
    clear,
    colour_bar,
    face,
    overlay,
    tiled,
)


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
