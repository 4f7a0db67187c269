"""A trained network that looks at pictures: find the face, align it as in training, classify it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from fer_bench.device import check_kind
from fer_bench.evaluation.metrics import log_softmax
from fer_bench.evaluation.opened import autocast, network, prepare
from fer_bench.faces.align_job import AlignOptions
from fer_bench.faces.detect import Detection, Detector
from fer_bench.faces.face_points import NETWORK, LandmarkSource, face_points
from fer_bench.faces.geometry import centre_square, cut_out
from fer_bench.inference.find_run import Run, find_run
from fer_bench.inference.pictures import Picture, listed, read
from fer_bench.models import outside
from fer_bench.reading import load_weights
from fer_bench.records.spec import RowSpec
from fer_bench.training.data import select, with_fields
from fer_bench.training.step import predict


@dataclass(frozen=True)
class Prediction:
    """What a network says of one picture.

    Attributes:
        picture: where it came from; None for an array.
        detection: the face that was taken; None where none was found, or none was looked for.
        box: (x0, y0, x1, y1) of the pixels taken: the face's, or the centre square.
        face: (size, size, 3) uint8, what the network saw.
        probabilities: by class, in the model's order; they sum to 1.
    """

    picture: Path | None
    detection: Detection | None
    box: tuple[float, float, float, float]
    face: np.ndarray
    probabilities: Mapping[str, float]

    @property
    def answer(self) -> str:
        """The most probable class."""
        return max(self.probabilities, key=lambda name: self.probabilities[name])


class Trained:
    """A trained network; see `load`.

    Attributes:
        run: where it lies and what it was trained with.
        classes: the class names, in the order of its logits.
        size: side of the faces it takes, in pixels.
        network: the torch module, in evaluation mode.
    """

    def __init__(self, run: Run, selection: str = "last", device: str | None = None) -> None:
        outside.prepare(run.spec)
        self.run = run
        self.classes: tuple[str, ...] = run.spec.classes
        self.size = int(run.spec.options["size"])
        self._device = _device(run.spec, device)
        weights = run.weights(selection)
        self.network = network(run.spec, self._device).eval()
        load_weights(self.network, weights, "copy the run's folder again, or train it again")

    def predict(
        self, pictures: Picture | Iterable[Picture], *, cut: bool = False
    ) -> list[Prediction]:
        """Look at pictures, one after the other.

        The largest central face of each is taken, aligned by its five landmarks. Where none is
        found, the centre square is, as in training; `detection` is then None.

        Args:
            pictures: paths of image files, PIL images, or (H, W, 3) uint8 RGB arrays of any size;
                or one of them.
            cut: the pictures are faces cut out already: nothing is looked for.

        Raises:
            FerBenchError: a picture cannot be read.
        """
        return [self.look(picture, cut=cut) for picture in listed(pictures)]

    def look(self, picture: Picture, *, cut: bool = False) -> Prediction:
        """Look at one picture; see `predict`."""
        path, image = read(picture)
        face = None if cut else self._detector.detect(image)
        box = face.box if face else centre_square(image.shape[1], image.shape[0])
        crop = cut_out(image, face.landmarks if face else None, box, self.size)
        seen = face.landmarks.ravel() if face else None
        said = self.probabilities(crop[None], [seen])[0]
        return Prediction(
            path, face, box, crop, dict(zip(self.classes, said.tolist(), strict=True))
        )

    def logits(
        self, faces: np.ndarray, landmarks: Sequence[np.ndarray | None] | None = None
    ) -> np.ndarray:
        """(N, K) float32 logits of aligned faces.

        Args:
            faces: (N, size, size, 3) uint8 RGB.
            landmarks: of each, ten numbers in pixels of the picture it was cut out of, or None;
                only a network that looks at landmarks uses them.
        """
        rows = pd.DataFrame({"row": np.arange(len(faces)), "target": 0, "fold": None})
        rows["sample_id"] = rows["row"].astype(str)
        if "points" in self.network.fields:
            found = landmarks or [None] * len(faces)
            rows["points"] = list(face_points(found, self.size, list(faces), self._points))
        known = with_fields(select(faces, rows), rows, self.network.fields)
        with autocast(self.run.spec, self._device):
            return predict(self.network, known, self._device)

    def probabilities(
        self, faces: np.ndarray, landmarks: Sequence[np.ndarray | None] | None = None
    ) -> np.ndarray:
        """(N, K) softmax of `logits`."""
        return np.asarray(np.exp(log_softmax(self.logits(faces, landmarks).astype(np.float64))))

    @cached_property
    def _points(self) -> LandmarkSource | None:
        if AlignOptions.parse(self.run.spec.align).points != NETWORK:
            return None
        from fer_bench.faces.face_landmarks import FaceLandmarks

        return FaceLandmarks()

    @cached_property
    def _detector(self) -> Detector:
        options = AlignOptions.parse(self.run.spec.align)
        return Detector(options.thresholds, options.min_face, options.factor, str(self._device))


def load(
    run: str | Path | None = None, selection: str = "last", device: str | None = None
) -> Trained:
    """Open a trained run.

    Args:
        run: its folder, or `<dataset>/<model>/<seed>` below `runs` in the current folder; None for
            the small network that comes with the package (`inference.shipped`).
        selection: whose weights: `last`, `best_on_val` or `best_on_test`; `last_fold<k>` of a
            cross-validated one.
        device: `cpu` or `cuda`; None: as it was trained, where that is here.

    Raises:
        FerBenchError: there is no such run, or no such weights.
    """
    return Trained(find_run(run), selection, device)


def _device(spec: RowSpec, device: str | None) -> torch.device:
    if device is not None:
        check_kind(device)
    chosen = prepare(spec)
    if device is not None:
        return torch.device(device)
    return chosen if chosen.type != "cuda" or torch.cuda.is_available() else torch.device("cpu")
