"""The backbones by name: ResNets, built only as deep as a model needs them, or timm's networks.

He et al., "Deep Residual Learning for Image Recognition", 2016. The weights of ResNets carry
torchvision's names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

from fer_bench.models.backbone_base import STAGES, TIMM, StagedBackbone, load_equal
from fer_bench.models.timm_nets import TimmFeatures


class Layout(NamedTuple):
    """The shape of a ResNet."""

    bottleneck: bool
    blocks: tuple[int, int, int, int]
    width: int

    def channels(self, stage: str) -> int:
        """Channels of a stage's feature map."""
        return (self.width << STAGES.index(stage)) * (4 if self.bottleneck else 1)


LAYOUTS = {
    "resnet50": Layout(bottleneck=True, blocks=(3, 4, 6, 3), width=64),
    "resnet18": Layout(bottleneck=False, blocks=(2, 2, 2, 2), width=64),
    "resnet18_slim": Layout(bottleneck=False, blocks=(2, 2, 2, 2), width=16),
}


def feature_side(size: int, stage: str, source_network: bool = False) -> int:
    """The side of a stage's square feature map for a square input of `size` pixels."""
    side = -(-size // 2)
    # Max pooling 3x3, stride 2: padded by 1, or not padded but covering the last row (ceil mode).
    side = -(-(side - 3) // 2) + 1 if source_network else (side - 1) // 2 + 1
    for _ in range(STAGES.index(stage)):
        side = -(-side // 2)
    return side


def _conv(inside: int, outside: int, kernel: int, stride: int) -> nn.Conv2d:
    return nn.Conv2d(inside, outside, kernel, stride, padding=kernel // 2, bias=False)


class _Block(nn.Module):
    """A residual block: `body` plus the shortcut, then ReLU."""

    downsample: nn.Sequential | None

    def _shortcut(self, inside: int, outside: int, stride: int) -> None:
        self.downsample = None
        if stride != 1 or inside != outside:
            self.downsample = nn.Sequential(
                _conv(inside, outside, 1, stride), nn.BatchNorm2d(outside)
            )

    def body(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        return F.relu(self.body(x) + shortcut)


class _BasicBlock(_Block):
    def __init__(self, inside: int, width: int, stride: int, source_network: bool) -> None:
        super().__init__()
        self.conv1, self.bn1 = _conv(inside, width, 3, stride), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = _conv(width, width, 3, 1), nn.BatchNorm2d(width)
        self._shortcut(inside, width, stride)

    def body(self, x: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.bn2(self.conv2(x))
        return x


class _Bottleneck(_Block):
    def __init__(self, inside: int, width: int, stride: int, source_network: bool) -> None:
        super().__init__()
        first, second = (stride, 1) if source_network else (1, stride)
        self.conv1, self.bn1 = _conv(inside, width, 1, first), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = _conv(width, width, 3, second), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = _conv(width, width * 4, 1, 1), nn.BatchNorm2d(width * 4)
        self._shortcut(inside, width * 4, stride)

    def body(self, x: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.relu(self.bn2(self.conv2(x)))
        x = self.bn3(self.conv3(x))
        return x


def staged(kind: str, until: str, size: int, source_network: bool = False) -> StagedBackbone:
    """A ResNet or, where its name begins with `timm_`, a network of timm, up to stage `until`.

    Args:
        kind: a name in `LAYOUTS`, or `timm_<name>`.
        until: the last stage built.
        size: side of the faces in pixels.
        source_network: see `ResNet`; timm's networks know no such form.
    """
    if kind.startswith(TIMM):
        return TimmFeatures(kind, until, size)
    return ResNet(kind, until, source_network)


def libraries(kind: str) -> tuple[str, ...]:
    """The packages besides torch whose version decides what the backbone `kind` computes."""
    return ("timm",) if kind.startswith(TIMM) else ()


class ResNet(StagedBackbone):
    """A ResNet without its classifier, up to and including stage `until`.

    Args:
        kind: a name in `LAYOUTS`.
        until: the last stage built, `layer1` to `layer4`.
        source_network: as the network the VGGFace2 weights were trained in: a bottleneck's stride
            on its first 1x1 convolution and the max pooling unpadded in ceil mode.
    """

    def __init__(self, kind: str, until: str = "layer4", source_network: bool = False) -> None:
        super().__init__()
        layout = LAYOUTS[kind]
        self.kind = kind
        self.stages = STAGES[: STAGES.index(until) + 1]
        self.conv1 = nn.Conv2d(3, layout.width, 7, 2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(layout.width)
        self.pool = nn.MaxPool2d(3, 2, padding=0 if source_network else 1, ceil_mode=source_network)
        block = _Bottleneck if layout.bottleneck else _BasicBlock
        inside = layout.width
        for i, stage in enumerate(self.stages):
            blocks = []
            for j in range(layout.blocks[i]):
                stride = 2 if i > 0 and j == 0 else 1
                blocks.append(block(inside, layout.width * 2**i, stride, source_network))
                inside = layout.channels(stage)
            self.add_module(stage, nn.Sequential(*blocks))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def channels(self, stage: str) -> int:
        """Channels of a stage's feature map."""
        return LAYOUTS[self.kind].channels(stage)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Feature maps by stage, `layer1` to `until`, of a normalised image (B, 3, H, W)."""
        # The maximum of a window is positive where one of its cells is, so that ReLU may follow
        # the pooling, which leaves it a quarter of the cells: the same numbers and gradients.
        x = F.relu(self.pool(self.bn1(self.conv1(x))))
        maps: dict[str, Tensor] = {}
        for stage in self.stages:
            x = maps[stage] = getattr(self, stage)(x)
        return maps

    def load_pretrained(self, state: Mapping[str, Tensor]) -> None:
        """Load the layers this network has from `state`, the weights of an equal or deeper one.

        Stages that are not built here and a classifier `fc` are passed over, and so is a missing
        `num_batches_tracked`, which older files lack.

        Raises:
            FerBenchError: names what is missing, what has another shape and what does not belong;
                the network is then left as it was.
        """
        passed_over = tuple(f"{stage}." for stage in STAGES if stage not in self.stages) + ("fc.",)
        load_equal(self, state, passed_over, f"{self.kind} up to {self.stages[-1]}")
