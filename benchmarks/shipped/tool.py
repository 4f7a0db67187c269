"""What a tool of a registry is, as far as scoring it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from scipy.special import softmax

from fer_bench.labels import Expression
from fer_bench.models.package_files import read_members

Net = Callable[[torch.Tensor], torch.Tensor]
"""(B, 3, S, S) float RGB, 0 to 255 -> (B, K) logits."""

ORDERS = ("rgb", "bgr")
"""Of colours, as a network may get them; the first of equals is chosen."""

LUMA = (0.299, 0.587, 0.114)
"""How red, green and blue become grey (BT.601)."""


@dataclass(frozen=True)
class Tool:
    """A trained network that people install.

    Attributes:
        name: of its row: a-z, 0-9 and _.
        package: name and version.
        get: the command that fetches the package.
        members: its weight files: path inside the package -> SHA-256.
        size: side of the square picture that the network takes.
        classes: the project's names, in the order of the network's outputs.
        build: makes the network from the bytes of `members`.
        card: what is stated of it on every dataset.
        may_have_seen: of some datasets, whether it may have seen their test faces.
    """

    name: str
    package: str
    get: str
    members: Mapping[str, str]
    size: int
    classes: tuple[Expression, ...]
    build: Callable[[Mapping[str, bytes]], Net]
    card: Mapping[str, str | int]
    may_have_seen: Mapping[str, str] = field(default_factory=dict)

    def load(self, package: Path) -> Net:
        """The network, from the package as its registry serves it.

        Raises:
            FerBenchError: the package does not hold these very files.
        """
        return self.build(read_members(package, self.members, self.get))


def expressions(names: str) -> tuple[Expression, ...]:
    """Expressions by name, in the order given, with spaces between."""
    return tuple(Expression[name] for name in names.split())


def grey(x: torch.Tensor, luma: tuple[float, float, float] = LUMA) -> torch.Tensor:
    """(B, 3, H, W) RGB as (B, 1, H, W)."""
    return (x * x.new_tensor(luma).view(3, 1, 1)).sum(1, keepdim=True)


@torch.inference_mode()
def logits(net: Net, faces: np.ndarray, order: str = "rgb", batch: int = 64) -> np.ndarray:
    """(N, K) float64 from (N, S, S, 3) uint8 RGB, whose colours the network gets in `order`."""
    found = []
    for start in range(0, len(faces), batch):
        pixels = faces[start : start + batch]
        if order == "bgr":
            pixels = pixels[..., ::-1]
        x = torch.from_numpy(np.ascontiguousarray(pixels)).permute(0, 3, 1, 2).float()
        found.append(net(x).double().numpy())
    return np.concatenate(found)


def probabilities(net: Net, faces: np.ndarray, order: str = "rgb") -> np.ndarray:
    """What the network's softmax makes of `logits`, (N, K)."""
    return np.asarray(softmax(logits(net, faces, order), axis=1))
