"""The networks of npm `@vladmandic/face-api`: four densely added blocks and one dense layer.

A block computes a = ReLU(conv0(x)) at stride 2 (in the first block a full convolution, else
depthwise and pointwise), b = conv1(a), c = conv2(ReLU(a + b)), d = conv3(ReLU(a + b + c)) and gives
ReLU(a + b + c + d); then the mean over 7 x 7 and a dense layer. Written from what the package's
files hold (`models/face_api_weights.py` reads them).

Faces: the mean colour is taken away before the division by 255. The package resizes with the
corner of the first pixel as origin, we with its centre: less than a pixel apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fer_bench.faces.tf_layers import conv_same, separable

GET = "npm pack @vladmandic/face-api@1.7.15"
"""What fetches the package."""
SIDE = 112
"""Of the square pictures that the networks take, in pixels."""
WIDTHS = (32, 64, 128, 256)
MEAN = (122.782, 117.001, 104.298)


class Convolution(nn.Module):
    """A 3 x 3 convolution: full, or (`depthwise`) each channel by itself and then 1 x 1."""

    def __init__(self, inside: int, outside: int, stride: int, depthwise: bool) -> None:
        super().__init__()
        self.stride = stride
        self.depthwise = nn.Parameter(torch.zeros(inside, 1, 3, 3)) if depthwise else None
        side = 1 if depthwise else 3
        self.weight = nn.Parameter(torch.zeros(outside, inside, side, side))
        self.bias = nn.Parameter(torch.zeros(outside))

    def forward(self, x: Tensor) -> Tensor:
        """(B, inside, H, W) to (B, outside, H / stride, W / stride)."""
        if self.depthwise is None:
            return conv_same(x, self.weight, self.bias, self.stride)
        return separable(x, self.depthwise, self.weight, self.bias, self.stride)


class DenseNet(nn.Module):
    """(B, 3, 112, 112) float RGB, 0 to 255, to (B, outputs)."""

    mean: Tensor

    def __init__(self, outputs: int, widths: Sequence[int] = WIDTHS) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            nn.ModuleList(
                Convolution(width if j else inside, width, 1 if j else 2, i + j > 0)
                for j in range(4)
            )
            for i, (inside, width) in enumerate(zip((3, *widths[:-1]), widths, strict=True))
        )
        self.fc = nn.Linear(widths[-1], outputs)
        self.register_buffer("mean", torch.tensor(MEAN).view(3, 1, 1), persistent=False)

    @staticmethod
    def of(state: Mapping[str, Tensor]) -> DenseNet:
        """The network of these weights, of whatever widths."""
        widths = [len(state[f"blocks.{i}.3.bias"]) for i in range(len(WIDTHS))]
        network = DenseNet(len(state["fc.bias"]), widths)
        network.load_state_dict(state)
        return network.eval().requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        x = (x - self.mean) / 255
        for block in self.blocks:
            x = _added(x, block)
        out: Tensor = self.fc(F.avg_pool2d(x, 7, 2).flatten(1))
        return out


def _added(x: Tensor, block: nn.Module) -> Tensor:
    first, *others = block.children()
    total = F.relu(first(x))
    given = total
    for convolution in others:
        total = total + convolution(given)
        given = F.relu(total)
    return given
