"""Everything of a person but the features of the face: body, head, hair, beard, glasses."""

from __future__ import annotations

import numpy as np

from fer_bench.rendering.canvas import Canvas, ellipse, mix
from fer_bench.rendering.draws import between, scalars
from fer_bench.rendering.head import Points
from fer_bench.rendering.identity import Colour, Identity
from fer_bench.rendering.shape import Shape

BLACK: Colour = (12, 10, 10)


def draw_body(canvas: Canvas, person: Identity, shape: Shape) -> None:
    """Neck and shoulders; they stay upright when the head turns."""
    view, chin = canvas.view, shape.head.chin
    neck = person.width * 0.56
    lean = 0.12 * view.sin_yaw
    sides = np.array([-neck - 0.06, -neck, neck, neck + 0.06])
    ys = np.array([chin + 0.75, 0.5, 0.5, chin + 0.75])
    below = chin + 0.5
    shoulder = np.array([-2.3, -1.9, -0.75, -0.4, 0.4, 0.75, 1.9, 2.3])
    top = np.array([4.0, below + 0.5, below + 0.08, below - 0.12, below - 0.12, below + 0.08,
                    below + 0.5, 4.0])  # fmt: skip
    canvas.solid(view.place(sides + lean * 0.5, ys), mix(person.skin, BLACK, 0.3))
    canvas.solid(view.place(shoulder, top), person.cloth)
    collar = view.place(np.linspace(-0.5, 0.5, 9), below + 0.04 - np.linspace(-1, 1, 9) ** 2 * 0.14)
    canvas.line(collar, mix(person.cloth, BLACK, 0.35), 0.05)


def draw_head(canvas: Canvas, person: Identity, shape: Shape) -> None:
    """Ears, the hair's cap, the bare face inside the hairline, and its moles."""
    view = canvas.view
    canvas.solid(view.silhouette(-person.crown, shape.head.chin), person.skin)
    if person.hair_style != "bald":
        canvas.solid(view.silhouette(-person.crown, 0.3, 0.06, shift=-0.06), person.hair)
        _strands(canvas, person)
        canvas.polygon(view.region(*_face_edges(person, shape)), person.skin)
    for side in (-1, 1):
        if side * view.sin_yaw < 0.5:  # the far ear is behind the head
            _draw_ear(canvas, person, side)
    for x, y in person.marks:
        canvas.patch(ellipse(x, y, 0.025, 0.025, 8), mix(person.skin, (60, 30, 20), 0.6))
    for side in (-1, 1):
        canvas.shadow(ellipse(side * 0.62, shape.nose[1] + 0.2, 0.2, 0.26), 0.1 + 0.1 * person.age)


def _draw_ear(canvas: Canvas, person: Identity, side: int) -> None:
    x, y = side * person.width * 0.99, 0.12
    back = -0.2
    for rx, ry, dark in ((0.15, person.ear, 0.1), (0.08, person.ear * 0.62, 0.3)):
        lobe = ellipse(0.0, y, rx, ry)
        out = x + side * np.maximum(0.0, side * lobe[:, 0]) * 0.5
        pixels = canvas.view.project3(out, lobe[:, 1], back - side * lobe[:, 0])
        canvas.solid(pixels, mix(person.skin, BLACK, dark))


def _face_edges(person: Identity, shape: Shape) -> tuple[Points, Points]:
    """Left and right edge of the bare face, from the middle of the hairline to the chin."""
    t = np.linspace(0.0, 1.0, 14)
    low = person.hairline
    if person.hair_style == "fringe":
        low = max(low, person.eye_y + person.brow_y - 0.2)
    temple, sideburn = low + 0.36, 0.38 if person.beard == "full" else 0.22
    # The hairline runs outwards to the temple, down before the ear, then the face is all skin.
    out = np.concatenate([0.8 * np.sin(t * np.pi / 2), [0.86, 0.88, 0.9, 0.95, 1.0]])
    down = np.concatenate([low + (temple - low) * (1 - np.cos(t * np.pi / 2)),
                           [0.0, sideburn, sideburn + 0.05, 0.5, 0.55]])  # fmt: skip
    jaw = np.linspace(0.6, shape.head.chin * 0.998, 12)
    y = np.concatenate([down, jaw])
    edges = []
    for side in (-1, 1):
        wave = np.zeros(len(y))
        if person.hair_style == "parted":
            wave[:14] = np.where(side > 0, 0.22, -0.04) * np.sin(t * np.pi) ** 2
        elif person.hair_style == "curly":
            wave[:14] = 0.05 * np.sin(11 * t)
        elif person.hair_style == "fringe":
            wave[:14] = 0.05 * np.sin(17 * t) ** 2
        ys = y + wave
        x = side * np.concatenate([out, np.ones(12)]) * shape.head.half_width(ys)
        edges.append(np.stack([x, ys], 1))
    return edges[0], edges[1]


