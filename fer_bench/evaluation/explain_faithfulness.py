"""Does a saliency map name the pixels the prediction rests on? Deletion and insertion.

Petsiuk, Das and Saenko, "RISE: Randomized Input Sampling for Explanation of Black-box Models",
BMVC 2018. Deletion: pixels are replaced by the face's mean colour, the most salient first; a
faithful map makes the probability of the predicted class fall soon, so the area under its curve is
small. Insertion: pixels of the face are put back into a blurred copy of it, the most salient first;
here a faithful map has a large area. Both end and begin at the same pictures for every map, so only
differences between orders mean something. Two orders that know nothing of the model stand beside
the map: a random one, and the distance from the middle of the face.

pytorch-grad-cam's own ROAD metrics fill removed pixels by solving a linear system and add noise
from the global generator: neither repeatable to the bit nor the measure the field prints.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fer_bench.records.explanation import Faithful, Faithfulness, Mean
from fer_bench.statistics.intervals import half_width

STEPS = 10
"""Each step replaces a tenth of the pixels."""

BLUR = 1 / 10
"""Standard deviation of the blur that insertion starts from, in sides of the face."""

ORDERS = ("cam", "random", "centre")


def pixel_order(saliency: np.ndarray, ties: np.ndarray) -> np.ndarray:
    """Pixels (flat indices) from the most salient to the least; equal ones in the order of `ties`.

    Grad-CAM is exactly 0 over much of a face. Left to the sort, those pixels would go row by row,
    which is an order with a meaning.

    Args:
        saliency: (H, W).
        ties: (H * W,) a permutation, the rank of each pixel among equals.
    """
    return np.lexsort((ties, -saliency.ravel()))


def centre_saliency(height: int, width: int) -> np.ndarray:
    """(H, W) Gaussian about the middle, standard deviation a quarter of the side, sum 1."""
    y = (np.arange(height) - (height - 1) / 2) / height
    x = (np.arange(width) - (width - 1) / 2) / width
    prior = np.exp(-(y[:, None] ** 2 + x[None] ** 2) / (2 * 0.25**2))
    return np.asarray(prior / prior.sum())


def blurred(images: Tensor) -> Tensor:
    """(B, 3, H, W) under a Gaussian of `BLUR` sides, edges repeated."""
    sigma = BLUR * images.shape[-1]
    reach = min(round(3 * sigma), images.shape[-1] - 1)
    t = torch.arange(-reach, reach + 1, dtype=images.dtype, device=images.device)
    kernel = torch.exp(-(t**2) / (2 * sigma**2))
    kernel = (kernel / kernel.sum()).expand(images.shape[1], 1, 1, -1)
    wide = F.pad(images, (reach, reach, reach, reach), mode="replicate")
    once = F.conv2d(wide, kernel, groups=images.shape[1])
    return F.conv2d(once, kernel.transpose(2, 3), groups=images.shape[1])


def replaced(start: Tensor, end: Tensor, order: np.ndarray, steps: int) -> Tensor:
    """Pictures (steps + 1, 3, H, W) on the way from `start` to `end`, pixel after pixel.

    Args:
        start: (3, H, W), the first picture.
        end: (3, H, W), the last picture.
        order: (H * W,) flat indices in the order in which pixels change.
        steps: in how many equal steps.
    """
    count = len(order)
    rank = np.empty(count, np.int64)
    rank[order] = np.arange(count)
    place = torch.from_numpy(rank).to(start.device).view(1, 1, *start.shape[1:])
    reached = [round(count * k / steps) for k in range(steps + 1)]
    limits = torch.tensor(reached, device=start.device).view(-1, 1, 1, 1)
    return torch.where(place < limits, end, start)


@torch.inference_mode()
def curves(model: nn.Module, image: Tensor, target: int, orders: Sequence[np.ndarray],
           steps: int = STEPS) -> np.ndarray:  # fmt: skip
    """Probability of class `target` along deletion and insertion.

    Args:
        model: gives logits (B, K).
        image: (3, H, W) in [0, 1].
        target: index of the class.
        orders: pixel orders, see `pixel_order`.
        steps: in how many equal steps.

    Returns:
        (2, len(orders), steps + 1): deletion, then insertion.
    """
    mean = image.mean((1, 2), keepdim=True).expand_as(image)
    soft = blurred(image[None])[0]
    way = ((image, mean), (soft, image))
    pictures = [replaced(start, end, order, steps) for start, end in way for order in orders]
    chances = torch.softmax(model(torch.cat(pictures)).float(), 1)[:, target]
    return chances.cpu().numpy().reshape(2, len(orders), steps + 1)


def area(curve: np.ndarray) -> np.ndarray:
    """Area under curves (..., steps + 1) over the share of changed pixels, 0 to 1."""
    return np.asarray(np.trapezoid(curve, dx=1 / (curve.shape[-1] - 1), axis=-1))


def summary(values: np.ndarray, people: np.ndarray) -> Mean:
    """The mean over faces with its 95 % interval over people; see `ratio`."""
    return ratio(values, np.ones(len(values)), people)


def ratio(over: np.ndarray, under: np.ndarray, people: np.ndarray) -> Mean:
    """The mean of `over` by the mean of `under`, with its 95 % interval, None for one person.

    Student's, of how much each person's faces lift the ratio (Cochran 1977, Sampling techniques,
    section 9A.1): faces of one person are alike.

    Args:
        over: (N,) a face each.
        under: (N,) the same.
        people: (N,) who is on each face, a number a person.
    """
    if not len(over):
        return Mean(None, None, None, 0, 0)
    found = over.sum() / under.sum()
    lifts = np.bincount(np.unique(people, return_inverse=True)[1], over - found * under)
    units = len(lifts)
    if units < 2:
        return Mean(tidy(found), None, None, len(over), units)
    error = np.sqrt(units / (units - 1) * (lifts**2).sum()) / under.sum()
    half = half_width(error, units - 1)
    return Mean(tidy(found), tidy(found - half), tidy(found + half), len(over), units)


def tidy(number: float) -> float:
    """Six decimals: the last bits of a sum are not worth a changed file."""
    return round(float(number), 6)


def faithfulness(paths: np.ndarray, people: np.ndarray) -> Faithfulness:
    """Numbers of N faces' curves (N, 2, len(ORDERS), steps + 1), of so many people (N,).

    For `deletion` and `insertion`: each order's mean area and mean curve, and how much smaller
    (larger, for insertion) the map's area is than each reference's on the same face: `gain_over`,
    positive where the map is better than the reference.
    """
    measures = []
    for i, better in enumerate((-1, 1)):
        areas = area(paths[:, i])
        gains = {o: better * (areas[:, 0] - areas[:, k]) for k, o in enumerate(ORDERS) if k}
        means = {order: paths[:, i, k].mean(axis=0) for k, order in enumerate(ORDERS)}
        measures.append(
            Faithful(
                **{order: summary(areas[:, k], people) for k, order in enumerate(ORDERS)},
                gain_over={order: summary(gain, people) for order, gain in gains.items()},
                curves={order: [tidy(v) for v in curve] for order, curve in means.items()},
            )
        )
    return Faithfulness(len(paths), paths.shape[-1] - 1, *measures)
