"""Which faces stand in which batch, and how they reach the device."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fer_bench.datasets.pack import Pixels
from fer_bench.errors import FerBenchError
from fer_bench.training.recipe import GROUPS


@dataclass(frozen=True)
class Faces:
    """Faces of one split.

    Attributes:
        pixels: the packs' (N, H, W, 3) uint8 faces, memory-mapped; only rows in `rows` are read.
        rows: indices into `pixels`.
        labels: class index of each row.
        sample_ids: id of each row.
        folds: cross-validation fold of each row, or None.
        fields: what else the model takes of each row, an array or what is indexed like one; see
            `fields.py` and `image_targets.py`.
    """

    pixels: Pixels
    rows: np.ndarray
    labels: np.ndarray
    sample_ids: np.ndarray
    folds: np.ndarray
    fields: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows)

    def images(self, which: np.ndarray, device: torch.device) -> Tensor:
        """Faces `which` (positions in `rows`) as float (B, 3, H, W) in [0, 1]."""
        return as_images(self.read(which, device))

    def read(self, which: np.ndarray, device: torch.device) -> Tensor:
        """Faces `which` as they are stored, uint8 (B, H, W, 3).

        The copy to a GPU may still be under way; whatever uses it there waits for it.
        """
        pixels = torch.from_numpy(self.pixels[self.rows[which]])
        if device.type == "cuda":
            pixels = pixels.pin_memory()
        return pixels.to(device, non_blocking=True)


def as_images(pixels: Tensor) -> Tensor:
    """uint8 (B, H, W, 3) to float (B, 3, H, W) in [0, 1], contiguous.

    Each colour is a plane of its own: what is done to three channels a pixel cannot be done to many
    pixels at a time. The first convolution puts channels last, as its weights are.
    """
    planes = pixels.permute(0, 3, 1, 2)
    return planes.to(torch.float32, memory_format=torch.contiguous_format).div_(255)


def epoch_order(
    labels: np.ndarray, sampler: str, rng: np.random.Generator, repeat_below: float = 0.15
) -> np.ndarray:
    """The order in which one epoch visits the faces, as positions into `labels`.

    `oversample` draws len(labels) positions with replacement, each present class equally likely;
    `shuffle` is a permutation; `class_repeat` is one with faces of rare classes several times (as
    Gupta et al., CVPR 2019, do with images of rare classes): see `Recipe.sampler`. `pairs` and
    `quadruplets` visit every face once as the first of its group.
    """
    if sampler == "shuffle":
        return rng.permutation(len(labels))
    counts = np.bincount(labels)
    if sampler in GROUPS:
        return _in_groups(labels, counts, GROUPS[sampler], rng)
    if sampler == "class_repeat":
        share = np.maximum(counts, 1) / len(labels)
        times = np.ceil(np.maximum(1, np.sqrt(repeat_below / share))).astype(int)
        return rng.permutation(np.repeat(np.arange(len(labels)), times[labels]))
    weight = 1.0 / counts[labels]
    return rng.choice(len(labels), size=len(labels), replace=True, p=weight / weight.sum())


def _in_groups(
    labels: np.ndarray, counts: np.ndarray, size: int, rng: np.random.Generator
) -> np.ndarray:
    """Groups of a face and another of its class, and where `size` is 4 of two of another class."""
    by_class, first = np.argsort(labels, kind="stable"), np.cumsum(counts) - counts
    place = np.empty(len(labels), dtype=np.int64)
    place[by_class] = np.arange(len(labels)) - first[labels[by_class]]

    def another(faces: np.ndarray) -> np.ndarray:
        """Of the same class; the face itself where it is alone."""
        alike = counts[labels[faces]]
        drawn = rng.integers(0, np.maximum(alike - 1, 1))
        drawn = np.minimum(drawn + (drawn >= place[faces]), alike - 1)
        found: np.ndarray = by_class[first[labels[faces]] + drawn]
        return found

    one = rng.permutation(len(labels))
    group = [one, another(one)]
    present = np.flatnonzero(counts)
    if size == 4:
        if len(present) < 2:
            raise FerBenchError("sampler: quadruplets: the faces to learn from are of one class")
        own = np.searchsorted(present, labels[one])
        drawn = rng.integers(0, len(present) - 1, len(one))
        other = present[drawn + (drawn >= own)]
        negative = by_class[first[other] + rng.integers(0, counts[other])]
        group += [negative, another(negative)]
    return np.stack(group, 1).ravel()


def in_batches(order: np.ndarray, size: int, least: int = 2) -> Iterator[np.ndarray]:
    """Cut `order` into batches; a last batch of fewer than `least` faces joins the one before.

    BatchNorm needs two faces, and each of several processes one.
    """
    edges = list(range(0, len(order), size))
    if len(edges) > 1 and len(order) - edges[-1] < least:
        edges.pop()
    for start, stop in zip(edges, [*edges[1:], len(order)], strict=True):
        yield order[start:stop]


def class_balanced_weights(labels: np.ndarray, classes: int, beta: float = 0.9999) -> np.ndarray:
    """Effective-number weights (Cui et al., CVPR 2019), normalised to sum to `classes`.

    A class without faces gets weight 0.
    """
    counts = np.bincount(labels, minlength=classes).astype(float)
    with np.errstate(divide="ignore"):
        weight = np.where(counts > 0, (1 - beta) / (1 - beta**counts), 0.0)
    scaled: np.ndarray = weight / weight.sum() * classes
    return scaled
