"""The local branch with one module a patch, as the paper's Figure 4 draws it: the reference.

Its parameters are the suite's, cut apart; `loop_state` and `bank_state` go either way.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from fer_bench.models.partition import blocks, regions


class Unit(nn.Module):
    """O_P = sigmoid(BN(PReLU(Conv(P)))) of one patch (Eq. 1)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.prelu = nn.PReLU(channels)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, patch: Tensor) -> Tensor:
        """The weighted patch, (B, C, h, w)."""
        return patch * torch.sigmoid(self.norm(self.prelu(self.conv(patch))))


class LoopBranch(nn.Module):
    """V_l (B, C) of a feature map (B, C, side, side): patch after patch.

    Args:
        channels: of the feature map.
        side: of the feature map.
        g: patches a side.
    """

    def __init__(self, channels: int, side: int, g: int) -> None:
        super().__init__()
        block = blocks(side, g)[0]
        edges = [slice(k * block, min(side, (k + 1) * block)) for k in range(g)]
        self.cuts = [(edges[row], edges[column]) for row, column in in_bank_order(side, g)]
        self.units = nn.ModuleList(Unit(channels) for _ in self.cuts)

    def forward(self, features: Tensor) -> Tensor:
        """The maximum over patches of each one's mean over space."""
        pooled = [
            unit(features[:, :, rows, columns]).mean((2, 3))
            for (rows, columns), unit in zip(self.cuts, self.units, strict=True)
        ]
        return torch.stack(pooled, 1).amax(1)


def in_bank_order(side: int, g: int) -> list[tuple[int, int]]:
    """(row, column) of each patch in the order of the suite's banks; see `partition`."""
    last = g - 1
    if len(regions(side, g)) == 1:
        return [(r, c) for r in range(g) for c in range(g)]
    body = [(r, c) for r in range(last) for c in range(last)]
    return [
        *body,
        *((r, last) for r in range(last)),
        *((last, c) for c in range(last)),
        (last, last),
    ]


def loop_state(local: Mapping[str, Tensor], side: int, g: int) -> dict[str, Tensor]:
    """The state dict of a `LoopBranch` from that of the suite's `AttentionBranch.local`."""
    state, first = {}, 0
    for bank, count in enumerate(regions(side, g)):
        for name, value in local.items():
            if not name.startswith(f"{bank}."):
                continue
            key = name.split(".", 1)[1]
            parts = value.chunk(count) if value.ndim else [value] * count
            state |= {f"units.{first + k}.{key}": part.clone() for k, part in enumerate(parts)}
        first += count
    return state


def bank_state(loop: Mapping[str, Tensor], side: int, g: int) -> dict[str, Tensor]:
    """The inverse of `loop_state`."""
    state, first = {}, 0
    keys = [name.split(".", 2)[2] for name in loop if name.startswith("units.0.")]
    for bank, count in enumerate(regions(side, g)):
        for key in keys:
            parts = [loop[f"units.{first + k}.{key}"] for k in range(count)]
            state[f"{bank}.{key}"] = torch.cat(parts) if parts[0].ndim else parts[0].clone()
        first += count
    return state
