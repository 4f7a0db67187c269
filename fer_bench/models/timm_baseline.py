"""Any network of timm as a baseline: `timm_<name>`, e.g. `timm_convnext_tiny`.

The network without its classifier, its own pooling, one linear layer, cross-entropy: what
`baseline1` is with a ResNet. The name holds the backbone, so a dataset's choice of one (a small one
for small faces) does not apply. Networks that timm builds for one size of image are built for the
faces' size. Input is normalised by ImageNet's mean and std (`input: half` for 0.5).

It starts from random weights; `pretrained: imagenet` in params takes the weights that timm
publishes for the name, added with `fer-bench weights add imagenet_timm_<name>`. They differ in
data, recipe and normalisation from network to network (many transformers were trained with mean and
std 0.5): read timm's card before comparing.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from fer_bench.models import Member, register_family
from fer_bench.models.backbone_base import TIMM
from fer_bench.models.base import FERModel, ModelConfig, Normalise, Output
from fer_bench.models.timm_nets import TimmPooled, check_timm


@dataclass(frozen=True, kw_only=True)
class TimmConfig(ModelConfig):
    """Options of a timm baseline; `backbone` is the model's name."""

    backbone: str = f"{TIMM}resnet18"
    input: str = "imagenet"

    takes_timm = True


class TimmBaseline(FERModel):
    """A network of timm and a linear classifier."""

    def __init__(self, num_classes: int, config: TimmConfig) -> None:
        super().__init__()
        self.normalise = Normalise(config.input)
        backbone = TimmPooled(config.backbone, config.size)
        self.backbone = backbone
        self.fc = nn.Linear(backbone.width, num_classes)

    def forward(self, images: Tensor) -> Output:
        """Classify (B, 3, size, size) RGB in [0, 1]."""
        logits = self.fc(self.backbone(self.normalise(images))["pooled"])
        return Output(logits, (logits,))


@register_family(TIMM)
def timm_baseline(name: str) -> Member:
    """The baseline on one of timm's networks."""
    summary = f"timm's {check_timm(name)}, pooling and one linear layer."
    return Member(TimmConfig(backbone=name), TimmBaseline, summary)
