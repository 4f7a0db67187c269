"""DCS and QCS: tokens that two faces of a class share and another class lacks, in training alone.

Wang, Chen, Wang, Li and Lv, "QCS: feature refining from quadruplet cross similarity for facial
expression recognition", AAAI 2025. Written from a description of the released code (birdwcp/QCS),
which stands in place of the paper.

- Base branch: POSTER++ without its landmarks. X1, X2, X3 of IR-50's maps become three groups of 49
  tokens of 768; two layers of a transformer read them by a class token. At test that is all.
- Cross branch, in training. Faces stand in groups: DCS a, p of one class; QCS a, p of one class and
  n, m of another. Of each of the three groups of the base branch's tokens after its LayerNorm: X' =
  LayerNorm(X); keys and values V are linear in X', by the same layer for all faces.
- D(x, y): Euclidean distances between the keys of x and of y. Alike: S = max D - D of (a, p) and of
  (n, m). Unlike: U = D - min D of (a, n) and of (p, m). Max and min are over the whole batch.
  Token i of a weighs w_i = softmax_i(Σ_j S_ij / |S_·j| + (1 + tanh t) Σ_j U_ij / |U_·j|), t learned
  from 0; those of the others likewise. DCS has S alone.
- X' + w V, LayerNorm, plus an MLP of four times the width. Its sum with the base branch's tokens
  goes through a transformer of one layer, with a class token and a classifier of its own.
- L: the mean cross-entropy of the logits of both branches.

Groups are neighbours in the batch, as `sampler: pairs` and `quadruplets` of the presets' recipe
make them, so that an epoch sees two or four times the faces; a batch that they do not fill trains
the base branch alone. Our reading, as in POSTER++: linear layers start from a deviation of 0.02
(released: 0.01).

What the original had that ours lacks: dropout of 0.2 in DCS's cross branch; MS1M face weights
unless you hold them, and AffectNet's for its best number; and its own recipe: SAM with Adam at 3e-6
(QCS, 24 groups a batch) or 9e-6 (DCS, 48 groups), 0.98 of it every epoch, 200 epochs, jitter 0.2,
random erasing. Its accuracy is the best epoch on the test set, and the best of five runs (issue 4
of its repository). Of the 82,874,119 parameters that it builds, 12,847,616 of IR-50's output layer
and 3,215,990 of the transformers are never used. Parameters of QCS with IR-50 at 7 classes:
66,810,513.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fer_bench.errors import FerBenchError
from fer_bench.models import PresetLine, register_presets
from fer_bench.models.base import FERModel, Normalise, Output
from fer_bench.models.poster_pp import SCALES, counts_of, embedded, halved, sides_of
from fer_bench.models.transformer import Mlp, Reader, TokenConfig, face_backbone, start, tokens_of

PAIRS, QUADRUPLETS = {"sampler": "pairs"}, {"sampler": "quadruplets"}
ALIKE, UNLIKE = ((0, 1), (2, 3)), ((0, 2), (1, 3))


@dataclass(frozen=True, kw_only=True)
class CrossConfig(TokenConfig):
    """Options of DCS and QCS.

    Args:
        group: faces that stand together in training: 2 (DCS) or 4 (QCS), as the recipe's sampler.
    """

    group: int = 4

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.group not in (2, 4):
            raise FerBenchError(f"group must be 2 (pairs) or 4 (quadruplets), got {self.group}")


def share(table: Tensor) -> Tensor:
    """Σ_j T_ij / |T_·j| of (B, N, M): (B, N)."""
    return F.normalize(table, dim=1).sum(2)


class CrossSimilarity(nn.Module):
    """Tokens weighed by what they share with those of other faces."""

    def __init__(self, dim: int, group: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.kv, self.mlp = nn.Linear(dim, 2 * dim), Mlp(dim, 4)
        start(self)
        self.theta = nn.Parameter(torch.zeros(())) if group == 4 else None

    def weights(self, keys: Tensor) -> Tensor:
        """W (G, B, N) of keys (G, B, N, d), where G is 2 or 4."""
        told = [torch.zeros_like(keys[..., 0][0])] * len(keys)
        for one, other in ALIKE[: len(keys) // 2]:
            far = torch.cdist(keys[one], keys[other])
            alike = far.max() - far
            told[one], told[other] = share(alike), share(alike.transpose(1, 2))
        if self.theta is not None:
            times = 1 + self.theta.tanh()
            for one, other in UNLIKE:
                far = torch.cdist(keys[one], keys[other])
                unlike = far - far.min()
                told[one] = told[one] + times * share(unlike)
                told[other] = told[other] + times * share(unlike.transpose(1, 2))
        return torch.stack(told).softmax(2)

    def forward(self, faces: Tensor) -> Tensor:
        """(G, B, N, d) to the same."""
        x = self.norm1(faces)
        keys, values = self.kv(x).chunk(2, 3)
        x = self.norm2(x + self.weights(keys)[..., None] * values)
        refined: Tensor = x + self.mlp(x)
        return refined


class Qcs(FERModel):
    """DCS and QCS."""

    def __init__(self, num_classes: int, config: CrossConfig) -> None:
        super().__init__()
        self.group = config.group
        self.normalise = Normalise(config.input)
        self.backbone = face_backbone(config.backbone, config.source_network)
        widths = [self.backbone.channels(stage) for stage in SCALES]
        self.counts = counts_of(sides_of(config))
        self.reduce, self.embed = halved(widths), embedded(widths, config.dim)
        self.read = Reader(config.dim, sum(self.counts), 2, num_classes)
        self.cross = nn.ModuleList(CrossSimilarity(config.dim, config.group) for _ in SCALES)
        self.read_crossed = Reader(config.dim, sum(self.counts), 1, num_classes)

    def forward(self, images: Tensor) -> Output:
        """Classify (B, 3, size, size) RGB in [0, 1].

        In training `extra["crossed"]` has the cross branch's logits (B, K) of groups of neighbours.
        """
        maps = self.backbone(self.normalise(images))
        tokens = [
            tokens_of(embed(reduce(maps[stage])))
            for stage, reduce, embed in zip(SCALES, self.reduce, self.embed, strict=True)
        ]
        logits, left = self.read(torch.cat(tokens, 1))
        if not self.training or len(images) % self.group:
            return Output(logits, (logits,))
        left = self.read.norm(left)
        faces = left.unflatten(0, (-1, self.group)).transpose(0, 1).split(self.counts, 2)
        refined = [cross(part) for cross, part in zip(self.cross, faces, strict=True)]
        crossed, _ = self.read_crossed(left + torch.cat(refined, 2).transpose(0, 1).flatten(0, 1))
        return Output(logits, (logits,), {"crossed": crossed})

    def loss(self, output: Output, target: Tensor, class_weight: Tensor | None = None) -> Tensor:
        """The mean cross-entropy of both branches."""
        told = output.logits, *output.extra.values()
        losses = [self.cross_entropy(logits, target, class_weight) for logits in told]
        return torch.stack(losses).mean()


register_presets(
    Qcs,
    PresetLine("dcs", CrossConfig(group=2), "ms1m",
        "In training, tokens that two faces of a class share, on IR-50.", PAIRS),
    PresetLine("dcs_small", CrossConfig(group=2, dim=64), "ms1m",
        "DCS with tokens of 64 numbers.", PAIRS),
    PresetLine("qcs", CrossConfig(), "ms1m",
        "In training, tokens that two faces of a class share and another class lacks, on IR-50.",
        QUADRUPLETS),
    PresetLine("qcs_small", CrossConfig(dim=64), "ms1m",
        "QCS with tokens of 64 numbers.", QUADRUPLETS),
)  # fmt: skip
