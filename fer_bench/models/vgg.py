"""The first layers of VGG-16 with batch normalisation, under torchvision's names.

Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition", 2015.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from fer_bench.models.backbone_base import Backbone, load_equal

CONV4_2: tuple[int | str, ...] = (64, 64, "pool", 128, 128, "pool", 256, 256, 256, "pool", 512, 512)
"""The nine convolutions up to conv4_2: stride 8, 512 channels."""


class Vgg16(Backbone):
    """VGG-16 with batch normalisation up to conv4_2; its one map is called `conv4_2`."""

    channels = 512

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inside = 3
        for width in CONV4_2:
            if isinstance(width, str):
                layers.append(nn.MaxPool2d(2))
                continue
            layers += [nn.Conv2d(inside, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()]
            inside = width
        self.features = nn.Sequential(*layers)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """The map (B, 512, H/8, W/8) of a normalised image (B, 3, H, W)."""
        return {"conv4_2": self.features(x)}

    def published(self) -> set[str]:
        """The names under which its weights are published."""
        return set(self.state_dict())

    def load_pretrained(self, state: Mapping[str, Tensor]) -> None:
        """Load these layers from the weights of a whole VGG-16 with batch normalisation.

        Raises:
            FerBenchError: they do not fit; the network is then left as it was.
        """
        deeper = tuple(f"features.{i}." for i in range(len(self.features), 44))
        load_equal(self, state, (*deeper, "classifier."), "vgg16_bn up to conv4_2")
