"""The network that is explained, and which faces it is explained on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from fer_bench.errors import FerBenchError
from fer_bench.evaluation.explain_cam import Maps, grad_cam
from fer_bench.evaluation.explain_occluders import occluded
from fer_bench.evaluation.opened import last_network, prepare, test_faces
from fer_bench.models.base import FERModel
from fer_bench.records.spec import RowSpec, View

PER_CLASS, OCCLUDED_PER_CLASS = 3, 2


@dataclass(frozen=True)
class OpenedCell:
    """A trained model and the test faces it is explained on.

    Attributes:
        rows: the N faces' manifest rows, with `pack` and `target`.
        faces: (N, S, S, 3) uint8 by position, read when asked for.
    """

    model: FERModel
    rows: pd.DataFrame
    pixels: Any
    classes: tuple[str, ...]
    device: torch.device

    def faces(self, which: np.ndarray) -> np.ndarray:
        """(B, S, S, 3) uint8."""
        return np.asarray(self.pixels[self.rows["row"].to_numpy()[which]])

    def images(self, which: np.ndarray) -> Tensor:
        """(B, 3, S, S) in [0, 1]."""
        return self.tensor(self.faces(which))

    def tensor(self, faces: np.ndarray) -> Tensor:
        """Faces (B, S, S, 3) uint8 as the model takes them."""
        batch = torch.from_numpy(faces).to(self.device)
        return batch.permute(0, 3, 1, 2).float().div_(255)

    def maps(self, module: torch.nn.Module, which: np.ndarray) -> Maps:
        """Grad-CAM of some faces."""
        return grad_cam(self.model, module, lambda a, b: self.images(which[a:b]), len(which))

    @property
    def target(self) -> np.ndarray:
        """(N,) true class of each face."""
        return np.asarray(self.rows["target"])


def open_cell(spec: RowSpec, view: View, weights: Path, packs: Path) -> OpenedCell:
    """Build the network of `spec` with its `last` weights, and open the view's test faces.

    Raises:
        FerBenchError: no faces, faces of another size, no weights, or a model that takes more of a
            face than its pixels.
    """
    device = prepare(spec)
    remedy = f"remove it from enabled.{spec.dataset}.evaluate_on"
    pixels, rows = test_faces(spec, view, packs, remedy)
    model = last_network(spec, weights, device, "explain")
    model.eval()
    if model.fields:
        raise FerBenchError(
            f"{spec.model} looks at {', '.join(model.fields)} of each face besides its pixels, "
            f"which explanations do not know; remove it from enabled.{spec.dataset}.explain"
        )
    return OpenedCell(model, rows, pixels, spec.classes, device)


@dataclass(frozen=True)
class Looked:
    """Which faces are looked at: positions in the rows.

    Attributes:
        measured: those that the numbers are of, by hash.
        shown: PER_CLASS of each class (fewer where there are fewer), class by class.
        hidden: those whose occluder is known, by hash.
        every: all of them, ascending.
    """

    measured: np.ndarray
    shown: np.ndarray
    hidden: np.ndarray
    every: np.ndarray

    def at(self, which: np.ndarray) -> np.ndarray:
        """Where positions stand in `every`."""
        return np.searchsorted(self.every, which)


def choose(rows: pd.DataFrame, faces: int, classes: tuple[str, ...]) -> Looked:
    """Pick by the hash of each face's id: the same faces for every model and seed."""
    order = np.argsort([digest(sample) for sample in rows["sample_id"]], kind="stable")
    covered, target = occluded(rows), rows["target"].to_numpy()
    shown: list[int] = []
    for k in range(len(classes)):
        own = order[target[order] == k]
        first = own[covered[own]][:OCCLUDED_PER_CLASS]
        shown += [*first, *own[~np.isin(own, first)][: PER_CLASS - len(first)]]
    measured, hidden = order[:faces], order[covered[order]][:faces]
    every = np.unique(np.concatenate([measured, hidden, shown]))
    return Looked(measured, np.array(shown), hidden, every.astype(np.int64))


def digest(sample: str) -> str:
    """A number, as hex, that depends on the face's id alone."""
    return hashlib.sha256(f"explain\x1f{sample}".encode()).hexdigest()
