"""MA-Net: the whole face at several scales, and its four quadrants with attention.

Zhao, Liu and Wang, "Learning deep global multi-scale and local attention features for facial
expression recognition in the wild", IEEE TIP 2021. Written from the paper's description, with the
layers' sizes as the released code has them (zengqunzhao/MA-Net).

F is a ResNet-18's layer2 (C = 128 channels, 28 x 28 of a face of 224).

- Local branch: each quadrant of F has weights of its own: two attention blocks to 2C (stride 2) and
  two to 4C. The quadrants' maps are put together again; l1 = Linear(GAP).
- Attention block: a basic residual block whose residual passes CBAM before the addition. CBAM:
  x ← x sigmoid(M(avg) + M(max)), M = Linear(ReLU(Linear)) to a 16th of the channels, then
  x ← x sigmoid(BN(Conv7x7[max_c x, mean_c x])).
- Global branch: two multi-scale blocks to 2C and two to 4C (the first of each stride 2);
  l2 = Linear(GAP).
- Multi-scale block: u = ReLU(BN(Conv3x3(x))) is cut into u1 .. u4 by channels. Upwards a1 = B(u1),
  a_i = B(ReLU(a_{i-1}) + u_i); downwards d4 = B(u4), d_i = B(ReLU(d_{i+1}) + u_i), each B a 3x3
  convolution with BN of its own. The block is ReLU(a + d + shortcut).
- logits = 0.6 l1 + 0.4 l2, loss = 0.6 CE(l1) + 0.4 CE(l2) (`local: 0.6`).

As in the released code: logits, not probabilities, are averaged; faces are not normalised
(`input: unit`); the spatial attention's batch norm has momentum 0.01. Our reading: convolutions of
both branches start from Kaiming's normal distribution (fan out), as the stem's.

What the original had that ours lacks: the whole network pre-trained on MS-Celeb-1M (12,666 people),
where ours starts from face weights in the stem alone, up to layer2; and its own recipe: SGD 0.01,
batch 128 (the logs' step counts say 256 for AffectNet with RAF-DB), a tenth every 15 epochs of 100
(AffectNet: of 20), weight decay 1e-4, RandomResizedCrop of 8 to 100 % of the face, flips. Its
accuracy is the best epoch on the test set. Parameters with ResNet-18 at 7 classes: 50,547,214.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fer_bench.errors import FerBenchError
from fer_bench.models import PresetLine, register_presets
from fer_bench.models.backbone_base import CONV_3X
from fer_bench.models.backbones import LAYOUTS, ResNet, feature_side
from fer_bench.models.base import FERModel, ModelConfig, Normalise, Output
from fer_bench.models.layers import conv_norm, quadrants

SCALES = 4


@dataclass(frozen=True, kw_only=True)
class MaNetConfig(ModelConfig):
    """Options of MA-Net; the defaults are the paper's.

    Args:
        blocks: blocks in each of the two layers of either branch.
        local: weight of the local branch in logits and loss; the global one has the rest.
    """

    backbone: str = "resnet18"
    input: str = "unit"
    blocks: int = 2
    local: float = 0.6

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.local < 1:
            raise FerBenchError(f"local must lie between 0 and 1, got {self.local}")
        if self.blocks < 1:
            raise FerBenchError(f"blocks must be at least 1, got {self.blocks}")
        side = feature_side(self.size, CONV_3X, self.source_network)
        if side % 2:
            raise FerBenchError(
                f"a face of {self.size} px gives a map of {side} x {side}, which has no equal "
                f"quadrants: set size to a multiple of 16, e.g. {self.size // 16 * 16 + 16}"
            )


class Cbam(nn.Module):
    """Channel, then spatial attention: (B, C, h, w) to the same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        few = max(1, channels // 16)
        self.channel = nn.Sequential(nn.Linear(channels, few), nn.ReLU(), nn.Linear(few, channels))
        self.spatial = conv_norm(2, 1, 7)
        self.spatial[1].momentum = 0.01  # type: ignore[assignment]

    def forward(self, x: Tensor) -> Tensor:
        """The weighed map."""
        channel = self.channel(x.mean((2, 3))) + self.channel(x.amax((2, 3)))
        x = x * torch.sigmoid(channel)[:, :, None, None]
        plane = torch.stack([x.amax(1), x.mean(1)], 1)
        weighed: Tensor = x * torch.sigmoid(self.spatial(plane))
        return weighed


class _Residual(nn.Module):
    """ReLU(body + shortcut)."""

    def __init__(self, inside: int, outside: int, stride: int) -> None:
        super().__init__()
        same = stride == 1 and inside == outside
        self.shortcut = nn.Identity() if same else conv_norm(inside, outside, 1, stride)
        self.first = conv_norm(inside, outside, 3, stride)

    def body(self, u: Tensor) -> Tensor:
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.body(F.relu(self.first(x))) + self.shortcut(x))


