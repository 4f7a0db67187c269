"""Ada-DF: labels that give way to the distributions of their classes where a face is doubtful.

"A dual-branch adaptive distribution fusion framework for real-world facial expression recognition",
ICASSP 2023 [title: recalled]. Written from a description of the released code
(taylor-xy0827/Ada-DF), which stands in place of the paper.

- A ResNet-18 up to its first stage, which learns nothing; two copies of its other stages, each with
  global average pooling to x, a = sigmoid(Linear(x)) and logits z = a Linear(x). The second
  branch's classify. w = (a_1 + a_2) / 2.
- D_c: the mean of softmax(z_1) over the training faces of class c in the epoch before, where it
  gives c itself at least 0.7; else, and in the first epoch, 0.7 for c and the rest shared evenly.
- w' is w, scaled in the batch to lie between 0.2 and 1. A face's target is t = w' D_label
  + (1 - w') softmax(z_1), through which gradients flow.
- L = β_1 cross-entropy(z_1) + β_2 KL(t || softmax(z_2)) + max(0, 0.07 - (mean of the 70 % largest w
  - mean of the others)). In epoch e, from 1: β_1 = 1 and β_2 = exp(-(1 - e / 3)²) up to the third;
  then β_2 = 1 and β_1 = exp(-(1 - 3 / e)²).

Our reading: ImageNet's mean and std [recalled]; D_c is of the answers in the epoch's own training
steps (released: of one more pass after each epoch, in evaluation mode). Where a class falls short
of 0.7 the released code shares 0.4 among the others, so that D_c sums to 1.1; ours shares 0.3.

What the original had that ours lacks: MS-Celeb-1M face weights; batch norms of the first stage
whose statistics drift though its weights stay; and its own recipe: Adam 1e-3, 0.9 of it every
epoch, batch 64, 75 epochs, random augmentations. Its accuracy is the best epoch on the test set.
Parameters with ResNet-18 at 7 classes: 22,203,728.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from math import exp
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fer_bench.errors import FerBenchError
from fer_bench.models import register
from fer_bench.models.backbone_base import STAGES
from fer_bench.models.backbones import LAYOUTS, ResNet
from fer_bench.models.base import BACKBONE_LR, FERModel, ModelConfig, Normalise, Output
from fer_bench.models.scn import rank_loss

RAMP, LEAST, IMPORTANT, RANK_MARGIN = 3, 0.2, 0.7, 0.07


@dataclass(frozen=True, kw_only=True)
class AdaDfConfig(ModelConfig):
    """Options of Ada-DF.

    Args:
        threshold: what a class must get of its own faces' answers for them to become its target.
    """

    backbone: str = "resnet18"
    input: str = "imagenet"
    threshold: float = 0.7

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.threshold < 1:
            raise FerBenchError(f"threshold must lie in (0, 1), got {self.threshold}")


def ramps(epoch: int) -> tuple[float, float]:
    """β_1 and β_2 of an epoch, from 0."""
    e = epoch + 1
    if e <= RAMP:
        return 1.0, exp(-((1 - e / RAMP) ** 2))
    return exp(-((1 - RAMP / e) ** 2)), 1.0


class AdaDf(FERModel):
    """Ada-DF."""

    rates: ClassVar[Mapping[str, str]] = {"backbone": BACKBONE_LR, "other": BACKBONE_LR}
    frozen = ("backbone.conv1", "backbone.bn1", "backbone.layer1")
    distributions: Tensor
    answers: Tensor
    faces: Tensor
    started: Tensor

    def __init__(self, num_classes: int, config: AdaDfConfig) -> None:
        super().__init__()
        self.threshold, self.epoch = config.threshold, 0
        self.normalise = Normalise(config.input)
        self.backbone = ResNet(config.backbone, source_network=config.source_network)
        later = (getattr(self.backbone, stage) for stage in STAGES[1:])
        self.other = nn.Sequential(*deepcopy(list(later)))
        channels = LAYOUTS[config.backbone].channels("layer4")
        self.importance = nn.ModuleList(nn.Linear(channels, 1) for _ in range(2))
        self.fc = nn.ModuleList(nn.Linear(channels, num_classes) for _ in range(2))
        self.register_buffer("answers", torch.zeros(num_classes, num_classes))
        self.register_buffer("faces", torch.zeros(num_classes))
        self.register_buffer("distributions", self.learned())
        self.register_buffer("started", torch.tensor(-1))

    def load_backbone(self, state: Mapping[str, Tensor]) -> None:
        """Load weights into both branches."""
        super().load_backbone(state)
        for own, stage in zip(self.other, STAGES[1:], strict=True):
            own.load_state_dict(getattr(self.backbone, stage).state_dict())

    def forward(self, images: Tensor) -> Output:
        """Classify (B, 3, H, W) RGB in [0, 1]; any size.

        `extra["importance"]` is w (B,).
        """
        maps = self.backbone(self.normalise(images))
        branches = [maps["layer4"], self.other(maps["layer1"])]
        logits, told = [], []
        for features, importance, fc in zip(branches, self.importance, self.fc, strict=True):
            x = features.mean((2, 3))
            told.append(torch.sigmoid(importance(x)))
            logits.append(told[-1] * fc(x))
        weight = torch.cat(told, 1).mean(1)
        return Output(logits[1], tuple(logits), {"importance": weight})

    def loss(self, output: Output, target: Tensor, class_weight: Tensor | None = None) -> Tensor:
        """β_1 cross-entropy + β_2 KL + the ranking of importances."""
        first, second = output.heads
        answered, weight = first.softmax(1), output.extra["importance"]
        if self.training:
            self.answers.index_add_(0, target, answered.detach())
            self.faces.index_add_(0, target, torch.ones_like(weight.detach()))
        low, high = weight.min(), weight.max()
        share = (LEAST + (1 - LEAST) * (weight - low) / (high - low).clamp(min=1e-6))[:, None]
        fused = (1 - share) * answered + share * self.distributions[target]
        apart = F.kl_div(second.log_softmax(1), fused, reduction="batchmean")
        of_labels, of_classes = ramps(self.epoch)
        loss = of_labels * self.cross_entropy(first, target, class_weight) + of_classes * apart
        return loss + rank_loss(weight, IMPORTANT, RANK_MARGIN)

    def start_epoch(self, epoch: int) -> None:
        """Enter training mode; what faces answered in the epoch before becomes their class's."""
        super().start_epoch(epoch)
        self.epoch = epoch
        if epoch != int(self.started):  # on resume it is called again, with the answers so far
            self.distributions.copy_(self.learned())
            self.started.fill_(epoch)
            self.answers.zero_()
            self.faces.zero_()

    def learned(self) -> Tensor:
        """D (K, K) of the answers so far."""
        classes = len(self.faces)
        own = torch.eye(classes, device=self.faces.device)
        rest = (1 - self.threshold) / (classes - 1)
        start = self.threshold * own + rest * (1 - own)
        mean = self.answers / self.faces.clamp(min=1)[:, None]
        return torch.where(mean.diagonal()[:, None] >= self.threshold, mean, start)


@register(AdaDfConfig(), pretrained="msceleb")
def ada_df(num_classes: int, config: AdaDfConfig) -> FERModel:
    """Ada-DF: two branches, of which one learns the distributions of the other's answers."""
    return AdaDf(num_classes, config)
