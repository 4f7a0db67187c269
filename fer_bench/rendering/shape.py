"""Where an identity's features lie when its action units act, in head units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fer_bench.rendering.action_units import ActionUnits
from fer_bench.rendering.head import Head, Points
from fer_bench.rendering.identity import Identity

_T = np.linspace(-1.0, 1.0, 17)


@dataclass(frozen=True)
class Eye:
    """One eye: `upper` and `lower` are lid curves over the same 17 abscissae, left to right."""

    side: int
    centre: tuple[float, float]
    upper: Points
    lower: Points
    crease: Points

    @property
    def opening(self) -> float:
        """The widest gap between the lids."""
        return float((self.lower[:, 1] - self.upper[:, 1]).max())


@dataclass(frozen=True)
class Mouth:
    """Four curves from the left to the right corner: outer and inner edge of each lip."""

    upper_outer: Points
    upper_inner: Points
    lower_inner: Points
    lower_outer: Points
    teeth: float

    @property
    def gap(self) -> float:
        """The widest gap between the lips."""
        return float((self.lower_inner[:, 1] - self.upper_inner[:, 1]).max())


@dataclass(frozen=True)
class Shape:
    """The drawn face's geometry; pairs are (image left, image right)."""

    head: Head
    eyes: tuple[Eye, Eye]
    brows: tuple[Points, Points]
    mouth: Mouth
    nose: tuple[float, float]
    nostril: float

    @property
    def landmarks(self) -> Points:
        """(5, 2): eye centres, nose tip, mouth corners, image left first."""
        corners = self.mouth.upper_inner[[0, -1]]
        return np.array([self.eyes[0].centre, self.eyes[1].centre, self.nose, *corners])


def shape(person: Identity, units: ActionUnits) -> Shape:
    """Move `person`'s resting features by `units`."""
    drop = 0.24 * units.jaw_drop
    head = Head(
        person.width, person.crown, person.chin + drop - 0.03 * units.chin_raise,
        person.jaw, person.depth,
    )  # fmt: skip
    gains = (1.0 + units.asymmetry, 1.0 - units.asymmetry)
    return Shape(
        head=head,
        eyes=(_eye(person, units, -1), _eye(person, units, 1)),
        brows=(_brow(person, units, -1, gains[0]), _brow(person, units, 1, gains[1])),
        mouth=_mouth(person, units, gains),
        nose=(0.0, person.nose_y - 0.035 * units.nose_wrinkle - 0.01 * units.upper_lip_raise),
        nostril=person.nose_width
        * (1.0 + 0.18 * units.nose_wrinkle + 0.08 * units.lip_corner_pull),
    )


def _eye(person: Identity, u: ActionUnits, side: int) -> Eye:
    up = 1 + 0.95 * u.upper_lid_raise - 0.3 * u.lid_tighten - 0.22 * u.cheek_raise
    up -= 0.3 * u.nose_wrinkle + 0.18 * u.brow_lower
    low = 1 + 0.15 * u.upper_lid_raise - 0.55 * u.lid_tighten - 0.75 * u.cheek_raise
    low -= 0.45 * u.nose_wrinkle
    upper_height = person.eye_height * max(0.16, up)
    lower_height = 0.62 * person.eye_height * max(0.1, low)
    outward = _T * side  # -1 at the nose, +1 at the temple
    x = side * person.eye_x + person.eye_width * _T
    base = person.eye_y + person.eye_tilt * outward
    # AU 1 pulls the inner part of the upper lid up, AU 4 pushes it down.
    skew = (0.035 * u.brow_lower - 0.05 * u.inner_brow_raise * (u.upper_lid_raise < 0.4)) * -outward
    arc = 1.0 - np.abs(_T) ** 2.2
    upper = base - (upper_height - skew) * arc
    lower = base + lower_height * arc
    crease = upper - (0.045 + 0.02 * arc) * (1.0 - 0.5 * min(1.0, u.upper_lid_raise))
    return Eye(
        side,
        (side * person.eye_x, person.eye_y + 0.25 * (lower_height - upper_height)),
        np.stack([x, upper], 1), np.stack([x, lower], 1), np.stack([x, crease], 1),
    )  # fmt: skip