class AttentionBlock(_Residual):
    """A basic block with CBAM on its residual."""

    def __init__(self, inside: int, outside: int, stride: int) -> None:
        super().__init__(inside, outside, stride)
        self.second = conv_norm(outside, outside, 3)
        self.attention = Cbam(outside)

    def body(self, u: Tensor) -> Tensor:
        """What is added to the shortcut, of u."""
        weighed: Tensor = self.attention(self.second(u))
        return weighed


class MultiScaleBlock(_Residual):
    """Quarters of the channels that see each other upwards and downwards."""

    def __init__(self, inside: int, outside: int, stride: int) -> None:
        super().__init__(inside, outside, stride)
        width = outside // SCALES
        self.up = nn.ModuleList(conv_norm(width, width, 3) for _ in range(SCALES))
        self.down = nn.ModuleList(conv_norm(width, width, 3) for _ in range(SCALES))

    def body(self, u: Tensor) -> Tensor:
        """What is added to the shortcut, of u."""
        parts = u.chunk(SCALES, 1)
        up, down = [self.up[0](parts[0])], [self.down[-1](parts[-1])]
        for i in range(1, SCALES):
            up.append(self.up[i](F.relu(up[-1]) + parts[i]))
        for i in reversed(range(SCALES - 1)):
            down.append(self.down[i](F.relu(down[-1]) + parts[i]))
        return torch.cat(up, 1) + torch.cat(down[::-1], 1)


def _branch(block: type[_Residual], channels: int, last_stride: int, count: int) -> nn.Sequential:
    half, whole = 2 * channels, 4 * channels
    return nn.Sequential(
        block(channels, half, 2),
        *(block(half, half, 1) for _ in range(count - 1)),
        block(half, whole, last_stride),
        *(block(whole, whole, 1) for _ in range(count - 1)),
    )


class MaNet(FERModel):
    """MA-Net on the stem of a ResNet."""

    def __init__(self, num_classes: int, config: MaNetConfig) -> None:
        super().__init__()
        self.weight = config.local
        channels = LAYOUTS[config.backbone].channels(CONV_3X)
        self.normalise = Normalise(config.input)
        self.backbone = ResNet(config.backbone, CONV_3X, config.source_network)
        self.quadrants = nn.ModuleList(
            _branch(AttentionBlock, channels, 1, config.blocks) for _ in range(4)
        )
        self.whole = _branch(MultiScaleBlock, channels, 2, config.blocks)
        self.fc_local = nn.Linear(4 * channels, num_classes)
        self.fc_global = nn.Linear(4 * channels, num_classes)
        for branch in (self.quadrants, self.whole):
            for module in branch.modules():
                if isinstance(module, nn.Conv2d):
                    nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images: Tensor) -> Output:
        """Classify (B, 3, size, size) RGB in [0, 1]; the heads are l1 (local) and l2 (global)."""
        features = self.backbone(self.normalise(images))[CONV_3X]
        # GAP over the maps put together is the mean of their GAPs.
        cut = zip(self.quadrants, quadrants(features), strict=True)
        maps = [net(part) for net, part in cut]
        local = self.fc_local(torch.stack([m.mean((2, 3)) for m in maps]).mean(0))
        whole = self.fc_global(self.whole(features).mean((2, 3)))
        return Output(self.weight * local + (1 - self.weight) * whole, (local, whole))

    def loss(self, output: Output, target: Tensor, class_weight: Tensor | None = None) -> Tensor:
        """The branches' cross-entropies, weighed."""
        local, whole = (self.cross_entropy(head, target, class_weight) for head in output.heads)
        return self.weight * local + (1 - self.weight) * whole


register_presets(
    MaNet,
    PresetLine("ma_net", MaNetConfig(), "msceleb",
        "MA-Net: attention in four quadrants and multi-scale blocks on a ResNet-18 stem."),
    PresetLine("ma_net_small", MaNetConfig(blocks=1), "msceleb",
        "MA-Net with half of the blocks."),
)  # fmt: skip
