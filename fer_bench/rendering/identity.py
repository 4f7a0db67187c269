"""What stays the same in every picture of one person."""

from __future__ import annotations

from dataclasses import dataclass

from fer_bench.rendering.draws import bell, between, pick, scalars

Colour = tuple[int, int, int]

SKIN: tuple[Colour, ...] = (
    (246, 217, 196), (233, 194, 164), (214, 168, 132), (184, 134, 98), (146, 101, 72),
    (112, 77, 57),
)  # fmt: skip
HAIR: tuple[Colour, ...] = (
    (28, 22, 20), (52, 36, 28), (88, 58, 38), (134, 92, 52), (188, 148, 88), (150, 148, 146),
    (120, 50, 30),
)  # fmt: skip
IRIS: tuple[Colour, ...] = (
    (72, 46, 28), (50, 34, 24), (96, 76, 44), (76, 104, 76), (80, 112, 148), (110, 122, 130),
)  # fmt: skip
LIPS: tuple[Colour, ...] = (
    (150, 50, 60), (176, 84, 84), (110, 24, 40), (200, 110, 110), (120, 60, 50), (90, 30, 60),
)  # fmt: skip
CLOTH: tuple[Colour, ...] = (
    (48, 62, 98), (120, 40, 46), (60, 92, 70), (190, 186, 176), (36, 36, 40), (170, 130, 60),
    (110, 110, 150),
)  # fmt: skip
HAIR_STYLES = ("bald", "short", "parted", "long", "curly", "fringe", "bun")


@dataclass(frozen=True)
class Identity:
    """One person's looks. Lengths are in head units: the mean head is 2 wide and 2.7 high.

    Positions are measured from the head's centre, x to the image's right and y down.
    """

    # head
    width: float
    crown: float
    chin: float
    jaw: float
    depth: float
    hairline: float
    ear: float
    # features
    eye_x: float
    eye_y: float
    eye_width: float
    eye_height: float
    eye_tilt: float
    brow_y: float
    brow_slope: float
    brow_thickness: float
    brow_length: float
    nose_y: float
    nose_width: float
    nose_length: float
    mouth_y: float
    mouth_width: float
    mouth_slope: float
    upper_lip: float
    lower_lip: float
    # looks
    skin_tone: int
    skin: Colour
    hair_style: str
    hair: Colour
    brow: Colour
    iris: Colour
    lips: Colour
    cloth: Colour
    beard: str
    glasses: bool
    age: float
    marks: tuple[tuple[float, float], ...]


def person(seed: int, subject: str) -> Identity:
    """The person called `subject` in the world of `seed`."""
    s = scalars("identity", seed, subject)
    tone = int(s.random() * len(SKIN))
    skin = _vary(SKIN[tone], [bell(s, 0, 12) for _ in range(3)])
    hair = _vary(pick(s, HAIR if tone < 3 else HAIR[:3] + HAIR[5:6]), [bell(s, 0, 12)] * 3)
    # From lips like the skin to dark lipstick.
    lips = _mix(skin, pick(s, LIPS), between(s, 0.15, 0.85))
    iris = pick(s, IRIS if tone < 3 else IRIS[:3])
    eye_y = bell(s, -0.03, 0.07)
    nose_length = bell(s, 0.47, 0.08)
    nose_y = eye_y + nose_length
    mouth_y = nose_y + bell(s, 0.34, 0.06)
    return Identity(
        width=bell(s, 0.97, 0.12),
        crown=bell(s, 1.33, 0.1),
        chin=max(mouth_y + 0.42, bell(s, 1.3, 0.16)),
        jaw=between(s, 1.9, 3.6),
        depth=bell(s, 0.95, 0.08),
        hairline=bell(s, -0.88, 0.16),
        ear=between(s, 0.2, 0.3),
        eye_x=bell(s, 0.42, 0.05),
        eye_y=eye_y,
        eye_width=bell(s, 0.2, 0.035),
        eye_height=bell(s, 0.095, 0.03),
        eye_tilt=bell(s, -0.015, 0.04),
        brow_y=bell(s, -0.28, 0.045),
        brow_slope=bell(s, 0.0, 0.05),
        brow_thickness=bell(s, 0.09, 0.05),
        brow_length=bell(s, 0.46, 0.08),
        nose_y=nose_y,
        nose_width=bell(s, 0.2, 0.07),
        nose_length=nose_length,
        mouth_y=mouth_y,
        mouth_width=bell(s, 0.37, 0.06),
        mouth_slope=bell(s, 0.0, 0.025),
        upper_lip=bell(s, 0.075, 0.045),
        lower_lip=bell(s, 0.1, 0.05),
        skin_tone=tone,
        skin=skin,
        hair_style=pick(s, HAIR_STYLES),
        hair=hair,
        brow=_mix(hair, (30, 22, 18), between(s, 0.2, 0.7)),
        iris=iris,
        lips=lips,
        cloth=_vary(pick(s, CLOTH), [bell(s, 0, 25) for _ in range(3)]),
        beard=pick(s, ("none",) * 13 + ("stubble", "moustache", "full")),
        glasses=s.random() < 0.14,
        age=s.random(),
        marks=tuple(
            (between(s, -0.75, 0.75), between(s, -0.6, 1.0)) for _ in range(int(s.random() * 5))
        ),
    )


def _vary(colour: Colour, by: list[float]) -> Colour:
    return tuple(min(255, max(0, round(c + d))) for c, d in zip(colour, by, strict=True))  # type: ignore[return-value]


def _mix(a: Colour, b: Colour, share: float) -> Colour:
    return tuple(round(x + (y - x) * share) for x, y in zip(a, b, strict=True))  # type: ignore[return-value]
