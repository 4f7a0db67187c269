"""SCAN-CCI and its ablations (sections 3 and 6.6 to 6.9).

Gera and Balasubramanian, "Landmark Guidance Independent Spatio-channel Attention and Complementary
Context Information based Facial Expression Recognition", arXiv 2007.10298, 2020. Two branches read
a face network's middle layers: attention over Conv_3x (F_u) and context from Conv_4x (F_l). Where
the paper is silent the released code's behaviour is an option; each class says which reading it
takes. Parameters with ResNet-50 at 8 classes: 70,990,957.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import isqrt
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fer_bench.errors import FerBenchError
from fer_bench.models import PresetLine, register_presets
from fer_bench.models.attention import ECA, UNITS
from fer_bench.models.backbone_base import CONV_3X, CONV_4X
from fer_bench.models.backbones import feature_side, staged
from fer_bench.models.base import FERModel, ModelConfig, Normalise, Output
from fer_bench.models.partition import blocks, check_m, partition, regions

QUADRANTS_A_SIDE = 2
CONTEXT_WIDTH = 256


@dataclass(frozen=True, kw_only=True)
class ScanCciConfig(ModelConfig):
    """Options of SCAN-CCI; the defaults are the paper's.

    Args:
        m: number of local patches, a square.
        lam: λ of Eq. 5, in [0, 1].
        attention: unit of the attention branch: `scan`, `spa`, `sa`, `eca`, or `none` (no branch).
        scope: `both` (V_l and V_g), `local` (LPA: V_l alone) or `global` (GA: V_g alone).
        shared: one local unit for all patches, batch statistics included, instead of one a patch.
        l2: L2-normalise the features before the attention classifier (released code).
        folded_strip: cut the bottom strip wrongly (released code; see `partition`).
        cci: whether the context branch exists.
        eca: whether ECA weighs Conv_4x in the context branch.
        cci_head: `each` (256 nodes and classifier for each quadrant) or `shared` (released code).
        frozen_bn: batch-norm statistics move in the first epoch only (released code).
    """

    m: int = 25
    lam: float = 0.2
    attention: str = "scan"
    scope: str = "both"
    shared: bool = False
    l2: bool = False
    folded_strip: bool = False
    cci: bool = True
    eca: bool = True
    cci_head: str = "each"
    frozen_bn: bool = False

    takes_timm = True
    choices: ClassVar[dict[str, tuple[str, ...]]] = {
        **ModelConfig.choices,
        "attention": (*UNITS, "none"),
        "scope": ("both", "local", "global"),
        "cci_head": ("each", "shared"),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.lam <= 1:
            raise FerBenchError(f"lam must lie in [0, 1], got {self.lam}")
        if not (self.has_attention or self.has_cci):
            raise FerBenchError(
                "attention='none' and cci=False leave no branch to train: drop one of the two"
            )
        if self.has_attention and self.scope != "global":
            self._check_patches()

    def _check_patches(self) -> None:
        check_m(self.m, self.size, partial(self._side, CONV_3X))
        side, g = self._side(CONV_3X, self.size), isqrt(self.m)
        block, last = blocks(side, g)
        if self.folded_strip and last not in (block, g - 1):
            raise FerBenchError(
                f"folded_strip is not defined for m={self.m} on a {side}x{side} map: its bottom "
                f"strip has {last} rows for {g - 1} patches; use size 224 with m=25, or a size "
                f"whose map is a multiple of {g}, which has no strip"
            )

    def _side(self, stage: str, size: int) -> int:
        return feature_side(size, stage, self.source_network)

    @property
    def has_attention(self) -> bool:
        """Whether the attention branch is trained; if not, it is not built and never votes."""
        return self.attention != "none" and (self.lam > 0 or not self.cci)

    @property
    def has_cci(self) -> bool:
        """Whether the context branch is trained; if not, it is not built and never votes."""
        return self.cci and (self.lam < 1 or self.attention == "none")

    @property
    def weight(self) -> float:
        """The λ in force: 1 without the context branch, 0 without attention."""
        if not self.has_cci:
            return 1.0
        return self.lam if self.has_attention else 0.0


class AttentionBranch(nn.Module):
    """F_u to the logits of L_u.

    V_l: each local patch through its unit, averaged over space, then the maximum over patches
    channel by channel. (Section 3.4 says "max-pooled across channel dimensions", which could not
    give the 512-vector it names.) V_g: the whole map through a unit of its own, averaged over
    space. The classifier reads V_l and V_g side by side.

    Patches of one shape run together. With a shared unit they are stacked along the batch, so its
    batch statistics are over all of them at once.
    """

    def __init__(self, channels: int, side: int, num_classes: int, config: ScanCciConfig) -> None:
        super().__init__()
        unit = UNITS[config.attention]
        self.g, self.folded_strip = isqrt(config.m), config.folded_strip
        self.shared, self.l2 = config.shared, config.l2
        # Named by what they see; `local` has one unit bank for each shape of patch.
        self.local: nn.ModuleList | None = None
        self.whole: nn.Module | None = None
        if config.scope != "global":
            counts = [1] if config.shared else regions(side, self.g)
            self.local = nn.ModuleList(unit(channels, count) for count in counts)
        if config.scope != "local":
            self.whole = unit(channels, 1)
        width = channels * (2 if config.scope == "both" else 1)
        self.fc = nn.Linear(width, num_classes)

    def local_features(self, features: Tensor) -> Tensor:
        """V_l (B, C)."""
        assert self.local is not None
        pooled = []
        for i, patches in enumerate(partition(features, self.g, self.folded_strip)):
            if self.shared:
                rows = patches.permute(0, 1, 3, 4, 2).flatten(0, 1)  # (B P, h, w, C) in memory
                stacked = rows.permute(0, 3, 1, 2).unsqueeze(1)
                weighted = self.local[0](stacked).unflatten(0, patches.shape[:2]).squeeze(2)
            else:
                weighted = self.local[i](patches)
            pooled.append(weighted.mean((3, 4)))
        return torch.cat(pooled, 1).amax(1)

    def forward(self, features: Tensor) -> Tensor:
        """Logits (B, K) of F_u (B, C, n, n)."""
        vectors = []
        if self.local is not None:
            vectors.append(self.local_features(features))
        if self.whole is not None:
            vectors.append(self.whole(features.unsqueeze(1)).squeeze(1).mean((2, 3)))
        summary = torch.cat(vectors, 1)
        if self.l2:
            summary = F.normalize(summary, dim=1)
        logits: Tensor = self.fc(summary)
        return logits


class ContextBranch(nn.Module):
    """Complementary context: O_F = GAP(PARTITION(ECA(F))), k = 4 quadrants (Eq. 3).

    Each O_Fi goes through 256 nodes with ReLU (released code) and a classifier.
    """

    def __init__(self, channels: int, num_classes: int, config: ScanCciConfig) -> None:
        super().__init__()
        self.eca: nn.Module | None = ECA(channels, 1) if config.eca else None
        self.heads = nn.ModuleList(
            nn.Sequential(
                nn.Linear(channels, CONTEXT_WIDTH),
                nn.ReLU(),
                nn.Linear(CONTEXT_WIDTH, num_classes),
            )
            for _ in range(1 if config.cci_head == "shared" else QUADRANTS_A_SIDE**2)
        )

    def forward(self, features: Tensor) -> list[Tensor]:
        """Logits (B, K) of each quadrant of F_l (B, C, n, n), row-major."""
        if self.eca is not None:
            features = self.eca(features.unsqueeze(1)).squeeze(1)
        quadrants = [p.mean((3, 4)) for p in partition(features, QUADRANTS_A_SIDE)]
        vectors = torch.cat(quadrants, 1).unbind(1)
        return [self.heads[i % len(self.heads)](v) for i, v in enumerate(vectors)]


class ScanCci(FERModel):
    """Both branches on one backbone; predicts by the mean of all heads' logits (released code)."""

    def __init__(self, num_classes: int, config: ScanCciConfig) -> None:
        super().__init__()
        self.config = config
        until = CONV_4X if config.has_cci else CONV_3X
        self.normalise = Normalise(config.input)
        backbone = staged(config.backbone, until, config.size, config.source_network)
        self.backbone = backbone
        self.attention: AttentionBranch | None = None
        self.context: ContextBranch | None = None
        if config.has_attention:
            n = feature_side(config.size, CONV_3X, config.source_network)
            channels = backbone.channels(CONV_3X)
            self.attention = AttentionBranch(channels, n, num_classes, config)
        if config.has_cci:
            self.context = ContextBranch(backbone.channels(CONV_4X), num_classes, config)

    def forward(self, images: Tensor) -> Output:
        """Classify (B, 3, size, size) RGB in [0, 1].

        Heads: attention first, then the four quadrants, as far as they exist.
        """
        size = self.config.size
        if images.shape[-2:] != (size, size):
            height, width = images.shape[-2:]
            raise FerBenchError(
                f"the model was built for {size}x{size} images and got {height}x{width}: "
                "set the option `size` to the side of the aligned faces"
            )
        maps = self.backbone(self.normalise(images))
        heads = []
        if self.attention is not None:
            heads.append(self.attention(maps[CONV_3X]))
        if self.context is not None:
            heads += self.context(maps[CONV_4X])
        return Output(torch.stack(heads).mean(0), tuple(heads))

    def loss(self, output: Output, target: Tensor, class_weight: Tensor | None = None) -> Tensor:
        """L = λ L_u + (1 - λ) L_l (Eq. 5), L_l = sum of the quadrants' L_i (Eq. 4).

        L_u and L_i are cross-entropies.
        """
        lam = self.config.weight
        attention, context = output.heads[: int(lam > 0)], output.heads[int(lam > 0) :]
        parts = []
        if attention:
            parts.append(lam * self.cross_entropy(attention[0], target, class_weight))
        if context:  # the sum of means over equal targets is their number times the mean over all
            mean = self.cross_entropy(torch.cat(context), target.repeat(len(context)), class_weight)
            parts.append((1 - lam) * len(context) * mean)
        return sum(parts[1:], parts[0])

    def start_epoch(self, epoch: int) -> None:
        """Enter training mode; with `frozen_bn`, running statistics rule from the second epoch on.

        The released code never returns to training mode after its first validation.
        """
        super().start_epoch(epoch)
        if self.config.frozen_bn and epoch > 0:
            for module in self.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()


