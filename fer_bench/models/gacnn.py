"""gACNN: 24 patches around landmarks and the whole face, each through a gate of its own.

Li, Zeng, Shan and Chen, "Occlusion aware facial expression recognition using CNN with attention
mechanism", IEEE TIP 2019 (and PG-CNN, ICPR 2018). Where the papers leave a layer open it is that of
the released configuration (mysee1989/PG-CNN, `prototxt/gACNN_train.prototxt`).

- Features: VGG-16 up to conv4_2, 512 x 28 x 28 of a 224 px face. Around each of 24 points a patch
  of 6 x 6 cells is cut.
- Patch-gated unit, one for each patch with its own weights: two 3x3 convolutions that keep the
  size; then a vector φ = ReLU(linear of the 512 x 6 x 6) with 64 numbers, and a gate α =
  sigmoid(...) in (0, 1) from max pooling, a 1x1 convolution to 128 channels, its mean, and two
  linear layers (64, 1). Out comes α φ.
- Global-gated unit: VGG-16's next layers, a 3x3 convolution (conv4_3), pooling to 14 x 14 and two
  more (conv5_1, conv5_2); then ReLU(linear of the 512 x 14 x 14) with 512 numbers, and such a gate.
- All side by side (24 · 64 + 512 = 2048) through a linear layer of 1024, ReLU, dropout of a half
  and the classifier; cross-entropy.

Batch normalisation and ReLU follow each convolution, that of the gate too. The released
configuration normalises the gate's two linear layers as well, and pads its 1x1 convolution by a
ring of zeros; ours does neither.

Our reading: a patch at the edge is moved inside (released: filled with zeros); the global unit's
convolutions start at random; with another backbone the map is that of stride 8 (`layer2`), and a
patch has round(6 / 28 of its side) cells.

What the original had that ours lacks: a landmark detector of 68 points on each face, from which
the 24 are picked. Ours come from five detected landmarks through a mean face
(`faces/face_points.py`), so that they do not follow brows and lips, or, by `align.<source>.points:
face_landmark_68`, from a small network of 68 points (`faces/face_landmarks.py`). In pictures that
are taken as they are, five landmarks are looked for with `points: detected`. Its VGG-16 starts
from ImageNet, as ours does where the weights are added (`fer-bench weights add imagenet_vgg16_bn`).
Parameters with VGG-16 at 8 classes: 209,309,153.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fer_bench.errors import FerBenchError
from fer_bench.faces.face_points import POINTS
from fer_bench.models import PresetLine, register_presets
from fer_bench.models.backbone_base import CONV_3X
from fer_bench.models.backbones import LAYOUTS, ResNet, feature_side
from fer_bench.models.base import ModelConfig, Normalise, Output
from fer_bench.models.layers import drop
from fer_bench.models.of_points import PointsModel
from fer_bench.models.vgg import Vgg16

VGG = "vgg16_bn"
LOCAL, HIDDEN = 64, 1024


@dataclass(frozen=True, kw_only=True)
class GacnnConfig(ModelConfig):
    """Options of gACNN; the defaults are the paper's.

    Args:
        backbone: `vgg16_bn` (the paper) or one of the ResNets, up to Conv_3x.
        whole: whether the global-gated unit exists; without it the model is the papers' pACNN.
        dropout: share of the hidden layer's numbers that is left out in training.
    """

    backbone: str = VGG
    whole: bool = True
    dropout: float = 0.5

    choices: ClassVar[dict[str, tuple[str, ...]]] = {
        **ModelConfig.choices,
        "backbone": (VGG, *LAYOUTS),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.dropout < 1:
            raise FerBenchError(f"dropout must lie in [0, 1), got {self.dropout}")


def patch_cells(side: int) -> int:
    """Cells a side of a patch on a map of `side`: 6 at 28."""
    return max(2, round(6 * side / 28))


def cut_patches(features: Tensor, points: Tensor, cells: int) -> Tensor:
    """Patches of `cells` x `cells` around points of a map: (B, P, C, cells, cells).

    Args:
        features: (B, C, n, n).
        points: (B, P, 2 or more): x and y as shares of the side.
        cells: side of a patch; the one whose middle is nearest to the point and that lies inside.
    """
    side = features.shape[-1]
    first = (points[..., :2] * side - cells / 2).round().clamp(0, side - cells).long()
    steps = torch.arange(cells, device=features.device)
    columns, rows = (first[..., None] + steps).unbind(2)  # (B, P, cells) each
    face = torch.arange(len(features), device=features.device)[:, None, None, None]
    last = features.permute(0, 2, 3, 1)  # one cell's channels side by side
    return last[face, rows[..., :, None], columns[..., None, :]].permute(0, 1, 4, 2, 3)


def _conv(inside: int, outside: int, units: int = 1, side: int = 3) -> nn.Sequential:
    """A convolution that keeps the size, BN and ReLU for each of `units` units."""
    conv = nn.Conv2d(
        inside * units, outside * units, side, padding=side // 2, groups=units, bias=False
    )
    return nn.Sequential(
        conv,
        nn.BatchNorm2d(outside * units),
        nn.ReLU(),
    )


class Gate(nn.Module):
    """A weight in (0, 1) from each unit's map: (B, P · C, h, w) to (B, P)."""

    def __init__(self, channels: int, units: int) -> None:
        super().__init__()
        self.conv = _conv(channels, 128, units, side=1)
        self.first = nn.Conv1d(128 * units, 64 * units, 1, groups=units)
        self.second = nn.Conv1d(64 * units, units, 1, groups=units)

    def forward(self, x: Tensor) -> Tensor:
        """The gates, (B, P)."""
        pooled = self.conv(F.max_pool2d(x, 2)).mean((2, 3)).unsqueeze(2)
        gate: Tensor = torch.sigmoid(self.second(F.relu(self.first(pooled)))).squeeze(2)
        return gate


