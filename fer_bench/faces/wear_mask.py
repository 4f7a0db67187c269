"""Put a mask on a photographed or drawn face, in the paper's way or in a realistic one.

`blue`: what the paper's masked sets look like. One blue mask of 220 x 203 pixels is cut down the
middle; each half is resized to 1.2 times the distance of its jaw side from the line bridge - chin,
and to the length of that line; the mask is pasted on the middle of that line, **upright**: the
tool computes a tilt but passes radians where degrees are expected and uses the turned picture only
for its size. That bug is part of the sets, so it is kept.

`mixed`: one of the kinds in `mask_art`, chosen by the sample's id, laid on the face as on a
cylinder (`face_frame`): tilted and scaled with it, each half foreshortened by the turn of the head,
lit like the cheeks, with straps to the ears and a soft shadow.

Bridge, chin and jaw are those of a mean face laid onto five landmarks, or (`align.<source>.masks:
dlib_like`) those among a network's 68 points, as the paper's tool took dlib's;
`benchmarks/mask_geometry` measures how far apart the two lie.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from fer_bench.errors import FerBenchError, nearest
from fer_bench.faces import mask_art
from fer_bench.faces.face_frame import FaceFrame, JawPoints, estimate_yaw, jaw_of_68, jaw_points
from fer_bench.faces.geometry import REFERENCE_112
from fer_bench.faces.mask_art import MaskArt, draw_mask, flat_picture
from fer_bench.faces.photograph_look import Photograph, measure

STYLES = ("blue", "mixed")
Region = tuple[int, int, int, int]
FindPoints = Callable[[np.ndarray, np.ndarray], np.ndarray | None]
"""Of an image and five landmarks 68 points or None; see `face_landmarks.FaceLandmarks.find`."""

STEEP = 30.0
"""Estimated yaw in degrees beyond which the mean face's geometry is only approximate."""


@dataclass(frozen=True)
class Worn:
    """A masked image.

    Attributes:
        image: (H, W, 3) uint8, the size of the original.
        status: `worn`; `worn_steep_yaw` when the face is turned by more than about 30 degrees, so
            that the geometry is approximate; `worn_mean_face` when 68 points were looked for and
            not found, so that the mean face's geometry is there; `centre_fallback` when there was
            no detection and the mask sits where an aligned face would have it.
        kind: which mask, e.g. `surgical_blue`.
    """

    image: np.ndarray
    status: str
    kind: str


def wear_mask(
    image: np.ndarray,
    landmarks: np.ndarray | None,
    box: tuple[float, float, float, float],
    sample_id: str,
    style: str,
    find: FindPoints | None = None,
) -> Worn:
    """`image` with a mask on its face; depends on nothing but the arguments.

    Args:
        image: (H, W, 3) uint8 RGB, before any crop (the crop cuts off the chin).
        landmarks: (5, 2) in pixels, or None without a detection.
        box: the region the pack's face was cut from, used where there are no landmarks.
        sample_id: decides kind and small variations.
        style: `blue` or `mixed`.
        find: finds 68 points by image and landmarks, or None; without it the mean face's are taken.

    Raises:
        FerBenchError: for an unknown style.
    """
    if style not in STYLES:
        raise FerBenchError(f"unknown mask style {style!r}: {nearest(style, STYLES)}")
    status, jaw = "worn", None
    if landmarks is None:
        status = "centre_fallback"
        x0, y0, x1, y1 = box
        landmarks = REFERENCE_112 / 112 * np.array([x1 - x0, y1 - y0]) + np.array([x0, y0])
    elif find is not None:
        points = find(image, landmarks)
        status = "worn" if points is not None else "worn_mean_face"
        jaw = jaw_of_68(points) if points is not None else None
    elif abs(estimate_yaw(landmarks)) > STEEP:
        status = "worn_steep_yaw"
    if style == "blue":
        return Worn(_paste_blue(image, jaw or jaw_points(landmarks)), status, "surgical_blue")
    seed = hashlib.sha256(f"{style}:{sample_id}".encode()).digest()
    rng = np.random.default_rng(int.from_bytes(seed[:8], "little"))
    weights = np.array(mask_art.WEIGHTS) / sum(mask_art.WEIGHTS)
    art = draw_mask(mask_art.KINDS[rng.choice(len(weights), p=weights)])
    return Worn(_lay_on(image, landmarks, art, rng, jaw), status, art.kind)