register_presets(
    ScanCci,
    PresetLine("scan_cci", ScanCciConfig(), "vggface2",
        "SCAN-CCI as the paper describes it: 25 local units and a global one, λ = 0.2."),
    PresetLine("scan_cci_shared", ScanCciConfig(shared=True), "vggface2",
        "One local unit shared by all patches (Table 11)."),
    PresetLine("scan_cci_imagenet", ScanCciConfig(), "imagenet",
        "SCAN-CCI from ImageNet weights, which section 5 says were considered."),
    PresetLine("scan_cci_released",
        ScanCciConfig(l2=True, folded_strip=True, cci_head="shared", frozen_bn=True), "vggface2",
        "SCAN-CCI as the released scripts but that for RAF-DB have it (one local unit a patch)."),
    PresetLine("scan_cci_released_shared",
        ScanCciConfig(shared=True, l2=True, folded_strip=True, cci_head="shared", frozen_bn=True),
        "vggface2",
        "SCAN-CCI as the released script for RAF-DB has it, which imports the shared branch."),
    PresetLine("scan_cci_sa", ScanCciConfig(attention="sa"), "vggface2",
        "Single attention, one weight a patch, in SCAN's place (Table 7)."),
    PresetLine("scan_cci_spa", ScanCciConfig(attention="spa"), "vggface2",
        "Spatial attention, constant across channels, in SCAN's place (Table 7)."),
    PresetLine("scan_cci_lpa", ScanCciConfig(scope="local"), "vggface2",
        "Local patch attention alone, without the global unit (Table 7)."),
    PresetLine("scan_cci_ga", ScanCciConfig(scope="global"), "vggface2",
        "Global attention alone, without local patches (Table 7)."),
    PresetLine("scan_cci_eca_attention", ScanCciConfig(attention="eca"), "vggface2",
        "Efficient channel attention in SCAN's place (Table 7)."),
    PresetLine("scan_cci_no_scan", ScanCciConfig(attention="none"), "vggface2",
        "Without the attention branch: λ = 0, the four quadrants' mean votes (section 6.6)."),
    PresetLine("scan_cci_no_cci", ScanCciConfig(cci=False), "vggface2",
        "Without the context branch: λ = 1, Conv_4x is not built (Table 8)."),
    PresetLine("scan_cci_no_eca", ScanCciConfig(eca=False), "vggface2",
        "Without ECA before the context branch (Table 9)."),
)  # fmt: skip
