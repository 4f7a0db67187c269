"""68 points of a face by a trained network, held against the detector's five.

The network is that of npm `@vladmandic/face-api` (see `models/face_api_weights.py`), which
`fer-bench weights add face_landmark_68 FILE` takes in. It looks at a square that is turned with the
face: 1.1 times the square of an aligned face, its centre 0.16 of that lower, so that the chin is
inside. Of nine such squares and two about the detector's box, this one agrees best with the five
points on 250 training photographs of facial_expressions: by a median of 0.051 eye distances.

A face any of whose five points lies more than `FAR` from where the detector saw it has been
misread by one of the two, and keeps the mean face's points: 6.8 % of these photographs, and 47 of
500 over all splits (`benchmarks/mask_geometry`).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from fer_bench.errors import FerBenchError
from fer_bench.faces.dense_net import GET, SIDE, DenseNet
from fer_bench.faces.face_points import NETWORK, MeanShape, seen
from fer_bench.faces.geometry import apply, reference, similarity, warp
from fer_bench.faces.mean_face import five_of
from fer_bench.files import WEIGHTS
from fer_bench.reading import reading

FILE = WEIGHTS / f"{NETWORK}.safetensors"
FAR = 0.15
"""In eye distances."""
SCALE, LOWER = 1.1, 0.16


class FaceLandmarks:
    """A `face_points.LandmarkSource` that looks at the face.

    Args:
        file: the network's weights.

    Raises:
        FerBenchError: they were not added, or are those of another network.
    """

    def __init__(self, file: Path = FILE) -> None:
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        again = f"`{GET}`, then `fer-bench weights add {NETWORK} FILE`"
        with reading(file, again):
            try:
                self._network = DenseNet.of(load_file(file))
            except (SafetensorError, RuntimeError) as error:
                raise ValueError(str(error).partition("\n")[0]) from error

    def look(self, image: np.ndarray, five: np.ndarray) -> np.ndarray:
        """The 68 points (68, 2) that the network gives, in iBUG's order and the image's pixels.

        Args:
            image: (H, W, 3) uint8 RGB, a photograph or an aligned face.
            five: (5, 2) the detector's landmarks in its pixels.
        """
        matrix = square(five)
        pixels = torch.tensor(warp(image, matrix, SIDE)).permute(2, 0, 1)[None].float()
        with torch.inference_mode():
            shares = self._network(pixels)[0].double().numpy().reshape(-1, 2)
        back = np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))[:2]
        return apply(back, shares * SIDE - 0.5)

    def find(self, image: np.ndarray, five: np.ndarray) -> np.ndarray | None:
        """`look`, or None where one of the five lies further than `FAR` from these points."""
        points = self.look(image, five)
        return points if disagreement(points, five).max() <= FAR else None

    def __call__(self, face: np.ndarray | None, five: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `LandmarkSource`; `MeanShape`'s points where the network's contradict the five."""
        points = None if face is None else self.find(face, five)
        return MeanShape()(face, five) if points is None else (points, seen(five))


def disagreement(points: np.ndarray, five: np.ndarray) -> np.ndarray:
    """How far 68 points lie from the five landmarks (5, 2), (5,) in eye distances.

    Raises:
        FerBenchError: the eyes are in one place.
    """
    eyes = float(np.linalg.norm(five[1] - five[0]))
    if not eyes:
        raise FerBenchError("both eyes lie on one point, so the landmarks are none of a face")
    return np.asarray(np.linalg.norm(five_of(points) - five, axis=1) / eyes)


def square(five: np.ndarray) -> np.ndarray:
    """The (2, 3) matrix from the image of landmarks `five` to what the network looks at."""
    matrix = similarity(five, reference(SIDE))
    middle = (SIDE - 1) / 2
    matrix[:, 2] -= middle + np.array([0, LOWER * SIDE])
    matrix /= SCALE
    matrix[:, 2] += middle
    return matrix
