"""Face masks drawn by this project: surgical, cloth and N95, as flat textures.

A texture lives in the mask's own coordinates: `a` runs across from -1 (side of the left jaw) over 0
(the middle of the face) to 1, `b` down from 0 (bridge of the nose) to 1 (tip of the chin).
Everything is a function of (a, b) evaluated on a grid; there are no image files.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image

from fer_bench.errors import FerBenchError, nearest

A_RANGE = (-1.1, 1.1)
B_RANGE = (-0.15, 1.2)
WIDTH, HEIGHT = 528, 324
"""Texture size in pixels: 240 a unit of `a` and of `b`."""

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class MaskArt:
    """A drawn mask.

    Attributes:
        kind: family and colour, e.g. `surgical_blue`.
        texture: (HEIGHT, WIDTH, 4) float32 RGBA in 0..1, not premultiplied.
        straps: where straps leave the right half, as (a, b), from top to bottom.
        strap_ends: the `b` at which each reaches the ear or the rim of the head.
        strap_colour: RGB in 0..1.
        strap_width: in units of the distance between the eyes.
    """

    kind: str
    texture: np.ndarray
    straps: tuple[tuple[float, float], ...]
    strap_ends: tuple[float, ...]
    strap_colour: Colour
    strap_width: float


@dataclass(frozen=True)
class _Family:
    """Outline of the right half (the left mirrors it): (a, b) along the top and bottom edge."""

    top: tuple[tuple[float, float], ...]
    bottom: tuple[tuple[float, float], ...]
    side: float
    straps: tuple[tuple[float, float], ...]
    strap_ends: tuple[float, ...]
    strap_width: float


_SURGICAL = _Family(
    top=((0, 0.0), (0.15, 0.02), (0.35, 0.1), (0.6, 0.18), (0.95, 0.24)),
    bottom=((0, 1.05), (0.25, 1.04), (0.5, 0.97), (0.75, 0.8), (0.95, 0.6)),
    side=0.95,
    straps=((0.93, 0.27), (0.92, 0.58)),
    strap_ends=(-0.04, 0.3),
    strap_width=0.045,
)
_CLOTH = _Family(
    top=((0, -0.02), (0.12, 0.0), (0.35, 0.12), (0.65, 0.19), (0.98, 0.2)),
    bottom=((0, 1.08), (0.2, 1.06), (0.45, 0.98), (0.72, 0.78), (0.98, 0.5)),
    side=0.98,
    straps=((0.96, 0.25), (0.96, 0.45)),
    strap_ends=(-0.02, 0.3),
    strap_width=0.06,
)
_N95 = _Family(
    top=((0, -0.03), (0.14, 0.0), (0.36, 0.11), (0.65, 0.23), (0.88, 0.36)),
    bottom=((0, 1.05), (0.28, 1.03), (0.55, 0.93), (0.75, 0.77), (0.88, 0.6)),
    side=0.88,
    straps=((0.85, 0.39), (0.83, 0.63)),
    strap_ends=(-0.02, 0.42),
    strap_width=0.055,
)

COLOURS: dict[str, Colour] = {
    "surgical_blue": (0.55, 0.74, 0.87),
    "surgical_white": (0.87, 0.88, 0.9),
    "surgical_green": (0.61, 0.81, 0.74),
    "surgical_pink": (0.9, 0.72, 0.77),
    "surgical_black": (0.14, 0.14, 0.16),
    "cloth_black": (0.12, 0.12, 0.13),
    "cloth_grey": (0.52, 0.53, 0.55),
    "cloth_navy": (0.16, 0.21, 0.37),
    "cloth_red": (0.62, 0.16, 0.18),
    "cloth_striped": (0.82, 0.8, 0.74),
    "cloth_checked": (0.4, 0.5, 0.42),
    "n95_white": (0.86, 0.86, 0.84),
    "n95_grey": (0.66, 0.68, 0.7),
}

KINDS = tuple(COLOURS)
WEIGHTS = (6, 3, 2, 1, 2, 3, 2, 2, 1, 1, 1, 4, 1)
"""How often the mixed style takes each kind: mostly what was worn in the street."""


@cache
def draw_mask(kind: str) -> MaskArt:
    """The mask called `kind`; raises FerBenchError with the nearest valid kind."""
    if kind not in COLOURS:
        raise FerBenchError(f"unknown mask kind {kind!r}: {nearest(kind, COLOURS)}")
    name = kind.split("_")[0]
    family = {"surgical": _SURGICAL, "cloth": _CLOTH, "n95": _N95}[name]
    a, b = _grid()
    inside = _distance(family, a, b)
    paint: Callable[..., np.ndarray] = {
        "surgical": _surgical,
        "cloth": _cloth,
        "n95": _n95,
    }[name]
    rgb = paint(kind, np.array(COLOURS[kind]), a, b, inside)
    # the weave of the material: the same grain every time, so that a kind is one picture
    grain = np.random.default_rng(sum(kind.encode())).normal(0, 0.008, a.shape)
    alpha = _smooth(inside / 0.016)
    texture = np.dstack([np.clip(rgb + grain[..., None], 0, 1), alpha]).astype(np.float32)
    dark = sum(COLOURS[kind]) < 0.9
    strap: Colour = (0.13, 0.13, 0.14) if dark else (0.9, 0.9, 0.89)
    if name == "n95":
        strap = (0.86, 0.78, 0.55)
    return MaskArt(kind, texture, family.straps, family.strap_ends, strap, family.strap_width)


def flat_picture(kind: str, size: tuple[int, int]) -> Image.Image:
    """The mask laid flat, cropped to its outline, as an RGBA picture of `size` (width, height)."""
    texture = draw_mask(kind).texture
    rows = np.flatnonzero(texture[..., 3].max(axis=1) > 0.5)
    columns = np.flatnonzero(texture[..., 3].max(axis=0) > 0.5)
    cut = texture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    picture = Image.fromarray(np.round(cut * 255).astype(np.uint8))
    return picture.resize(size, Image.Resampling.LANCZOS)


def _grid() -> tuple[np.ndarray, np.ndarray]:
    a = np.linspace(*A_RANGE, WIDTH)
    b = np.linspace(*B_RANGE, HEIGHT)
    across, down = np.meshgrid(a, b)
    return across, down


def _distance(family: _Family, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Rough distance to the outline, positive inside, in units of `b`."""
    top = b - _curve(family.top, np.abs(a))
    bottom = _curve(family.bottom, np.abs(a)) - b
    distance: np.ndarray = np.minimum(np.minimum(top, bottom) * 0.85, family.side - np.abs(a))
    return distance


