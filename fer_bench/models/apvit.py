"""APViT: a transformer over the cells of a face network's map that drops cells of little interest.

Xue, Wang, Tan, Ma and Guo, "Vision transformer with attentive pooling for robust facial expression
recognition", IEEE Transactions on Affective Computing 2022. Written from the paper's description,
with the layers' sizes as the released code's configuration has them (youqingxiaozhua/APViT).

- F: IR-50's third map, 256 x 14 x 14 of a face of 112. Its 196 cells through a 1x1 convolution to
  768 numbers, each plus a learned place.
- Attentive patch pooling: the 160 cells with the largest Σ_channels |F| stay, in their order. A
  class token with a place of its own comes before them.
- Eight layers of a transformer: norms first, 8 heads, MLP of three times the width, queries, keys
  and values without bias.
- Attentive token pooling in layers 5 to 8: after the attention and its residual, before the MLP,
  the class token stays, and of the others the 90 % with the largest sum over heads of the class
  token's score (before the softmax): 160, 144, 129, 116, 104.
- The class token after LayerNorm; Linear.

As in the released code: ImageNet's mean and std; the loss is the cross-entropy. Our reading: linear
layers start from a truncated normal distribution of deviation 0.02, the last one too (released:
from zeros, so that a fresh network answers alike whatever it sees). At other sizes 160 of 196 cells
stay, rounded. IR-50 sees every second pixel of a face of 224, which the original has at 112. A
ResNet or MobileFaceNet can take IR-50's place, on all pixels: its map has the same side.

What the original had that ours lacks: weights of an ImageNet transformer (ViT-S/16, 768 wide, the
first 8 layers), MS1M face weights unless you hold them; and its own recipe: SGD 1e-3 that falls to
0 along a cosine in 40 epochs, batch 128, weight decay 5e-4 (none on places and class token),
gradients clipped at a norm of 10, classes repeated by the root of their rarity; rotations, crops,
grey, jitter and erasing. RAF-DB was aligned again by MTCNN. Its validation faces are the test
faces. Parameters with IR-50 at 7 classes: 65,209,543.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from fer_bench.errors import FerBenchError
from fer_bench.models import PresetLine, register_presets
from fer_bench.models.backbone_base import CONV_4X
from fer_bench.models.backbones import feature_side
from fer_bench.models.base import FERModel, Normalise, Output
from fer_bench.models.transformer import (
    Block,
    TokenConfig,
    embedding,
    face_backbone,
    start,
    tokens_of,
)

LAYERS, RATIO = 8, 3
CELLS_KEPT = 160 / 196


@dataclass(frozen=True, kw_only=True)
class ApvitConfig(TokenConfig):
    """Options of APViT; the defaults are the paper's.

    Args:
        pooled: how many of the last layers drop tokens.
        kept: share of the tokens that each of them keeps.
        patches: whether cells are dropped before the transformer.
    """

    pooled: int = 4
    kept: float = 0.9
    patches: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.pooled <= LAYERS:
            raise FerBenchError(f"pooled must lie in [0, {LAYERS}], got {self.pooled}")
        if not 0 < self.kept <= 1:
            raise FerBenchError(f"kept must lie in (0, 1], got {self.kept}")


def strongest(tokens: Tensor, score: Tensor, count: int) -> Tensor:
    """The `count` tokens of (B, N, d) with the largest score (B, N), in their order."""
    places = score.topk(count, 1).indices.sort(1).values
    return tokens.gather(1, places[:, :, None].expand(-1, -1, tokens.shape[2]))


class PoolingBlock(Block):
    """A layer that drops tokens between its attention and its MLP."""

    def __init__(self, dim: int, kept: float) -> None:
        super().__init__(dim, ratio=RATIO, bias=False)
        self.kept = kept

    def forward(self, x: Tensor) -> Tensor:
        """(B, 1 + N, d) to (B, 1 + N', d), the class token first."""
        attended, scores = self.attention(self.norm1(x))
        x = x + attended
        count = int(self.kept * (x.shape[1] - 1))
        if count < x.shape[1] - 1:
            rest = strongest(x[:, 1:], scores[:, :, 0, 1:].sum(1), max(1, count))
            x = torch.cat([x[:, :1], rest], 1)
        found: Tensor = x + self.mlp(self.norm2(x))
        return found


class Apvit(FERModel):
    """APViT."""

    def __init__(self, num_classes: int, config: ApvitConfig) -> None:
        super().__init__()
        self.normalise = Normalise(config.input)
        self.backbone = face_backbone(config.backbone, config.source_network)
        cells = feature_side(config.size, CONV_4X, config.source_network) ** 2
        self.count = max(1, round(CELLS_KEPT * cells)) if config.patches else cells
        self.embed = nn.Conv2d(self.backbone.channels(CONV_4X), config.dim, 1)
        first, pooled = LAYERS - config.pooled, config.kept
        self.blocks = nn.Sequential(
            *(PoolingBlock(config.dim, 1.0 if i < first else pooled) for i in range(LAYERS))
        )
        self.norm = nn.LayerNorm(config.dim, eps=1e-6)
        self.fc = nn.Linear(config.dim, num_classes)
        for part in (self.blocks, self.fc):
            start(part)
        self.first, self.first_place = embedding(1, 1, config.dim), embedding(1, 1, config.dim)
        self.places = embedding(1, cells, config.dim)

    def forward(self, images: Tensor) -> Output:
        """Classify (B, 3, size, size) RGB in [0, 1]."""
        features = self.backbone(self.normalise(images))[CONV_4X]
        tokens = tokens_of(self.embed(features)) + self.places
        if self.count < tokens.shape[1]:
            tokens = strongest(tokens, features.abs().sum(1).flatten(1), self.count)
        first = (self.first + self.first_place).expand(len(images), -1, -1)
        x = self.norm(self.blocks(torch.cat([first, tokens], 1))[:, 0])
        logits = self.fc(x)
        return Output(logits, (logits,))


register_presets(
    Apvit,
    PresetLine("apvit", ApvitConfig(), "ms1m",
        "APViT: a transformer that drops cells of little interest, on IR-50."),
    PresetLine("apvit_small", ApvitConfig(dim=96), "ms1m",
        "APViT with tokens of 96 numbers."),
)  # fmt: skip
