"""MicroExpNet: two convolutions and two linear layers over a small grey face.

Çuğu, Şener and Akbaş, "MicroExpNet: an extremely small and fast model for expression recognition
from face images", IPTA 2019. Written from the paper's description, with the layers' sizes as the
released code has them (cuguilke/microexpnet).

A grey face of 84 x 84; Conv 8x8 of stride 2 to 16 channels, ReLU, max pooling 2x2 (21 x 21); Conv
4x4 of stride 2 to 32 channels, ReLU, max pooling 2x2 (6 x 6, edges as TensorFlow's SAME has them);
a hidden layer of 48, ReLU, dropout; Linear. Weights start from Xavier's uniform distribution,
biases from a normal one of deviation 0.5.

Our reading: grey is 0.299 R + 0.587 G + 0.114 B, resized bilinearly with antialiasing; dropout is
0.5, as in the released scripts of the candidates (its own is not released). Grey values lie in
[0, 1] (`input: unit`), since the benchmark's SGD does not survive values up to 255, which the
original has (`input: bytes`) and trains on with Adam at 1e-4.

What the original had that ours lacks: its teacher, unless you train one: the original learns from
(1 - l) CE(z, y) + l CE(softmax(t / T), z / T) with l = 0.5 and T = 8, not multiplied by T², t the
logits of an Inception-v3 whose weights are not to be had any more. The row `micro_expnet_taught`
does so with `teacher_expnet`; `micro_expnet` learns from the labels alone. And eight shifted crops
of each face; batch 64, a thousand epochs (of the candidates). Its eight classes are
CK+'s. Parameters at 8 classes: 65,000.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from fer_bench.errors import FerBenchError
from fer_bench.models import register
from fer_bench.models.base import FERModel, Output, PlainConfig
from fer_bench.models.layers import drop, grey

SIDE, HIDDEN = 84, 48


@dataclass(frozen=True, kw_only=True)
class MicroExpNetConfig(PlainConfig):
    """Options of MicroExpNet.

    Args:
        input: `unit` (grey in [0, 1]) or `bytes` (up to 255, the original).
        dropout: share of the hidden layer's numbers that is left out in training.
    """

    input: str = "unit"
    dropout: float = 0.5

    choices: ClassVar[dict[str, tuple[str, ...]]] = {
        **PlainConfig.choices,
        "input": ("unit", "bytes"),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.dropout < 1:
            raise FerBenchError(f"dropout must lie in [0, 1), got {self.dropout}")


class MicroExpNet(FERModel):
    """MicroExpNet without its teacher."""

    def __init__(self, num_classes: int, config: MicroExpNetConfig) -> None:
        super().__init__()
        self.scale = 255.0 if config.input == "bytes" else 1.0
        self.first = nn.Conv2d(1, 16, 8, 2, padding=3)
        self.second = nn.Conv2d(16, 32, 4, 2)
        self.hidden = nn.Linear(32 * 6 * 6, HIDDEN)
        self.dropout = config.dropout
        self.fc = nn.Linear(HIDDEN, num_classes)
        for layer in (self.first, self.second, self.hidden, self.fc):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.normal_(layer.bias, std=0.5)  # type: ignore[arg-type]

    def forward(self, images: Tensor) -> Output:
        """Classify (B, 3, H, W) RGB in [0, 1]; any size."""
        x = F.max_pool2d(F.relu(self.first(self.scale * grey(images, SIDE))), 2)
        # SAME of an even kernel: one cell more after than before, for 21 to become 11, then 6.
        x = F.relu(self.second(F.pad(x, (1, 2, 1, 2))))
        x = F.max_pool2d(x, 2, ceil_mode=True)
        x = x.permute(0, 2, 3, 1).flatten(1)  # rows, columns, channels, as the published weights
        hidden = F.relu(self.hidden(x))
        logits = self.fc(drop(hidden, self.dropout) if self.training else hidden)
        return Output(logits, (logits,))


@register(MicroExpNetConfig(), pretrained=None)
def micro_expnet(num_classes: int, config: MicroExpNetConfig) -> FERModel:
    """MicroExpNet: two convolutions on a small grey face, without its teacher."""
    return MicroExpNet(num_classes, config)
