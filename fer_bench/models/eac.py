"""EAC: the attention of a face and of its mirror image should agree, with parts of both erased.

Zhang, Wang, Ling and Deng, "Learn from all: erasing attention consistency for noisy label facial
expression recognition", ECCV 2022. Written from the paper's description.

- In training each face is erased at random (`erasing.py`) and mirrored. Both pass the backbone,
  with last maps F and F'. Logits come from F alone: W GAP(F) + b (the "imbalanced framework").
- Attention maps of every class, M_k = Σ_c W_kc F_c and M' likewise of F' with the same W.
- L = cross-entropy + λ L_c, L_c = mean over faces, classes and positions of (M - mirror(M'))², λ =
  5.

At inference it is the backbone, pooling and one linear layer: the same network as a baseline.

As the released code (github.com/zyh-uiaaaa/Erasing-Attention-Consistency, read in public copies and
in the later code of its author): the two views pass one after the other, each with its own batch
statistics; both take gradient from L_c, W takes none (`map_gradient: features`; `all` lets it);
erasing with probability 0.5, 2 to 25 % of the area, after normalisation and before the mirroring,
so that both views lack the same part. (For lists of wrong labels that code erases the mirrored
view apart from the first, which ours does not.)

What the original had that ours lacks: Adam (1e-4, weight decay 1e-4, ×0.9 an epoch, batch 32, 60
epochs; Gaussian noise on half of the first views, no flips), where ours is the benchmark's SGD
recipe and augmentation. Its ResNet-50 starts from the file that `fer-bench weights add
vggface2_resnet50` takes. It logs the test accuracy of every epoch and has no separate validation.
Its FERPlus number is of seven classes, its AffectNet number of a balanced sampler and faces that
were prepared otherwise (issue 21 there). Parameters with ResNet-50 at 8 classes: 23,524,424.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fer_bench.errors import FerBenchError
from fer_bench.models import register
from fer_bench.models.backbones import LAYOUTS, ResNet
from fer_bench.models.base import FERModel, ModelConfig, Normalise, Output
from fer_bench.models.erasing import erase


@dataclass(frozen=True, kw_only=True)
class EacConfig(ModelConfig):
    """Options of EAC; the defaults are the paper's.

    Args:
        consistency: λ, the weight of the consistency loss.
        erasing: probability that a training face is erased.
        erase_least, erase_most: the erased share of the area.
        map_gradient: what the consistency loss trains: `features` (released code) or `all`, the
            classifier's weights too.
    """

    consistency: float = 5.0
    erasing: float = 0.5
    erase_least: float = 0.02
    erase_most: float = 0.25
    map_gradient: str = "features"

    choices: ClassVar[dict[str, tuple[str, ...]]] = {
        **ModelConfig.choices,
        "map_gradient": ("features", "all"),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.erasing <= 1:
            raise FerBenchError(f"erasing must lie in [0, 1], got {self.erasing}")
        if not 0 < self.erase_least <= self.erase_most <= 1:
            raise FerBenchError(
                "erase_least and erase_most must lie in (0, 1] and in this order, got "
                f"{self.erase_least} and {self.erase_most}"
            )


class Eac(FERModel):
    """EAC on a ResNet."""

    def __init__(self, num_classes: int, config: EacConfig) -> None:
        super().__init__()
        self.config = config
        self.normalise = Normalise(config.input)
        self.backbone = ResNet(config.backbone, source_network=config.source_network)
        self.fc = nn.Linear(LAYOUTS[config.backbone].channels("layer4"), num_classes)

    def forward(self, images: Tensor) -> Output:
        """Classify (B, 3, H, W) RGB in [0, 1]; any size.

        In training mode `extra` has `maps` and `mirrored`, both (B, K, h, w): the attention maps of
        the face and those of its mirror image, mirrored back.
        """
        x = self.normalise(images)
        extra: dict[str, Tensor] = {}
        if self.training:
            config = self.config
            x = erase(x, config.erasing, (config.erase_least, config.erase_most))
        features = self.backbone(x)["layer4"]
        if self.training:
            mirrored = self.attention_maps(self.backbone(x.flip(3))["layer4"]).flip(3)
            extra = {"maps": self.attention_maps(features), "mirrored": mirrored}
        logits = self.fc(features.mean((2, 3)))
        return Output(logits, (logits,), extra)

    def attention_maps(self, features: Tensor) -> Tensor:
        """M (B, K, h, w) of every class."""
        weight = self.fc.weight
        if self.config.map_gradient == "features":
            weight = weight.detach()
        return torch.einsum("kc,bchw->bkhw", weight, features)

    def loss(self, output: Output, target: Tensor, class_weight: Tensor | None = None) -> Tensor:
        """Cross-entropy + λ L_c; cross-entropy alone of what evaluation mode gave."""
        loss = self.cross_entropy(output.logits, target, class_weight)
        if "maps" not in output.extra:
            return loss
        return loss + self.config.consistency * F.mse_loss(
            output.extra["maps"], output.extra["mirrored"]
        )


@register(EacConfig(), pretrained="vggface2")
def eac(num_classes: int, config: EacConfig) -> FERModel:
    """Erasing attention consistency: a ResNet whose maps of a face and its mirror image agree."""
    return Eac(num_classes, config)
