"""Images that a model learns to draw: of each face or each class, mirrored and moved with the face.

A model names what it takes in `FERModel.targets`; `forward` gets it by that name in training, float
(B, C, side, side) in [0, 1], and None where nothing is trained. All come from the faces to learn
from alone, in cross-validation from those of the other folds.

    neutral_face  (3, ...): of the same person, the first in the manifest; of a neutral face itself.
    class_means   (1, ...): |mean grey face of the class - mean grey neutral face|.
    class_pairs   (1, ...): mean over the class of |grey face - grey neutral face of the person|,
                  as FMPN's masks (Chen et al., VCIP 2019) are of peak and neutral frames.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from fer_bench.datasets.pack import Pixels
from fer_bench.errors import FerBenchError, nearest
from fer_bench.models.layers import GREY
from fer_bench.training.batches import Faces

TARGETS = ("neutral_face", "class_means", "class_pairs")
NEUTRAL = "neutral"


@dataclass(frozen=True)
class Images:
    """Images by a face's position, read where they are asked for.

    Attributes:
        pixels: (M, side, side, C) uint8, or float in [0, 1].
        rows: (N,) the image of each face.
    """

    pixels: Pixels
    rows: np.ndarray

    def __getitem__(self, which: np.ndarray) -> np.ndarray:
        """Those of faces `which`, (B, C, side, side) float32."""
        chosen = np.asarray(self.pixels[self.rows[which]]).transpose(0, 3, 1, 2)
        scale = 255 if chosen.dtype == np.uint8 else 1
        return np.ascontiguousarray(chosen, np.float32) / np.float32(scale)


def with_targets(
    faces: Faces, manifest: pd.DataFrame, wanted: Sequence[str], classes: Sequence[str]
) -> Faces:
    """The faces with what a model learns to draw of each among their fields.

    Args:
        faces: those to learn from.
        manifest: as `data.open_view` gives it.
        wanted: the model's `targets`; without any, the faces are returned as they are.
        classes: of the labels.

    Raises:
        FerBenchError: there is no such target, or the faces cannot give it.
    """
    for name in wanted:
        if name not in TARGETS:
            raise FerBenchError(f"a model asks for the target {name!r}: {nearest(name, TARGETS)}")
    if not wanted:
        return faces
    if NEUTRAL not in classes:
        raise FerBenchError(f"{', '.join(wanted)}: these classes have no neutral face to look at")
    neutral = list(classes).index(NEUTRAL)
    found: dict[str, Images] = {}
    for name in wanted:
        if name == "class_means":
            found[name] = Images(_means(faces, neutral, len(classes)), faces.labels)
            continue
        partner = _neutral_faces(faces, manifest, neutral)
        if name == "neutral_face":
            found[name] = Images(faces.pixels, faces.rows[_all(partner, name)])
        else:
            found[name] = Images(_pairs(faces, partner, classes), faces.labels)
    return replace(faces, fields={**faces.fields, **found})


def _grey(faces: Faces, which: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Each position and its face, (side, side) in [0, 1]."""
    for i in which.tolist():
        yield i, np.asarray(faces.pixels[faces.rows[i : i + 1]])[0] @ np.array(GREY) / 255


def _means(faces: Faces, neutral: int, classes: int) -> np.ndarray:
    side = faces.pixels.shape[1]
    sums = np.zeros((classes, side, side))
    for i, grey in _grey(faces, np.arange(len(faces))):
        sums[faces.labels[i]] += grey
    counts = np.bincount(faces.labels, minlength=classes)
    means = sums / np.maximum(counts, 1)[:, None, None]
    if not counts[neutral]:
        raise FerBenchError("class_means: there is no neutral face among those to learn from")
    apart: np.ndarray = np.abs(means - means[neutral])[..., None]
    return apart


def _pairs(faces: Faces, partner: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    side = faces.pixels.shape[1]
    masks, counts = np.zeros((len(classes), side, side)), np.zeros(len(classes))
    paired = np.flatnonzero(partner >= 0)
    for (i, face), (_, calm) in zip(
        _grey(faces, paired), _grey(faces, partner[paired]), strict=True
    ):
        masks[faces.labels[i]] += np.abs(face - calm)
        counts[faces.labels[i]] += 1
    lost = sorted({classes[k] for k in faces.labels.tolist() if not counts[k]})
    if lost:
        raise FerBenchError(
            f"class_pairs: no {' and no '.join(lost)} face is of a person who has a neutral face "
            "among those to learn from; use class_means"
        )
    return (masks / np.maximum(counts, 1)[:, None, None])[..., None]


def _neutral_faces(faces: Faces, manifest: pd.DataFrame, neutral: int) -> np.ndarray:
    """The position of each person's first neutral face, -1 where there is none."""
    people = manifest.set_index("row")["subject"].loc[faces.rows].to_numpy(dtype=object)
    first: dict[object, int] = {}
    for i in np.flatnonzero(faces.labels == neutral).tolist():
        if not pd.isna(people[i]):
            first.setdefault(people[i], i)
    found = [first.get(person, -1) for person in people]
    own = faces.labels == neutral
    return np.where(own, np.arange(len(faces)), np.array(found, dtype=np.int64))


def _all(partner: np.ndarray, name: str) -> np.ndarray:
    if lost := int((partner < 0).sum()):
        raise FerBenchError(
            f"{name}: {lost} of the {len(partner)} faces to learn from are of people who have no "
            "neutral face there, or of nobody known; train on a set that has one of each person"
        )
    return partner
