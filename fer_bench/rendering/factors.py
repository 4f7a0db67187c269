"""Everything that differs between two pictures of one person, drawn from (seed, subject, shot)."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from fer_bench.labels import SEVEN
from fer_bench.rendering.action_units import ActionUnits, express
from fer_bench.rendering.draws import bell, between, pick, scalars
from fer_bench.rendering.head import Pose
from fer_bench.rendering.lighting import LIGHTS, CastShadow

OCCLUDERS = ("hand", "sunglasses", "hair", "scarf")


@dataclass(frozen=True)
class Settings:
    """How widely pictures vary.

    Attributes:
        seed: of the whole world of persons and pictures.
        image_size: side of a picture, pixels.
        intensity: lowest and highest strength of an expression, 0..1.
        blend: largest share of a second expression mixed in, 0..1.
        occluded: share of pictures with something before the face.
        frontal: share of pictures with |yaw| <= 20 degrees.
        yaw_max: largest |yaw|, degrees.
        shadow: how much light a cast shadow takes away at most, 0..1.
        noise: standard deviation of the sensor noise at most, 0..1.
    """

    seed: int = 0
    image_size: int = 160
    intensity: tuple[float, float] = (0.75, 1.0)
    blend: float = 0.1
    occluded: float = 0.18
    frontal: float = 0.41
    yaw_max: float = 53.0
    shadow: float = 0.55
    noise: float = 0.016


@dataclass(frozen=True)
class Factors:
    """One picture's nuisance and expression."""

    expression: str
    intensity: float
    units: ActionUnits
    pose: Pose
    gaze: tuple[float, float]
    illumination: str
    light: tuple[float, float, float]
    ambient: float
    shadow: CastShadow
    gain: float
    tint: tuple[float, float, float]
    contrast: float
    blur: float
    noise: float
    occluder: str


def plan(settings: Settings, subject: str, shot: int) -> Factors:
    """The factors of picture number `shot` of `subject`.

    Expressions come in shuffled rounds of seven and yaw and occlusion in low-discrepancy order, so
    that every person shows all of them, and a picture stays the same when more are asked for.
    """
    person = scalars("sequence", settings.seed, subject)
    turned, covered = person.random(), person.random()
    s = scalars("picture", settings.seed, subject, shot)
    expression = _expression(settings.seed, subject, shot)
    drawn = between(s, *settings.intensity)
    units = express(expression, drawn, settings.blend, s)
    pose = _pose(settings, (turned + shot * 0.6180339887498949) % 1.0, s)
    occluder = pick(s, OCCLUDERS)
    if (covered + shot * 0.7548776662466927) % 1.0 >= settings.occluded:
        occluder = "none"
    illumination = pick(s, tuple(LIGHTS))
    light = tuple(c + bell(s, 0.0, 0.2) for c in LIGHTS[illumination])
    dim = illumination == "dim"
    warmth = bell(s, 0.0, 0.12)
    return Factors(
        expression=expression,
        intensity=0.0 if expression == "neutral" else drawn,
        units=units,
        pose=pose,
        gaze=(bell(s, 0.0, 0.8), bell(s, 0.0, 0.5)),
        illumination=illumination,
        light=(light[0], light[1], light[2]),
        ambient=between(s, 0.4, 0.7),
        shadow=CastShadow(
            angle=between(s, 0.0, 6.2832),
            offset=between(s, -0.6, 0.9),
            depth=settings.shadow * s.random(),
            softness=between(s, 0.15, 0.9),
            stripes=between(s, 0.5, 1.6) if s.random() < 0.15 else 0.0,
        ),
        gain=between(s, 0.58, 0.78) if dim else between(s, 0.78, 1.22),
        tint=(1.0 + warmth, 1.0 + bell(s, 0.0, 0.04), 1.0 - warmth),
        contrast=between(s, 0.8, 1.15),
        blur=between(s, 0.0, 0.9) ** 2,
        noise=settings.noise * (0.3 + 0.3 * s.random() if dim else s.random() ** 2),
        occluder=occluder,
    )


def _expression(seed: int, subject: str, shot: int) -> str:
    order = list(SEVEN)
    stream = scalars("round", seed, subject, shot // len(order))
    for i in range(len(order) - 1, 0, -1):
        j = int(stream.random() * (i + 1))
        order[i], order[j] = order[j], order[i]
    return order[shot % len(order)]


def _pose(settings: Settings, quantile: float, s: Random) -> Pose:
    if quantile < settings.frontal:
        degrees = 20.0 * quantile / settings.frontal
    else:
        rest = (quantile - settings.frontal) / (1.0 - settings.frontal)
        degrees = 20.0 + (settings.yaw_max - 20.0) * rest
    scale = settings.image_size * between(s, 0.215, 0.295)
    slack = settings.image_size * 0.06
    middle = settings.image_size / 2
    return Pose(
        yaw=degrees if s.random() < 0.5 else -degrees,
        pitch=bell(s, 0.0, 11.0),
        roll=bell(s, 0.0, 11.0),
        scale=scale,
        centre=(middle + bell(s, 0.0, slack), middle + bell(s, 0.0, slack)),
    )
