"""The paper's baselines: a whole ResNet fine-tuned with cross-entropy (section 6.1, Table 1).

Our reading: ResNet-50 at 224 px, global average pooling, one linear layer; alignment,
augmentation, sampler and schedule as for SCAN-CCI. The paper prints no learning rates for them:
`baseline*` take SCAN-CCI's (body 1e-4, head the dataset's), `baseline*_tuned` 1e-2 throughout.

Parameters with ResNet-50 at 8 classes: 23,524,424.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from fer_bench.models import PresetLine, register_presets
from fer_bench.models.backbones import LAYOUTS, ResNet
from fer_bench.models.base import FERModel, ModelConfig, Normalise, Output

TUNED: dict[str, Any] = {"backbone_lr": 0.01, "heads_lr": 0.01}


class Baseline(FERModel):
    """ResNet, global average pooling, linear classifier."""

    def __init__(self, num_classes: int, config: ModelConfig) -> None:
        super().__init__()
        self.normalise = Normalise(config.input)
        self.backbone = ResNet(config.backbone, source_network=config.source_network)
        self.fc = nn.Linear(LAYOUTS[config.backbone].channels("layer4"), num_classes)

    def forward(self, images: Tensor) -> Output:
        """Classify (B, 3, H, W) RGB in [0, 1]; any size."""
        features = self.backbone(self.normalise(images))["layer4"].mean((2, 3))
        logits = self.fc(features)
        return Output(logits, (logits,))


register_presets(
    Baseline,
    PresetLine("baseline1", ModelConfig(), None, "ResNet trained from scratch (Table 1)."),
    PresetLine("baseline2", ModelConfig(), "imagenet", "ResNet pre-trained on ImageNet (Table 1)."),
    PresetLine("baseline3", ModelConfig(), "vggface2", "ResNet pre-trained on VGGFace2 (Table 1)."),
    PresetLine("baseline_identity", ModelConfig(), "identity",
        "ResNet pre-trained to tell apart the people of a dataset's train split (ours)."),
    PresetLine("baseline1_tuned", ModelConfig(), None,
        "ResNet from scratch, one learning rate of 0.01 for all layers (ours).", TUNED),
    PresetLine("baseline2_tuned", ModelConfig(), "imagenet",
        "ResNet from ImageNet, one learning rate of 0.01 for all layers (ours).", TUNED),
    PresetLine("baseline3_tuned", ModelConfig(), "vggface2",
        "ResNet from VGGFace2, one learning rate of 0.01 for all layers (ours).", TUNED),
    PresetLine("baseline_identity_tuned", ModelConfig(), "identity",
        "ResNet from identity weights, one learning rate of 0.01 for all layers (ours).", TUNED),
)  # fmt: skip
