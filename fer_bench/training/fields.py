"""What a model may be given of each face besides its pixels.

A model names what it takes in `FERModel.fields`; nobody else reads or computes it. A field is read
from a manifest's rows, goes with its face through the batches, and is mirrored and moved where the
face is.

    points   (24, 3): x, y as shares of the crop's side, and how well the point is seen. From the
             manifest's column `points`, which alignment writes; see `faces/face_points.py`.
    person   a number, the same for all faces of a person; -1 where nobody knows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from fer_bench.errors import FerBenchError, nearest
from fer_bench.faces.face_points import POINTS, mirrored
from fer_bench.training.moves import move, move_points


class Field(NamedTuple):
    """One kind of thing known of faces."""

    mirror: Callable[[np.ndarray], np.ndarray]
    """That of the mirror images, from (n, ...) to (n, ...)."""
    move: Callable[[np.ndarray, np.ndarray], np.ndarray]
    """That of faces moved by (n, 2, 3), of `moves.py`."""


def _points(rows: pd.DataFrame) -> np.ndarray:
    if "points" not in rows or rows["points"].isna().any():
        raise FerBenchError(
            "the model looks at points of the face, and faces of an older pack have none (column "
            "`points` of its manifest): align the pack again (`fer-bench align NAME`; `fer-bench "
            "mask NAME` if it is a masked one)"
        )
    points = [np.asarray(p, np.float32) for p in rows["points"]]
    return np.array(points, np.float32).reshape(len(rows), POINTS, 3)


def _person(rows: pd.DataFrame) -> np.ndarray:
    if "subject" not in rows:  # somebody's pictures
        return np.full(len(rows), -1)
    return pd.factorize(rows["subject"])[0].astype(np.int64)


def _as_it_is(values: np.ndarray, moves: np.ndarray | None = None) -> np.ndarray:
    return values


READERS: dict[str, Callable[[pd.DataFrame], np.ndarray]] = {"points": _points, "person": _person}
"""Manifest rows to an array (N, ...)."""
FIELDS = {"points": Field(mirrored, move_points), "person": Field(_as_it_is, _as_it_is)}
IMAGE = Field(
    lambda images: images[..., ::-1],
    lambda images, moves: move(torch.from_numpy(images), moves).numpy(),
)
"""An image that a model learns to draw (`image_targets.py`): no field."""


def read(names: Sequence[str], rows: pd.DataFrame) -> dict[str, np.ndarray]:
    """The fields of manifest rows, one row a face.

    Args:
        names: a model's `fields`.
        rows: of a pack's manifest.

    Raises:
        FerBenchError: there is no such field, or the manifest lacks it.
    """
    for name in names:
        if name not in READERS:
            raise FerBenchError(f"a model asks for the field {name!r}: {nearest(name, READERS)}")
    return {name: READERS[name](rows) for name in names}


def of_batch(
    fields: Mapping[str, np.ndarray],
    which: np.ndarray,
    device: torch.device,
    flip: np.ndarray | None = None,
    moves: np.ndarray | None = None,
) -> dict[str, Tensor]:
    """The fields of some faces, as `forward` takes them.

    Args:
        fields: of all faces, from `read`.
        which: positions in them, (B,).
        device: where the tensors go.
        flip: (B,) bool, which of the faces are mirrored; None for none.
        moves: (B, 2, 3), what is done to the faces after that; None for nothing.
    """
    batch = {}
    for name, values in fields.items():
        chosen = values[which]
        field = FIELDS.get(name, IMAGE)
        if flip is not None and flip.any():
            chosen[flip] = field.mirror(chosen[flip])
        if moves is not None:
            chosen = field.move(chosen, moves)
        batch[name] = torch.from_numpy(chosen).to(device)
    return batch
