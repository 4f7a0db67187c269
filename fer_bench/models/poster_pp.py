"""POSTER++: places of a face at three scales, asked about by its landmarks, before a transformer.

Mao, Xu, Yin, Chang, Nie, Huang and Wang, "POSTER++: a simpler and stronger facial expression
recognition network", Pattern Recognition 2024 (arXiv 2301.12149). Written from the paper's
description, with the layers' sizes as the released code has them (Talented-Q/POSTER_V2).

- IR-50 on every second pixel gives maps of 64, 128 and 256 channels; a 3x3 convolution of stride 2
  makes X1, X2, X3 of them (28, 14 and 7 cells a side for a face of 224).
- The landmark stream gives maps L1, L2, L3 of the same shapes.
- Cross attention at each scale, over the whole map: X' = LayerNorm(X); keys and values are
  linear in X', queries are the cells of L as they are; 2, 4 and 8 heads; A = softmax(q k^T / √d +
  b), b learned for each difference of places; O = Linear(A v).
- y = X' + γ1 O; y ← y + γ2 MLP(LayerNorm(y)), γ vectors that begin at 1e-5, each addition left
  out for a share of the faces in training (0, 0.125 and 0.25).
- Tokens of 768: of X1 by two 3x3 convolutions of stride 2, of X2 by one, of X3 by a 1x1, so that
  each scale gives 49; behind a class token, with learned places, two layers of a transformer (8
  heads). Its class token t after LayerNorm: t ⊙ sigmoid(W2 ReLU(W1 t)), then Linear.

As in the released code: ImageNet's mean and std; the loss is the cross-entropy alone. Our reading:
the transformer's linear layers start from a truncated normal distribution of deviation 0.02.

The landmark stream by default is ours, for it needs no weights: Gaussian maps of 24 points
(deviation 0.05 of the side, times how well each is seen), to the channels of each scale by a
learned 1x1 convolution. `backbone: ir50_mobilefacenet` is the original's: the maps of a frozen
MobileFaceNet trained on 68 landmarks, the last through a learned 3x3 convolution (1,179,904
parameters). A ResNet or MobileFaceNet can take IR-50's place, on all pixels: their maps have the
same sides.

What the original had that ours lacks: its own recipe: SAM with Adam at 3.5e-5 (RAF-DB; 1e-6
AffectNet), 0.98 of it every epoch, batch 144, 200 epochs, random erasing. Its accuracy is the best
epoch on the test set; others get 81 to 91 % on RAF-DB with its settings (issues 32 and 37 of its
repository). Its batch norms of the frozen network are in training mode, so that their statistics
drift; ours stay. Of the 58,316,594 parameters that it builds, 12,847,616 of IR-50's output layer,
1,619,021 of the transformer and 96,016 by which the landmarks are read are never used; the others
are ours with that landmark network, 43,753,941. Parameters with IR-50 alone at 7 classes:
41,674,005.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from fer_bench.faces.face_points import POINTS
from fer_bench.models import PresetLine, register_presets
from fer_bench.models.backbone_base import STAGES, StagedBackbone
from fer_bench.models.backbones import feature_side
from fer_bench.models.base import Normalise, Output
from fer_bench.models.face_and_landmarks import (
    FROZEN,
    IR50_MOBILEFACENET,
    FaceAndLandmarks,
    landmarks_of,
)
from fer_bench.models.of_points import PointsModel
from fer_bench.models.transformer import (
    Mlp,
    Reader,
    TokenConfig,
    drop_path,
    embedding,
    face_backbone,
    split_heads,
    start,
    tokens_of,
)

SCALES = STAGES[:3]
HEADS, LEFT_OUT = (2, 4, 8), (0.0, 0.125, 0.25)
SIGMA = 0.05


@dataclass(frozen=True, kw_only=True)
class LandmarkConfig(TokenConfig):
    """Options of a network that asks by landmarks: also with the network that finds them."""

    choices: ClassVar[dict[str, tuple[str, ...]]] = {
        **TokenConfig.choices,
        "backbone": (*TokenConfig.choices["backbone"], IR50_MOBILEFACENET),
    }


def _halving(inside: int, outside: int) -> nn.Conv2d:
    return nn.Conv2d(inside, outside, 3, 2, padding=1)


def halved(widths: list[int]) -> nn.ModuleList:
    """Of the maps of the three scales, X1 to X3."""
    return nn.ModuleList(_halving(w, w) for w in widths)


def embedded(widths: list[int], dim: int) -> nn.ModuleList:
    """Of X1 to X3, maps whose cells are tokens of `dim` numbers."""
    return nn.ModuleList([
        nn.Sequential(_halving(widths[0], dim), _halving(dim, dim)),
        _halving(widths[1], dim),
        nn.Conv2d(widths[2], dim, 1),
    ])  # fmt: skip


def sides_of(config: TokenConfig) -> list[int]:
    """The sides of X1 to X3."""
    sides = (feature_side(config.size, stage, config.source_network) for stage in SCALES)
    return [-(-side // 2) for side in sides]


def counts_of(sides: list[int]) -> list[int]:
    """How many tokens each scale gives."""
    return [side**2 for side in (-(-sides[0] // 4), -(-sides[1] // 2), sides[2])]


class PointMaps(nn.Module):
    """Maps (B, C, n, n) of a face's points (B, 24, 3), Gaussians through a learned convolution."""

    places: Tensor

    def __init__(self, channels: int, side: int) -> None:
        super().__init__()
        self.mix = nn.Conv2d(POINTS, channels, 1)
        self.register_buffer("places", (torch.arange(side) + 0.5) / side, persistent=False)

    def forward(self, maps: Mapping[str, Tensor], points: Tensor) -> Tensor:
        """The maps; the backbone's, `maps`, have no part in them."""
        across, down = (
            torch.exp(-((self.places - points[..., i, None]) ** 2) / (2 * SIGMA**2)) for i in (0, 1)
        )
        seen = points[..., 2, None, None] * down[..., None] * across[..., None, :]
        mixed: Tensor = self.mix(seen)
        return mixed


