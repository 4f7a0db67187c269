"""Facial action units and the seven expressions as combinations of them.

The units and the combinations follow the Facial Action Coding System (Ekman, Friesen & Hager,
2002, Investigator's Guide, table of emotion predictions); their sizes on the drawn face are ours.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from random import Random

from fer_bench.errors import FerBenchError, nearest
from fer_bench.labels import SEVEN
from fer_bench.rendering.draws import bell, between, pick


@dataclass(frozen=True)
class ActionUnits:
    """How strongly each unit acts: 0 at rest, 1 at its usual maximum.

    `asymmetry` (-1..1) makes the units stronger on the image's left side (positive) or right.
    """

    inner_brow_raise: float = 0.0  # AU 1
    outer_brow_raise: float = 0.0  # AU 2
    brow_lower: float = 0.0  # AU 4
    upper_lid_raise: float = 0.0  # AU 5
    cheek_raise: float = 0.0  # AU 6
    lid_tighten: float = 0.0  # AU 7
    nose_wrinkle: float = 0.0  # AU 9
    upper_lip_raise: float = 0.0  # AU 10
    lip_corner_pull: float = 0.0  # AU 12
    lip_corner_depress: float = 0.0  # AU 15
    chin_raise: float = 0.0  # AU 17
    lip_stretch: float = 0.0  # AU 20
    lip_press: float = 0.0  # AU 23 and 24
    lips_part: float = 0.0  # AU 25
    jaw_drop: float = 0.0  # AU 26
    asymmetry: float = 0.0


UNITS: tuple[str, ...] = tuple(f.name for f in fields(ActionUnits) if f.name != "asymmetry")

# Several ways to show each expression, so that no single unit gives it away.
PROTOTYPES: dict[str, tuple[dict[str, float], ...]] = {
    "neutral": ({},),
    "happiness": (
        {"cheek_raise": 0.8, "lip_corner_pull": 1.0, "lips_part": 0.7},
        {"cheek_raise": 0.6, "lip_corner_pull": 1.0},
        {"cheek_raise": 1.0, "lip_corner_pull": 1.0, "lips_part": 0.9, "jaw_drop": 0.4},
    ),
    "surprise": (
        {"inner_brow_raise": 1.0, "outer_brow_raise": 1.0, "upper_lid_raise": 0.8,
         "lips_part": 0.6, "jaw_drop": 1.0},
        {"inner_brow_raise": 1.0, "outer_brow_raise": 1.0, "upper_lid_raise": 0.5,
         "lips_part": 0.5, "jaw_drop": 0.5},
        {"inner_brow_raise": 0.6, "outer_brow_raise": 0.7, "upper_lid_raise": 1.0,
         "lips_part": 0.6, "jaw_drop": 0.7},
    ),
    "sadness": (
        {"inner_brow_raise": 0.9, "brow_lower": 0.4, "lip_corner_depress": 0.9, "chin_raise": 0.4},
        {"inner_brow_raise": 1.0, "brow_lower": 0.3, "lip_corner_depress": 0.7},
        {"inner_brow_raise": 0.7, "lip_corner_depress": 1.0, "chin_raise": 0.9,
         "lid_tighten": 0.3},
    ),
    "anger": (
        {"brow_lower": 1.0, "upper_lid_raise": 0.4, "lid_tighten": 0.6, "lip_press": 1.0},
        {"brow_lower": 1.0, "lid_tighten": 0.8, "upper_lip_raise": 0.3, "lips_part": 0.9,
         "lip_stretch": 0.3, "jaw_drop": 0.3},
        {"brow_lower": 0.9, "upper_lid_raise": 0.6, "lip_press": 0.8, "chin_raise": 0.5},
    ),
    "disgust": (
        {"nose_wrinkle": 1.0, "upper_lip_raise": 0.8, "brow_lower": 0.3, "chin_raise": 0.4},
        {"nose_wrinkle": 0.8, "upper_lip_raise": 1.0, "lips_part": 0.5},
        {"nose_wrinkle": 0.8, "upper_lip_raise": 0.8, "lip_corner_depress": 0.5,
         "lid_tighten": 0.4},
    ),
    "fear": (
        {"inner_brow_raise": 0.9, "outer_brow_raise": 0.5, "brow_lower": 0.6,
         "upper_lid_raise": 1.0, "lip_stretch": 0.9, "lips_part": 0.6},
        {"inner_brow_raise": 1.0, "outer_brow_raise": 0.5, "brow_lower": 0.5,
         "upper_lid_raise": 0.9, "lip_stretch": 0.8, "lips_part": 0.6, "jaw_drop": 0.4},
        {"inner_brow_raise": 0.9, "brow_lower": 0.6, "upper_lid_raise": 0.8, "lip_stretch": 1.0},
    ),
}  # fmt: skip

# Movements that come with speaking and squinting, whatever is felt.
INCIDENTAL: dict[str, float] = {
    "lips_part": 0.25, "jaw_drop": 0.1, "lid_tighten": 0.15, "inner_brow_raise": 0.1,
    "outer_brow_raise": 0.15, "brow_lower": 0.1, "lip_press": 0.15,
}  # fmt: skip


def express(expression: str, intensity: float, blend: float, stream: Random) -> ActionUnits:
    """Draw the units of one image of `expression`.

    Args:
        expression: one of the seven names.
        intensity: 0..1, scales the expression's units.
        blend: the largest share of a second expression that may be mixed in, 0..1.
        stream: where the variant, the jitter, the blend and the incidental movements come from.

    Raises:
        FerBenchError: unknown expression.
    """
    if expression not in PROTOTYPES:
        raise FerBenchError(f"no face can show {expression!r}: {nearest(expression, PROTOTYPES)}")
    units = dict.fromkeys(UNITS, 0.0)
    for name, strength in pick(stream, PROTOTYPES[expression]).items():
        units[name] += intensity * strength * bell(stream, 1.0, 0.25)
    other = pick(stream, [e for e in SEVEN if e != expression])
    share = blend * stream.random() ** 2
    for name, strength in pick(stream, PROTOTYPES[other]).items():
        units[name] += share * strength
    for name, most in INCIDENTAL.items():
        units[name] += most * stream.random() ** 3
    limited = {name: min(1.25, max(0.0, value)) for name, value in units.items()}
    return ActionUnits(**limited, asymmetry=between(stream, -0.25, 0.25))