def _paste_blue(image: np.ndarray, points: JawPoints) -> np.ndarray:
    line = points.chin - points.bridge
    height = max(1, round(float(np.hypot(*line))))
    art = flat_picture("surgical_blue", (220, 203))
    middle = art.width // 2
    halves = []
    for half, side in (
        (art.crop((0, 0, middle, art.height)), points.left),
        (art.crop((middle, 0, art.width, art.height)), points.right),
    ):
        to_side = side - points.bridge
        distance = abs(line[0] * to_side[1] - line[1] * to_side[0]) / max(height, 1)
        halves.append(half.resize((max(1, int(1.2 * distance)), height)))
    mask = Image.new("RGBA", (halves[0].width + halves[1].width, height))
    mask.paste(halves[0], (0, 0))
    mask.paste(halves[1], (halves[0].width, 0))
    turned = _turned_size(mask, math.atan2(line[1], line[0]))
    centre = (points.bridge + points.chin) / 2
    # the seam of the halves, not the middle of the mask, belongs on the line bridge - chin
    shift = mask.width // 2 - halves[0].width
    at = (int(centre[0]) + shift - turned[0] // 2, int(centre[1]) - turned[1] // 2)
    canvas = Image.fromarray(image)
    canvas.paste(mask, at, mask)
    return np.asarray(canvas)


def _turned_size(mask: Image.Image, radians: float) -> tuple[int, int]:
    """Size of the mask turned by the tilt's value in radians taken as degrees: the tool's bug."""
    return mask.rotate(radians, expand=True).size


def _lay_on(
    image: np.ndarray,
    landmarks: np.ndarray,
    art: MaskArt,
    rng: np.random.Generator,
    jaw: JawPoints | None = None,
) -> np.ndarray:
    scale, lift = rng.uniform(0.97, 1.05), rng.uniform(-0.02, 0.04)
    frame = FaceFrame.of(landmarks, scale, lift, jaw)
    tint = rng.uniform(0.95, 1.03, size=3)
    region = _region(frame, image.shape[1], image.shape[0])
    if region is None:
        return image
    fine = 1 if frame.eye_distance >= 50 else 2 if frame.eye_distance >= 20 else 3
    photograph = measure(image, landmarks)
    layer = _sample(frame, art, region, fine, photograph)
    layer[..., :3] *= tint
    layer = _with_straps(layer, frame, art, region, fine, photograph.light)
    if photograph.grey:
        layer[..., :3] = (layer[..., :3] @ np.array([0.299, 0.587, 0.114]))[..., None]
    return _blend(image, layer, region, fine, photograph.blur, 0.05 * frame.eye_distance)


def _blend(
    image: np.ndarray, layer: np.ndarray, region: Region, fine: int, blur: float, reach: float
) -> np.ndarray:
    """`image` under its mask's layer (RGBA, 0..1) and the mask's shadow, `reach` pixels wide."""
    x0, y0, x1, y1 = region
    layer = np.clip(layer, 0, 1)
    layer[..., :3] *= layer[..., 3:]  # blurring must not mix in the colour of clear pixels
    layer = layer.reshape(y1 - y0, fine, x1 - x0, fine, 4).mean(axis=(1, 3))
    small = Image.fromarray(np.round(layer * 255).astype(np.uint8))
    small = small.filter(ImageFilter.GaussianBlur(blur))
    shadow = small.getchannel("A").filter(ImageFilter.GaussianBlur(reach))
    out = image.copy()
    patch = out[y0:y1, x0:x1].astype(np.float64)
    cover = np.asarray(small, dtype=np.float64) / 255
    patch *= 1 - 0.4 * np.asarray(shadow, dtype=np.float64)[..., None] / 255
    patch = patch * (1 - cover[..., 3:]) + cover[..., :3] * 255
    out[y0:y1, x0:x1] = np.round(np.clip(patch, 0, 255)).astype(np.uint8)
    return out


def _region(frame: FaceFrame, width: int, height: int) -> Region | None:
    """The part of the image the mask and its straps can touch; None when outside the image."""
    corners = np.array(
        [frame.place(x, b) for x in (frame.rim(-1) - 0.1, frame.rim(1) + 0.1) for b in (-0.3, 1.25)]
    )
    low = np.clip(np.floor(corners.min(axis=0)), 0, [width, height]).astype(int)
    high = np.clip(np.ceil(corners.max(axis=0)), 0, [width, height]).astype(int)
    if (high <= low).any():
        return None
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _sample(
    frame: FaceFrame, art: MaskArt, region: Region, fine: int, photograph: Photograph
) -> np.ndarray:
    """The shaded mask over `region`, `fine` times as large: (h, w, 4) RGBA in 0..1."""
    x0, y0, x1, y1 = region
    xs = (np.arange((x1 - x0) * fine) + 0.5) / fine - 0.5 + x0
    ys = (np.arange((y1 - y0) * fine) + 0.5) / fine - 0.5 + y0
    a, b, angle = frame.to_mask(np.stack(np.meshgrid(xs, ys), axis=-1))
    layer = np.zeros((*a.shape, 4))
    on = (np.abs(a) < mask_art.A_RANGE[1]) & (b > mask_art.B_RANGE[0]) & (b < mask_art.B_RANGE[1])
    a, b, angle = a[on], b[on], angle[on]
    texel = _bilinear(art.texture, a, b)
    # away from the viewer darker, a highlight along the ridge of the nose, darker under the chin
    light = 0.7 + 0.3 * np.cos(angle) ** 0.8
    light += 0.06 * np.exp(-((a / 0.18) ** 2) - ((b - 0.2) / 0.25) ** 2)
    light -= 0.22 * np.clip((b - 0.75) / 0.3, 0, 1) ** 1.5
    light *= photograph.light * (1 + photograph.side_light * np.sin(angle - frame.yaw))
    texel[:, :3] *= light[:, None]
    layer[on] = texel
    return layer


def _bilinear(texture: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """`texture` at mask coordinates (n,) within its range: (n, 4)."""
    height, width = texture.shape[:2]
    x = (a - mask_art.A_RANGE[0]) / (mask_art.A_RANGE[1] - mask_art.A_RANGE[0]) * (width - 1)
    y = (b - mask_art.B_RANGE[0]) / (mask_art.B_RANGE[1] - mask_art.B_RANGE[0]) * (height - 1)
    i, j = np.minimum(y.astype(int), height - 2), np.minimum(x.astype(int), width - 2)
    fy, fx = (y - i)[:, None], (x - j)[:, None]
    flat, at = texture.reshape(-1, 4), i * width + j
    upper = flat[at] * (1 - fx) + flat[at + 1] * fx
    lower = flat[at + width] * (1 - fx) + flat[at + width + 1] * fx
    texel: np.ndarray = upper * (1 - fy) + lower * fy
    return texel


def _with_straps(
    layer: np.ndarray,
    frame: FaceFrame,
    art: MaskArt,
    region: Region,
    fine: int,
    light: float,
) -> np.ndarray:
    """The mask's layer (h, w, 4) over straps drawn from its corners to the ears."""
    finer = 2 * fine  # lines are drawn without anti-aliasing
    canvas = Image.new("L", (2 * layer.shape[1], 2 * layer.shape[0]))
    pen = ImageDraw.Draw(canvas)
    width = max(1, round(art.strap_width * frame.eye_distance * finer))
    for side in (-1, 1):
        for (a, b), end in zip(art.straps, art.strap_ends, strict=True):
            path = (frame.strap(side, a, b, end) - np.array(region[:2]) + 0.5) * finer - 0.5
            if len(path) > 1:
                line = [(float(x), float(y)) for x, y in path]
                pen.line(line, fill=235, width=width, joint="curve")
    strap = np.asarray(canvas.reduce(2), dtype=np.float64)[..., None] / 255
    cover = layer[..., 3:]
    colour = np.array(art.strap_colour) * light * 0.93
    alpha = cover + strap * (1 - cover)
    blended = cover * layer[..., :3] + strap * (1 - cover) * colour
    return np.dstack([blended / np.maximum(alpha, 1e-6), alpha])
