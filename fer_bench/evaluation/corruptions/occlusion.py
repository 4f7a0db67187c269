"""Things in front of the face: a grey patch, and masks of several kinds and sizes."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from fer_bench.evaluation.corruptions.base import Corruption
from fer_bench.faces import mask_art, wear_mask
from fer_bench.faces.mask_art import MaskArt, draw_mask

GREY = 128
PASTED = "blue_pasted"
KINDS = (PASTED, "surgical_white", "n95_white", "cloth_checked", "cloth_black")
GROWING = "surgical_blue"


def patch(image: np.ndarray, percent: float, rng: np.random.Generator) -> np.ndarray:
    """A square of even grey (Zeiler & Fergus, ECCV 2014, section 4.2) somewhere on the crop.

    A larger patch of the same face contains the smaller ones, so that severities only differ in
    size.

    Args:
        image: (H, W, 3) uint8.
        percent: the patch's share of the crop's area.
        rng: draws the place.
    """
    height, width = image.shape[:2]
    tall, wide = (max(1, round(side * (percent / 100) ** 0.5)) for side in (height, width))
    down, across = rng.random(2)
    y, x = int(down * (height - tall) + 0.5), int(across * (width - wide) + 0.5)
    covered = image.copy()
    covered[y : y + tall, x : x + wide] = GREY
    return covered


def mask_type(
    image: np.ndarray, kind: str, rng: np.random.Generator, landmarks: np.ndarray
) -> np.ndarray:
    """A mask of some kind worn on the crop.

    The masked packs wear theirs on the whole photograph, before the crop. Here only the crop is
    known: what a mask would cover or shade outside of it is not seen, inside both agree.

    Args:
        image: (H, W, 3) uint8.
        kind: a kind of `faces.mask_art`, or `blue_pasted`, the paper's way (`faces.wear_mask`).
        rng: draws the small variations of fit and tint of a worn mask.
        landmarks: (5, 2) in pixels of the crop.
    """
    if kind == PASTED:
        height, width = image.shape[:2]
        return wear_mask.wear_mask(image, landmarks, (0, 0, width, height), "", "blue").image
    return _worn(image, landmarks, draw_mask(kind), rng)


def mask_size(
    image: np.ndarray, percent: float, rng: np.random.Generator, landmarks: np.ndarray
) -> np.ndarray:
    """A blue surgical mask pulled up from the chin; at 35 % it stays below the mouth.

    Args:
        image: (H, W, 3) uint8.
        percent: how much of the way from chin to bridge of the nose is covered.
        rng: draws the small variations of fit and tint.
        landmarks: (5, 2) in pixels of the crop.
    """
    return _worn(image, landmarks, pulled_up(percent / 100), rng)


@cache
def pulled_up(share: float) -> MaskArt:
    """The surgical mask squeezed towards the chin (b = 1), its upper edge at b = 1 - share.

    Args:
        share: of the way from chin to bridge, over 0 to 1.
    """
    art = draw_mask(GROWING)
    low, high = mask_art.B_RANGE
    rows = (np.linspace(low, high, mask_art.HEIGHT) - (1 - share)) / share
    place = (rows - low) / (high - low) * (mask_art.HEIGHT - 1)
    below = np.clip(np.floor(place), 0, mask_art.HEIGHT - 2).astype(int)
    part = np.clip(place - below, 0, 1)[:, None, None]
    texture = art.texture[below] * (1 - part) + art.texture[below + 1] * part
    straps = tuple((a, 1 - share + share * b) for a, b in art.straps)
    return replace(art, texture=texture.astype(np.float32), straps=straps)


def _worn(
    image: np.ndarray, landmarks: np.ndarray, art: MaskArt, rng: np.random.Generator
) -> np.ndarray:
    # wear_mask() itself draws the kind from the sample id; here the kind is given
    return wear_mask._lay_on(image, landmarks, art, rng)


CORRUPTIONS = (
    Corruption(
        "patch", "occlusion", "grey patch", "% of the crop's area", (2.5, 5, 10, 15, 25), patch
    ),
    Corruption(
        "mask_size", "occlusion", "mask size", "% of the way from chin to nose bridge",
        (35, 50, 65, 80, 100), mask_size, landmarks=True,
    ),
    Corruption(
        "mask_type", "occlusion", "mask type", "kind of mask, in no order", KINDS, mask_type,
        landmarks=True, ordered=False,
    ),
)  # fmt: skip
"""The ladders are our own: ImageNet-C and RAF-DB-C have no occluder of growing size."""
