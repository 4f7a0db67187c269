"""SCN: doubtful faces count less, and get another label.

Wang, Peng, Yang, Lu and Qiao, "Suppressing uncertainties for large-scale facial expression
recognition", CVPR 2020. Written from the paper's description.

- Importance of a face: α = sigmoid(w · x + b), x the GAP of the backbone's last map. The logits are
  α (W x + c), so that the cross-entropy of an unimportant face hardly trains (L_WCE).
- Rank regularisation: the batch's faces are sorted by α and split into the β N most important ones
  and the rest, with means α_H and α_L: L_RR = max(0, δ1 - (α_H - α_L)), β = 0.7, δ1 = 0.15.
- L = γ L_RR + (1 - γ) L_WCE, γ = 0.5.
- Relabelling, from the tenth epoch (`relabel_from: 9`, counted from 0): a face of the unimportant
  group whose likeliest class is more probable than its label's by more than δ2 = 0.2 has that class
  as its label from then on; the step that finds it still learns the old one. The manifest and the
  label counts that the sampler works with stay as they are; every change is recorded.

Released code (github.com/kaiwang960112/Self-Cure-Network, src/train.py): w, W and random erasing as
ours (probability 0.5, 2 to 25 % of the area, after normalisation). It looks at the important faces
too (`relabel: all`; issues 33 and 83 there), has no γ (γ = 0.5 is that loss halved), and a group of
the whole part of β N. Its README says that the paper's δ1 = 0.15 is for batches of 1024, and takes
`rank_margin: 0.07` for its own of 64.

Our reading: the size of the important group is round(β N), at least 1 and at most N - 1; δ1 is the
paper's whatever the batch.

What the original had that ours lacks: MS-Celeb-1M face weights of its ResNet-18 (a withdrawn set;
`pretrained: msceleb` takes them from a file you hold), and its own recipe (released code: Adam,
1e-3, weight decay 1e-4, ×0.9 an epoch, batch 64, 70 epochs; half of the faces flipped or with
Gaussian noise; no oversampling), where ours is the benchmark's SGD. Its accuracy is the best epoch
on the test set. With fewer than 11 epochs no changed label is ever learnt. Several processes a cell
rank each its own share of a batch. Parameters with ResNet-18 at 8 classes: 11,181,129.
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
from fer_bench.models.erasing import erase

ERASED = (0.02, 0.25)


@dataclass(frozen=True, kw_only=True)
class ScnConfig(ModelConfig):
    """Options of SCN; the defaults are the paper's.

    Args:
        important: β, the share of a batch in the important group.
        rank_margin: δ1.
        rank_weight: γ, the weight of the rank regularisation.
        relabel: which faces may get another label: `unimportant` (the paper), `all` (released
            code) or `none`.
        relabel_from: first epoch that relabels, from 0.
        relabel_margin: δ2.
        erasing: probability that a training face is erased.
    """

    backbone: str = "resnet18"
    important: float = 0.7
    rank_margin: float = 0.15
    rank_weight: float = 0.5
    relabel: str = "unimportant"
    relabel_from: int = 9
    relabel_margin: float = 0.2
    erasing: float = 0.5

    choices: ClassVar[dict[str, tuple[str, ...]]] = {
        **ModelConfig.choices,
        "relabel": ("unimportant", "all", "none"),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("important", "rank_margin", "rank_weight", "relabel_margin", "erasing"):
            if not 0 <= getattr(self, name) <= 1:
                raise FerBenchError(f"{name} must lie in [0, 1], got {getattr(self, name)}")
        if self.relabel_from < 0:
            raise FerBenchError(f"relabel_from must be 0 or more, got {self.relabel_from}")


class Scn(FERModel):
    """SCN on a ResNet."""

    def __init__(self, num_classes: int, config: ScnConfig) -> None:
        super().__init__()
        self.config = config
        self.epoch = 0
        channels = LAYOUTS[config.backbone].channels("layer4")
        self.normalise = Normalise(config.input)
        self.backbone = ResNet(config.backbone, source_network=config.source_network)
        self.importance = nn.Linear(channels, 1)
        self.fc = nn.Linear(channels, num_classes)

    def forward(self, images: Tensor) -> Output:
        """Classify (B, 3, H, W) RGB in [0, 1]; any size.

        `extra["importance"]` is α (B,).
        """
        x = self.normalise(images)
        if self.training:
            x = erase(x, self.config.erasing, ERASED)
        features = self.backbone(x)["layer4"].mean((2, 3))
        importance = torch.sigmoid(self.importance(features))
        logits = importance * self.fc(features)
        return Output(logits, (logits,), {"importance": importance.squeeze(1)})

    def loss(self, output: Output, target: Tensor, class_weight: Tensor | None = None) -> Tensor:
        """γ L_RR + (1 - γ) L_WCE."""
        config = self.config
        weighted = self.cross_entropy(output.logits, target, class_weight)
        ranked = rank_loss(output.extra["importance"], config.important, config.rank_margin)
        return config.rank_weight * ranked + (1 - config.rank_weight) * weighted

    def start_epoch(self, epoch: int) -> None:
        """Enter training mode and remember the epoch, on which relabelling depends."""
        super().start_epoch(epoch)
        self.epoch = epoch

    def relabel(self, output: Output, target: Tensor) -> Tensor | None:
        """The likeliest class of the faces whose label is doubtful, the label of the others."""
        config = self.config
        if config.relabel == "none" or self.epoch < config.relabel_from:
            return None
        doubtful = torch.ones_like(target, dtype=torch.bool)
        if config.relabel == "unimportant":
            doubtful = ~important_group(output.extra["importance"], config.important)
        return relabelled(output.logits, target, doubtful, config.relabel_margin)


def important_group(importance: Tensor, share: float) -> Tensor:
    """(B,) bool: whether a face is among the round(share * B) most important ones.

    Where two are equally important the first goes before; both groups have a face where B > 1.
    """
    faces = len(importance)
    size = min(max(round(share * faces), 1), max(faces - 1, 1))
    order = importance.detach().argsort(descending=True, stable=True)
    chosen = torch.zeros_like(order, dtype=torch.bool)
    chosen[order[:size]] = True
    return chosen


def rank_loss(importance: Tensor, share: float, margin: float) -> Tensor:
    """L_RR of a batch's importances (B,); 0 for one face."""
    high = important_group(importance, share)
    if bool(high.all()):
        return importance.sum() * 0
    return F.relu(margin - (importance[high].mean() - importance[~high].mean()))


def relabelled(logits: Tensor, target: Tensor, doubtful: Tensor, margin: float) -> Tensor:
    """`target` with the likeliest class where a doubtful face's label is less probable by `margin`.

    Args:
        logits: (B, K).
        target: (B,) labels.
        doubtful: (B,) bool, which may change.
        margin: δ2.
    """
    probability = logits.detach().softmax(1)
    best, likeliest = probability.max(1)
    given = probability.gather(1, target[:, None]).squeeze(1)
    return torch.where(doubtful & (best - given > margin), likeliest, target)


@register(ScnConfig(), pretrained="msceleb")
def scn(num_classes: int, config: ScnConfig) -> FERModel:
    """Self-cure network: ResNet-18 with importance weights, rank regularisation and relabelling."""
    return Scn(num_classes, config)
