"""Cut a face out of a photograph by a published box."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fer_bench.errors import FerBenchError

AROUND = 0.25
"""Of the box's longer side, added on each of its sides: a detector needs to see the whole head."""


def cut_box(image: np.ndarray, box: Sequence[float], where: str) -> np.ndarray:
    """The square about a box, widened by `AROUND`, as far as it lies inside the image.

    Args:
        image: (H, W, 3).
        box: left, top, right and bottom in pixels; published boxes may reach over an edge.
        where: the image, for the message.

    Returns:
        (h, w, 3), a view.

    Raises:
        FerBenchError: the box is empty or lies outside the image.
    """
    left, top, right, bottom = box
    height, width = image.shape[:2]
    inside = min(right, width) > max(left, 0) and min(bottom, height) > max(top, 0)
    if not (right > left and bottom > top and inside):
        raise FerBenchError(
            f"{where}: the box {tuple(round(v) for v in box)} has no part of this image of {width} "
            f"x {height} pixels in it. The list belongs to other images, or the image was resized."
        )
    half = max(right - left, bottom - top) * (0.5 + AROUND)
    x, y = (left + right) / 2, (top + bottom) / 2
    rows = slice(max(0, round(y - half)), max(1, min(height, round(y + half))))
    columns = slice(max(0, round(x - half)), max(1, min(width, round(x + half))))
    return image[rows, columns]
