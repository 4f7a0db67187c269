"""Box arithmetic of the detector: (n, 4) float32 arrays of x0, y0, x1, y1."""

from __future__ import annotations

import numpy as np


def suppress(boxes: np.ndarray, scores: np.ndarray, threshold: float) -> np.ndarray:
    """Non-maximum suppression: indices of the boxes kept, best score first.

    A box goes when its intersection over union with a better one that stays is above `threshold`.
    """
    if len(boxes) < 2:
        return np.arange(len(boxes))
    import torch
    from torchvision.ops import nms

    kept: np.ndarray = nms(torch.from_numpy(boxes), torch.from_numpy(scores), threshold).numpy()
    return kept


def suppress_inner(boxes: np.ndarray, scores: np.ndarray, threshold: float) -> np.ndarray:
    """As `suppress`, with the intersection over the smaller box: a face within a face goes.

    Sides count the last pixel (x1 - x0 + 1), as the networks' authors do here. Of equal scores
    (boxes that reach over the border can share one crop) the last box is the better one.
    """
    order = np.argsort(scores, kind="stable")[::-1]
    area = (boxes[:, 2:] - boxes[:, :2] + 1).prod(axis=1)
    kept = []
    while len(order):
        best, order = order[0], order[1:]
        kept.append(best)
        low = np.maximum(boxes[order, :2], boxes[best, :2])
        high = np.minimum(boxes[order, 2:], boxes[best, 2:])
        shared = np.clip(high - low + 1, 0, None).prod(axis=1)
        order = order[shared / np.minimum(area[order], area[best]) <= threshold]
    return np.array(kept, dtype=np.int64)


def suppress_each(
    images: np.ndarray, boxes: np.ndarray, scores: np.ndarray, threshold: float, inner: bool = False
) -> np.ndarray:
    """`suppress` (or `suppress_inner`) among the boxes of each image; `images` (n,) is ascending.

    Image by image, not by moving images far apart: that costs float32 its last digits.
    """
    one = suppress_inner if inner else suppress
    starts = np.flatnonzero(np.diff(images, prepend=-1))
    ends = np.append(starts, len(images))[1:]
    parts = [
        start + one(boxes[start:end], scores[start:end], threshold)
        for start, end in zip(starts, ends, strict=True)
    ]
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def moved(boxes: np.ndarray, offsets: np.ndarray, last: int) -> np.ndarray:
    """Boxes with their corners moved by `offsets` (n, 4), which are fractions of the sides.

    Args:
        boxes: (n, 4).
        offsets: what a network says.
        last: 1 where sides count the last pixel (the second and third network), 0 elsewhere.
    """
    sides = boxes[:, 2:] - boxes[:, :2] + np.float32(last)
    result: np.ndarray = boxes + offsets * np.concatenate([sides, sides], axis=1)
    return result


def squared(boxes: np.ndarray) -> np.ndarray:
    """The squares about the boxes' centres with the longer side of each."""
    half = np.float32(0.5)
    sides = boxes[:, 2:] - boxes[:, :2]
    longest = sides.max(axis=1, keepdims=True)
    corner = boxes[:, :2] + sides * half - longest * half
    return np.concatenate([corner, corner + longest], axis=1)


def windows(boxes: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pixels of each box inside its image, and which boxes have any.

    Box coordinates count pixels from 1 here and are cut to whole numbers.

    Args:
        boxes: (n, 4).
        sizes: (n, 2) width and height of each box's image.

    Returns:
        (m, 4) int64 x0, y0, x1, y1 with x1, y1 exclusive, and a mask (n,) with m true.
    """
    whole = np.trunc(boxes).astype(np.int64)
    low = np.maximum(whole[:, :2], 1) - 1
    high = np.minimum(whole[:, 2:], sizes)
    some = (high > low).all(axis=1)
    return np.concatenate([low, high], axis=1)[some], some
