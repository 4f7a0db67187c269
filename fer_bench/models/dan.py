"""DAN: several attention heads that are pushed apart.

Wen, Lin, Wang and Xu, "Distract your attention: multi-head cross attention network for facial
expression recognition", 2021 (Biomimetics 2023). Written from the paper's description; where it is
silent, as the released code does (yaoing/DAN).

- FCN: x' = GAP of the backbone's last map F (C channels). Affinity loss, with a learned centre c of
  each class: L_af = mean_i |x'_i - c_{y_i}|² / σ_c², σ_c² the variance over classes of the centres'
  components, summed over the components.
- MAN: each of k heads weighs positions, then channels:
  s = Σ_C ReLU(Conv3x3(u) + Conv1x3(u) + Conv3x1(u)), u = Conv1x1(F) with C/2 channels, each
  convolution followed by BN; a = s ⊙ F; h = GAP(a) ⊙ sigmoid(W2 ReLU(BN(W1 GAP(a)))), W1 to C/16.
- AFN: logits = BN(W Σ_k log softmax_k(h) + b), the softmax over the heads. Partition loss:
  L_pt = mean over faces and channels of log(1 + k / σ²), σ² the variance over heads. (The log
  softmax shifts all heads alike, so that it leaves σ² as it is.)
- L = cross-entropy + λ1 L_af + λ2 L_pt, λ1 = λ2 = 1.

As in the released code: L_af is a mean over the batch; the centres are parameters, drawn from a
normal distribution and trained with the heads; variances are those of a sample; in the heads,
convolutions start from Kaiming's normal distribution (fan out) and linear layers from one of
deviation 0.001, both with biases of 0. `variance: mean` averages σ² over faces and channels before
the logarithm, as that code does. Our reading: 1e-6 is added to each σ² of the heads (released: 0).

What the original had that ours lacks: MS-Celeb-1M face weights of its ResNet-18 (a withdrawn set;
`pretrained: msceleb` takes them from a file you hold), ImageNet's mean and std (`input: imagenet`),
and its own recipes, where ours is the benchmark's: RAF-DB with SGD 0.1, a tenth of it every 10
epochs, weight decay 1e-4, batch 256, 40 epochs, no oversampling; AffectNet with Adam 1e-4, 0.6 of
it every epoch, and oversampling; both with rotations, shifts and random erasing. Its accuracy is
the best epoch on the test set. Parameters with ResNet-18 at 8 classes: 19,728,344.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fer_bench.errors import FerBenchError
from fer_bench.models import register
from fer_bench.models.backbones import LAYOUTS, ResNet
from fer_bench.models.base import FERModel, ModelConfig, Normalise, Output

EPSILON = 1e-6


@dataclass(frozen=True, kw_only=True)
class DanConfig(ModelConfig):
    """Options of DAN; the defaults are the paper's.

    Args:
        heads: number of attention heads, k.
        affinity: λ1, the weight of the affinity loss.
        partition: λ2, the weight of the partition loss.
        variance: `each` (the paper: of each face and channel) or `mean` (released code).
    """

    backbone: str = "resnet18"
    heads: int = 4
    affinity: float = 1.0
    partition: float = 1.0
    variance: str = "each"

    choices: ClassVar[dict[str, tuple[str, ...]]] = {
        **ModelConfig.choices,
        "variance": ("each", "mean"),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.heads < 2:
            raise FerBenchError(f"heads must be at least 2, got {self.heads}: one has no variance")


def _conv(inside: int, outside: int, kernel: tuple[int, int]) -> nn.Sequential:
    padding = (kernel[0] // 2, kernel[1] // 2)
    return nn.Sequential(
        nn.Conv2d(inside, outside, kernel, padding=padding), nn.BatchNorm2d(outside)
    )


class AttentionHead(nn.Module):
    """Spatial, then channel attention: a map (B, C, h, w) to a vector (B, C)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        half, few = channels // 2, max(1, channels // 16)
        self.reduce = _conv(channels, half, (1, 1))
        self.branches = nn.ModuleList(_conv(half, channels, k) for k in ((3, 3), (1, 3), (3, 1)))
        self.channel = nn.Sequential(
            nn.Linear(channels, few), nn.BatchNorm1d(few), nn.ReLU(), nn.Linear(few, channels)
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.001)
            else:
                continue
            nn.init.zeros_(module.bias)  # type: ignore[arg-type]

    def forward(self, features: Tensor) -> Tensor:
        """The head's vector (B, C)."""
        reduced = self.reduce(features)
        score = F.relu(torch.stack([branch(reduced) for branch in self.branches]).sum(0))
        pooled = (features * score.sum(1, keepdim=True)).mean((2, 3))
        weighted: Tensor = pooled * torch.sigmoid(self.channel(pooled))
        return weighted


class Dan(FERModel):
    """DAN on a ResNet."""

    def __init__(self, num_classes: int, config: DanConfig) -> None:
        super().__init__()
        self.config = config
        channels = LAYOUTS[config.backbone].channels("layer4")
        self.normalise = Normalise(config.input)
        self.backbone = ResNet(config.backbone, source_network=config.source_network)
        self.heads = nn.ModuleList(AttentionHead(channels) for _ in range(config.heads))
        self.fc = nn.Linear(channels, num_classes)
        self.norm = nn.BatchNorm1d(num_classes)
        self.centres = nn.Parameter(torch.randn(num_classes, channels))

    def forward(self, images: Tensor) -> Output:
        """Classify (B, 3, H, W) RGB in [0, 1]; any size.

        `extra` has `features` (B, C), what the affinity loss reads, and `attended` (B, k, C).
        """
        features = self.backbone(self.normalise(images))["layer4"]
        attended = torch.stack([head(features) for head in self.heads], 1)
        logits = self.norm(self.fc(attended.log_softmax(1).sum(1)))
        extra = {"features": features.mean((2, 3)), "attended": attended}
        return Output(logits, (logits,), extra)

    def loss(self, output: Output, target: Tensor, class_weight: Tensor | None = None) -> Tensor:
        """Cross-entropy + λ1 L_af + λ2 L_pt."""
        mean = self.config.variance == "mean"
        return (
            self.cross_entropy(output.logits, target, class_weight)
            + self.config.affinity * affinity_loss(output.extra["features"], target, self.centres)
            + self.config.partition * partition_loss(output.extra["attended"], mean)
        )


def affinity_loss(features: Tensor, target: Tensor, centres: Tensor) -> Tensor:
    """L_af of features (B, C) and class centres (K, C)."""
    distance = (features - centres[target]).square().sum(1).mean()
    return distance / centres.var(0).sum()


def partition_loss(attended: Tensor, mean_first: bool = False) -> Tensor:
    """L_pt of the heads' vectors (B, k, C)."""
    variance = attended.var(1)
    if mean_first:
        variance = variance.mean()
    return torch.log1p(attended.shape[1] / (variance + EPSILON)).mean()


@register(DanConfig(), pretrained="msceleb")
def dan(num_classes: int, config: DanConfig) -> FERModel:
    """DAN: four attention heads on ResNet-18, affinity and partition losses."""
    return Dan(num_classes, config)
