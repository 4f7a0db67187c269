"""What is done to each chunk of images: faces found, cut out and described."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from fer_bench.cores import cores
from fer_bench.datasets.base import PIXELS, Source
from fer_bench.errors import FerBenchError, nearest
from fer_bench.faces.chunks import Arrays, ChunkJob, Rows
from fer_bench.faces.crop_landmarks import crop_landmarks
from fer_bench.faces.detect import Detection, Detector, as_rgb
from fer_bench.faces.face_points import MEAN, NETWORK, LandmarkSource, face_points
from fer_bench.faces.geometry import centre_square, cut_out
from fer_bench.faces.small_faces import find_landmarks, in_boxes, points_on

T = TypeVar("T")
U = TypeVar("U")

PIXELS_AT_ONCE = 2**22
"""Pixels of the images searched together: 34 photographs of 350 x 350."""

DETECTED, DLIB_LIKE = "detected", "dlib_like"
SOURCES = {"points": (MEAN, DETECTED, NETWORK), "masks": (MEAN, DLIB_LIKE)}

LANDMARKS_FOUND = "landmarks_found"
"""A manifest's column: whether the landmarks were found that the face's points lie on."""

POINTS_FROM = "points_from"
"""A manifest's column: whether a face has the network's points or kept the mean face's."""

OWN_COLUMNS = ("box", "landmarks", "points", POINTS_FROM, LANDMARKS_FOUND, "detection",
               "faces_found", "source_sha256")  # fmt: skip
FIRST_COLUMNS = ("sample_id", "label", "split", "subject", "fold")


@dataclass(frozen=True)
class AlignOptions:
    """How faces are cut out; `params.yaml` gives it per source.

    Attributes:
        size: side of the aligned face in pixels.
        pixels: mtcnn, resize or official (see the module's docstring).
        thresholds, min_face, factor: the detector's options.
        points: where a pack's 24 points come from: the mean face, laid onto the landmarks by which
            the face was aligned; the same on landmarks that are looked for in pictures that are
            taken as they are (`detected`); or a network's 68 points (`face_landmarks`), about the
            landmarks of either kind.
        masks: on what masks are laid that faces wear: the mean face's jaw, or (`dlib_like`) the
            jaw among a network's 68 points, as the paper's tool lays it on dlib's.
    """

    size: int = 224
    pixels: str = "mtcnn"
    thresholds: tuple[float, float, float] = (0.6, 0.7, 0.8)
    min_face: int = 20
    factor: float = 0.709
    points: str = MEAN
    masks: str = MEAN

    @property
    def detects(self) -> bool:
        """Whether aligning looks for faces."""
        return self.pixels == "mtcnn" or self.points != MEAN

    @staticmethod
    def parse(options: Mapping[str, Any]) -> AlignOptions:
        """Check `options`; raises FerBenchError naming an unknown key or impossible value."""
        known = AlignOptions.__dataclass_fields__
        for key in options:
            if key not in known:
                raise FerBenchError(f"align option {key!r} is unknown: {nearest(key, known)}")
        values = dict(options)
        if "thresholds" in values:
            values["thresholds"] = tuple(values["thresholds"])
        parsed = AlignOptions(**values)
        if parsed.pixels not in PIXELS:
            raise FerBenchError(
                f"align option pixels is {parsed.pixels!r}: {nearest(parsed.pixels, PIXELS)}"
            )
        for name, sources in SOURCES.items():
            if (source := getattr(parsed, name)) not in sources:
                raise FerBenchError(
                    f"align option {name} is {source!r}: {nearest(source, sources)}"
                )
        if parsed.size < 8:
            raise FerBenchError(f"align option size is {parsed.size}: at least 8 pixels.")
        return parsed


