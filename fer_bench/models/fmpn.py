"""FMPN: a mask of where expressions move a face is learned, and guides what is classified.

Chen, Wang, Chen, Shi, Geng, Ju and Tao, "Facial motion prior networks for facial expression
recognition", VCIP 2019. Written from the paper's description, with the layers' sizes as the
released code has them (donydchen/FMPN-FER).

- Mask M of a grey face g in [0, 1]: Conv7x7 to 64 channels; two Conv4x4 of stride 2 to 128 and 256;
  four residual blocks, x + PReLU(BN(Conv3x3 PReLU(BN(Conv3x3 x)))); two transposed Conv4x4 of
  stride 2 back to 128 and 64, each layer with BN and ReLU; Conv7x7 to one channel, sigmoid.
- Fusion of the face x and the focus M ⊙ g: u = ReLU(BN(Conv3x3 x)) + ReLU(BN(Conv3x3 (M ⊙ g))), of
  3 channels, a residual block, Conv3x3, sigmoid; Inception-v3, Linear.
- L = cross-entropy + 0.1 mean (M - target)². Before that M is learned alone (`alone` epochs).
- What is not pre-trained starts from Xavier's normal distribution times 0.02, and what batch norms
  multiply by from a normal one of deviation 0.02 around 1, as released.

The target is of the face's class, from the faces to learn from alone (`training/image_targets.py`).
`prior: pairs` is the paper's, a mean of |peak - neutral| over pairs of a person, and refuses sets
whose people are unknown or lack a neutral face. `prior: class_means`, |mean of the class - mean of
the neutral class|, is ours and needs the neutral class alone.

Our reading: the sigmoid's image is normalised by 0.5, as Inception-v3's weights want it (as
released, it is taken for one that ImageNet's statistics have normalised). A ResNet can take
Inception's place.

What the original had that ours lacks: the mask alone first, for 300 epochs, then all of it for 200
with a tenth of the rate for the mask's network (`fmpn_own_recipe` has the epochs, and one rate);
one of five crops, ours anywhere; on CK+ sequences with contempt and without neutral ones, in ten
folds. Its AffectNet masks were not released. Its last epoch is what is tested. Parameters at 7
classes: 27,841,256.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fer_bench.errors import FerBenchError
from fer_bench.models import PresetLine, register_presets
from fer_bench.models.backbones import LAYOUTS, ResNet
from fer_bench.models.base import FERModel, ModelConfig, Normalise, Output
from fer_bench.models.layers import conv_norm, grey
from fer_bench.models.timm_nets import TimmPooled

INCEPTION, GAIN = "timm_inception_v3", 0.02
TARGETS = {"class_means": "class_means", "pairs": "class_pairs"}


@dataclass(frozen=True, kw_only=True)
class FmpnConfig(ModelConfig):
    """Options of FMPN.

    Args:
        prior: what the mask is taught: `class_means`, or `pairs` (the paper).
        width: channels of the mask's first layer (64).
        blocks: residual blocks of the mask's network (4).
        side: pixels that faces are brought to, 299 in the original; 0 for as they are.
        motion: weight of the mask's loss beside the cross-entropy.
        alone: epochs at the beginning in which the mask alone is learned.
    """

    backbone: str = INCEPTION
    prior: str = "class_means"
    width: int = 64
    blocks: int = 4
    side: int = 0
    motion: float = 0.1
    alone: int = 0

    choices: ClassVar[dict[str, tuple[str, ...]]] = {
        **ModelConfig.choices,
        "backbone": (INCEPTION, *LAYOUTS),
        "prior": tuple(TARGETS),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.width < 1:
            raise FerBenchError(f"width must be at least 1, got {self.width}")
        for name in ("blocks", "side", "motion", "alone"):
            if getattr(self, name) < 0:
                raise FerBenchError(f"{name} must be at least 0, got {getattr(self, name)}")


class Residual(nn.Module):
    """x + PReLU(BN(Conv PReLU(BN(Conv x))))."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        layers = (
            part for _ in range(2) for part in (*conv_norm(channels, channels, 3), nn.PReLU())
        )
        self.body = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """The sum, of x's shape."""
        total: Tensor = x + self.body(x)
        return total


