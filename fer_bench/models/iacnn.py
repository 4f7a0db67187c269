"""IACNN: faces pulled together by expression in one half of the features, by person in the other.

Meng, Liu, Cai, Han and Tong, "Identity-aware convolutional neural network for facial expression
recognition", FG 2017. Remade from the paper's abstract and from memory: its text was not at hand,
and no code was found. What is not in the abstract is marked [recalled], or [ours] where a number
was needed and nothing is known.

- Two streams with the same weights see the two faces of a pair. Here all pairs of a batch are
  pairs [ours], so that there is one stream and no sampler of pairs.
- Stream: a grey face of 48 x 48 [recalled; the original cuts it from one of 60]; three times a 5x5
  convolution, PReLU and 2x2 pooling [recalled] to 32, 64 and 128 channels [ours]; a shared layer of
  512 [ours], PReLU, dropout 0.5 [ours]; batch norm before each PReLU [ours]; from it FC_exp and
  FC_id of 128 numbers each [recalled, sizes ours]. The classifier reads both [recalled].
- Contrastive loss of a pair: L(f, g, t) = t/2 |f - g|² + (1 - t)/2 max(0, a - |f - g|)², a = 1
  [ours], on FC_exp with t = 1 for the same expression, and on FC_id with t = 1 for the same person
  [recalled form]; f and g are brought to unit length first, without which |f - g|² has no bound and
  the benchmark's learning rates make it infinite [ours].
- L = cross-entropy + λ1 L_exp + λ2 L_id, means over faces and over pairs, λ1 = λ2 = 0.1 [ours].

It needs to know who is who in training: on sets whose people nobody knows it refuses to train. At
test a face is classified alone.

What the original had that ours lacks: everything above that is ours; its data (CK+, MMI, SFEW) and
recipe are not known here. Parameters at 7 classes: 2,750,920.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fer_bench.errors import FerBenchError
from fer_bench.models import register
from fer_bench.models.base import FERModel, Output, PlainConfig
from fer_bench.models.layers import conv_norm, drop, grey

SIDE, WIDTHS, SHARED, OWN_SIZE = 48, (32, 64, 128), 512, 128


@dataclass(frozen=True, kw_only=True)
class IacnnConfig(PlainConfig):
    """Options of IACNN.

    Args:
        expression: λ1, the weight of the expressions' contrastive loss.
        identity: λ2, that of the persons'.
        margin: a, how far apart different faces should be.
        dropout: share of the shared layer's numbers that is left out in training.
    """

    input: str = "unit"
    expression: float = 0.1
    identity: float = 0.1
    margin: float = 1.0
    dropout: float = 0.5

    choices: ClassVar[dict[str, tuple[str, ...]]] = {**PlainConfig.choices, "input": ("unit",)}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.margin <= 0:
            raise FerBenchError(f"margin must be above 0, got {self.margin}")
        if not 0 <= self.dropout < 1:
            raise FerBenchError(f"dropout must lie in [0, 1), got {self.dropout}")


class Iacnn(FERModel):
    """IACNN."""

    fields = ("person",)

    def __init__(self, num_classes: int, config: IacnnConfig) -> None:
        super().__init__()
        self.config = config
        layers: list[nn.Module] = []
        for inside, outside in zip((1, *WIDTHS), WIDTHS, strict=False):
            layers += [*conv_norm(inside, outside, 5), nn.PReLU(outside), nn.MaxPool2d(2)]
        self.trunk = nn.Sequential(*layers)
        cells = (SIDE >> len(WIDTHS)) ** 2
        self.shared = nn.Sequential(
            nn.Linear(WIDTHS[-1] * cells, SHARED, bias=False), nn.BatchNorm1d(SHARED), nn.PReLU()
        )
        self.of_expression, self.of_person = (nn.Linear(SHARED, OWN_SIZE) for _ in range(2))
        self.fc = nn.Linear(2 * OWN_SIZE, num_classes)
        self.met: list[bool] = []  # whether anybody was known, batch by batch of this epoch

    def forward(self, images: Tensor, person: Tensor | None = None) -> Output:
        """Classify (B, 3, H, W) RGB in [0, 1]; any size.

        `extra` has what the losses read: `expression` and `identity` (B, 128) and, where it is
        given, `person`.

        Args:
            images: faces.
            person: (B,), a number for each person, below 0 where nobody knows. It decides nothing.
        """
        shared = self.shared(self.trunk(grey(images, SIDE)).flatten(1))
        if self.training:
            shared = drop(shared, self.config.dropout)
        expression, identity = self.of_expression(shared), self.of_person(shared)
        logits = self.fc(torch.cat([expression, identity], 1))
        extra = {"expression": expression, "identity": identity}
        return Output(logits, (logits,), extra if person is None else {**extra, "person": person})

    def start_epoch(self, epoch: int) -> None:
        """Enter training mode.

        Raises:
            FerBenchError: nobody was known in all of the epoch before.
        """
        super().start_epoch(epoch)
        if self.met and not any(self.met):
            raise FerBenchError(
                "iacnn learns who is who, and nobody knows the people of these faces: train it on "
                "a set that tells its people (`subject` in its manifest)"
            )
        self.met = []

    def loss(self, output: Output, target: Tensor, class_weight: Tensor | None = None) -> Tensor:
        """Cross-entropy + λ1 L_exp + λ2 L_id, the last over faces whose people are known."""
        config, extra = self.config, output.extra
        expression, identity = (F.normalize(extra[name]) for name in ("expression", "identity"))
        loss = self.cross_entropy(output.logits, target, class_weight)
        loss = loss + config.expression * contrast(expression, target, config.margin)
        if "person" not in extra:
            return loss
        known = extra["person"] >= 0
        self.met.append(bool(known.any()))
        if not self.met[-1]:
            return loss
        people = contrast(identity[known], extra["person"][known], config.margin)
        return loss + config.identity * people


def contrast(features: Tensor, groups: Tensor, margin: float) -> Tensor:
    """The mean of L over the pairs of features (B, C), t = 1 where groups (B,) agree."""
    one, other = torch.triu_indices(len(features), len(features), 1, device=features.device)
    square = (features[one] - features[other]).square().sum(1)
    # The root has no slope at 0.
    apart = (margin - (square + 1e-12).sqrt()).clamp(min=0).square()
    pairs = torch.where(groups[one] == groups[other], square, apart) / 2
    return pairs.sum() / max(1, len(pairs))


@register(IacnnConfig(), pretrained=None)
def iacnn(num_classes: int, config: IacnnConfig) -> FERModel:
    """IACNN, remade from its abstract: contrastive losses by expression and by person."""
    return Iacnn(num_classes, config)
