"""Things before the face: a hand, sunglasses, a lock of hair, a scarf."""

from __future__ import annotations

import numpy as np

from fer_bench.rendering.canvas import Canvas, ellipse, mix
from fer_bench.rendering.draws import bell, between, pick, scalars
from fer_bench.rendering.identity import CLOTH, Colour, Identity
from fer_bench.rendering.person import BLACK, draw_glasses
from fer_bench.rendering.shape import Shape


def draw_occluder(
    canvas: Canvas, kind: str, person: Identity, shape: Shape, *names: object
) -> None:
    """Draw the occluder called `kind` ("none" draws nothing), varied by the stream of `names`."""
    if kind == "none":
        return
    if kind == "sunglasses":
        draw_glasses(canvas, person, tinted=True)
        return
    {"hand": _hand, "hair": _hair, "scarf": _scarf}[kind](canvas, person, shape, names)


def _hand(canvas: Canvas, person: Identity, shape: Shape, names: tuple[object, ...]) -> None:
    """A palm below the cheek or the mouth and four fingers up, in the person's own skin."""
    s = scalars("hand", *names)
    side = -1 if s.random() < 0.5 else 1
    x, y = side * between(s, 0.1, 0.6), person.mouth_y + between(s, 0.3, 0.5)
    tilt = -side * between(s, 0.1, 0.7)
    skin, edge = mix(person.skin, BLACK, 0.1), mix(person.skin, BLACK, 0.42)
    along = np.array([np.sin(tilt), -np.cos(tilt)])
    across = np.array([np.cos(tilt), np.sin(tilt)])
    view = canvas.view
    centre = view.project(np.array([[x, y]]), 0.15)[0]
    turn = np.array([[view.cos_roll, -view.sin_roll], [view.sin_roll, view.cos_roll]])

    def at(points: np.ndarray) -> np.ndarray:
        local = points[:, :1] * across + points[:, 1:] * along
        return np.asarray(centre + view.pose.scale * local @ turn.T)

    arm = np.array([[-0.3, -0.2], [0.3, -0.2], [0.36, -2.6], [-0.36, -2.6]])
    canvas.solid(at(arm), skin)
    palm = ellipse(0.0, -0.12, 0.42, 0.45)
    canvas.solid(at(palm), skin)
    for k, length in enumerate((0.52, 0.66, 0.62, 0.44)):
        fx = -0.31 + 0.205 * k
        spread = (k - 1.5) * 0.05
        tip = np.array([[fx + spread, 0.1 + length]])
        root = np.array([[fx, 0.0]])
        finger = np.concatenate([root - [0.1, 0], tip - [0.09, 0], tip + [-0.05, 0.08],
                                 tip + [0.05, 0.08], tip + [0.09, 0], root + [0.1, 0]])  # fmt: skip
        canvas.solid(at(finger), skin)
        canvas.line(at(finger), edge, 0.018)
    thumb = np.array([[0.3, -0.3], [0.55, 0.1], [0.62, 0.32], [0.5, 0.34], [0.28, 0.1]])
    canvas.solid(at(thumb * [side, 1.0]), skin)
    canvas.line(at(thumb * [side, 1.0]), edge, 0.018)


def _hair(canvas: Canvas, person: Identity, shape: Shape, names: tuple[object, ...]) -> None:
    """Locks that fall over one side of the forehead, brow and eye."""
    s = scalars("locks", *names)
    side = -1 if s.random() < 0.5 else 1
    hair: Colour = person.hair if person.hair_style != "bald" else person.brow
    for _ in range(7):
        root = bell(s, side * 0.15, 0.4)
        end = side * between(s, 0.12, 0.85)
        bottom = person.eye_y + between(s, -0.05, 0.25)
        t = np.linspace(0.0, 1.0, 8)
        x = root + (end - root) * t**1.4
        y = person.hairline - 0.12 + (bottom - person.hairline + 0.12) * t
        wide = 0.075 * (1.0 - t) ** 0.6 + 0.012
        lock = np.concatenate([np.stack([x - wide, y], 1), np.stack([x + wide, y], 1)[::-1]])
        shade = mix(hair, (255, 240, 220) if s.random() < 0.4 else BLACK, between(s, 0.0, 0.2))
        canvas.patch(lock, shade, 0.08)


def _scarf(canvas: Canvas, person: Identity, shape: Shape, names: tuple[object, ...]) -> None:
    """Cloth around neck and chin, drawn up over the mouth, at times to the nose."""
    s = scalars("scarf", *names)
    colour = mix(pick(s, CLOTH), (200, 200, 200), between(s, 0.0, 0.4))
    low = shape.mouth.upper_outer[8, 1]
    top = between(s, low + 0.05, low + 0.19)
    t = np.linspace(-1.0, 1.0, 15)
    y = top - 0.1 * (1 - t**2) + 0.12 * np.abs(t)
    x = t * (canvas.view.head.half_width(y) + 0.03)
    edge = canvas.view.project(np.stack([x, y], 1), 0.05)
    chin = shape.head.chin
    bottom = canvas.view.place(t[::-1] * 1.05, np.full(15, chin + 0.55) + 0.1 * (1 - t**2))
    canvas.solid(np.concatenate([edge, bottom]), colour)
    canvas.line(edge, mix(colour, BLACK, 0.35), 0.03)
    stripe = mix(colour, (240, 236, 228) if s.random() < 0.5 else BLACK, 0.5)
    for k in (1, 2, 3):
        share = k / 4 + between(s, -0.05, 0.05)
        fold = edge * (1 - share) + bottom[::-1] * share
        canvas.line(fold, stripe if s.random() < 0.6 else mix(colour, BLACK, 0.25), 0.045)
