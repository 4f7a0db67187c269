"""RAN: five crops and the whole face through one network, weighed by attention.

Wang, Peng, Yang, Meng and Qiao, "Region attention networks for pose and occlusion robust facial
expression recognition", IEEE TIP 2020. Written from the paper's description.

With F_0 the features of the whole face and F_1 .. F_5 those of its crops (GAP of the shared
backbone's last map):

- Self-attention: μ_i = sigmoid(q0 · F_i), F_m = Σ μ_i F_i / Σ μ_i.
- Relation-attention: ν_i = sigmoid(q1 · [F_i, F_m]), P = Σ μ_i ν_i [F_i, F_m] / Σ μ_i ν_i.
- Logits: W P + b.
- Region-biased loss: L_RB = max(0, α - (max_{i>0} μ_i - μ_0)), averaged over faces: at least one
  crop should weigh more than the whole face. L = cross-entropy + L_RB.

Crops, each resized to the input's size:
- `fixed`: three of 0.75 of the side (upper left, upper right, middle of the lower edge) and two
  from the centre, 0.9 and 0.85 of the side [recalled: the released code reads crops cut before].
- `random`: five squares of 0.7 to 0.95 of the side anywhere in the face, drawn anew for each face
  at each training step [recalled range]. In evaluation mode the fixed ones are taken, so that a
  face's prediction depends on nothing but the face.

Released code (github.com/kaiwang960112/Challenge-condition-FER-dataset): q0 and q1 have a bias, as
ours. After the sigmoid it takes a softmax over the regions, of the μ and of the ν
(`attention: softmax`; the equations above are `sigmoid`), and its margins belong to that scale: 0.1
on FERPlus, 0.03 and 0.02 on AffectNet, where it cuts seven crops.

Our reading: α = 0.1 on the sigmoid's own scale, as the equations have it, where it asks for less: a
lead of 0.1 after the softmax over six regions takes one of 0.51 before it. In training all regions
pass the backbone together, so that the batch statistics are theirs together (the released code's
are each region's own). The paper also crops around landmarks, which ours does not.

What the original had that ours lacks: MS-Celeb-1M face weights of its ResNet-18 (a withdrawn set;
`pretrained: msceleb` takes them from a file you hold), and its own recipe, where ours is the
benchmark's: on FERPlus SGD, batch 128, learning rate 0.1 divided by ten after 30, 50 and 80 % of 60
epochs, weight decay 1e-4, no flips, no jitter and no oversampling. Its 89.16 on FERPlus is of a
VGG-16. Parameters with ResNet-18 at 8 classes: 11,186,250.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fer_bench.errors import FerBenchError
from fer_bench.models import PresetLine, register_presets
from fer_bench.models.backbones import LAYOUTS, ResNet
from fer_bench.models.base import FERModel, ModelConfig, Normalise, Output

CROPS = 5
RANDOM_SIDES = (0.7, 0.95)


@dataclass(frozen=True, kw_only=True)
class RanConfig(ModelConfig):
    """Options of RAN; the defaults are the paper's.

    Args:
        crops: `fixed` or `random` (in training).
        attention: what becomes of the sigmoids: nothing (`sigmoid`, the paper) or a softmax over
            the regions (`softmax`, released code).
        region_biased: whether the region-biased loss is added.
        margin: its α.
    """

    backbone: str = "resnet18"
    crops: str = "fixed"
    attention: str = "sigmoid"
    region_biased: bool = True
    margin: float = 0.1

    choices: ClassVar[dict[str, tuple[str, ...]]] = {
        **ModelConfig.choices,
        "crops": ("fixed", "random"),
        "attention": ("sigmoid", "softmax"),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.margin <= 1:
            raise FerBenchError(f"margin must lie in [0, 1], got {self.margin}")


def fixed_crops(size: int) -> list[tuple[int, int, int]]:
    """Top, left and side of the five fixed crops, in pixels of a face of `size`."""
    corner, large, middle = (round(share * size) for share in (0.75, 0.9, 0.85))
    rest = size - corner
    centred = [((size - side) // 2, (size - side) // 2, side) for side in (large, middle)]
    return [(0, 0, corner), (0, rest, corner), (rest, rest // 2, corner), *centred]


def cut_fixed(images: Tensor) -> Tensor:
    """The fixed crops of (B, C, S, S), bilinearly resized: (B, 5, C, S, S)."""
    size = images.shape[-1]
    crops = [
        F.interpolate(
            images[..., top : top + side, left : left + side], (size, size), mode="bilinear"
        )
        for top, left, side in fixed_crops(size)
    ]
    return torch.stack(crops, 1)


def draw_crops(faces: int) -> Tensor:
    """Top, left and side (faces, 5, 3) of random crops as shares of the side.

    From torch's global generator of the CPU.
    """
    side, top, left = torch.rand(3, faces, CROPS, dtype=torch.float64)
    side = RANDOM_SIDES[0] + side * (RANDOM_SIDES[1] - RANDOM_SIDES[0])
    return torch.stack([top * (1 - side), left * (1 - side), side], 2)


def cut(images: Tensor, crops: Tensor) -> Tensor:
    """Squares of (B, C, S, S), bilinearly resized: (B, n, C, S, S).

    Args:
        images: faces.
        crops: (B, n, 3): top, left and side as shares of the faces' side.
    """
    batch, n = crops.shape[:2]
    top, left, side = crops.to(images).unbind(2)
    zero = torch.zeros_like(side)
    # In grid_sample's coordinates a face reaches from -1 to 1.
    rows = [torch.stack([side, zero, 2 * left + side - 1], 2)]
    rows.append(torch.stack([zero, side, 2 * top + side - 1], 2))
    theta = torch.stack(rows, 2).flatten(0, 1)
    shape = [batch * n, *images.shape[1:]]
    grid = F.affine_grid(theta, shape, align_corners=False)
    repeated = images.repeat_interleave(n, 0)
    sampled = F.grid_sample(repeated, grid, padding_mode="border", align_corners=False)
    return sampled.view(batch, n, *images.shape[1:])


class Ran(FERModel):
    """RAN on a ResNet."""

    def __init__(self, num_classes: int, config: RanConfig) -> None:
        super().__init__()
        self.config = config
        channels = LAYOUTS[config.backbone].channels("layer4")
        self.normalise = Normalise(config.input)
        self.backbone = ResNet(config.backbone, source_network=config.source_network)
        self.own = nn.Linear(channels, 1)
        self.relation = nn.Linear(2 * channels, 1)
        self.fc = nn.Linear(2 * channels, num_classes)

    def forward(self, images: Tensor) -> Output:
        """Classify (B, 3, S, S) RGB in [0, 1].

        `extra["own"]` has the self-attention weights μ (B, 6), the whole face's first.
        """
        features = self.region_features(self.normalise(images))
        own = self.attend(self.own(features))
        whole = (own.softmax(1) * features).sum(1, keepdim=True)
        both = torch.cat([features, whole.expand_as(features)], 2)
        weight = own + self.attend(self.relation(both))
        logits = self.fc((weight.softmax(1) * both).sum(1))
        return Output(logits, (logits,), {"own": own.exp().squeeze(2)})

    def attend(self, scores: Tensor) -> Tensor:
        """Logarithms of the regions' weights from their scores (B, 6, 1).

        Their softmax is what the equations divide: six sigmoids of scores below -104 are all 0.
        """
        if self.config.attention == "softmax":
            return torch.sigmoid(scores).log_softmax(1)
        return F.logsigmoid(scores)

    def region_features(self, x: Tensor) -> Tensor:
        """F_0 .. F_5 (B, 6, C) of normalised faces (B, 3, S, S)."""
        if self.training and self.config.crops == "random":
            crops = cut(x, draw_crops(len(x)))
        else:
            crops = cut_fixed(x)
        regions = torch.cat([x[:, None], crops], 1)
        if self.training:  # one pass: the batch statistics are those of all regions together
            pooled: Tensor = self.backbone(regions.flatten(0, 1))["layer4"].mean((2, 3))
            return pooled.view(len(x), 1 + CROPS, -1)
        # One region after the other, with a sixth of the memory.
        one_by_one = [self.backbone(region)["layer4"] for region in regions.unbind(1)]
        return torch.stack([features.mean((2, 3)) for features in one_by_one], 1)

    def loss(self, output: Output, target: Tensor, class_weight: Tensor | None = None) -> Tensor:
        """Cross-entropy, and the region-biased loss unless it is off."""
        loss = self.cross_entropy(output.logits, target, class_weight)
        if not self.config.region_biased:
            return loss
        return loss + region_biased_loss(output.extra["own"], self.config.margin)


def region_biased_loss(own: Tensor, margin: float) -> Tensor:
    """L_RB of self-attention weights (B, 1 + n), the whole face's first."""
    return F.relu(margin - (own[:, 1:].amax(1) - own[:, 0])).mean()


register_presets(
    Ran,
    PresetLine("ran", RanConfig(), "msceleb",
        "Region attention network: ResNet-18 over five fixed crops and the whole face."),
    PresetLine("ran_random", RanConfig(crops="random"), "msceleb",
        "Region attention network with random crops in training."),
)  # fmt: skip
