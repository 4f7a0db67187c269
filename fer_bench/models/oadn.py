"""OADN: attention at the landmarks that are seen, and four regions that predict by themselves.

Ding, Zhou and Chellappa, "Occlusion-adaptive deep network for robust facial expression
recognition", IJCB 2020. Written from the paper's description.

- Features F: ResNet-50 whose last stage keeps its input's side (stride 1), 2048 x 14 x 14.
- Landmark-guided attention: for each of 24 points a Gaussian of height 1 around its place, times
  its confidence p where p >= T, else 0 (T = 0.6). v_i = GAP(A_i ⊙ F); the maximum over the points,
  channel by channel; a linear layer of 256 and the classifier.
- Facial regions: F is cut into 2 x 2 blocks; GAP, a linear layer of 256 that all share, and a
  classifier for each.
- L = λ L_landmarks + (1 - λ) · mean of the regions' L_i, all cross-entropies. The five heads' mean
  logits predict.

There is no official code. A re-run by others (1980x/SCAN-CCI-FER, `OADN`) has the same T, maximum,
layers of 256 with ReLU, four regions and last stage. Our reading, where it differs or the paper is
not at hand:

| | ours | the re-run |
|---|---|---|
| λ | 0.5, and the regions' mean | 0.2, and their sum (0 for RAF-DB) |
| standard deviation of a Gaussian | 1/14 of the side: one cell of the map | 10.75 px of the image |
| height of a Gaussian | p | 1 |
| the regions' classifiers | one each | one for all |
| who predicts | all five heads | the four regions |

What the original had that ours lacks: a landmark detector whose confidence falls where a point is
covered. Ours has five landmarks; the 24 points come from a mean face and their confidence from the
turn of the head (`faces/face_points.py`), so that a covered point in a frontal face still counts.
In pictures that are taken as they are, five are looked for by `align.<source>.points: detected`.
By `align.<source>.points: face_landmark_68` a small network of 68 points places them
(`faces/face_landmarks.py`); it has no confidences either.
Its ResNet-50 starts from face weights (VGGFace2), as ours does where the file is added. In the
re-run's log of AffectNet the landmark branch learned nothing (loss ln 8; its maps are not mirrored
with the face); ours is tested to learn. Parameters with ResNet-50 at 8 classes: 24,567,400.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from fer_bench.errors import FerBenchError
from fer_bench.models import register
from fer_bench.models.backbones import LAYOUTS, ResNet
from fer_bench.models.base import FERModel, ModelConfig, Normalise, Output
from fer_bench.models.of_points import PointsModel
from fer_bench.models.partition import partition

REGIONS_A_SIDE = 2
WIDTH = 256


@dataclass(frozen=True, kw_only=True)
class OadnConfig(ModelConfig):
    """Options of OADN; the defaults are the paper's or, where it is silent, ours.

    Args:
        threshold: T, the least confidence of a point that counts.
        lam: λ, the weight of the landmark branch.
        spread: standard deviation of the Gaussians as a share of the side.
    """

    threshold: float = 0.6
    lam: float = 0.5
    spread: float = 1 / 14

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("threshold", "lam"):
            if not 0 <= getattr(self, name) <= 1:
                raise FerBenchError(f"{name} must lie in [0, 1], got {getattr(self, name)}")
        if not 0 < self.spread <= 1:
            raise FerBenchError(f"spread must lie in (0, 1], got {self.spread}")


def attention_maps(points: Tensor, side: int, spread: float, threshold: float) -> Tensor:
    """A (B, P, side, side): each point's Gaussian times its confidence where that suffices.

    Args:
        points: (B, P, 3): x and y as shares of the side, confidence.
        side: of the map; cell i has its middle at (i + 0.5) / side.
        spread: standard deviation as a share of the side.
        threshold: T.
    """
    middles = (torch.arange(side, device=points.device) + 0.5).to(points.dtype) / side
    x, y, confidence = points.unbind(2)
    across = (-((middles - x[..., None]) ** 2) / (2 * spread**2)).exp()
    down = (-((middles - y[..., None]) ** 2) / (2 * spread**2)).exp()
    counts = torch.where(confidence >= threshold, confidence, 0.0)
    return counts[..., None, None] * down[..., :, None] * across[..., None, :]


def keep_side(backbone: ResNet) -> None:
    """Set the stride of a ResNet's last stage to 1."""
    for module in backbone.get_submodule("layer4").modules():
        if isinstance(module, nn.Conv2d):
            module.stride = (1, 1)


class Oadn(PointsModel):
    """OADN on a ResNet."""

    def __init__(self, num_classes: int, config: OadnConfig) -> None:
        super().__init__()
        self.config = config
        channels = LAYOUTS[config.backbone].channels("layer4")
        self.normalise = Normalise(config.input)
        backbone = ResNet(config.backbone, source_network=config.source_network)
        keep_side(backbone)
        self.backbone = backbone
        self.landmarks = nn.Sequential(
            nn.Linear(channels, WIDTH), nn.ReLU(), nn.Linear(WIDTH, num_classes)
        )
        self.shared = nn.Sequential(nn.Linear(channels, WIDTH), nn.ReLU())
        self.regions = nn.ModuleList(
            nn.Linear(WIDTH, num_classes) for _ in range(REGIONS_A_SIDE**2)
        )

    def forward(self, images: Tensor, points: Tensor | None = None) -> Output:
        """Classify (B, 3, S, S) RGB in [0, 1].

        Heads: the landmark branch, then the regions row by row.

        Args:
            images: faces.
            points: (B, 24, 3), see `face_points`; a mean face's where there are none.
        """
        features = self.backbone(self.normalise(images))["layer4"]
        points = self.known(points, len(images))
        side, config = features.shape[-1], self.config
        maps = attention_maps(points, side, config.spread, config.threshold)
        vectors = torch.einsum("bphw,bchw->bpc", maps, features) / side**2
        blocks = [block.mean((3, 4)) for block in partition(features, REGIONS_A_SIDE)]
        regions = self.shared(torch.cat(blocks, 1)).unbind(1)
        heads = [self.landmarks(vectors.amax(1))]
        heads += [head(region) for head, region in zip(self.regions, regions, strict=True)]
        return Output(torch.stack(heads).mean(0), tuple(heads))

    def loss(self, output: Output, target: Tensor, class_weight: Tensor | None = None) -> Tensor:
        """λ L_landmarks + (1 - λ) · mean of the regions' cross-entropies."""
        parts = [self.cross_entropy(head, target, class_weight) for head in output.heads]
        lam = self.config.lam
        return lam * parts[0] + (1 - lam) * torch.stack(parts[1:]).mean()


@register(OadnConfig(), pretrained="vggface2")
def oadn(num_classes: int, config: OadnConfig) -> FERModel:
    """Occlusion-adaptive network: attention at seen landmarks and four regions, on ResNet-50."""
    return Oadn(num_classes, config)