def best_device() -> str:
    """The device to look for faces on: `cuda` when there is one."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def read_image(
    source: Source, root: Path, row: Mapping[str, Any], options: Mapping[str, Any]
) -> np.ndarray:
    """The RGB image of an index row; raises FerBenchError naming the sample when unreadable."""
    try:
        return as_rgb(np.asarray(source.load(root, row, options)))
    except (OSError, ValueError, SyntaxError, EOFError, FerBenchError) as error:
        kind = "" if isinstance(error, FerBenchError) else f"{type(error).__name__}: "
        raise FerBenchError(
            f"source {source.name}: the image of sample {row['sample_id']!r} cannot be read "
            f"({kind}{error}). Restore the file under {root} (add the source "
            "again), then run the same command: finished images are kept."
        ) from error


def pixels_sha256(image: np.ndarray) -> str:
    """SHA-256 of the decoded RGB bytes of an image, as hex."""
    return hashlib.sha256(image.tobytes()).hexdigest()


@dataclass
class AlignJob(ChunkJob):
    """Detect and cut out the faces of a chunk; on a GPU, other work is spread over threads."""

    source: Source
    root: Path
    source_options: dict[str, Any]
    options: AlignOptions
    device: str = "cpu"
    _detector: Detector | None = None
    _points: LandmarkSource | None = None
    _pool: ThreadPoolExecutor | None = None

    def prepare(self) -> None:
        """Load the networks that these options need, and keep torch to one thread."""
        o = self.options
        if o.detects:
            import torch

            torch.set_num_threads(1)
        if o.detects:
            self._detector = Detector(o.thresholds, o.min_face, o.factor, self.device)
        if o.points == NETWORK:
            from fer_bench.faces.face_landmarks import FaceLandmarks

            self._points = FaceLandmarks()
        if self.device != "cpu":
            self._pool = ThreadPoolExecutor(cores())

    def run(self, rows: Rows) -> Arrays:
        """Faces, boxes, landmarks (NaN without detection) and the rest of the chunk."""
        parts = [self._some(images) for images in grouped(self._each(self._read, rows))]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _some(self, images: list[np.ndarray]) -> Arrays:
        size, detector = self.options.size, self._detector
        found: list[Detection | None] = [None] * len(images)
        if detector and self.options.pixels == "mtcnn":
            found = detector.detect_all(images)
        boxes = [self._box(image, face) for image, face in zip(images, found, strict=True)]

        def cut(i: int) -> tuple[np.ndarray, str]:
            face = found[i]
            landmarks = face.landmarks if face else None
            return cut_out(images[i], landmarks, boxes[i], size), pixels_sha256(images[i])

        faces, hashes = zip(*self._each(cut, range(len(images))), strict=True)
        numbers = np.full((len(images), 16), np.nan)  # box, landmarks, detection, faces_found
        numbers[:, :4], numbers[:, 15] = boxes, 0
        for i, face in enumerate(found):
            if face:
                numbers[i, 4:14] = face.landmarks.ravel()
                numbers[i, 14:] = face.probability, face.faces_found
        arrays = {"faces": np.stack(faces), "numbers": numbers, "source_sha256": np.array(hashes)}
        if detector and self.options.points != MEAN:
            fives = self._fives(images, found, boxes)
            arrays["points"] = points_on(fives, size, faces, self._points)
            if self.options.pixels != "mtcnn":
                arrays[LANDMARKS_FOUND] = np.array([five is not None for five in fives])
            if self._points is not None:
                kept = (arrays["points"] == points_on(fives, size)).all(axis=(1, 2))
                arrays[POINTS_FROM] = np.where(kept, MEAN, NETWORK)
        return arrays

    def _fives(
        self,
        images: Sequence[np.ndarray],
        found: Sequence[Detection | None],
        boxes: Sequence[Sequence[float]],
    ) -> list[np.ndarray | None]:
        """The landmarks (5, 2) of each face in its crop's pixels; None where none were found."""
        if self.options.pixels == "mtcnn":
            fives, known = crop_landmarks([f and f.landmarks for f in found], self.options.size)
            return [five if k else None for five, k in zip(fives, known, strict=True)]
        assert self._detector is not None  # `detects`
        return in_boxes(find_landmarks(self._detector, images), boxes, self.options.size)

    def _read(self, row: Mapping[str, Any]) -> np.ndarray:
        return read_image(self.source, self.root, row, self.source_options)

    def _each(self, function: Callable[[T], U], items: Sequence[T]) -> Iterator[U]:
        if self._pool is None:
            yield from map(function, items)
            return
        few = cores()  # not all at once: read images wait in memory
        for start in range(0, len(items), few):
            yield from self._pool.map(function, items[start : start + few])

    def _box(self, image: np.ndarray, found: Detection | None) -> Sequence[float]:
        height, width = image.shape[:2]
        if found:
            return found.box
        if self.options.pixels == "official":
            return 0.0, 0.0, float(width), float(height)
        return centre_square(width, height)


def grouped(images: Iterable[np.ndarray]) -> Iterator[list[np.ndarray]]:
    """`images` in order, in lists of no more than `PIXELS_AT_ONCE` pixels (or one image)."""
    group: list[np.ndarray] = []
    pixels = 0
    for image in images:
        size = image.shape[0] * image.shape[1]
        if group and pixels + size > PIXELS_AT_ONCE:
            yield group
            group, pixels = [], 0
        group.append(image)
        pixels += size
    if group:
        yield group


def manifest(index: pd.DataFrame, arrays: Arrays, size: int) -> pd.DataFrame:
    """A pack's manifest, from a source's index and what the chunks hold besides faces.

    Its column `points` has 72 numbers a face: 24 points of the crop of `size` pixels, each with how
    well it is seen (`face_points`). Where a network gave them, `points_from` says whether a face
    kept the mean face's all the same, as one does that the network misread; where they lie on
    landmarks that were looked for, `landmarks_found` says whether there were any.
    """
    numbers = arrays["numbers"]
    seen = ~np.isnan(numbers[:, 14])
    landmarks = [n[4:14].tolist() if s else None for n, s in zip(numbers, seen, strict=True)]
    points = arrays["points"] if "points" in arrays else face_points(landmarks, size)
    own = pd.DataFrame(
        {
            "box": numbers[:, :4].tolist(),
            "landmarks": pd.Series(landmarks, dtype=object),
            "points": list(points.reshape(len(index), -1)),
            **{name: arrays[name] for name in (POINTS_FROM, LANDMARKS_FOUND) if name in arrays},
            "detection": numbers[:, 14],
            "faces_found": numbers[:, 15].astype(np.int64),
            "source_sha256": arrays["source_sha256"].astype(str),
        }
    )
    rest = [c for c in index.columns if c not in (*FIRST_COLUMNS, *OWN_COLUMNS, "path")]
    first = index[list(FIRST_COLUMNS)].assign(fold=index["fold"].astype("Int64"))
    return pd.concat([first, own, index[rest]], axis=1)
