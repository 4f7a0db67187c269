"""One picture: the description of a face turned into its box, its landmarks and its pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from fer_bench.rendering.backdrop import backdrop
from fer_bench.rendering.canvas import Canvas
from fer_bench.rendering.draws import arrays
from fer_bench.rendering.factors import Factors, Settings
from fer_bench.rendering.features import draw_brow, draw_eye, draw_folds, draw_mouth, draw_nose
from fer_bench.rendering.head import Projection
from fer_bench.rendering.identity import Identity
from fer_bench.rendering.lighting import illuminate
from fer_bench.rendering.occluders import draw_occluder
from fer_bench.rendering.person import (
    draw_beard,
    draw_body,
    draw_glasses,
    draw_hair_behind,
    draw_head,
)
from fer_bench.rendering.shape import Shape, shape


@dataclass(frozen=True)
class Geometry:
    """Where the face truly is, pixels.

    Attributes:
        box: (x0, y0, x1, y1) from the upper forehead to the chin and from ear to ear, or to
            the horizon of a turned head.
        landmarks: (5, 2) left eye, right eye, nose tip, left and right mouth corner, image left
            first; those behind an occluder included.
    """

    box: tuple[float, float, float, float]
    landmarks: np.ndarray


def geometry(settings: Settings, person: Identity, factors: Factors) -> Geometry:
    """The true box and landmarks, without drawing anything."""
    face = shape(person, factors.units)
    return _geometry(Projection(face.head, factors.pose, settings.image_size), person, face)


def _geometry(view: Projection, person: Identity, face: Shape) -> Geometry:
    y = np.linspace(0.75 * person.hairline, face.head.chin * 0.998, 24)
    side = 0.92 * face.head.half_width(y)
    outline = view.region(np.stack([-side, y], 1), np.stack([side, y], 1))
    (x0, y0), (x1, y1) = outline.min(axis=0), outline.max(axis=0)
    lift = np.array([0.0, 0.0, 0.28, 0.02, 0.02])
    return Geometry(
        (float(x0), float(y0), float(x1), float(y1)), view.project(face.landmarks, lift)
    )


def render(settings: Settings, person: Identity, factors: Factors, *names: object) -> np.ndarray:
    """Draw one picture.

    Args:
        settings: image size and seed.
        person: who it is.
        factors: how they look this time.
        names: name the picture's own random streams (backdrop, occluder's shape, sensor noise).

    Returns:
        (size, size, 3) uint8 RGB.
    """
    face = shape(person, factors.units)
    view = Projection(face.head, factors.pose, settings.image_size)
    names = (settings.seed, *names)
    canvas = Canvas(view, backdrop(settings.image_size, *names))
    draw_hair_behind(canvas, person)
    draw_body(canvas, person, face)
    draw_head(canvas, person, face)
    draw_beard(canvas, person, face)
    draw_mouth(canvas, person, face)
    for eye, brow in zip(face.eyes, face.brows, strict=True):
        draw_eye(canvas, person, eye, factors.gaze)
        draw_brow(canvas, person, brow)
    draw_folds(canvas, person, face, factors.units)
    draw_nose(canvas, person, face)
    if person.glasses and factors.occluder != "sunglasses":
        draw_glasses(canvas, person)
    draw_occluder(canvas, factors.occluder, person, face, *names)
    light = illuminate(view, person, face, factors.light, factors.ambient, factors.shadow)
    # A camera meters the face, though not fully.
    metered = 1.1 * (150.0 / (sum(person.skin) / 3)) ** 0.6
    return _expose(canvas.finish(light) * np.float32(metered), factors, names)


def _expose(colours: np.ndarray, factors: Factors, names: tuple[object, ...]) -> np.ndarray:
    """The camera: exposure, tint, contrast, blur and sensor noise."""
    exposed = colours * (factors.gain * np.array(factors.tint, dtype=np.float32))
    exposed = 0.45 + (exposed - 0.45) * factors.contrast
    image = Image.fromarray((np.clip(exposed, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8))
    image = image.filter(ImageFilter.GaussianBlur(factors.blur * len(colours) / 160))
    noise = arrays("noise", *names).standard_normal(colours.shape, dtype=np.float32)
    noisy = np.asarray(image, dtype=np.float32) + 255.0 * factors.noise * noise
    return np.clip(noisy + 0.5, 0.0, 255.0).astype(np.uint8)
