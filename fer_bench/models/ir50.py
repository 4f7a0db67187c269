"""IR-50, the network of face recognition with "improved residual" units, up to its third stage.

Deng, Guo, Xue and Zafeiriou, "ArcFace: additive angular margin loss for deep face recognition",
CVPR 2019. Written from a description of the network that POSTER++ and APViT start from.

Conv3x3 of stride 1 to 64 channels, BN, PReLU; then 3, 4 and 14 units of 64, 128 and 256 channels,
the first of each of stride 2. A unit: BN, Conv3x3, PReLU, Conv3x3 (of the stride), BN, plus the
shortcut (x itself, every second cell, or Conv1x1 and BN where channels change); nothing after the
sum. Weights carry the names under which POSTER's authors publish them; 17,611,968 parameters.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from fer_bench.models.backbone_base import STAGES, StagedBackbone, load_equal
from fer_bench.models.layers import conv_norm

IR50 = "ir50"
UNITS = (3, 4, 14)
WIDTH = 64
WIDTHS = (64, 128, 256)


class Unit(nn.Module):
    """An improved residual unit: (B, C, h, w) to (B, C', h / stride, w / stride)."""

    def __init__(self, inside: int, outside: int, stride: int) -> None:
        super().__init__()
        self.shortcut_layer: nn.Module = nn.MaxPool2d(1, stride)
        if inside != outside:
            self.shortcut_layer = conv_norm(inside, outside, 1, stride)
        self.res_layer = nn.Sequential(
            nn.BatchNorm2d(inside),
            nn.Conv2d(inside, outside, 3, padding=1, bias=False),
            nn.PReLU(outside),
            *conv_norm(outside, outside, 3, stride),
        )

    def forward(self, x: Tensor) -> Tensor:
        """The sum."""
        total: Tensor = self.res_layer(x) + self.shortcut_layer(x)
        return total


def _body(inside: int, outside: int, count: int) -> nn.Sequential:
    rest = (Unit(outside, outside, 1) for _ in range(count - 1))
    return nn.Sequential(Unit(inside, outside, 2), *rest)


class Ir50(StagedBackbone):
    """IR-50 for half the face: its maps are called as a ResNet's, and have the same sides.

    It was made for faces of 112 pixels, half of the ResNets' 224, and reduces them half as much.
    """

    def __init__(self) -> None:
        super().__init__()
        self.input_layer = nn.Sequential(*conv_norm(3, WIDTH, 3), nn.PReLU(WIDTH))
        self.body1, self.body2, self.body3 = map(_body, (WIDTH, *WIDTHS), WIDTHS, UNITS)

    def channels(self, stage: str) -> int:
        """Channels of a stage's feature map."""
        return WIDTHS[STAGES.index(stage)]

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """The maps `layer1` to `layer3`, strides 4, 8 and 16, of a normalised face (B, 3, H, W)."""
        x = self.input_layer(x[..., ::2, ::2])
        maps: dict[str, Tensor] = {}
        for stage, body in zip(STAGES, (self.body1, self.body2, self.body3), strict=False):
            x = maps[stage] = body(x)
        return maps

    def published(self) -> set[str]:
        """The names under which its weights are published."""
        return set(self.state_dict())

    def load_pretrained(self, state: Mapping[str, Tensor]) -> None:
        """Load the weights of an equal network; a fourth stage and a classifier are passed over.

        Raises:
            FerBenchError: they do not fit; the network is then left as it was.
        """
        load_equal(self, state, ("body4.", "output_layer."), "IR-50 up to its third stage")
