"""Eyes, brows, nose and mouth, drawn on the face."""

from __future__ import annotations

import numpy as np

from fer_bench.rendering.action_units import ActionUnits
from fer_bench.rendering.canvas import Canvas, ellipse, mix
from fer_bench.rendering.head import Points
from fer_bench.rendering.identity import Colour, Identity
from fer_bench.rendering.shape import Eye, Shape

DARK: Colour = (24, 16, 16)
WHITE: Colour = (238, 234, 228)


def draw_eye(canvas: Canvas, person: Identity, eye: Eye, gaze: tuple[float, float]) -> None:
    """Eye white, iris, pupil and glint between the lids; lashes; the lid's crease."""
    outline = np.concatenate([eye.upper, eye.lower[::-1]])
    canvas.shadow(np.concatenate([eye.crease - [0, 0.03], eye.lower[::-1]]), 0.3)
    canvas.patch(outline, mix(WHITE, person.skin, 0.15))
    x = eye.side * person.eye_x + 0.07 * gaze[0]
    y = person.eye_y - 0.01 + 0.03 * gaze[1]
    radius = 0.092
    for r, colour in ((radius, mix(person.iris, DARK, 0.35)), (radius * 0.8, person.iris),
                      (radius * 0.45, DARK)):  # fmt: skip
        canvas.patch(_between_lids(ellipse(x, y, r, r), eye), colour)
    canvas.patch(_between_lids(ellipse(x - 0.03, y - 0.035, 0.02, 0.02, 8), eye), WHITE)
    canvas.stroke(eye.upper, DARK, 0.04)
    canvas.stroke(eye.lower, mix(person.skin, DARK, 0.45), 0.014)
    canvas.wrinkle(eye.crease, 0.4)


def _between_lids(points: Points, eye: Eye) -> Points:
    x = np.clip(points[:, 0], eye.upper[0, 0], eye.upper[-1, 0])
    top = np.interp(x, eye.upper[:, 0], eye.upper[:, 1])
    bottom = np.interp(x, eye.lower[:, 0], eye.lower[:, 1])
    return np.stack([x, np.clip(points[:, 1], top, np.maximum(top, bottom))], 1)


def draw_brow(canvas: Canvas, person: Identity, outline: Points) -> None:
    """A brow in its hair colour with a softer rim."""
    canvas.patch(outline, mix(person.brow, person.skin, 0.12))
    canvas.stroke(np.concatenate([outline, outline[:1]]), mix(person.brow, person.skin, 0.5), 0.012)


def draw_nose(canvas: Canvas, person: Identity, shape: Shape) -> None:
    """A nose that stands out of the face, so that it hides what lies behind it when turned."""
    y, wide = shape.nose[1], shape.nostril
    top = person.eye_y + 0.04
    middle = (top + y) / 2
    spine = np.array([[0, top], [0, middle], [0, y - 0.05], [0, y], [0, y + 0.075]])
    lifts = np.array([0.05, 0.17, 0.27, 0.28, 0.12])
    ridge = canvas.view.project(spine, lifts)
    turn = canvas.view.sin_yaw
    if abs(turn) > 0.25:
        near = np.array([[-np.sign(turn) * wide * 0.6, y + 0.05], [0, top]])
        canvas.solid(np.concatenate([ridge, canvas.view.project(near, 0.03)]), person.skin)
        canvas.line(ridge[:4], mix(person.skin, DARK, 0.12 + 0.3 * abs(turn)), 0.016)
    for side in (-1, 1):
        if side * turn > 0.5:
            continue  # hidden behind the nose
        hole = ellipse(side * wide * 0.52, y + 0.055, wide * 0.27, 0.027, 12)
        canvas.patch(hole, mix(person.skin, DARK, 0.72), 0.1)
        wing = np.array([[0.78, -0.05], [1.0, 0.0], [0.98, 0.05], [0.75, 0.085]])
        canvas.wrinkle(wing * [side * wide, 1.0] + [0.0, y], 0.4)
        flank = np.array([[0.08, top], [0.12, middle], [0.5 * wide, y - 0.03], [wide, y + 0.02],
                          [0.16, middle], [0.16, top]])  # fmt: skip
        canvas.shadow(flank * [side, 1.0], 0.2)
    base = np.array([[-wide * 0.8, y + 0.09], [0, y + 0.12], [wide * 0.8, y + 0.09]])
    canvas.wrinkle(base, 0.28, 0.05)