def _brow(person: Identity, u: ActionUnits, side: int, gain: float) -> Points:
    """Outline of a brow, inner end first along its upper edge."""
    t = np.linspace(0.0, 1.0, 9)  # 0 inner, 1 outer
    inner = 0.25 * u.inner_brow_raise - 0.2 * u.brow_lower - 0.13 * u.nose_wrinkle
    middle = 0.06 * u.inner_brow_raise + 0.12 * u.outer_brow_raise - 0.1 * u.brow_lower
    outer = 0.15 * u.outer_brow_raise - 0.02 * u.brow_lower
    raised = inner * (1 - t) ** 2 + middle * 2 * t * (1 - t) * 1.3 + outer * t**2
    knit = (0.095 * u.brow_lower + 0.03 * u.nose_wrinkle) * (1 - t) ** 2
    start = person.eye_x - 0.5 * person.brow_length
    x = side * (start + person.brow_length * t - knit)
    arch = 0.05 * np.sin(np.pi * np.minimum(1.0, t * 1.15))
    y = person.eye_y + person.brow_y + person.brow_slope * (t - 0.5) - arch - gain * raised
    thick = person.brow_thickness * (0.75 + 0.5 * t) * (1.0 - t**3) * 0.5 + 0.008
    return np.concatenate([np.stack([x, y - thick], 1), np.stack([x, y + thick], 1)[::-1]])


def _mouth(person: Identity, u: ActionUnits, gains: tuple[float, float]) -> Mouth:
    half = person.mouth_width * (
        1 + 0.32 * u.lip_corner_pull + 0.38 * u.lip_stretch - 0.1 * u.lip_press
        - 0.16 * u.jaw_drop * (1 - u.lip_stretch) - 0.08 * u.chin_raise
    )  # fmt: skip
    gap = 0.09 * u.lips_part + 0.3 * u.jaw_drop
    corner = 0.19 * u.lip_corner_depress - 0.2 * u.lip_corner_pull + 0.03 * u.lip_stretch
    corners = [person.mouth_y + person.mouth_slope + g * corner + 0.35 * gap for g in gains]
    centre = person.mouth_y + 0.02 * u.lip_corner_pull - 0.045 * u.chin_raise
    centre -= 0.05 * u.upper_lip_raise + 0.04 * u.lip_corner_depress
    side = np.where(_T < 0, corners[0], corners[1])
    bow = np.abs(_T) ** 1.8
    arc = 1.0 - bow
    sneer = 0.12 * u.upper_lip_raise * np.exp(-(((np.abs(_T) - 0.42) / 0.25) ** 2))
    upper_inner = side * bow + (centre - 0.1 * gap) * arc - sneer * arc
    square = 1.0 - np.abs(_T) ** (1.8 + 1.6 * min(1.0, u.lip_stretch + 0.5 * u.upper_lip_raise))
    lower_inner = np.maximum(upper_inner, side * bow + (centre - 0.1 * gap) * arc + gap * square)
    thin = 1.0 - 0.65 * min(1.0, u.lip_press) - 0.2 * u.lip_corner_pull - 0.2 * u.lip_stretch
    cupid = 1.0 - 0.28 * np.exp(-((_T / 0.16) ** 2))
    upper_outer = upper_inner - person.upper_lip * max(0.2, thin) * cupid * (1 - np.abs(_T) ** 1.6)
    pout = max(0.2, thin) * (1.0 + 0.25 * u.chin_raise)
    lower_outer = lower_inner + person.lower_lip * pout * (1 - np.abs(_T) ** 2.2)
    x = half * _T
    teeth = min(1.0, u.lip_corner_pull + u.upper_lip_raise + 0.8 * u.lip_stretch
                + 0.5 * u.brow_lower)  # fmt: skip
    curves = [np.stack([x, y], 1) for y in (upper_outer, upper_inner, lower_inner, lower_outer)]
    return Mouth(curves[0], curves[1], curves[2], curves[3], teeth)
