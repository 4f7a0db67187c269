"""What each action unit does to the geometry of the face."""

import dataclasses

import numpy as np
import pytest

from fer_bench.errors import FerBenchError
from fer_bench.labels import SEVEN
from fer_bench.rendering.action_units import PROTOTYPES, UNITS, ActionUnits, express
from fer_bench.rendering.draws import scalars
from fer_bench.rendering.identity import Identity, person
from fer_bench.rendering.shape import Shape, shape

PEOPLE = [person(3, f"someone_{k}") for k in range(6)]


def moved(who: Identity, **units: float) -> tuple[Shape, Shape]:
    return shape(who, ActionUnits()), shape(who, ActionUnits(**units))


def corner_height(face: Shape) -> float:
    """Mean height of the mouth corners; y points down."""
    return float(face.landmarks[3:, 1].mean())


def mouth_width(face: Shape) -> float:
    return float(face.landmarks[4, 0] - face.landmarks[3, 0])


def brow_end(face: Shape, end: str) -> float:
    outline = face.brows[1]  # image right: the inner end is the leftmost point
    index = outline[:, 0].argmin() if end == "inner" else outline[:, 0].argmax()
    return float(outline[index, 1])


@pytest.mark.parametrize("who", PEOPLE)
def test_units_move_what_they_are_named_for(who: Identity) -> None:
    rest, smile = moved(who, lip_corner_pull=1.0)
    assert corner_height(smile) < corner_height(rest) - 0.1
    assert mouth_width(smile) > 1.2 * mouth_width(rest)

    rest, frown = moved(who, lip_corner_depress=1.0)
    assert corner_height(frown) > corner_height(rest) + 0.1

    rest, dropped = moved(who, jaw_drop=1.0)
    assert dropped.head.chin > rest.head.chin + 0.15
    assert dropped.mouth.gap > rest.mouth.gap + 0.2

    rest, wide = moved(who, lip_stretch=1.0)
    assert mouth_width(wide) > 1.2 * mouth_width(rest)

    rest, raised = moved(who, inner_brow_raise=1.0)
    assert brow_end(raised, "inner") < brow_end(rest, "inner") - 0.1
    assert brow_end(raised, "outer") == pytest.approx(brow_end(rest, "outer"), abs=0.01)

    rest, arched = moved(who, outer_brow_raise=1.0)
    assert brow_end(arched, "outer") < brow_end(rest, "outer") - 0.1

    rest, knit = moved(who, brow_lower=1.0)
    assert brow_end(knit, "inner") > brow_end(rest, "inner") + 0.1
    assert knit.brows[1][:, 0].min() < rest.brows[1][:, 0].min() - 0.05

    rest, wrinkled = moved(who, nose_wrinkle=1.0)
    assert wrinkled.nose[1] < rest.nose[1]
    assert wrinkled.nostril > rest.nostril

    rest, sneer = moved(who, upper_lip_raise=1.0)
    assert sneer.mouth.upper_outer[:, 1].min() < rest.mouth.upper_outer[:, 1].min() - 0.04

    rest, parted = moved(who, lips_part=1.0)
    assert parted.mouth.gap > rest.mouth.gap + 0.05

    rest, pressed = moved(who, lip_press=1.0)
    assert lip_height(pressed) < 0.7 * lip_height(rest)

    rest, pouting = moved(who, chin_raise=1.0)
    assert pouting.mouth.lower_inner[8, 1] < rest.mouth.lower_inner[8, 1] - 0.02


def lip_height(face: Shape) -> float:
    return float(face.mouth.lower_outer[8, 1] - face.mouth.upper_outer[8, 1])


@pytest.mark.parametrize(
    ("unit", "wider"),
    [("upper_lid_raise", True), ("lid_tighten", False), ("cheek_raise", False)],
)
def test_lids_open_and_close(unit: str, wider: bool) -> None:
    for who in PEOPLE:
        rest, after = moved(who, **{unit: 1.0})
        for before, then in zip(rest.eyes, after.eyes, strict=True):
            assert (then.opening > 1.2 * before.opening) == wider
            assert (then.opening < 0.85 * before.opening) != wider


def test_asymmetry_moves_one_corner_more() -> None:
    for who in PEOPLE:
        who = dataclasses.replace(who, mouth_slope=0.0)
        left, right = shape(who, ActionUnits(lip_corner_pull=1.0, asymmetry=0.25)).landmarks[3:]
        assert left[1] < right[1] - 0.02


@pytest.mark.parametrize("expression", SEVEN)
def test_expressions_use_their_units_and_grow_with_intensity(expression: str) -> None:
    named = set().union(*PROTOTYPES[expression])
    weak, strong = (
        np.mean([
            sum(getattr(express(expression, level, 0.0, scalars(expression, k)), u) for u in named)
            for k in range(30)
        ])
        for level in (0.3, 0.9)
    )  # fmt: skip
    assert strong >= weak
    if expression != "neutral":
        assert strong > 1.8 * weak
        assert named <= set(UNITS)


def test_units_stay_within_their_range() -> None:
    for k in range(200):
        units = express(SEVEN[k % 7], 1.0, 1.0, scalars("range", k))
        assert all(0.0 <= getattr(units, name) <= 1.25 for name in UNITS)


def test_no_two_expressions_share_a_prototype() -> None:
    sets = [tuple(sorted(p.items())) for ways in PROTOTYPES.values() for p in ways]
    assert len(set(sets)) == len(sets)


def test_unknown_expression_names_the_nearest() -> None:
    with pytest.raises(FerBenchError, match="happiness"):
        express("happines", 1.0, 0.0, scalars("x"))