def draw_mouth(canvas: Canvas, person: Identity, shape: Shape) -> None:
    """Mouth cavity with teeth and tongue, then the two lips over it."""
    m = shape.mouth
    if m.gap > 0.015:
        canvas.patch(np.concatenate([m.upper_inner, m.lower_inner[::-1]]), (54, 18, 20))
        reach = 0.11 * m.teeth + 0.02
        edge = np.minimum(m.lower_inner[:, 1], m.upper_inner[:, 1] + reach)
        below = np.stack([m.upper_inner[:, 0], edge], 1)
        canvas.patch(np.concatenate([m.upper_inner, below[::-1]])[1:-1], (226, 219, 206))
        if m.gap > 0.2:
            mid = slice(4, 13)
            roof = m.lower_inner[mid] - [0.0, 0.3 * m.gap]
            roof[:, 1] = np.maximum(roof[:, 1], m.upper_inner[mid, 1])
            canvas.patch(np.concatenate([roof, m.lower_inner[mid][::-1]]), (150, 62, 66))
    canvas.patch(np.concatenate([m.upper_outer, m.upper_inner[::-1]]), mix(person.lips, DARK, 0.14))
    canvas.patch(np.concatenate([m.lower_inner, m.lower_outer[::-1]]), person.lips)
    if m.gap <= 0.06:
        canvas.stroke(m.lower_inner, mix(person.lips, DARK, 0.6), 0.022)
    under = m.lower_outer[4:13] + [0.0, 0.045]
    canvas.wrinkle(under, 0.3, 0.05)


def draw_folds(canvas: Canvas, person: Identity, shape: Shape, u: ActionUnits) -> None:
    """The wrinkles that come with the action units, deeper with age."""
    old = 0.85 + 0.4 * person.age
    ex, ey, m = person.eye_x, person.eye_y, shape.mouth
    ny, wide = shape.nose[1], shape.nostril
    for side, corner in ((-1, m.upper_inner[0]), (1, m.upper_inner[-1])):
        cheek = max(u.lip_corner_pull, u.upper_lip_raise, 0.8 * u.nose_wrinkle)
        fold = np.array([[side * wide * 1.05, ny - 0.02], [side * (wide + 0.16), ny + 0.14],
                         [corner[0] + side * 0.1, corner[1] - 0.02]])  # fmt: skip
        canvas.wrinkle(fold, old * (0.06 + 0.1 * person.age + 0.45 * cheek), 0.035)
        bag = np.array(
            [[side * (ex + 0.2 * t), ey + 0.17 - 0.05 * t * t] for t in (-1, -0.4, 0.4, 1)]
        )
        canvas.wrinkle(bag, old * (0.1 + 0.12 * person.age + 0.35 * u.cheek_raise), 0.035)
        for angle in (-0.09, 0.0, 0.09):
            foot = [[side * (ex + 0.23), ey + angle * 0.4], [side * (ex + 0.36), ey + angle]]
            canvas.wrinkle(np.array(foot), old * 0.6 * u.cheek_raise)
        frown = np.array([[side * 0.07, ey - 0.33], [side * 0.055, ey - 0.16]])
        canvas.wrinkle(frown, old * 0.75 * max(u.brow_lower, 0.5 * u.nose_wrinkle))
        down = np.array([corner + [side * 0.01, 0.02], corner + [side * 0.06, 0.14]])
        canvas.wrinkle(down, old * 0.6 * u.lip_corner_depress)
        stretch = np.array([corner + [side * 0.08, -0.07], corner + [side * 0.09, 0.09]])
        canvas.wrinkle(stretch, old * 0.6 * u.lip_stretch)
    for k in range(3):
        row = np.array([[x, ey - 0.5 - 0.1 * k + 0.05 * abs(x)] for x in (-0.4, -0.2, 0, 0.2, 0.4)])
        reach = row if u.outer_brow_raise > 0.35 else row[1:4]
        canvas.wrinkle(reach, old * 0.5 * max(u.inner_brow_raise, u.outer_brow_raise))
        bridge = np.array([[-0.12, ey + 0.08 + 0.07 * k], [0, ey + 0.05 + 0.07 * k],
                           [0.12, ey + 0.08 + 0.07 * k]])  # fmt: skip
        canvas.wrinkle(bridge, old * 0.7 * u.nose_wrinkle)
    chin = (shape.mouth.lower_outer[8, 1] + shape.head.chin) / 2
    canvas.wrinkle(ellipse(0, chin, 0.15, 0.06, 9)[4:], old * 0.55 * u.chin_raise)