class MaskNet(nn.Module):
    """How much each place of a grey face should move."""

    def __init__(self, width: int, blocks: int) -> None:
        super().__init__()
        widths = (width, 2 * width, 4 * width)
        self.first = nn.Sequential(*conv_norm(1, width, 7), nn.ReLU())
        self.down, self.up, self.norms = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for few, many in pairwise(widths):
            conv = nn.Conv2d(few, many, 4, 2, padding=1, bias=False)
            self.down.append(nn.Sequential(conv, nn.BatchNorm2d(many), nn.ReLU()))
            self.up.insert(0, nn.ConvTranspose2d(many, few, 4, 2, padding=1, bias=False))
            self.norms.insert(0, nn.BatchNorm2d(few))
        self.blocks = nn.Sequential(*(Residual(widths[-1]) for _ in range(blocks)))
        self.last = nn.Conv2d(width, 1, 7, padding=3, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 1, H, W) in [0, 1] to the same."""
        x, sides = self.first(x), []
        for net in self.down:
            sides.append(x.shape[2:])
            x = net(x)
        x = self.blocks(x)
        for net, norm, side in zip(self.up, self.norms, reversed(sides), strict=True):
            x = F.relu(norm(net(x, output_size=side)))
        return torch.sigmoid(self.last(x))


class Fusion(nn.Module):
    """A face and its focus as one image."""

    def __init__(self) -> None:
        super().__init__()
        self.face, self.focus = (
            nn.Sequential(*conv_norm(inside, 3, 3), nn.ReLU()) for inside in (3, 1)
        )
        self.last = nn.Sequential(Residual(3), nn.Conv2d(3, 3, 3, padding=1, bias=False))

    def forward(self, face: Tensor, focus: Tensor) -> Tensor:
        """(B, 3, H, W) and (B, 1, H, W) to (B, 3, H, W) in [0, 1]."""
        return torch.sigmoid(self.last(self.face(face) + self.focus(focus)))


class Fmpn(FERModel):
    """FMPN."""

    def __init__(self, num_classes: int, config: FmpnConfig) -> None:
        super().__init__()
        self.config, self.alone = config, False
        self.targets = (TARGETS[config.prior],)  # type: ignore[misc]  # by the model's options
        self.mask, self.fusion = MaskNet(config.width, config.blocks), Fusion()
        self.normalise = Normalise(config.input)
        self.backbone: TimmPooled | ResNet
        if config.backbone == INCEPTION:
            self.backbone = TimmPooled(config.backbone, config.side or config.size)
            width = self.backbone.width
        else:
            self.backbone = ResNet(config.backbone, source_network=config.source_network)
            width = self.backbone.channels("layer4")
        self.fc = nn.Linear(width, num_classes)
        for part in (self.mask, self.fusion, self.fc):
            part.apply(_start)

    def forward(
        self,
        images: Tensor,
        class_means: Tensor | None = None,
        class_pairs: Tensor | None = None,
    ) -> Output:
        """Classify (B, 3, size, size) RGB in [0, 1].

        `extra` has the `mask` (B, 1, side, side) and, in training, the `target` of its shape.

        Args:
            images: faces.
            class_means: (B, 1, size, size), what the mask is taught, as `prior` says.
            class_pairs: likewise.
        """
        images = self._resized(images)
        plane = grey(images, images.shape[-1])
        mask = self.mask(plane)
        maps = self.backbone(self.normalise(self.fusion(images, mask * plane)))
        pooled = maps["pooled"] if "pooled" in maps else maps["layer4"].mean((2, 3))
        logits, extra = self.fc(pooled), {"mask": mask}
        target = class_means if class_pairs is None else class_pairs
        if target is not None:
            extra["target"] = self._resized(target)
        return Output(logits, (logits,), extra)

    def _resized(self, images: Tensor) -> Tensor:
        side = self.config.side
        if side in (0, images.shape[-1]):
            return images
        return F.interpolate(images, (side, side), mode="bilinear", antialias=True)

    def start_epoch(self, epoch: int) -> None:
        """Enter training mode, with or without the classification."""
        super().start_epoch(epoch)
        self.alone = epoch < self.config.alone

    def loss(self, output: Output, target: Tensor, class_weight: Tensor | None = None) -> Tensor:
        """Cross-entropy and the weighed square error of the mask, or that error alone."""
        loss = self.cross_entropy(output.logits, target, class_weight)
        if "target" not in output.extra:
            return loss
        motion = F.mse_loss(output.extra["mask"], output.extra["target"])
        # Nothing times the entropy: every parameter has a gradient, as several processes need.
        return motion + 0 * loss if self.alone else loss + self.config.motion * motion


def _start(module: nn.Module) -> None:
    """Draw the weights of one layer."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.xavier_normal_(module.weight, GAIN)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, GAIN)


register_presets(
    Fmpn,
    PresetLine("fmpn", FmpnConfig(), "imagenet",
        "FMPN: a mask of where the face's class moves guides Inception-v3."),
    PresetLine("fmpn_pairs", FmpnConfig(prior="pairs"), "imagenet",
        "FMPN with the paper's masks, which need a neutral face of each person."),
    PresetLine("fmpn_small", FmpnConfig(backbone="resnet18_slim", width=8, side=48), "identity",
        "FMPN on faces of 48 px, with an eighth of the mask's channels and a slim ResNet-18."),
)  # fmt: skip
