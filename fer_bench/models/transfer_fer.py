"""TransFER: local maps of which one is dropped, and a transformer of which a head is dropped.

Xue, Wang and Guo, "TransFER: learning relation-aware facial expression representations with
transformers", ICCV 2021. Written from a description of the released code (the authors' Paddle
branch of youqingxiaozhua/APViT) and of the paper [the paper: recalled].

- F: the third map of an IR network, 256 x 14 x 14 of a face of 112.
- Two LANets look at F: Conv1x1 to a 16th of the channels, BN, ReLU, Conv1x1 to one, BN, sigmoid.
- Multi-attention dropping: in training, for a face with probability 0.6, one of the two maps is set
  to 0. The larger of both at each cell weighs F.
- Conv1x1 to 768 numbers a cell, plus a learned place, behind a class token; eight layers of a
  transformer: norms first, 8 heads, MLP of three times the width, queries, keys and values without
  bias. The class token after LayerNorm; Linear.
- Multi-head self-attention dropping (`msad: heads`): in training, in each layer and for a face with
  probability 0.3, one head's answer is set to 0. `msad: released` is what the code does: it counts
  along the wrong axis, so that one of the first eight tokens, the class token among them, is set to
  0 in queries, keys and values; `transfer_fer_released` has it.

Our reading: both draws are made for each face; what is left is not scaled; linear layers start from
a truncated normal distribution of deviation 0.02; ImageNet's mean and std. IR-50 (its released
configuration says 44 layers) sees every second pixel of a face of 224. A ResNet or
MobileFaceNet can take its place, on all pixels: its map has the same side.

What the original had that ours lacks: face weights of its backbone unless you hold them, and
transformer weights; its own recipe: SGD at 1e-4, a tenth of it after 15 and after 30 of 40 epochs,
batch 64, weight decay 1e-4, two random augmentations of strength 5, erasing. Its log's 90.91 on
RAF-DB is of its test faces. Parameters with IR-50 at 7 classes: 65,217,835.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fer_bench.errors import FerBenchError
from fer_bench.models import PresetLine, register_presets
from fer_bench.models.backbone_base import CONV_4X
from fer_bench.models.backbones import feature_side
from fer_bench.models.base import FERModel, Normalise, Output
from fer_bench.models.layers import conv_norm
from fer_bench.models.transformer import (
    Block,
    TokenConfig,
    embedding,
    face_backbone,
    start,
    tokens_of,
)

LAYERS, HEADS, RATIO, REDUCED = 8, 8, 3, 16


@dataclass(frozen=True, kw_only=True)
class TransferFerConfig(TokenConfig):
    """Options of TransFER; the defaults are the paper's.

    Args:
        maps: number of LANets.
        map_drop: with which probability a face loses one of their maps in training.
        head_drop: with which probability it loses a head in a layer.
        msad: what is dropped: one of the `heads`, or a token (`released`).
    """

    maps: int = 2
    map_drop: float = 0.6
    head_drop: float = 0.3
    msad: str = "heads"

    choices: ClassVar[dict[str, tuple[str, ...]]] = {
        **TokenConfig.choices,
        "msad": ("heads", "released"),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.maps < 2:
            raise FerBenchError(f"maps must be at least 2, got {self.maps}: one may be dropped")
        for name in ("map_drop", "head_drop"):
            if not 0 <= getattr(self, name) <= 1:
                raise FerBenchError(f"{name} must lie in [0, 1], got {getattr(self, name)}")


def one_left_out(faces: int, count: int, share: float) -> Tensor:
    """(faces, count) of ones, with one 0 in the rows of a random `share` of the faces.

    From torch's global generator of the CPU.
    """
    kept = torch.ones(faces, count)
    chosen = torch.randint(count, (faces, 1))
    return kept.scatter_(1, chosen, (torch.rand(faces, 1) >= share).float())


class DroppingBlock(Block):
    """A layer that loses a head, or a token, in training."""

    def __init__(self, dim: int, config: TransferFerConfig) -> None:
        super().__init__(dim, HEADS, RATIO, bias=False)
        self.share, self.tokens = config.head_drop, config.msad == "released"

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, d) to the same."""
        seen, kept = self.norm1(x), None
        if self.training and self.share:
            kept = one_left_out(len(x), HEADS, self.share).to(x)
            if self.tokens:  # without a bias, a token of zeros has zeros for query, key and value
                kept = F.pad(kept, (0, x.shape[1]), value=1.0)[:, : x.shape[1]]
                seen, kept = seen * kept[:, :, None], None
        x = x + self.attention(seen, kept)[0]
        found: Tensor = x + self.mlp(self.norm2(x))
        return found


def _lanet(channels: int) -> nn.Sequential:
    few = max(1, channels // REDUCED)
    return nn.Sequential(
        *conv_norm(channels, few, 1), nn.ReLU(), *conv_norm(few, 1, 1), nn.Sigmoid()
    )


class TransferFer(FERModel):
    """TransFER."""

    def __init__(self, num_classes: int, config: TransferFerConfig) -> None:
        super().__init__()
        self.map_drop, dim = config.map_drop, config.dim
        self.normalise = Normalise(config.input)
        self.backbone = face_backbone(config.backbone, config.source_network)
        channels = self.backbone.channels(CONV_4X)
        cells = feature_side(config.size, CONV_4X, config.source_network) ** 2
        self.maps = nn.ModuleList(_lanet(channels) for _ in range(config.maps))
        self.embed = nn.Conv2d(channels, dim, 1)
        self.blocks = nn.Sequential(*(DroppingBlock(dim, config) for _ in range(LAYERS)))
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.fc = nn.Linear(dim, num_classes)
        for part in (self.blocks, self.fc):
            start(part)
        self.first, self.places = embedding(1, 1, dim), embedding(1, 1 + cells, dim)

    def forward(self, images: Tensor) -> Output:
        """Classify (B, 3, size, size) RGB in [0, 1]."""
        features = self.backbone(self.normalise(images))[CONV_4X]
        looked = torch.cat([net(features) for net in self.maps], 1)
        if self.training and self.map_drop:
            kept = one_left_out(len(images), len(self.maps), self.map_drop).to(looked)
            looked = looked * kept[:, :, None, None]
        cells = tokens_of(self.embed(features * looked.amax(1, keepdim=True)))
        x = torch.cat([self.first.expand(len(images), -1, -1), cells], 1) + self.places
        logits = self.fc(self.norm(self.blocks(x)[:, 0]))
        return Output(logits, (logits,))


register_presets(
    TransferFer,
    PresetLine("transfer_fer", TransferFerConfig(), "ms1m",
        "TransFER: dropped local maps and dropped heads of a transformer, on IR-50."),
    PresetLine("transfer_fer_released", TransferFerConfig(msad="released"), "ms1m",
        "TransFER with the released code's dropping of tokens in place of heads."),
    PresetLine("transfer_fer_small", TransferFerConfig(dim=96), "ms1m",
        "TransFER with tokens of 96 numbers."),
)  # fmt: skip