def draw_hair_behind(canvas: Canvas, person: Identity) -> None:
    """The hair's volume behind head and shoulders."""
    view, style = canvas.view, person.hair_style
    if style == "bald":
        return
    grow = {"long": 0.2, "curly": 0.2, "fringe": 0.16}.get(style, 0.07)
    bottom = {"long": 0.9, "curly": 0.7, "fringe": 0.75}.get(style, 0.5)
    outline = view.silhouette(-person.crown, bottom, grow, shift=-0.25)
    colour = mix(person.hair, BLACK, 0.2)
    canvas.solid(outline, colour)
    if style == "long":
        half, bottom = person.width + 0.2, person.chin + 0.6
        x = np.array([-half, half, half + 0.05, -half - 0.05]) - 0.25 * view.sin_yaw
        canvas.solid(view.place(x, np.array([0.0, 0.0, bottom, bottom])), colour)
    if style == "curly":
        for px, py in outline[::2]:
            radius = 0.2 * view.pose.scale
            canvas.solid(ellipse(px, py, radius, radius, 10), colour)
    if style == "bun":
        top = ellipse(-0.5 * view.sin_yaw, -person.crown - 0.2, 0.36, 0.3)
        canvas.solid(view.place(top[:, 0], top[:, 1]), colour)


def _strands(canvas: Canvas, person: Identity) -> None:
    s = scalars("strands", person.hairline, person.width)
    for _ in range(16):
        a, lift = between(s, -0.9, 0.9), between(s, 0.1, 0.4)
        start = np.array([[a * person.width * 0.8, person.hairline],
                          [a * person.width * 0.6, person.hairline - lift]])  # fmt: skip
        shade = mix(person.hair, (255, 240, 220) if s.random() < 0.5 else BLACK, 0.16)
        canvas.stroke(start, shade, 0.02, 0.05)


def draw_beard(canvas: Canvas, person: Identity, shape: Shape) -> None:
    """Stubble, moustache or a full beard, drawn before the mouth."""
    if person.beard == "none":
        return
    share = {"stubble": 0.22, "moustache": 0.8, "full": 0.8}[person.beard]
    colour, mouth = mix(person.skin, person.brow, share), shape.mouth
    lip, tip = mouth.upper_outer, shape.nose[1] + 0.13
    moustache = np.concatenate([lip * [1.12, 1.0] + [0, 0.02], [[0.24, tip], [-0.24, tip]]])
    canvas.patch(moustache, colour)
    if person.beard == "moustache":
        return
    y = np.linspace(0.42, shape.head.chin - 0.01, 12)
    width = 0.97 * shape.head.half_width(y)
    mouth_y = mouth.upper_inner[8, 1]
    inner = np.clip((y - mouth_y + 0.15) / (shape.head.chin - mouth_y), 0.0, 1.0)
    inner = width * np.sqrt(np.clip(0.82 - inner * 1.6, 0.0, 1.0))
    for side in (-1, 1):
        edge, cheek = np.stack([side * width, y], 1), np.stack([side * inner, y], 1)
        canvas.polygon(canvas.view.region(*((edge, cheek) if side < 0 else (cheek, edge))), colour)


def draw_glasses(canvas: Canvas, person: Identity, tinted: bool = False) -> None:
    """Two frames before the eyes; `tinted` fills them (sunglasses)."""
    frame: Colour = mix(person.cloth, BLACK, 0.8)
    rx, ry = (0.35, 0.26) if tinted else (0.31, 0.22)
    rims: list[Points] = []
    for side in (-1, 1):
        rim = ellipse(side * person.eye_x, person.eye_y + 0.03, rx, ry, 18)
        centre = np.array([side * person.eye_x, person.eye_y + 0.03])
        z = canvas.view.head.surface(centre[:1], centre[1:])[0] + 0.12
        depth = np.full(len(rim), z) - 0.25 * np.clip(side * (rim[:, 0] - centre[0]), 0, None)
        pixels = canvas.view.project3(rim[:, 0], rim[:, 1], depth)
        if tinted:
            canvas.polygon(pixels, mix(frame, BLACK, 0.6))
            glint = pixels[11:15]
            canvas.line((glint + pixels.mean(axis=0)) / 2, (92, 96, 104), 0.03)
        canvas.line(np.concatenate([pixels, pixels[:2]]), frame, 0.045 if tinted else 0.028)
        rims.append(pixels)
    canvas.line(np.stack([rims[0][0], rims[1][9]]), frame, 0.035)
    for side, rim in ((-1, rims[0][9]), (1, rims[1][0])):
        if side * canvas.view.sin_yaw < 0.2:
            ear = canvas.view.project3(
                np.array([side * person.width]), np.array([0.0]), np.zeros(1)
            )
            canvas.line(np.stack([rim, ear[0]]), frame, 0.03)
