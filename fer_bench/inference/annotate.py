"""A picture with what a network said of it: the face that was taken, and every class."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from fer_bench.datasets.photograph import read_rgb
from fer_bench.files import replacing
from fer_bench.inference.trained import Prediction

SIDE = 640
"""Longer side of the picture as it is drawn, in pixels."""

PANEL, LINE = 260, 26
TAKEN, QUIET, INK, PAPER = "#1769aa", "#c9d6e2", "#111111", "#ffffff"


def annotate(prediction: Prediction, out: Path, image: np.ndarray | None = None) -> None:
    """Write the annotated picture as PNG.

    The box is what the network saw: solid around a detected face with its five landmarks, dashed
    around the centre square where none was found.

    Args:
        prediction: what was said.
        out: the file.
        image: (H, W, 3) uint8 RGB, where the prediction was not made of a file.
    """
    if image is None:
        assert prediction.picture is not None, "an array was predicted: hand it over as `image`"
        image = read_rgb(prediction.picture)
    scale = SIDE / max(image.shape[:2])
    shown = Image.fromarray(image).resize(
        (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))),
        Image.Resampling.LANCZOS,
    )
    height = max(shown.height, LINE * (len(prediction.probabilities) + 2))
    sheet = Image.new("RGB", (shown.width + PANEL, height), PAPER)
    sheet.paste(shown, (0, 0))
    pen = ImageDraw.Draw(sheet)
    _face(pen, prediction, scale)
    _bars(pen, prediction, shown.width + 12)
    with replacing(out) as temporary:
        sheet.save(temporary, format="PNG")


def _face(pen: ImageDraw.ImageDraw, prediction: Prediction, scale: float) -> None:
    x0, y0, x1, y1 = (v * scale for v in prediction.box)
    if prediction.detection is not None:
        pen.rectangle((x0, y0, x1, y1), outline=TAKEN, width=3)
        for x, y in prediction.detection.landmarks * scale:
            pen.ellipse((x - 4, y - 4, x + 4, y + 4), fill=TAKEN, outline=PAPER)
        return
    dash = 12
    for start in np.arange(0, x1 - x0, 2 * dash):
        for y in (y0 + 1, y1 - 2):
            pen.line((x0 + start, y, min(x0 + start + dash, x1), y), fill=TAKEN, width=3)
    for start in np.arange(0, y1 - y0, 2 * dash):
        for x in (x0 + 1, x1 - 2):
            pen.line((x, y0 + start, x, min(y0 + start + dash, y1)), fill=TAKEN, width=3)


def _bars(pen: ImageDraw.ImageDraw, prediction: Prediction, left: int) -> None:
    font = ImageFont.load_default(15)
    said = "the face that was taken" if prediction.detection else "no face found: the centre"
    pen.text((left, 5), said, fill=INK, font=font)
    wide = PANEL - 24
    for i, (name, share) in enumerate(prediction.probabilities.items()):
        top = LINE * (i + 1) + 6
        colour = TAKEN if name == prediction.answer else QUIET
        pen.rectangle((left, top + 18, left + wide, top + 21), fill="#eeeeee")
        pen.rectangle((left, top + 18, left + max(1, wide * share), top + 21), fill=colour)
        pen.text((left, top), name, fill=INK, font=font)
        pen.text((left + wide, top), f"{100 * share:.0f} %", fill=INK, font=font, anchor="ra")
