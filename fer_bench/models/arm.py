"""ARM: a map spread out into two planes, and what faces have in common added to each face.

Shi, Zhu and Liang, "Learning to amend facial expression representation via de-albino and affinity",
2021. Written from a description of its released code
(JiaweiShiCV/Amend-Representation-Module), which stands in place of the paper [the paper: recalled].

- F: the last map of a ResNet-18, 512 x 7 x 7 of a face of 224. Arrangement: pixel shuffle by 16,
  which makes two planes of 112 x 112 of it.
- De-albino: one kernel of 32 x 32 and stride 8 without bias over either plane, then BN: two planes
  of 11 x 11.
- Affinity: r = mean over the two planes + α g, g the mean over both planes and over the faces, α
  learned from 1. Logits: Linear of the 121 numbers of r.

`common: running`: in training g is the batch's mean, as released; a running mean of it (momentum
0.1, as batch norm's) is taken in evaluation, so that a face's answer depends on nothing but the
face. `common: batch` is the released code, where g is the test batch's: the same face gets other
logits beside other faces. Such a model breaks the contract (`fer-bench models check`: batch
independence) and is here to be shown.

Other sizes and backbones: the planes are two whatever the channels (pixel shuffle by √(C / 2)); the
kernel is 2/7 of a plane's side and its stride a 14th, which gives 32 and 8 at 112.

What the original had that ours lacks: MS-Celeb-1M face weights of its ResNet-18 [recalled] (a
withdrawn set; `pretrained: msceleb` takes them from a file you hold), and its own recipe, which was
not read. Its accuracy is the best epoch on the test set, and depends on the order of the test faces
and the batch's size. Parameters with ResNet-18 at 7 classes: 11,178,395.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from typing import ClassVar

import torch
from torch import Tensor, nn

from fer_bench.models import PresetLine, register_presets
from fer_bench.models.backbones import LAYOUTS, ResNet, feature_side
from fer_bench.models.base import FERModel, ModelConfig, Normalise, Output

PLANES = 2
MOMENTUM = 0.1


@dataclass(frozen=True, kw_only=True)
class ArmConfig(ModelConfig):
    """Options of ARM.

    Args:
        common: what is taken for the mean over faces in evaluation: the `running` mean of the
            training, or the mean of the `batch` (released code).
    """

    backbone: str = "resnet18"
    input: str = "imagenet"
    common: str = "running"

    choices: ClassVar[dict[str, tuple[str, ...]]] = {
        **ModelConfig.choices,
        "common": ("running", "batch"),
    }


def kernel_of(side: int) -> tuple[int, int]:
    """Side and stride of the de-albino kernel on a plane: 32 and 8 at 112."""
    return max(1, round(side * 2 / 7)), max(1, round(side / 14))


class Arm(FERModel):
    """ARM on a ResNet."""

    running_common: Tensor

    def __init__(self, num_classes: int, config: ArmConfig) -> None:
        super().__init__()
        self.config = config
        factor = isqrt(LAYOUTS[config.backbone].channels("layer4") // PLANES)
        side = factor * feature_side(config.size, "layer4", config.source_network)
        kernel, stride = kernel_of(side)
        cells = (side - kernel) // stride + 1
        self.normalise = Normalise(config.input)
        self.backbone = ResNet(config.backbone, source_network=config.source_network)
        self.arrange = nn.PixelShuffle(factor)
        self.albino = nn.Conv2d(1, 1, kernel, stride, bias=False)
        self.norm = nn.BatchNorm2d(PLANES)
        self.alpha = nn.Parameter(torch.ones(1))
        self.fc = nn.Linear(cells * cells, num_classes)
        self.register_buffer("running_common", torch.zeros(cells, cells))

    def forward(self, images: Tensor) -> Output:
        """Classify (B, 3, size, size) RGB in [0, 1]."""
        planes = self.arrange(self.backbone(self.normalise(images))["layer4"])
        one_by_one = self.albino(planes.flatten(0, 1)[:, None])
        x = self.norm(one_by_one.view(len(images), PLANES, *one_by_one.shape[2:]))
        amended = x.mean(1) + self.alpha * self.shared(x)
        logits = self.fc(amended.flatten(1))
        return Output(logits, (logits,))

    def shared(self, x: Tensor) -> Tensor:
        """The mean over faces, g (n, n), of the planes (B, 2, n, n)."""
        if not self.training and self.config.common == "running":
            return self.running_common
        mean = x.mean((0, 1))
        if self.training:
            with torch.no_grad():
                self.running_common.lerp_(mean, MOMENTUM)
        return mean


register_presets(
    Arm,
    PresetLine("arm", ArmConfig(), "msceleb",
        "ARM on ResNet-18, with a running mean over faces in place of the test batch's."),
)  # fmt: skip
