"""POSTER: a face and its landmarks ask about each other at three widths of their tokens.

Zheng, Mendieta and Chen, "POSTER: a pyramid cross-fusion transformer network for facial expression
recognition", ICCV workshops 2023. Written from the paper's description, with the layers' sizes as
the released code has them (zczcwh/POSTER).

- Face: IR-50 on every second pixel; the 256 x 14 x 14 map of a face of 224 as 49 tokens of 1,024
  numbers, Linear to 512. `tokens: places` makes a token of 2 x 2 neighbouring cells, as the paper
  describes it. `tokens: released` is what the code does: it cuts the map's memory, channel after
  channel, into 49 pieces, so that a token is 5.2 channels and no place; `poster_released` has it.
- Landmarks: 49 tokens of 512. Before the tokens of either stream stands their mean; the face's have
  learned places, from 0.
- Three widths: all 100 tokens as they are, and of half and a quarter of the numbers, by
  convolutions of kernel and stride 2 and 4 along them, which mix the tokens.
- Eight pyramid layers. At each width, for both streams: y = x + O, O = Linear(softmax(q kᵀ / √d) v)
  with keys and values linear in LayerNorm(x) and the other stream's LayerNorm tokens as queries as
  they are, 8 heads; y ← y + MLP(LayerNorm(y)), of twice the width; then a 1x1 convolution mixes the
  100 tokens. Then the quarter, widened by a transposed convolution, is added to the half, and that
  likewise to the whole. Additions in the streams are left out for a share of the faces, from 0 in
  the first layer to 0.1 in the last.
- t: the face's mean token, LayerNorm; t ⊙ sigmoid(W2 ReLU(W1 t)), Linear.
- L = cross-entropy + 2 cross-entropy with labels smoothed by 0.2.

As in the released code: ImageNet's mean and std; layers start as torch draws them. Our reading: a
map with an odd side gets a row and a column of zeros.

The landmark stream is that of `poster_pp.py`, by default Gaussian maps of 24 points through a
learned 1x1 convolution; with `backbone: ir50_mobilefacenet` the original's, the last map of a
frozen MobileFaceNet trained on 68 landmarks, whose 512 channels are the tokens (through a learned
1x1 convolution where tokens are narrower). A ResNet or MobileFaceNet can take IR-50's place, on all
pixels: their maps have the same sides.

What the original had that ours lacks: MS1M face weights unless you hold them; and its own recipe:
SAM with Adam at 4e-5, 0.98 of it every epoch, batch 200, 300 epochs, random erasing, "run several
times to get the best results". Its accuracy is the best epoch on the test set. Of its 71.85 million
parameters 12,847,616 of IR-50's output layer, 96,016 by which the landmarks are read and a token
are never used; the others are ours with that landmark network, 58,906,255. Parameters with IR-50
alone at 7 classes: 58,007,823.
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
from fer_bench.models.base import Normalise, Output
from fer_bench.models.of_points import PointsModel
from fer_bench.models.poster_pp import LandmarkConfig, frozen_in, landmark_maps
from fer_bench.models.transformer import (
    Mlp,
    drop_path,
    face_backbone,
    split_heads,
    tokens_of,
)

HEADS, RATIO = 8, 2
WIDTHS = (1, 2, 4)
LEFT_OUT, SMOOTHING, SMOOTHED = 0.1, 0.2, 2.0


@dataclass(frozen=True, kw_only=True)
class PyramidConfig(LandmarkConfig):
    """Options of POSTER; the defaults are the paper's.

    Args:
        dim: numbers of a token, a multiple of 32.
        tokens: what a token of the face is: `places` (the paper) or `released`.
        layers: number of pyramid layers.
        left_out: share of the faces that lose an addition in the last layer.
    """

    dim: int = 512
    tokens: str = "places"
    layers: int = 8
    left_out: float = LEFT_OUT

    choices: ClassVar[dict[str, tuple[str, ...]]] = {
        **LandmarkConfig.choices,
        "tokens": ("places", "released"),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.dim % (HEADS * WIDTHS[-1]):
            raise FerBenchError(f"dim must be a multiple of 32, got {self.dim}")
        if self.layers < 1:
            raise FerBenchError(f"layers must be at least 1, got {self.layers}")
        if not 0 <= self.left_out < 1:
            raise FerBenchError(f"left_out must lie in [0, 1), got {self.left_out}")


def shares_of(config: PyramidConfig) -> list[float]:
    """The share of faces that lose an addition, by layer: from 0, evenly, to that of the last."""
    return [config.left_out * i / max(1, config.layers - 1) for i in range(config.layers)]


def face_tokens(features: Tensor, released: bool) -> Tensor:
    """Tokens (B, n²/4, 4 C) of a map (B, C, n, n)."""
    odd = features.shape[-1] % 2
    features = F.pad(features, (0, odd, 0, odd))
    places = F.pixel_unshuffle(features, 2)
    if released:
        return features.reshape(len(features), places.shape[2] * places.shape[3], -1)
    return tokens_of(places)


class Crossing(nn.Module):
    """One stream's tokens, found by the other's."""

    def __init__(self, dim: int, left_out: float) -> None:
        super().__init__()
        self.scale, self.left_out = (dim // HEADS) ** -0.5, left_out
        self.norm1, self.norm2 = (nn.LayerNorm(dim, eps=1e-6) for _ in range(2))
        self.kv, self.project = nn.Linear(dim, 2 * dim), nn.Linear(dim, dim)
        self.mlp = Mlp(dim, RATIO)

    def forward(self, own: Tensor, other: Tensor) -> Tensor:
        """(B, N, d) of (B, N, d) twice."""
        k, v = (split_heads(part, HEADS) for part in self.kv(self.norm1(own)).chunk(2, 2))
        q = split_heads(self.norm1(other), HEADS)
        attention = (q @ k.transpose(2, 3) * self.scale).softmax(3)
        found = self.project((attention @ v).transpose(1, 2).flatten(2))
        left_out = self.left_out if self.training else 0.0
        y: Tensor = own + drop_path(found, left_out)
        return y + drop_path(self.mlp(self.norm2(y)), left_out)


class Streams(nn.Module):
    """Both streams at one width: (B, 2 N, d) to the same."""

    def __init__(self, dim: int, count: int, left_out: float) -> None:
        super().__init__()
        self.face, self.landmarks = (Crossing(dim, left_out) for _ in range(2))
        self.mix = nn.Conv1d(count, count, 1)

    def forward(self, x: Tensor) -> Tensor:
        """The mixed tokens."""
        face, landmarks = x.chunk(2, 1)
        both = torch.cat([self.face(face, landmarks), self.landmarks(landmarks, face)], 1)
        mixed: Tensor = self.mix(both)
        return mixed


class PyramidLayer(nn.Module):
    """Both streams at three widths, the narrow ones added to the wide ones."""

    def __init__(self, dim: int, count: int, left_out: float) -> None:
        super().__init__()
        self.widths = nn.ModuleList(Streams(dim // w, count, left_out) for w in WIDTHS)
        self.widen = nn.ModuleList(nn.ConvTranspose1d(count, count, 2, 2) for _ in WIDTHS[1:])

    def forward(self, widths: list[Tensor]) -> list[Tensor]:
        """(B, 2 N, d), (B, 2 N, d/2) and (B, 2 N, d/4) to the same."""
        whole, half, quarter = (net(x) for net, x in zip(self.widths, widths, strict=True))
        half = half + self.widen[1](quarter)
        return [whole + self.widen[0](half), half, quarter]


class Poster(PointsModel):
    """POSTER."""

    def __init__(self, num_classes: int, config: PyramidConfig) -> None:
        super().__init__()
        self.frozen = frozen_in(config)
        self.released, dim = config.tokens == "released", config.dim
        self.normalise = Normalise(config.input)
        self.backbone = face_backbone(config.backbone, config.source_network)
        side = -(-feature_side(config.size, CONV_4X, config.source_network) // 2)
        half = side * side + 1
        self.embed = nn.Linear(4 * self.backbone.channels(CONV_4X), dim)
        self.landmarks = landmark_maps(self.backbone, CONV_4X, dim, side, kernel=1)
        self.places = nn.Parameter(torch.zeros(1, half, dim))
        self.narrow = nn.ModuleList(nn.Conv1d(2 * half, 2 * half, w, w) for w in WIDTHS[1:])
        self.layers = nn.ModuleList(
            PyramidLayer(dim, 2 * half, share) for share in shares_of(config)
        )
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.gate = nn.Sequential(nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, dim))
        self.fc = nn.Linear(dim, num_classes)

    def forward(self, images: Tensor, points: Tensor | None = None) -> Output:
        """Classify (B, 3, size, size) RGB in [0, 1].

        Args:
            images: faces.
            points: (B, 24, 3), see `face_points`; a mean face's where there are none.
        """
        maps = self.backbone(self.normalise(images))
        points = self.known(points, len(images))
        face = self.embed(face_tokens(maps[CONV_4X], self.released))
        asked = tokens_of(self.landmarks(maps, points))
        face, asked = (torch.cat([x.mean(1, keepdim=True), x], 1) for x in (face, asked))
        whole = torch.cat([face + self.places, asked], 1)
        widths = [whole, *(net(whole) for net in self.narrow)]
        for layer in self.layers:
            widths = layer(widths)
        x = self.norm(widths[0][:, 0])
        logits = self.fc(x * torch.sigmoid(self.gate(x)))
        return Output(logits, (logits,))

    def loss(self, output: Output, target: Tensor, class_weight: Tensor | None = None) -> Tensor:
        """Cross-entropy, and twice that of smoothed labels."""
        smoothed = self.cross_entropy(output.logits, target, class_weight, SMOOTHING)
        return self.cross_entropy(output.logits, target, class_weight) + SMOOTHED * smoothed


register_presets(
    Poster,
    PresetLine("poster", PyramidConfig(), "ms1m",
        "POSTER: face and landmarks ask about each other at three widths, on IR-50."),
    PresetLine("poster_released", PyramidConfig(tokens="released"), "ms1m",
        "POSTER with the released code's tokens, which are channels and no places."),
    PresetLine("poster_small", PyramidConfig(dim=64, layers=4), "ms1m",
        "POSTER with tokens of 64 numbers and half of the layers."),
)  # fmt: skip
