"""MobileFaceNet, a network of inverted bottlenecks for faces, up to its last map.

Chen, Liu, Gao and Han, "MobileFaceNets: efficient CNNs for accurate real-time face verification on
mobile devices", CCBR 2018. Written from a description of the network of 68 landmarks that POSTER
and POSTER++ keep frozen (Talented-Q/POSTER_V2).

Conv3x3 of stride 2 to 64 channels and a depthwise Conv3x3, each with BN and PReLU. A bottleneck:
Conv1x1 to e channels, BN, PReLU; depthwise Conv3x3, BN, PReLU; Conv1x1, BN; plus x where nothing
shrinks. One of stride 2 (e = 128) and four to 64 channels, one of stride 2 (256) and six (256) to
128, one of stride 2 (512) and two (256) to 128; Conv1x1 to 512, BN, PReLU.

Weights carry the names under which POSTER++'s authors publish them; 911,232 parameters. A depthwise
convolution over the last map of a face of 112, BN, Linear without bias to 136 numbers and BN, which
no model here reads, make the published network's 1,007,248.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

from torch import Tensor, nn

from fer_bench.models.backbone_base import STAGES, StagedBackbone, load_equal

MOBILEFACENET = "mobilefacenet"
WIDTHS = (64, 128, 512)


def _conv(
    inside: int, outside: int, kernel: int = 1, stride: int = 1, groups: int = 1, act: bool = True
) -> nn.Sequential:
    conv = nn.Conv2d(inside, outside, kernel, stride, kernel // 2, groups=groups, bias=False)
    layers = OrderedDict[str, nn.Module](conv=conv, bn=nn.BatchNorm2d(outside))
    if act:
        layers["prelu"] = nn.PReLU(outside)
    return nn.Sequential(layers)


class Bottleneck(nn.Module):
    """(B, C, h, w) to (B, C', h / stride, w / stride) through `expanded` channels."""

    def __init__(self, inside: int, expanded: int, outside: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = _conv(inside, expanded)
        self.conv_dw = _conv(expanded, expanded, 3, stride, expanded)
        self.project = _conv(expanded, outside, act=False)
        self.residual = stride == 1

    def forward(self, x: Tensor) -> Tensor:
        """The sum, or the projection alone."""
        projected: Tensor = self.project(self.conv_dw(self.conv(x)))
        return x + projected if self.residual else projected


def _residual(width: int, expanded: int, count: int) -> nn.Sequential:
    blocks = nn.Sequential(*(Bottleneck(width, expanded, width) for _ in range(count)))
    return nn.Sequential(OrderedDict(model=blocks))


class MobileFaceNet(StagedBackbone):
    """MobileFaceNet, made for faces of 112; its maps are called as a ResNet's of equal sides."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2_dw = _conv(3, 64, 3, 2), _conv(64, 64, 3, groups=64)
        self.conv_23, self.conv_3 = Bottleneck(64, 128, 64, 2), _residual(64, 128, 4)
        self.conv_34, self.conv_4 = Bottleneck(64, 256, 128, 2), _residual(128, 256, 6)
        self.conv_45, self.conv_5 = Bottleneck(128, 512, 128, 2), _residual(128, 256, 2)
        self.conv_6_sep = _conv(128, 512)

    def channels(self, stage: str) -> int:
        """Channels of a stage's feature map."""
        return WIDTHS[STAGES.index(stage)]

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """The maps `layer1` to `layer3`, strides 4, 8 and 16, of a normalised face (B, 3, H, W)."""
        first = self.conv_3(self.conv_23(self.conv2_dw(self.conv1(x))))
        second = self.conv_4(self.conv_34(first))
        third = self.conv_6_sep(self.conv_5(self.conv_45(second)))
        return dict(zip(STAGES, (first, second, third), strict=False))

    def published(self) -> set[str]:
        """The names under which its weights are published."""
        return set(self.state_dict())

    def load_pretrained(self, state: Mapping[str, Tensor]) -> None:
        """Load the weights of an equal network; its output layer is passed over.

        Raises:
            FerBenchError: they do not fit; the network is then left as it was.
        """
        load_equal(self, state, ("output_layer.",), "MobileFaceNet")
