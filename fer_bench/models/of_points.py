"""What networks share that look at 24 points of each face (`faces/face_points.py`)."""

from __future__ import annotations

import torch
from torch import Tensor

from fer_bench.faces.face_points import mean_points
from fer_bench.models.base import FERModel


class PointsModel(FERModel):
    """Takes `points` (B, 24, 3) of faces; a mean face's stand in where a caller has none."""

    fields = ("points",)
    mean: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.from_numpy(mean_points()), persistent=False)

    def known(self, points: Tensor | None, faces: int) -> Tensor:
        """The points of `faces` faces, (B, 24, 3)."""
        return self.mean.expand(faces, -1, -1) if points is None else points
