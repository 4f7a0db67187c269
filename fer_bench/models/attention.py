"""Attention units: SCAN and what Table 7 puts in its place.

A unit weighs P patches of one shape, (B, P, C, h, w), each with its own parameters. Grouped
convolution runs the P units side by side; the results are those of P separate modules (tested).
The family is Eq. 1 with the weights averaged over the axes where the variant holds them constant.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import log2

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MOMENTUM = 0.1
WIDE = 256
"""Channels from which a CPU runs units one after the other faster than side by side (measured:
benchmarks/speed/scan.py)."""


def eca_kernel(channels: int) -> int:
    """ECA's kernel size: log2(C) / 2 + 1/2 to the nearest odd number (ECA-Net, 2020, Eq. 12).

    5 at 1024 and 512 channels, 3 at 64 and 32.
    """
    whole = int(abs(log2(channels) / 2 + 0.5))
    return whole if whole % 2 else whole + 1


class Unit(nn.Module, ABC):
    """Weighs patches: W_P = P * O_P (Eq. 2), O_P = `attention(P)`."""

    @abstractmethod
    def attention(self, patches: Tensor) -> Tensor:
        """The weights in (0, 1) of (B, P, C, h, w), broadcastable to it."""

    def forward(self, patches: Tensor) -> Tensor:
        """The weighted patches, (B, P, C, h, w)."""
        return patches * self.attention(patches)


class SCAN(Unit):
    """Spatio-channel attention: O_P = sigmoid(BN(PReLU(Conv(P)))), C x h x w weights (Eq. 1).

    Conv is 3x3, zero-padded at the patch's edge, C to C without bias; PReLU has one slope a
    channel. Both as the released code has them.
    """

    def __init__(self, channels: int, patches: int) -> None:
        super().__init__()
        width = channels * patches
        self.conv = nn.Conv2d(width, width, 3, padding=1, groups=patches, bias=False)
        self.prelu = nn.PReLU(width)
        self.norm = nn.BatchNorm2d(width, momentum=MOMENTUM)

    def attention(self, patches: Tensor) -> Tensor:
        """(B, P, C, h, w): a weight for each channel and position."""
        if patches.device.type == "cpu" and patches.shape[1] > 1 and patches.shape[2] >= WIDE:
            score = torch.cat(self._one_by_one(patches), 1)
        else:
            score = self.norm(self.prelu(self.conv(patches.flatten(1, 2))))
        return torch.sigmoid(score).view(patches.shape)

    def _one_by_one(self, patches: Tensor) -> list[Tensor]:
        """The scores (B, C, h, w) of the P units, computed in turn: faster there, and the same."""
        norm = self.norm
        buffers = dict(norm.named_buffers())
        if norm.training:
            buffers["num_batches_tracked"].add_(1)
        statistics = buffers["running_mean"], buffers["running_var"]
        values = (self.conv.weight, self.prelu.weight, *statistics, norm.weight, norm.bias)
        own = [value.chunk(patches.shape[1]) for value in values]
        scores = []
        for patch, kernel, slope, mean, variance, scale, shift in zip(
            patches.unbind(1), *own, strict=True
        ):
            z = F.prelu(F.conv2d(patch, kernel, padding=1), slope)
            z = F.batch_norm(z, mean, variance, scale, shift, norm.training, MOMENTUM, norm.eps)
            scores.append(z)
        return scores


class SPA(Unit):
    """Spatial attention, constant across channels: as SCAN with C to 1 channel (Table 7)."""

    def __init__(self, channels: int, patches: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels * patches, patches, 3, padding=1, groups=patches, bias=False)
        self.prelu = nn.PReLU(patches)
        self.norm = nn.BatchNorm2d(patches)

    def score(self, patches: Tensor) -> Tensor:
        """(B, P, h, w), before the sigmoid."""
        score: Tensor = self.norm(self.prelu(self.conv(patches.flatten(1, 2))))
        return score

    def attention(self, patches: Tensor) -> Tensor:
        """(B, P, 1, h, w): a weight for each position."""
        return torch.sigmoid(self.score(patches)).unsqueeze(2)


class SA(SPA):
    """Single attention: SPA's score averaged over space before the sigmoid (Table 7)."""

    def attention(self, patches: Tensor) -> Tensor:
        """(B, P, 1, 1, 1): one weight for each patch."""
        return torch.sigmoid(self.score(patches).mean((2, 3)))[..., None, None, None]


class ECA(Unit):
    """Channel attention, constant across space: sigmoid(Conv1d_k(GAP(P))) (Wang et al., 2020)."""

    def __init__(self, channels: int, patches: int) -> None:
        super().__init__()
        kernel = eca_kernel(channels)
        self.conv = nn.Conv1d(
            patches, patches, kernel, padding=kernel // 2, groups=patches, bias=False
        )

    def attention(self, patches: Tensor) -> Tensor:
        """(B, P, C, 1, 1): a weight for each channel."""
        return torch.sigmoid(self.conv(patches.mean((3, 4))))[..., None, None]


UNITS: dict[str, type[SCAN] | type[SPA] | type[SA] | type[ECA]] = {
    "scan": SCAN,
    "spa": SPA,
    "sa": SA,
    "eca": ECA,
}