class NetworkMaps(nn.Module):
    """Maps (B, C, n, n) of a network of landmarks, by a learned convolution where C differs."""

    def __init__(self, stage: str, inside: int, channels: int, kernel: int = 3) -> None:
        super().__init__()
        self.stage = landmarks_of(stage)
        self.mix: nn.Module = nn.Identity()
        if inside != channels:
            self.mix = nn.Conv2d(inside, channels, kernel, padding=kernel // 2)

    def forward(self, maps: Mapping[str, Tensor], points: Tensor) -> Tensor:
        """The maps; `points` have no part in them."""
        mixed: Tensor = self.mix(maps[self.stage])
        return mixed


class PlacesAsked(nn.Module):
    """Cross attention at one scale: cells of the face are found by those of the landmarks."""

    differences: Tensor

    def __init__(self, dim: int, side: int, heads: int, left_out: float) -> None:
        super().__init__()
        self.heads, self.scale, self.left_out = heads, (dim // heads) ** -0.5, left_out
        self.norm, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.kv, self.project = nn.Linear(dim, 2 * dim), nn.Linear(dim, dim)
        self.mlp = Mlp(dim, 4)
        start(self)
        wide = 2 * side - 1
        self.places = embedding(wide * wide, heads)
        self.gamma1, self.gamma2 = (nn.Parameter(torch.full((dim,), 1e-5)) for _ in range(2))
        place = torch.arange(side * side)
        rows, columns = (a[:, None] - a + side - 1 for a in (place // side, place % side))
        self.register_buffer("differences", rows * wide + columns, persistent=False)

    def forward(self, face: Tensor, asked: Tensor) -> Tensor:
        """Cells y (B, N, d) of the face's and of the landmarks', both (B, N, d)."""
        x = self.norm(face)
        k, v = (split_heads(part, self.heads) for part in self.kv(x).chunk(2, 2))
        q = split_heads(asked, self.heads) * self.scale
        by_place = self.places[self.differences].permute(2, 0, 1)
        attention = (q @ k.transpose(2, 3) + by_place).softmax(3)
        found = self.project((attention @ v).transpose(1, 2).flatten(2))
        left_out = self.left_out if self.training else 0.0
        y: Tensor = x + drop_path(self.gamma1 * found, left_out)
        return y + drop_path(self.gamma2 * self.mlp(self.norm2(y)), left_out)


def frozen_in(config: TokenConfig) -> tuple[str, ...]:
    """What of a model with these options never learns."""
    return FROZEN if config.backbone == IR50_MOBILEFACENET else ()


def landmark_maps(
    backbone: StagedBackbone, stage: str, channels: int, side: int, kernel: int = 3
) -> nn.Module:
    """The landmark stream beside a stage: the backbone's, where it has one, else of points."""
    if not isinstance(backbone, FaceAndLandmarks):
        return PointMaps(channels, side)
    return NetworkMaps(stage, backbone.landmarks.channels(stage), channels, kernel)


class PosterPp(PointsModel):
    """POSTER++."""

    def __init__(self, num_classes: int, config: LandmarkConfig) -> None:
        super().__init__()
        self.frozen = frozen_in(config)
        self.normalise = Normalise(config.input)
        self.backbone = face_backbone(config.backbone, config.source_network)
        widths = [self.backbone.channels(stage) for stage in SCALES]
        sides = sides_of(config)
        self.reduce = halved(widths)
        self.landmarks = nn.ModuleList(
            landmark_maps(self.backbone, stage, width, side)
            for stage, width, side in zip(SCALES, widths, sides, strict=True)
        )
        self.scales = nn.ModuleList(map(PlacesAsked, widths, sides, HEADS, LEFT_OUT))
        self.embed = embedded(widths, config.dim)
        self.read = Reader(config.dim, sum(counts_of(sides)), 2, num_classes)

    def forward(self, images: Tensor, points: Tensor | None = None) -> Output:
        """Classify (B, 3, size, size) RGB in [0, 1].

        Args:
            images: faces.
            points: (B, 24, 3), see `face_points`; a mean face's where there are none.
        """
        maps = self.backbone(self.normalise(images))
        points = self.known(points, len(images))
        tokens = []
        for i, stage in enumerate(SCALES):
            face, asked = self.reduce[i](maps[stage]), self.landmarks[i](maps, points)
            found = self.scales[i](tokens_of(face), tokens_of(asked))
            whole = found.transpose(1, 2).reshape(face.shape)
            tokens.append(tokens_of(self.embed[i](whole)))
        logits, _ = self.read(torch.cat(tokens, 1))
        return Output(logits, (logits,))


register_presets(
    PosterPp,
    PresetLine("poster_pp", LandmarkConfig(), "ms1m",
        "POSTER++: landmarks ask about places at three scales, before a small transformer."),
    PresetLine("poster_pp_small", LandmarkConfig(dim=96), "ms1m",
        "POSTER++ with tokens of 96 numbers."),
)  # fmt: skip