def _curve(points: tuple[tuple[float, float], ...], a: np.ndarray) -> np.ndarray:
    """A smooth curve near the points: linear interpolation averaged over a short stretch."""
    xs, ys = zip(*points, strict=True)
    shifts = np.linspace(-0.09, 0.09, 7)
    curve: np.ndarray = np.mean([np.interp(np.abs(a + s), xs, ys) for s in shifts], axis=0)
    return curve


def _smooth(t: np.ndarray) -> np.ndarray:
    t = np.clip(t, 0, 1)
    smooth: np.ndarray = t * t * (3 - 2 * t)
    return smooth


def _line(distance: np.ndarray, width: float) -> np.ndarray:
    """1 on a line, falling off like a bell with standard deviation `width`."""
    bell: np.ndarray = np.exp(-((distance / width) ** 2) / 2)
    return bell


def _surgical(
    kind: str, colour: np.ndarray, a: np.ndarray, b: np.ndarray, inside: np.ndarray
) -> np.ndarray:
    """Three pleats that gape towards the middle, a welded hem and the wire over the nose."""
    light = np.ones_like(a)
    for k, at in enumerate((0.36, 0.54, 0.72)):
        fold = b - (at + (0.05 - 0.02 * k) * (1 - a**2) - 0.03)
        light -= 0.2 * _line(fold, 0.008) + 0.1 * np.exp(-np.clip(fold, 0, None) / 0.04) * (
            fold > 0
        )
        light += 0.07 * _line(fold + 0.022, 0.012)
    light -= 0.1 * _line(inside - 0.055, 0.006)  # the weld
    light += 0.05 * (inside < 0.05)
    wire = _line(inside - 0.035, 0.01) * (b < 0.2) * _smooth((0.42 - np.abs(a)) / 0.05)
    light += 0.09 * wire - 0.06 * _line(inside - 0.052, 0.007) * (wire > 0.1)
    rgb: np.ndarray = colour * light[..., None]
    return rgb


def _cloth(
    kind: str, colour: np.ndarray, a: np.ndarray, b: np.ndarray, inside: np.ndarray
) -> np.ndarray:
    """Two panels sewn in the middle, a stitched hem, soft creases towards the ears; patterns."""
    rgb = np.broadcast_to(colour, (*a.shape, 3)).copy()
    if kind == "cloth_striped":
        stripe = _smooth(np.abs(((b + 0.06 * a**2) / 0.11) % 1 - 0.5) * 8 - 1.6)
        rgb += stripe[..., None] * (np.array([0.2, 0.28, 0.48]) - colour)
    if kind == "cloth_checked":
        across = _smooth(np.abs((a / 0.2) % 1 - 0.5) * 6 - 1)
        down = _smooth(np.abs((b / 0.2) % 1 - 0.5) * 6 - 1)
        rgb *= (1.2 - 0.28 * across - 0.28 * down)[..., None]
    depth = 0.6 if colour.sum() < 0.9 else 1.0  # creases hardly show on dark cloth
    light = np.ones_like(a)
    light -= 0.2 * _line(np.abs(a) - 0.006, 0.007)
    light += 0.1 * _line(np.abs(a) - 0.03, 0.014)
    light -= 0.12 * depth * _line(inside - 0.045, 0.005)
    for at, slope in ((0.42, -0.12), (0.55, 0.03), (0.68, 0.2)):
        crease = b - at - slope * (1 - np.abs(a))
        light += 0.13 * depth * crease / 0.03 * _line(crease, 0.03) * _smooth(np.abs(a) * 2 - 0.8)
    shaded: np.ndarray = rgb * light[..., None]
    return shaded


def _n95(
    kind: str, colour: np.ndarray, a: np.ndarray, b: np.ndarray, inside: np.ndarray
) -> np.ndarray:
    """A stiff cup: a dome of light, a pressed rim, an embossed shell and a metal clip."""
    light = 0.8 + 0.24 * _smooth(inside / 0.34)
    light += 0.08 * _line(np.hypot(a * 0.9, (b - 0.38) * 0.8), 0.16)
    light -= 0.16 * _line(inside - 0.075, 0.009)
    light += 0.06 * (inside < 0.065)
    emboss = np.sin(a * 90) * np.sin(b * 90)
    light += 0.012 * emboss * (inside > 0.1)
    rgb = colour * light[..., None]
    clip = _smooth((0.34 - np.abs(a)) / 0.03) * _smooth((0.022 - np.abs(inside - 0.04)) / 0.008)
    clip *= b < 0.25
    metal = np.array([0.66, 0.68, 0.71]) * (0.9 + 0.25 * _line(a - 0.08, 0.12))[..., None]
    with_clip: np.ndarray = rgb + clip[..., None] * (metal - rgb)
    return with_clip