class PatchUnits(nn.Module):
    """The patch-gated units side by side (as grouped layers): (B, P, C, h, w) to (B, P, 64)."""

    def __init__(self, channels: int, cells: int, units: int) -> None:
        super().__init__()
        self.convs = nn.Sequential(*(_conv(channels, channels, units) for _ in range(2)))
        self.vector = nn.Conv2d(channels * units, LOCAL * units, cells, groups=units)
        self.gate = Gate(channels, units)

    def forward(self, patches: Tensor) -> tuple[Tensor, Tensor]:
        """α φ (B, P, 64), and the gates α (B, P)."""
        x = self.convs(patches.flatten(1, 2))
        gate = self.gate(x)
        vectors = F.relu(self.vector(x)).view(len(x), -1, LOCAL)
        return gate.unsqueeze(2) * vectors, gate


class WholeUnit(nn.Module):
    """The global-gated unit: (B, C, n, n) to (B, C)."""

    def __init__(self, channels: int, side: int) -> None:
        super().__init__()
        self.convs = nn.Sequential(
            _conv(channels, channels),
            nn.MaxPool2d(2),
            _conv(channels, channels),
            _conv(channels, channels),
        )
        self.vector = nn.Conv2d(channels, channels, side // 2)
        self.gate = Gate(channels, 1)

    def forward(self, features: Tensor) -> Tensor:
        """The gated vector (B, C)."""
        x = self.convs(features)
        gated: Tensor = self.gate(x) * F.relu(self.vector(x)).flatten(1)
        return gated


class Gacnn(PointsModel):
    """gACNN; without the whole face's unit pACNN."""

    def __init__(self, num_classes: int, config: GacnnConfig) -> None:
        super().__init__()
        self.dropout = config.dropout
        self.normalise = Normalise(config.input)
        if config.backbone == VGG:
            self.backbone, channels, side = Vgg16(), Vgg16.channels, config.size // 8
            self.stage = "conv4_2"
        else:
            self.backbone = ResNet(config.backbone, CONV_3X, config.source_network)
            channels = LAYOUTS[config.backbone].channels(CONV_3X)
            side = feature_side(config.size, CONV_3X, config.source_network)
            self.stage = CONV_3X
        self.cells = patch_cells(side)
        self.patches = PatchUnits(channels, self.cells, POINTS)
        self.whole = WholeUnit(channels, side) if config.whole else None
        self.hidden = nn.Linear(POINTS * LOCAL + (channels if config.whole else 0), HIDDEN)
        self.fc = nn.Linear(HIDDEN, num_classes)

    def forward(self, images: Tensor, points: Tensor | None = None) -> Output:
        """Classify (B, 3, size, size) RGB in [0, 1].

        `extra["gates"]` has the patches' gates (B, 24).

        Args:
            images: faces.
            points: (B, 24, 3), see `face_points`; a mean face's where there are none.
        """
        features = self.backbone(self.normalise(images))[self.stage]
        points = self.known(points, len(images))
        local, gates = self.patches(cut_patches(features, points, self.cells))
        vectors = [local.flatten(1)]
        if self.whole is not None:
            vectors.append(self.whole(features))
        hidden = F.relu(self.hidden(torch.cat(vectors, 1)))
        logits = self.fc(drop(hidden, self.dropout) if self.training else hidden)
        return Output(logits, (logits,), {"gates": gates})


register_presets(
    Gacnn,
    PresetLine("gacnn", GacnnConfig(), "imagenet",
        "Gated patches around 24 landmarks and the gated whole face, on VGG-16."),
    PresetLine("pacnn", GacnnConfig(whole=False), "imagenet",
        "Gated patches around 24 landmarks alone, on VGG-16."),
)  # fmt: skip
