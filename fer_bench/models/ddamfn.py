"""DDAMFN: two heads of attention along rows and columns on MixedFeatureNet.

Zhang, Zhang, Zhang, Wang and Song, "A dual-direction attention mixed feature network for facial
expression recognition", Electronics 2023. Written from the paper's description; where it is silent,
as the released code does (SainingZhang/DDAMFN).

- X: the last map of `mixed_feature_net.py`, 512 channels of 7 x 7 for a face of 112.
- Each of two heads reduces X to a column by BN(depthwise convolution of one row) and to a row by
  BN(depthwise convolution of one column), as wide as the map, and makes shares a_h, a_w of them as
  coordinate attention does. It gives A = a_h ⊙ a_w, which is not multiplied by X.
- Y = X ⊙ max over heads of A; BN(depthwise convolution as large as the map); Linear.
- L = cross-entropy + λ P / (Σ over the P pairs of heads of their mean squared difference + ε), λ =
  0.1: heads should differ.

As in the released code: ImageNet's mean and std. Our reading: ε = 0.01 (released: 2.2e-16,
`spread: 0.0`). Two fresh heads hardly differ, so that the released term begins in the hundreds and
its gradient outweighs the cross-entropy's at the benchmark's learning rates; with ours it is at
most 100 λ. Faces have the dataset's size, not 112: the heads' kernels are as large as the map.

What the original had that ours lacks: MS-Celeb-1M face weights of its backbone; and its own
recipes: RAF-DB with SGD 0.01, batch 256, a tenth every 10 epochs of 40, weight decay 1e-4,
rotations of 5 degrees, shifts of 8 pixels and erasing of 2 to 25 %; AffectNet with Adam 1e-4, 0.6
of it every epoch. DDAMFN++ is this network on faces aligned to one of five templates (from profile
to profile), trained with SAM (Adam 5e-4, 0.9 of it every epoch, batch 128, 60 epochs on RAF-DB);
the row `ddamfn_pp` has that recipe, and the benchmark's alignment.
Both keep an epoch by its accuracy on the test set. The released network of 4,187,421 parameters at
7 classes builds 81,422 that it never uses (a layer in each head, the output's batch norm, and those
after the mixed convolutions). Parameters with faces of 112 px at 7 classes: 4,105,999.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fer_bench.errors import FerBenchError
from fer_bench.models import PresetLine, register_presets
from fer_bench.models.base import FERModel, Normalise, Output, PlainConfig
from fer_bench.models.mixed_feature_net import MAP, WIDTH, Coordinates, MixedFeatureNet

STRIDES = 4


@dataclass(frozen=True, kw_only=True)
class DdamfnConfig(PlainConfig):
    """Options of DDAMFN; the defaults are the paper's.

    Args:
        width: channels of the first convolution.
        depth: share of the residual bottlenecks, see `MixedFeatureNet`.
        heads: number of attention heads.
        apart: λ, the weight of the loss that pushes heads apart.
        spread: ε, what is added to their squared differences (released code: 2.2e-16).
    """

    input: str = "imagenet"
    width: int = WIDTH
    depth: float = 1.0
    heads: int = 2
    apart: float = 0.1
    spread: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.width < 8 or self.width % 8:
            raise FerBenchError(f"width must be a multiple of 8, got {self.width}")
        if not 0 <= self.depth <= 1:
            raise FerBenchError(f"depth must lie in [0, 1], got {self.depth}")
        if self.heads < 2:
            raise FerBenchError(f"heads must be at least 2, got {self.heads}: one has no pair")


def map_side(size: int) -> int:
    """The side of the last map of a face of `size` pixels: 7 at 112."""
    for _ in range(STRIDES):
        size = -(-size // 2)
    return size


def _over(channels: int, kernel: tuple[int, int]) -> nn.Sequential:
    conv = nn.Conv2d(channels, channels, kernel, groups=channels, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(channels))


class Head(nn.Module):
    """Where to look: (B, C, n, n) to shares of the same shape."""

    def __init__(self, channels: int, side: int) -> None:
        super().__init__()
        self.rows = _over(channels, (1, side))
        self.columns = _over(channels, (side, 1))
        self.attention = Coordinates(channels)

    def forward(self, x: Tensor) -> Tensor:
        """A."""
        rows, columns = self.attention(self.rows(x), self.columns(x))
        looked: Tensor = rows * columns
        return looked


class Ddamfn(FERModel):
    """DDAMFN."""

    def __init__(self, num_classes: int, config: DdamfnConfig) -> None:
        super().__init__()
        self.config = config
        side = map_side(config.size)
        self.normalise = Normalise(config.input)
        self.backbone = MixedFeatureNet(config.width, config.depth)
        channels = self.backbone.channels
        self.heads = nn.ModuleList(Head(channels, side) for _ in range(config.heads))
        self.whole = _over(channels, (side, side))
        self.fc = nn.Linear(channels, num_classes)

    def forward(self, images: Tensor) -> Output:
        """Classify (B, 3, size, size) RGB in [0, 1].

        `extra["attention"]` has what each head looks at, (B, heads, C, n, n).
        """
        x = self.backbone(self.normalise(images))[MAP]
        attention = torch.stack([head(x) for head in self.heads], 1)
        logits = self.fc(self.whole(x * attention.amax(1)).flatten(1))
        return Output(logits, (logits,), {"attention": attention})

    def loss(self, output: Output, target: Tensor, class_weight: Tensor | None = None) -> Tensor:
        """Cross-entropy, and the term that pushes heads apart."""
        entropy = self.cross_entropy(output.logits, target, class_weight)
        heads = output.extra["attention"].unbind(1)
        return entropy + self.config.apart * nearness(heads, self.config.spread)


def nearness(heads: tuple[Tensor, ...], spread: float) -> Tensor:
    """P over the summed mean squared differences of the P pairs of heads."""
    least = max(spread, torch.finfo(torch.float64).eps)
    pairs = [F.mse_loss(a, b) for a, b in combinations(heads, 2)]
    return len(pairs) / (torch.stack(pairs).sum() + least)


register_presets(
    Ddamfn,
    PresetLine("ddamfn", DdamfnConfig(), None,
        "Two heads of attention along rows and columns on MixedFeatureNet."),
    PresetLine("ddamfn_released", DdamfnConfig(spread=0.0), None,
        "DDAMFN with the released code's unbounded loss between heads."),
    PresetLine("ddamfn_small", DdamfnConfig(width=16, depth=0.1), None,
        "DDAMFN of quarter width and a tenth of the depth."),
)  # fmt: skip
