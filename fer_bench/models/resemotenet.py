"""ResEmoteNet: three convolutions, weighed channels and three residual blocks over a grey face.

Roy, Kathania, Sharma, Dey and Ansari, "ResEmoteNet: bridging accuracy and loss reduction in facial
emotion recognition", IEEE Signal Processing Letters 2024 [title and authors: recalled]. Written
from a description of the released code (ArnabKumarRoy02/ResEmoteNet), which has the kinds of
layers, the blocks' channels and the number of parameters; all else is marked.

- A grey face of 64 x 64, three times, by ImageNet's mean and std [recalled].
- Three times Conv3x3, BN, ReLU, max pooling 2x2 and dropout 0.2, to 64, 128 and 256 channels
  [recalled].
- x ⊙ sigmoid(W_2 ReLU(W_1 mean(x))), a mean a channel, W_1 to a sixteenth of them [recalled].
- Three residual blocks to 512, 1024 and 2048 channels: ReLU(BN(Conv3x3(ReLU(BN(Conv3x3(x))))) +
  BN(Conv1x1(x))), the first and the last convolution of stride 2 [recalled].
- The mean of each channel; three linear layers to 1024, 512 and 256, each with ReLU and dropout 0.5
  [recalled]; Linear.
- L = cross-entropy.

The widths that are recalled give the described network's 80.2 million. Our reading: convolutions
have no bias, which batch norm would take off again.

What the original had that ours lacks: its own recipe, SGD 1e-3, batch 16, faces flipped at random,
80 epochs, momentum 0.9 and weight decay 1e-4 [the last three recalled]; and test faces that are
flipped at random too, which ours never are. Parameters at 7 classes: 80,227,399.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from fer_bench.errors import FerBenchError
from fer_bench.models import PresetLine, register_presets
from fer_bench.models.base import FERModel, Normalise, Output, PlainConfig
from fer_bench.models.layers import conv_norm, drop, grey

SIDE, SQUEEZED, EARLY = 64, 16, 0.2


@dataclass(frozen=True, kw_only=True)
class ResEmoteNetConfig(PlainConfig):
    """Options of ResEmoteNet.

    Args:
        width: channels of the first layer; each of the five after it has twice as many.
        dropout: share of each hidden linear layer's numbers that is left out in training.
    """

    input: str = "imagenet"
    width: int = 64
    dropout: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.width < 4:
            raise FerBenchError(f"width must be at least 4, got {self.width}")
        if not 0 <= self.dropout < 1:
            raise FerBenchError(f"dropout must lie in [0, 1), got {self.dropout}")


class Block(nn.Module):
    """Two convolutions and what they are added to, at half the side."""

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *conv_norm(inside, outside, 3, 2), nn.ReLU(), *conv_norm(outside, outside, 3)
        )
        self.shortcut = conv_norm(inside, outside, 1, 2)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inside, h, w) to (B, outside, h / 2, w / 2)."""
        return F.relu(self.body(x) + self.shortcut(x))


class ResEmoteNet(FERModel):
    """ResEmoteNet."""

    def __init__(self, num_classes: int, config: ResEmoteNetConfig) -> None:
        super().__init__()
        self.dropout = config.dropout
        self.normalise = Normalise(config.input)
        widths = [config.width << i for i in range(6)]
        self.stem = nn.ModuleList(conv_norm(a, b, 3) for a, b in pairwise([3, *widths[:3]]))
        squeezed = max(1, widths[2] // SQUEEZED)
        self.squeeze = nn.Sequential(
            nn.Linear(widths[2], squeezed, bias=False), nn.ReLU(),
            nn.Linear(squeezed, widths[2], bias=False), nn.Sigmoid(),
        )  # fmt: skip
        self.blocks = nn.Sequential(*(Block(a, b) for a, b in pairwise(widths[2:])))
        narrowing = [widths[-1] >> i for i in range(4)]
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(narrowing))
        self.fc = nn.Linear(narrowing[-1], num_classes)

    def forward(self, images: Tensor) -> Output:
        """Classify (B, 3, H, W) RGB in [0, 1]; any size."""
        x = self.normalise(grey(images, SIDE).expand(-1, 3, -1, -1))
        for layer in self.stem:
            x = self._left_out(F.max_pool2d(F.relu(layer(x)), 2), EARLY)
        x = self.blocks(x * self.squeeze(x.mean((2, 3)))[:, :, None, None]).mean((2, 3))
        for layer in self.hidden:
            x = self._left_out(F.relu(layer(x)), self.dropout)
        logits = self.fc(x)
        return Output(logits, (logits,))

    def _left_out(self, x: Tensor, share: float) -> Tensor:
        return drop(x, share) if self.training else x


register_presets(
    ResEmoteNet,
    PresetLine("resemotenet", ResEmoteNetConfig(), None,
        "ResEmoteNet: convolutions, weighed channels and residual blocks over a grey face."),
    PresetLine("resemotenet_small", ResEmoteNetConfig(width=16, dropout=0.1), None,
        "ResEmoteNet with a quarter of the channels and less dropout."),
)  # fmt: skip
