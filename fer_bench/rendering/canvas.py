"""Drawing in head units: sharp shapes at three times the size, soft shadows beside them."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from fer_bench.rendering.head import Points, Projection
from fer_bench.rendering.identity import Colour

OVERSAMPLE = 3


class Canvas:
    """An image drawn at `OVERSAMPLE` times its size, with masks and shadow layers.

    Attributes:
        view: how head units become pixels.
        size: side of the finished image, pixels.
    """

    def __init__(self, view: Projection, background: Image.Image) -> None:
        self.view = view
        self.size = background.width
        side = self.size * OVERSAMPLE
        self.colours = background.resize((side, side), Image.Resampling.BILINEAR)
        self._draw = ImageDraw.Draw(self.colours)
        self._fine = Image.new("L", (self.size, self.size))
        self._broad = Image.new("L", (self.size, self.size))
        self._solid = Image.new("L", (self.size, self.size))
        self._solid_draw = ImageDraw.Draw(self._solid)
        self._fine_draw, self._broad_draw = ImageDraw.Draw(self._fine), ImageDraw.Draw(self._broad)

    def solid(self, pixels: Points, colour: Colour) -> None:
        """Fill a polygon that is part of the person, not of the backdrop: the light shades it."""
        self.polygon(pixels, colour)
        self._solid_draw.polygon(pixels.ravel().tolist(), fill=255)

    def polygon(self, pixels: Points, colour: Colour) -> None:
        """Fill a polygon given in pixels of the finished image."""
        self._draw.polygon((pixels * OVERSAMPLE).ravel().tolist(), fill=colour)

    def patch(self, points: Points, colour: Colour, lift: float = 0.0) -> None:
        """Fill a polygon given in head units on the face's surface."""
        self.polygon(self.view.project(points, lift), colour)

    def stroke(self, points: Points, colour: Colour, width: float, lift: float = 0.0) -> None:
        """A line on the face's surface, `width` in head units."""
        self.line(self.view.project(points, lift), colour, width)

    def line(self, pixels: Points, colour: Colour, width: float) -> None:
        """A line given in pixels, `width` in head units."""
        thickness = max(1, round(width * self.view.pose.scale * OVERSAMPLE))
        self._draw.line((pixels * OVERSAMPLE).ravel().tolist(), colour, thickness, joint="curve")

    def wrinkle(self, points: Points, depth: float, width: float = 0.03) -> None:
        """A soft dark line; `depth` 0..1 is how dark it gets."""
        thickness = max(1, round(width * self.view.pose.scale))
        pixels = self.view.project(points).ravel().tolist()
        self._fine_draw.line(pixels, fill=_level(depth), width=thickness, joint="curve")

    def shadow(self, points: Points, depth: float) -> None:
        """A broad soft dark area on the face's surface."""
        self._broad_draw.polygon(self.view.project(points).ravel().tolist(), fill=_level(depth))

    def finish(self, light: np.ndarray) -> np.ndarray:
        """The colours, (H, W, 3) float32 in 0..1, under `light` (H, W) and the soft shadows."""
        colours = np.asarray(self.colours.reduce(OVERSAMPLE), dtype=np.float32) / 255.0
        unit = self.view.pose.scale
        solid = _blurred(self._solid, 0.02 * unit)
        fine, broad = _blurred(self._fine, 0.02 * unit), _blurred(self._broad, 0.09 * unit)
        factor = (1.0 - fine) * (1.0 - broad) * (solid * light + (1.0 - solid) * 0.85)
        return np.asarray(colours * factor[..., None])


def _blurred(layer: Image.Image, radius: float) -> np.ndarray:
    soft = layer.filter(ImageFilter.GaussianBlur(radius))
    return np.asarray(soft, dtype=np.float32) / 255.0


def ellipse(x: float, y: float, rx: float, ry: float, n: int = 20) -> Points:
    """An axis-aligned ellipse's outline."""
    t = np.linspace(0.0, 2 * np.pi, n, endpoint=False)
    return np.stack([x + rx * np.cos(t), y + ry * np.sin(t)], 1)


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """`a` with `share` of `b`."""
    return (
        round(a[0] + (b[0] - a[0]) * share),
        round(a[1] + (b[1] - a[1]) * share),
        round(a[2] + (b[2] - a[2]) * share),
    )


def _level(depth: float) -> int:
    return round(255 * min(1.0, max(0.0, depth)))
