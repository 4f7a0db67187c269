"""What stands behind the person."""

from __future__ import annotations

from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from fer_bench.rendering.draws import between, scalars
from fer_bench.rendering.identity import Colour


def backdrop(size: int, *names: object) -> Image.Image:
    """A `size` x `size` RGB picture of blurred boxes, discs and stripes over a gradient."""
    s = scalars("backdrop", *names)
    corners = [_colour(s) for _ in range(2)]
    angle = between(s, 0.0, 2 * np.pi)
    t = np.linspace(-0.7, 0.7, size)
    ramp = np.clip(0.5 + t[None, :] * np.cos(angle) + t[:, None] * np.sin(angle), 0, 1)[..., None]
    base = np.array(corners[0]) * (1 - ramp) + np.array(corners[1]) * ramp
    image = Image.fromarray(base.astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for _ in range(int(between(s, 2, 12))):
        colour = _colour(s)
        x, y = between(s, -0.2, 1.0) * size, between(s, -0.2, 1.0) * size
        w, h = between(s, 0.05, 0.6) * size, between(s, 0.05, 0.6) * size
        kind = s.random()
        if kind < 0.45:
            draw.rectangle((x, y, x + w, y + h), fill=colour)
        elif kind < 0.75:
            draw.ellipse((x, y, x + w, y + h), fill=colour)
        else:
            draw.line((x, y, x + 3 * w, y + 3 * h - size / 2), fill=colour, width=int(2 + w / 12))
    return image.filter(ImageFilter.GaussianBlur(between(s, 0.6, 4.0) * size / 160))


def _colour(s: Random) -> Colour:
    """A grey of any brightness with some colour in it."""
    grey = between(s, 25, 230)
    r, g, b = (min(255, max(0, round(grey + between(s, -60, 60)))) for _ in range(3))
    return r, g, b
