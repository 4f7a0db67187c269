"""The transformer that networks for faces put behind their maps.

Dosovitskiy et al., "An image is worth 16x16 words: transformers for image recognition at scale",
2021.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fer_bench.errors import FerBenchError
from fer_bench.models.backbone_base import CONV_4X, StagedBackbone
from fer_bench.models.backbones import LAYOUTS, ResNet
from fer_bench.models.base import ModelConfig
from fer_bench.models.face_and_landmarks import IR50_MOBILEFACENET, FaceAndLandmarks
from fer_bench.models.ir50 import IR50, Ir50
from fer_bench.models.layers import drop
from fer_bench.models.mobilefacenet import MOBILEFACENET, MobileFaceNet

STD = 0.02
FACE_NETWORKS: dict[str, type[Ir50 | MobileFaceNet | FaceAndLandmarks]] = {
    IR50: Ir50,
    MOBILEFACENET: MobileFaceNet,
    IR50_MOBILEFACENET: FaceAndLandmarks,
}


@dataclass(frozen=True, kw_only=True)
class TokenConfig(ModelConfig):
    """Options of a network that puts a transformer behind a face network's or a ResNet's maps.

    Args:
        dim: numbers of a token, a multiple of 8.
    """

    backbone: str = IR50
    input: str = "imagenet"
    dim: int = 768

    choices: ClassVar[dict[str, tuple[str, ...]]] = {
        **ModelConfig.choices,
        "backbone": (IR50, MOBILEFACENET, *LAYOUTS),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.dim < 8 or self.dim % 8:
            raise FerBenchError(f"dim must be a multiple of 8, got {self.dim}")


def face_backbone(kind: str, source_network: bool) -> StagedBackbone:
    """A network of `TokenConfig`, up to its third map."""
    if kind in FACE_NETWORKS:
        return FACE_NETWORKS[kind]()
    return ResNet(kind, CONV_4X, source_network)


def start(module: nn.Module) -> None:
    """Linear layers from a truncated normal distribution of deviation 0.02, biases from 0."""
    for part in module.modules():
        if isinstance(part, nn.Linear):
            nn.init.trunc_normal_(part.weight, std=STD)
            if part.bias is not None:
                nn.init.zeros_(part.bias)


def embedding(*shape: int) -> nn.Parameter:
    """A learned token or position, from the same distribution."""
    return nn.Parameter(nn.init.trunc_normal_(torch.empty(*shape), std=STD))


def tokens_of(features: Tensor) -> Tensor:
    """The cells (B, h · w, C) of a map (B, C, h, w), row by row."""
    return features.flatten(2).transpose(1, 2)


def split_heads(tokens: Tensor, heads: int) -> Tensor:
    """(B, N, d) to (B, heads, N, d / heads)."""
    batch, count, dim = tokens.shape
    return tokens.reshape(batch, count, heads, dim // heads).transpose(1, 2)


def drop_path(x: Tensor, share: float) -> Tensor:
    """Whole faces of (B, N, d) left out with probability `share`, the others made up for it."""
    return x * drop(x.new_ones(len(x), 1, 1), share) if share else x


class Mlp(nn.Module):
    """Linear, GELU, Linear."""

    def __init__(self, dim: int, ratio: int) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(dim, ratio * dim), nn.Linear(ratio * dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, d) to the same."""
        found: Tensor = self.second(F.gelu(self.first(x)))
        return found


class SelfAttention(nn.Module):
    """Attention of tokens to one another."""

    def __init__(self, dim: int, heads: int, bias: bool = True) -> None:
        super().__init__()
        self.heads, self.scale = heads, (dim // heads) ** -0.5
        self.qkv, self.project = nn.Linear(dim, 3 * dim, bias), nn.Linear(dim, dim)

    def forward(self, x: Tensor, kept: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """What (B, N, d) attend to, and the scores (B, heads, N, N) before the softmax.

        Args:
            x: tokens.
            kept: (B, heads), what each head's answer is multiplied by; None for all of it.
        """
        q, k, v = (split_heads(part, self.heads) for part in self.qkv(x).chunk(3, 2))
        scores = q @ k.transpose(2, 3) * self.scale
        found = scores.softmax(3) @ v
        if kept is not None:
            found = found * kept[:, :, None, None]
        return self.project(found.transpose(1, 2).flatten(2)), scores


class Block(nn.Module):
    """A layer with its norms before attention and MLP."""

    def __init__(self, dim: int, heads: int = 8, ratio: int = 4, bias: bool = True) -> None:
        super().__init__()
        self.norm1, self.norm2 = (nn.LayerNorm(dim, eps=1e-6) for _ in range(2))
        self.attention = SelfAttention(dim, heads, bias)
        self.mlp = Mlp(dim, ratio)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, d) to the same."""
        x = x + self.attention(self.norm1(x))[0]
        found: Tensor = x + self.mlp(self.norm2(x))
        return found


class Reader(nn.Module):
    """Layers of a transformer whose class token reads tokens (B, N, d), and tells classes.

    The class token t after LayerNorm, as t ⊙ sigmoid(W2 ReLU(W1 t)), then Linear.
    """

    def __init__(self, dim: int, count: int, layers: int, num_classes: int) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*(Block(dim) for _ in range(layers)))
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.gate = nn.Sequential(nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, dim))
        self.fc = nn.Linear(dim, num_classes)
        for part in (self.blocks, self.gate, self.fc):
            start(part)
        self.first, self.places = embedding(1, 1, dim), embedding(1, 1 + count, dim)

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, K) and the tokens (B, N, d) as the layers leave them, before LayerNorm."""
        first = self.first.expand(len(tokens), -1, -1)
        x = self.blocks(torch.cat([first, tokens], 1) + self.places)
        told = self.norm(x[:, 0])
        return self.fc(told * torch.sigmoid(self.gate(told))), x[:, 1:]
