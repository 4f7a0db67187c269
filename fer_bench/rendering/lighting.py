"""How light falls on the head: the stacked ellipses' normals with bumps for the features."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin

import numpy as np
from PIL import Image

from fer_bench.rendering.head import Projection
from fer_bench.rendering.identity import Identity
from fer_bench.rendering.shape import Shape

LIGHTS: dict[str, tuple[float, float, float]] = {
    "front": (0.1, -0.3, 0.95),
    "left": (-0.78, -0.25, 0.58),
    "right": (0.78, -0.25, 0.58),
    "top": (0.05, -0.8, 0.6),
    "below": (0.0, 0.25, 0.96),
    "dim": (0.2, -0.4, 0.9),
}
"""Direction towards the light, x right, y down, z towards the viewer."""


@dataclass(frozen=True)
class CastShadow:
    """Something out of the picture that keeps part of the light away.

    Attributes:
        angle: direction across the shadow's edge, radians.
        offset: where the edge lies, head units from the head's centre.
        depth: share of the light taken away, 0..1.
        softness: width of the edge, head units.
        stripes: number of bands a head unit, as through a blind; 0 is a single edge.
    """

    angle: float
    offset: float
    depth: float
    softness: float
    stripes: float


def illuminate(
    view: Projection,
    person: Identity,
    shape: Shape,
    light: tuple[float, float, float],
    ambient: float,
    shadow: CastShadow,
) -> np.ndarray:
    """(H, W) float32 brightness of a square image of the head, about 1 in full light.

    Light is smooth, so it is worked out at half the size and enlarged.

    Args:
        view: the head's pose and the image's side.
        person: whose features make the relief.
        shape: where these features are.
        light: direction towards the light.
        ambient: share of the brightness that comes from everywhere, 0..1.
        shadow: what keeps part of the light away.
    """
    n = (view.side + 1) // 2
    grid = (np.arange(n, dtype=np.float32) + 0.5) * (view.side / n)
    x, y = view.unplace(grid[None, :], grid[:, None])
    half = shading(view, person, shape, light, ambient, x, y) * passing(shadow, x, y)
    image = Image.fromarray(half.astype(np.float32))
    return np.asarray(image.resize((view.side, view.side), Image.Resampling.BILINEAR))


def passing(shadow: CastShadow, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Share of the light that passes at points of the head's plane, head units."""
    along = x * cos(shadow.angle) + y * sin(shadow.angle) - shadow.offset
    if shadow.stripes:
        period = 2 * pi * shadow.stripes
        along = np.sin(period * along) / period
    share = 0.5 + 0.5 * np.tanh(along / shadow.softness)
    return np.asarray(1.0 - shadow.depth * share)


def shading(
    view: Projection, person: Identity, shape: Shape, light: tuple[float, float, float],
    ambient: float, x: np.ndarray, y: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Lambert's law at points of the head's plane (head units), plus the ambient share."""
    level = np.clip(y, -0.75 * view.head.crown, 0.7 * view.head.chin)
    middle = view.head.middle(level) * view.sin_yaw
    nx = np.clip((x - middle) / (view.extent(level) * 1.08), -0.98, 0.98)
    ny = np.clip(y / 1.5, -0.95, 0.95) ** 3 * 0.75 + 0.1 * y
    gx, gy = _bumps(view, person, shape, x, y)
    nz = np.sqrt(np.clip(1.0 - nx**2 - ny**2, 0.08, 1.0))
    nx, ny = nx - gx, ny - gy
    length = np.sqrt(nx**2 + ny**2 + nz**2)
    lx, ly, lz = light
    facing = np.clip((nx * lx + ny * ly + nz * lz) / length, 0.0, None)
    return np.asarray(ambient + (1.0 - ambient) * 1.08 * facing)


def _bumps(
    view: Projection, person: Identity, shape: Shape, x: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Slopes of the relief: Gaussian hills (nose, cheeks, chin, lips) and hollows (eyes)."""
    ey, ex, nose, mouth = person.eye_y, person.eye_x, shape.nose[1], person.mouth_y
    hills = [
        # x, y, lift, radius x, radius y, height
        (0.0, (ey + nose) / 2 + 0.1, 0.1, 0.1, 0.26, 0.09),
        (0.0, nose - 0.01, 0.2, 0.13, 0.11, 0.1),
        (-ex, ey, 0.0, 0.22, 0.14, -0.045),
        (ex, ey, 0.0, 0.22, 0.14, -0.045),
        (-0.5, nose - 0.08, 0.0, 0.24, 0.2, 0.06),
        (0.5, nose - 0.08, 0.0, 0.24, 0.2, 0.06),
        (0.0, mouth + 0.1, 0.0, 0.28, 0.1, 0.03),
        (0.0, shape.head.chin - 0.17, 0.0, 0.22, 0.14, 0.06),
    ]
    gx, gy = np.zeros_like(x), np.zeros_like(x)
    for hx, hy, lift, rx, ry, height in hills:
        z = float(view.head.surface(np.array([hx]), np.array([hy]))[0]) + lift
        cx = hx * view.cos_yaw + z * view.sin_yaw
        cy = hy + 0.8 * z * view.sin_pitch
        facing = max(0.35, view.cos_yaw + 0.5 * hx * -view.sin_yaw)
        dx, dy = (x - cx) / (rx * facing), (y - cy) / ry
        hill = height * np.exp(-0.5 * (dx**2 + dy**2))
        gx -= hill * dx / (rx * facing)
        gy -= hill * dy / ry
    return gx, gy
