"""How a photograph looks around a face, so that what is drawn on it looks alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

GREY_SPREAD = 3
"""Mean difference between the colour channels (of 255) below which an image counts as grey."""


@dataclass(frozen=True)
class Photograph:
    """What a drawn layer has to match.

    Attributes:
        light: brightness factor; 1 for cheeks of middle brightness, less in the dark.
        side_light: -0.3 to 0.3, positive when the cheek at image right is the brighter one.
        grey: whether the photograph has no colours.
        blur: standard deviation in pixels of a Gaussian about as soft as the photograph's edges.
    """

    light: float
    side_light: float
    grey: bool
    blur: float


def measure(image: np.ndarray, landmarks: np.ndarray) -> Photograph:
    """Measure `image` (H, W, 3) around the face with `landmarks` (5, 2)."""
    left, right = (_cheek(image, landmarks, side) for side in (-0.5, 0.5))
    total = max(left + right, 0.02)
    thumb = image[::8, ::8].astype(int)
    return Photograph(
        light=float(np.clip((total / 1.1) ** 0.55, 0.3, 1.02)),
        side_light=float(np.clip((right - left) / total, -0.3, 0.3)),
        grey=float((thumb.max(axis=2) - thumb.min(axis=2)).mean()) < GREY_SPREAD,
        blur=_blur(image, landmarks),
    )


def _cheek(image: np.ndarray, landmarks: np.ndarray, side: float) -> float:
    """Mean brightness (0 to 1) of a patch between eye and mouth; 0.5 when outside the image."""
    eyes = landmarks[:2].mean(axis=0)
    u, v = landmarks[1] - landmarks[0], landmarks[3:].mean(axis=0) - eyes
    reach = max(1, int(0.15 * np.hypot(*u)))
    x, y = (eyes + side * u + 0.45 * v).astype(int)
    patch = image[
        max(0, y - reach) : max(0, y + reach + 1), max(0, x - reach) : max(0, x + reach + 1)
    ]
    return float(patch.mean()) / 255 if patch.size else 0.5


def _blur(image: np.ndarray, landmarks: np.ndarray) -> float:
    """Softness of the edges around the eyes.

    A step edge blurred by s has gradient energy proportional to 1 / s, so blurring once more by t
    lowers the energy by r = sqrt(s² + t²) / s, whence s = t / sqrt(r² - 1).
    """
    eyes, distance = landmarks[:2].mean(axis=0), np.hypot(*(landmarks[1] - landmarks[0]))
    x, y = np.clip(eyes, 0, [image.shape[1], image.shape[0]])
    half = np.array([0.9, 0.5]) * max(distance, 8)
    picture = Image.fromarray(image).convert("L")
    box = (
        max(0, int(x - half[0])),
        max(0, int(y - half[1])),
        min(image.shape[1], int(x + half[0]) + 1),
        min(image.shape[0], int(y + half[1]) + 1),
    )
    if box[2] - box[0] < 6 or box[3] - box[1] < 6:
        return 0.5
    cut = picture.crop(box)
    again = 2.0
    before, after = _energy(cut), _energy(cut.filter(ImageFilter.GaussianBlur(again)))
    if after <= 0 or before <= after:
        return 0.5
    return float(np.clip(again / np.sqrt((before / after) ** 2 - 1), 0.4, 4.0))


def _energy(picture: Image.Image) -> float:
    rows, columns = np.gradient(np.asarray(picture, dtype=np.float64))
    return float((rows**2 + columns**2).mean())
