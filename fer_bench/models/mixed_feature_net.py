"""MixedFeatureNet: MobileFaceNet with depthwise kernels of several sizes and coordinate attention.

Zhang, Zhang, Zhang, Wang and Song, "A dual-direction attention mixed feature network for facial
expression recognition", Electronics 2023. Written from the paper's description, with the layers'
sizes as the released code has them (SainingZhang/DDAMFN).

A mixed bottleneck: Conv1x1 to e channels, BN, PReLU; the channels in groups, each with a depthwise
kernel of its own size; coordinate attention; Conv1x1 and BN, plus x where sizes agree. As in the
released code, no batch norm and no PReLU follow the depthwise convolutions. (That code builds both
and never calls them; ours does not build what cannot learn.)

Coordinate attention (Hou et al. 2021): the means over columns and over rows, one after the other,
through Conv1x1 to m = max(8, e / 32) channels, BN and h-swish; then a sigmoid of a Conv1x1 for
either, and x times both.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

import torch
from torch import Tensor, nn

from fer_bench.models.backbone_base import Backbone, load_equal
from fer_bench.models.layers import conv_norm

WIDTH = 64
MAP = "conv6"


class Coordinates(nn.Module):
    """The shares of rows (B, C, h, 1) and of columns (B, C, 1, w), from what is known of either."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        few = max(8, channels // 32)
        self.both = nn.Sequential(nn.Conv2d(channels, few, 1), nn.BatchNorm2d(few), nn.Hardswish())
        self.rows, self.columns = (nn.Conv2d(few, channels, 1) for _ in range(2))

    def forward(self, rows: Tensor, columns: Tensor) -> tuple[Tensor, Tensor]:
        """Of (B, C, h, 1) and (B, C, 1, w)."""
        long = self.both(torch.cat([rows, columns.transpose(2, 3)], 2))
        first, second = long.split([rows.shape[2], columns.shape[3]], 2)
        second = self.columns(second.transpose(2, 3))
        return torch.sigmoid(self.rows(first)), torch.sigmoid(second)


class MixedBottleneck(nn.Module):
    """A bottleneck with several sizes of depthwise kernels.

    Args:
        inside: channels of x.
        expanded: e.
        outside: channels of what comes out.
        kernels: sizes, the first for the channels that the others leave.
        share: of e for each of the other sizes.
        stride: of the depthwise convolutions.
    """

    def __init__(
        self, inside: int, expanded: int, outside: int, kernels: tuple[int, ...], share: float,
        stride: int = 1,
    ) -> None:  # fmt: skip
        super().__init__()
        part = int(share * expanded)
        self.groups = [expanded - part * (len(kernels) - 1), *[part] * (len(kernels) - 1)]
        self.expand = nn.Sequential(*conv_norm(inside, expanded, 1), nn.PReLU(expanded))
        self.mixed = nn.ModuleList(
            nn.Conv2d(n, n, kernel, stride, kernel // 2, groups=n, bias=False)
            for n, kernel in zip(self.groups, kernels, strict=True)
        )
        self.attention = Coordinates(expanded)
        self.project = conv_norm(expanded, outside, 1)
        self.residual = stride == 1 and inside == outside

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, h, w) to (B, C', h / stride, w / stride)."""
        parts = self.expand(x).split(self.groups, 1)
        y = torch.cat([conv(part) for conv, part in zip(self.mixed, parts, strict=True)], 1)
        rows, columns = self.attention(y.mean(3, keepdim=True), y.mean(2, keepdim=True))
        projected: Tensor = self.project(y * columns * rows)
        return x + projected if self.residual else projected


class MixedFeatureNet(Backbone):
    """MixedFeatureNet up to its last map, called `conv6`, of a sixteenth of the face's side.

    Args:
        width: channels of the first convolution, 64 in the paper; all others are multiples of it.
        depth: share of the paper's 9, 16 and 6 residual bottlenecks, rounded up.
    """

    def __init__(self, width: int = WIDTH, depth: float = 1.0) -> None:
        super().__init__()
        w = width
        self.channels = 8 * w

        def bottlenecks(count: int, channels: int, kernels: tuple[int, ...], share: float) -> None:
            for _ in range(ceil(depth * count)):
                layers.append(MixedBottleneck(channels, 2 * channels, channels, kernels, share))

        layers: list[nn.Module] = [
            *conv_norm(3, w, 3, 2), nn.PReLU(w),
            *conv_norm(w, w, 3, groups=w), nn.PReLU(w),
            MixedBottleneck(w, 2 * w, w, (3, 5, 7), 1 / 4, 2),
        ]  # fmt: skip
        bottlenecks(9, w, (3, 5), 1 / 4)
        layers.append(MixedBottleneck(w, 4 * w, 2 * w, (3, 5, 7), 1 / 4, 2))
        bottlenecks(16, 2 * w, (3, 5), 1 / 4)
        layers.append(MixedBottleneck(2 * w, 16 * w, 4 * w, (3, 5, 7, 9), 1 / 4, 2))
        bottlenecks(6, 4 * w, (3, 5, 7), 1 / 3)
        layers += [*conv_norm(4 * w, 8 * w, 1), nn.PReLU(8 * w)]
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """The map (B, 8 width, H/16, W/16) of a normalised image (B, 3, H, W)."""
        return {MAP: self.layers(x)}

    def load_pretrained(self, state: Mapping[str, Tensor]) -> None:
        """Load the weights of an equal network.

        Raises:
            FerBenchError: they do not fit; the network is then left as it was.
        """
        load_equal(self, state, (), "MixedFeatureNet")
