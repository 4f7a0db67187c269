"""The MTCNN cascade over many images at once.

Written from Zhang et al., "Joint face detection and alignment using multitask cascaded
convolutional networks" (2016): a first network looks for faces of 12 pixels on every level of an
image pyramid; a second, on 24 pixels, and a third, on 48 pixels, refuse or refine what it proposes,
and the third places five landmarks. Networks and weights are facenet-pytorch's, and so are the
conventions of rounding and of which pixel counts, so that results agree with its detector's.

What is faster here: levels and crops come from one table of sums an image (`areas`), the first
network takes many images of a small level at once and pools without strides (`proposals`), the
other two take the boxes of all images together, and box arithmetic is NumPy's (`boxes`). A
candidate wholly outside its image is left out. Results do not depend on what else is in the batch,
except for the last bits of floats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fer_bench.faces.areas import Areas, DeviceAreas, HostAreas
from fer_bench.faces.boxes import moved, squared, suppress_each, windows
from fer_bench.faces.networks import Networks
from fer_bench.faces.proposals import DEVICE_BATCH, HOST_BATCH, Candidates, Proposer, SearchedImage

BOXES = 32
"""Boxes in one call of the second and third network."""


@dataclass(frozen=True)
class Detections:
    """The faces of one image, best first.

    Attributes:
        boxes: (n, 4) float64 x0, y0, x1, y1.
        landmarks: (n, 5, 2) float64.
        probabilities: (n,) float64.
    """

    boxes: np.ndarray
    landmarks: np.ndarray
    probabilities: np.ndarray

    @staticmethod
    def none() -> Detections:
        """No faces."""
        return Detections(np.zeros((0, 4)), np.zeros((0, 5, 2)), np.zeros(0))

    def shifted(self, by: float) -> Detections:
        """The same faces with all coordinates moved by `by`."""
        return Detections(self.boxes + by, self.landmarks + by, self.probabilities)

    def scaled(self, by: float) -> Detections:
        """The same faces in an image `by` times as large."""
        half = (by - 1) / 2  # landmarks are centres of pixels, boxes are edges
        return Detections(self.boxes * by, self.landmarks * by + half, self.probabilities)

    def __len__(self) -> int:
        return len(self.boxes)


class Cascade:
    """The three networks and what lies between them.

    Args:
        thresholds: the networks' score thresholds.
        factor: step of the image pyramid.
        device: torch device name.
    """

    def __init__(self, thresholds: Sequence[float], factor: float, device: str) -> None:
        import torch

        self._device = torch.device(device)
        self._host = self._device.type == "cpu"
        self._networks = Networks(self._device)
        budget = HOST_BATCH if self._host else DEVICE_BATCH
        self._proposer = Proposer(self._networks.first, thresholds[0], factor, budget)
        self._second, self._third = thresholds[1:]
        if self._host:
            _keep_memory()
        else:
            torch.backends.cudnn.allow_tf32 = False  # ten bits are too few for a landmark

    def areas(self, image: np.ndarray) -> Areas:
        """The pixels of `image` ((H, W, 3) uint8), as `SearchedImage` wants them."""
        return HostAreas(image) if self._host else DeviceAreas(image, self._device)

    def find(self, looks: Sequence[SearchedImage]) -> list[Detections]:
        """All faces of each image."""
        return self.confirm(looks, self.propose(looks))

    def propose(self, looks: Sequence[SearchedImage]) -> Candidates:
        """The first network's candidates in each image."""
        import torch

        with torch.inference_mode():
            return self._proposer.propose(looks)

    def confirm(self, looks: Sequence[SearchedImage], candidates: Candidates) -> list[Detections]:
        """The faces of each image among `candidates`, by the second and third network."""
        import torch

        with torch.inference_mode():
            return self._concluded(looks, self._refined(looks, candidates))

    def _refined(self, looks: Sequence[SearchedImage], found: Candidates) -> Candidates:
        """The second network: fewer and better boxes."""
        found, outputs = self._run(self._networks.second, looks, found, 24)
        if not outputs:
            return found
        moves, scores = outputs
        sure = scores > self._second
        found = Candidates(found.images[sure], found.boxes[sure], scores[sure], moves[sure])
        found = found[suppress_each(found.images, found.boxes, found.scores, 0.7)]
        boxes = squared(moved(found.boxes, found.offsets, last=1))
        return Candidates(found.images, boxes, found.scores, found.offsets)

    def _concluded(self, looks: Sequence[SearchedImage], found: Candidates) -> list[Detections]:
        """The third network: the faces of each image, with landmarks."""
        found, outputs = self._run(self._networks.third, looks, found, 48)
        if not outputs:
            return [Detections.none() for _ in looks]
        moves, scores, points = outputs
        sure = scores > self._third
        images, boxes, probabilities = found.images[sure], found.boxes[sure], scores[sure]
        sides = boxes[:, 2:] - boxes[:, :2] + np.float32(1)
        landmarks = points[sure].reshape(-1, 2, 5).transpose(0, 2, 1)
        landmarks = sides[:, None] * landmarks + boxes[:, None, :2] - np.float32(1)
        boxes = moved(boxes, moves[sure], last=1)
        kept = suppress_each(images, boxes, probabilities, 0.7, inner=True)
        faces = []
        for i, look in enumerate(looks):
            of = kept[images[kept] == i]
            parts = (v[of].astype(np.float64) for v in (boxes, landmarks, probabilities))
            faces.append(Detections(*parts).shifted(-look.border))
        return faces

    def _run(
        self, network: Any, looks: Sequence[SearchedImage], found: Candidates, side: int
    ) -> tuple[Candidates, list[np.ndarray]]:
        """A network over all boxes that reach into their image: those, and its outputs if any."""
        sizes = np.array([look.size for look in looks], np.int64).reshape(-1, 2)
        where, some = windows(found.boxes, sizes[found.images])
        found = found[some]
        outputs = []
        for start in range(0, len(found), BOXES):
            part = slice(start, start + BOXES)
            crops = _crops(looks, found.images[part], where[part], side)
            outputs.append([v.cpu().numpy() for v in network(crops)])
        return found, [np.concatenate(v) for v in zip(*outputs, strict=True)]


def _crops(looks: Sequence[SearchedImage], images: np.ndarray, where: np.ndarray, side: int) -> Any:
    """The windows `where` (n, 4) of their images, as a network's input (n, channels, side, side).

    Grey images among colour ones get their channel three times.
    """
    import torch

    parts = [
        torch.as_tensor(looks[i].areas.crops(where[images == i], side, looks[i].border))
        for i in np.unique(images)
    ]
    most = max(part.shape[1] for part in parts)
    return torch.cat([part.expand(-1, most, -1, -1) for part in parts])


def _keep_memory() -> None:
    """Make the C library keep freed memory for the next image.

    Its thresholds for giving memory back grow with the largest block freed so far (up to 32 MiB);
    otherwise every level of a pyramid is fetched from the system anew, page by page.
    """
    np.empty(31 * 2**20, np.uint8)
