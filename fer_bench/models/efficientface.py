"""EfficientFace: a ShuffleNet with local features and a channel-spatial modulator.

Zhao, Liu and Zhou, "Robust lightweight facial expression recognition network with label
distribution training", AAAI 2021. Written from the paper's description, with the layers' sizes as
the released code has them (zengqunzhao/EfficientFace).

- P: Conv3x3 of stride 2 to 29 channels, BN, ReLU, max pooling 3x3 of stride 2: 56 x 56 of a face
  of 224.
- stage2, stage3, stage4: 4, 8 and 4 units of ShuffleNetV2 to 116, 232 and 464 channels, the first
  of stride 2. Then Conv1x1 to 1,024, BN, ReLU, GAP, Linear.
- After stage2: x = Modulator(stage2(P)) + Local(P).
- Local: each quadrant of P has weights of its own: a depthwise convolution of stride 2 to 116
  channels, BN, ReLU, a depthwise one, BN, ReLU. The quadrants are put together again.
- Modulator: x ⊙ sigmoid(c ⊙ s), c = Linear(ReLU(BN(Linear(GAP x)))), s from Conv1x1 to 7 channels
  and two 3x3 convolutions of dilation 4, each with BN and ReLU, and Conv1x1 to one. (BAM, where
  both come from, adds c and s.)

As in the released code: input less RAF-DB's mean, by its std (`input: rafdb`). Our reading: layers
start as torch draws them.

What the original had that ours lacks: label distribution training, unless you train a teacher:
labels are not used at all, the targets are the softmax of a ResNet-50 on the same augmented face,
and the loss is a mean over faces and classes, 1/K of a cross-entropy. The row
`efficientface_taught` does so, with the 1/7 in its learning rate and weight decay; `efficientface`
learns from the labels. It also had the whole network pre-trained on MS-Celeb-1M (12,666 people) and
its own recipe: SGD 0.1 (times that 1/K), batch 128, a tenth every 30 epochs of 100, weight decay
1e-4, RandomResizedCrop of 8 to 100 % of the face, flips. Its accuracy is the best epoch on the test
set. Parameters at 7 classes: 1,275,293.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from fer_bench.errors import FerBenchError
from fer_bench.models import register
from fer_bench.models.base import FERModel, Normalise, Output, PlainConfig
from fer_bench.models.layers import conv_norm, quadrants

FIRST, WIDTHS, UNITS, LAST = 29, (116, 232, 464), (4, 8, 4), 1024
REDUCED, DILATION = 16, 4


@dataclass(frozen=True, kw_only=True)
class EfficientFaceConfig(PlainConfig):
    """Options of EfficientFace."""

    input: str = "rafdb"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.size % 16:
            raise FerBenchError(
                f"size must be a multiple of 16, so that the quadrants fit together, got "
                f"{self.size}: the nearest is {max(32, round(self.size / 16) * 16)}"
            )


def _pointwise(inside: int, outside: int) -> nn.Sequential:
    return nn.Sequential(*conv_norm(inside, outside, 1), nn.ReLU())


def _depthwise(channels: int, outside: int, stride: int = 1) -> nn.Sequential:
    return conv_norm(channels, outside, 3, stride, groups=channels)


class ShuffleUnit(nn.Module):
    """A unit of ShuffleNetV2 (Ma et al. 2018)."""

    def __init__(self, inside: int, outside: int, stride: int) -> None:
        super().__init__()
        half = outside // 2
        self.halved = stride == 1
        self.side = nn.Sequential()
        if not self.halved:
            self.side = nn.Sequential(_depthwise(inside, inside, stride), _pointwise(inside, half))
        self.body = nn.Sequential(
            _pointwise(half if self.halved else inside, half),
            _depthwise(half, half, stride),
            _pointwise(half, half),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, h, w) to (B, C', h/stride, w/stride), the channels of both halves in turns."""
        left, right = x.chunk(2, 1) if self.halved else (x, x)
        return torch.stack([self.side(left), self.body(right)], 2).flatten(1, 2)


def _stage(inside: int, outside: int, units: int) -> nn.Sequential:
    rest = (ShuffleUnit(outside, outside, 1) for _ in range(units - 1))
    return nn.Sequential(ShuffleUnit(inside, outside, 2), *rest)


class Local(nn.Module):
    """Depthwise features of the four quadrants, each with weights of its own."""

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.quadrants = nn.ModuleList(
            nn.Sequential(
                _depthwise(inside, outside, 2), nn.ReLU(), _depthwise(outside, outside), nn.ReLU()
            )
            for _ in range(4)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, n, n) to (B, C', n/2, n/2)."""
        cut = zip(self.quadrants, quadrants(x), strict=True)
        a, b, c, d = (net(part) for net, part in cut)
        return torch.cat([torch.cat([a, b], 3), torch.cat([c, d], 3)], 2)


class Modulator(nn.Module):
    """x ⊙ sigmoid(channel ⊙ spatial attention)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        few = channels // REDUCED
        self.channel = nn.Sequential(
            nn.Linear(channels, few), nn.BatchNorm1d(few), nn.ReLU(), nn.Linear(few, channels)
        )
        layers: list[nn.Module] = []
        for inside, kernel in ((channels, 1), (few, 3), (few, 3)):
            far = DILATION if kernel > 1 else 1
            conv = nn.Conv2d(inside, few, kernel, padding=far * (kernel // 2), dilation=far)
            layers += [conv, nn.BatchNorm2d(few), nn.ReLU()]
        self.spatial = nn.Sequential(*layers, nn.Conv2d(few, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """The modulated map, of x's shape."""
        channel = self.channel(x.mean((2, 3)))[:, :, None, None]
        modulated: Tensor = x * torch.sigmoid(channel * self.spatial(x))
        return modulated


class EfficientFace(FERModel):
    """EfficientFace without its teacher."""

    def __init__(self, num_classes: int, config: EfficientFaceConfig) -> None:
        super().__init__()
        self.normalise = Normalise(config.input)
        self.first = nn.Sequential(
            *conv_norm(3, FIRST, 3, 2), nn.ReLU(), nn.MaxPool2d(3, 2, padding=1)
        )
        self.local = Local(FIRST, WIDTHS[0])
        self.modulator = Modulator(WIDTHS[0])
        insides = (FIRST, *WIDTHS)
        self.stage2, self.stage3, self.stage4 = map(_stage, insides, WIDTHS, UNITS)
        self.last = _pointwise(WIDTHS[-1], LAST)
        self.fc = nn.Linear(LAST, num_classes)

    def forward(self, images: Tensor) -> Output:
        """Classify (B, 3, size, size) RGB in [0, 1]."""
        first = self.first(self.normalise(images))
        x = self.modulator(self.stage2(first)) + self.local(first)
        logits = self.fc(self.last(self.stage4(self.stage3(x))).mean((2, 3)))
        return Output(logits, (logits,))


@register(EfficientFaceConfig(), pretrained=None)
def efficientface(num_classes: int, config: EfficientFaceConfig) -> FERModel:
    """EfficientFace: a ShuffleNet with local features and a modulator, without its teacher."""
    return EfficientFace(num_classes, config)
