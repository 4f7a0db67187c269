"""The cascade's first network: where in an image there might be faces, on every scale."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fer_bench.faces.areas import Areas
from fer_bench.faces.boxes import moved, squared, suppress

FIELD, STRIDE = 12, 2
"""Pixels the network sees, and its step."""

HOST_BATCH, DEVICE_BATCH = 2**16, 2**22
"""Pixels of a pyramid level in one call: about what stays in a core's cache, or fills a GPU."""

Numbers = np.ndarray


@dataclass(frozen=True)
class SearchedImage:
    """One image to be searched.

    Attributes:
        areas: its pixels.
        smallest: the smallest face looked for, in pixels.
        border: black pixels around the image; found coordinates do not count them.
    """

    areas: Areas
    smallest: int
    border: int = 0

    @property
    def size(self) -> tuple[int, int]:
        """Width and height with the border."""
        return self.areas.width + 2 * self.border, self.areas.height + 2 * self.border


@dataclass(frozen=True)
class Candidates:
    """Candidates of several images, in the images' order.

    Attributes:
        images: (n,) int64, the number of each box's image.
        boxes: (n, 4) float32 x0, y0, x1, y1, counted from 1, in the bordered image.
        scores: (n,) float32.
        offsets: (n, 4) float32, how the network would move the corners.
    """

    images: Numbers
    boxes: Numbers
    scores: Numbers
    offsets: Numbers

    def __getitem__(self, which: Numbers) -> Candidates:
        return Candidates(
            self.images[which], self.boxes[which], self.scores[which], self.offsets[which]
        )

    def __len__(self) -> int:
        return len(self.images)

    @staticmethod
    def joined(parts: Sequence[Candidates]) -> Candidates:
        """All boxes of `parts`, in that order."""
        if not parts:
            four = np.zeros((0, 4), np.float32)
            return Candidates(np.zeros(0, np.int64), four, np.zeros(0, np.float32), four)
        fields = ("images", "boxes", "scores", "offsets")
        return Candidates(*(np.concatenate([getattr(p, name) for p in parts]) for name in fields))


def scales(width: int, height: int, smallest: int, factor: float) -> list[float]:
    """Scales at which faces from `smallest` to the whole image measure 12 pixels."""
    scale = FIELD / smallest
    side = min(width, height) * scale
    found = []
    while side >= FIELD:
        found.append(scale)
        scale, side = scale * factor, side * factor
    return found


class Proposer:
    """The first network over the pyramids of many images.

    Args:
        network: the first network (`networks.Networks.first`).
        threshold: candidates score at least this.
        factor: step of the pyramid.
        budget: pixels of a level in one call.
    """

    def __init__(
        self,
        network: Callable[[Any], tuple[Any, Any]],
        threshold: float,
        factor: float,
        budget: int,
    ) -> None:
        self._network, self._threshold = network, threshold
        self._factor, self._budget = factor, budget

    def propose(self, looks: Sequence[SearchedImage]) -> Candidates:
        """Square candidates of every image, those of each best first."""
        alike: dict[tuple[int, ...], list[int]] = {}
        for i, look in enumerate(looks):
            alike.setdefault((*look.size, look.smallest, look.areas.channels), []).append(i)
        parts: list[list[Candidates]] = [[] for _ in looks]
        for (width, height, smallest, _), members in alike.items():
            for scale in scales(width, height, smallest, self._factor):
                rows, columns = int(height * scale + 1), int(width * scale + 1)
                step = max(1, self._budget // (rows * columns))
                for start in range(0, len(members), step):
                    some = members[start : start + step]
                    level = [looks[i].areas.level(rows, columns, looks[i].border) for i in some]
                    for found in self._scan(stacked(level), some, scale):
                        parts[found.images[0]].append(found)
        every = [Candidates.joined(part) for part in parts if part]
        kept = Candidates.joined([b[suppress(b.boxes, b.scores, 0.7)] for b in every])
        boxes = squared(moved(kept.boxes, kept.offsets, last=0))
        return Candidates(kept.images, boxes, kept.scores, kept.offsets)

    def _scan(self, level: Any, members: Sequence[int], scale: float) -> Iterator[Candidates]:
        """What is left of one level (B, 3, h, w) after suppression, for each of its images."""
        cell, scores, offsets = self._cells(level)
        corner = cell[:, 1:].float() * STRIDE
        ends = [(corner + 1) / scale, (corner + FIELD) / scale]
        boxes = np.concatenate([v.floor().numpy() for v in ends], axis=1)
        number = cell[:, 0].numpy()
        for position, i in enumerate(members):
            of = np.flatnonzero(number == position)
            if len(of):
                found = Candidates(np.full(len(of), i), boxes[of], scores[of], offsets[of])
                yield found[suppress(found.boxes, found.scores, 0.5)]

    def _cells(self, level: Any) -> tuple[Any, Numbers, Numbers]:
        """Image, x and y (n, 3) of the cells over the threshold; their scores and offsets.

        A level that is too large for one call goes through in strips, with the same results: strips
        begin on even rows, and the network's field reaches from one into the next.
        """
        import torch

        rows = max(8, self._budget // (level.shape[0] * level.shape[3]))
        height = level.shape[2]
        parts = []
        for top in range(0, height - FIELD + 1, rows // STRIDE * STRIDE):
            strip = level[:, :, top : top + rows // STRIDE * STRIDE + FIELD - STRIDE]
            move, score = self._network(strip)
            image, y, x = (score >= self._threshold).nonzero(as_tuple=True)
            cell = torch.stack([image, x, y + top // STRIDE], dim=1)
            parts.append((cell.cpu(), score[image, y, x].cpu(), move[image, :, y, x].cpu()))
        cells, scores, offsets = (torch.cat(v) for v in zip(*parts, strict=True))
        return cells, scores.numpy(), offsets.numpy()


def stacked(parts: list[Any]) -> Any:
    """Levels (channels, h, w) of several images as one torch tensor."""
    import torch

    if isinstance(parts[0], np.ndarray):
        return torch.from_numpy(parts[0][None] if len(parts) == 1 else np.stack(parts))
    return torch.stack(parts)
