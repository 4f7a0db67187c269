"""DeRL: what a network leaves behind when it draws the person's neutral face is the expression.

Yang, Ciftci and Yin, "Facial expression recognition by de-expression residue learning", CVPR 2018.
Remade from the paper's abstract and from memory: its text was not at hand, and no code was found.
What is not in the abstract is marked [recalled], or [ours] where a number was needed and nothing is
known.

- A conditional GAN learns to draw the same person's neutral face; then its generator is fixed, and
  what is left in its intermediate layers is classified.
- Generator as of pix2pix [recalled], on a face of 64 x 64 [ours]: four Conv4x4 of stride 2 to 64,
  128, 256 and 512 channels, BN, LeakyReLU 0.2; Conv4x4 to one cell of 512; the way back by
  transposed convolutions, BN, ReLU; sigmoid [all ours]. Nothing leads past its bottleneck.
- Discriminator of the face and the drawn or true neutral face: three Conv4x4 of stride 2 to 64, 128
  and 256 channels, LeakyReLU 0.2, from the second on with BN, and Conv4x4 to one number a place
  [ours].
- L_draw = |G(x) - neutral| + 0.01 L_cGAN: pix2pix's share [ours; the form recalled]. The generator
  is trained against the discriminator's gradient turned round, so that a step trains both [ours].
- Residue: the maps that enter and leave the bottleneck at sides of 32, 16, 8 and 4, two by two
  [recalled]; Conv3x3 to 64 channels, BN, ReLU, max pooling to 4 x 4, Linear to 128, ReLU, Linear
  [kinds recalled, sizes ours]. A fifth classifier reads all four layers of 128 [recalled], and is
  what predicts [ours].
- L = L_draw + the mean of five cross-entropies [recalled as a weighted sum, weights ours]. No
  gradient of theirs reaches the generator.

Both are learned from the first epoch on, since a dataset's recipe has few; `drawing` is the number
of epochs after which the generator is fixed, as in the original, 0 for never [ours].

It needs a neutral face of each person in training, and refuses sets without; at test it sees one
face. What the original had that ours lacks: everything above that is ours; pre-training on BU-4DFE
and BP4D-spontaneous; on CK+ the last three frames of each sequence and the first as the neutral
face, in ten folds [recalled]. Its recipe is not known here. Parameters at 7 classes: 16,209,511. Of
them 666,433 are the discriminator's, which has no part in a test.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn

from fer_bench.errors import FerBenchError
from fer_bench.models import PresetLine, register_presets
from fer_bench.models.base import FERModel, Normalise, Output, PlainConfig
from fer_bench.models.layers import conv_norm

SIDE, CELLS, LOCAL, HIDDEN, SLOPE = 64, 4, 64, 128, 0.2
SIDES = (32, 16, 8, 4)


@dataclass(frozen=True, kw_only=True)
class DerlConfig(PlainConfig):
    """Options of DeRL.

    Args:
        width: channels of the generator's first layer (64).
        adversarial: weight of what the discriminator says beside the drawing's error.
        drawing: epochs after which the generator is fixed, 0 for never; one process a cell.
    """

    width: int = 64
    adversarial: float = 0.01
    drawing: int = 0

    choices: ClassVar[dict[str, tuple[str, ...]]] = {**PlainConfig.choices, "input": ("half",)}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.width < 1:
            raise FerBenchError(f"width must be at least 1, got {self.width}")
        for name in ("adversarial", "drawing"):
            if getattr(self, name) < 0:
                raise FerBenchError(f"{name} must be at least 0, got {getattr(self, name)}")


class Generator(nn.Module):
    """A face to the neutral face of the same person, by way of one cell."""

    def __init__(self, width: int) -> None:
        super().__init__()
        widths = [width << i for i in range(len(SIDES))]
        self.encoder = nn.ModuleList(
            _down(few, many, stride=2) for few, many in pairwise((3, *widths))
        )
        self.bottleneck = _down(widths[-1], widths[-1], stride=1)
        self.decoder = nn.ModuleList([_up(widths[-1], widths[-1], stride=1)])
        self.decoder.extend(_up(many, few, stride=2) for few, many in reversed([*pairwise(widths)]))
        self.last = nn.ConvTranspose2d(width, 3, CELLS, 2, padding=1)

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """(B, 3, 64, 64) to the drawn face in [0, 1] and a map of each of `SIDES`."""
        encoded, decoded = [], []
        for net in self.encoder:
            encoded.append(x := net(x))
        x = self.bottleneck(x)
        for net in self.decoder:
            decoded.append(x := net(x))
        maps = [torch.cat(both, 1) for both in zip(encoded, reversed(decoded), strict=True)]
        return torch.sigmoid(self.last(x)), maps


def _down(inside: int, outside: int, stride: int) -> nn.Sequential:
    conv = nn.Conv2d(inside, outside, CELLS, stride, padding=stride - 1, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outside), nn.LeakyReLU(SLOPE))


def _up(inside: int, outside: int, stride: int) -> nn.Sequential:
    conv = nn.ConvTranspose2d(inside, outside, CELLS, stride, padding=stride - 1, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outside), nn.ReLU())


def _discriminator(width: int) -> nn.Sequential:
    first = nn.Conv2d(6, width, CELLS, 2, padding=1)
    rest = (_down(width << i, width << i + 1, stride=2) for i in range(2))
    return nn.Sequential(first, nn.LeakyReLU(SLOPE), *rest, nn.Conv2d(4 * width, 1, CELLS))


def _local(channels: int, side: int) -> nn.Sequential:
    return nn.Sequential(
        *conv_norm(channels, LOCAL, 3), nn.ReLU(), nn.MaxPool2d(side // CELLS), nn.Flatten(),
        nn.Linear(LOCAL * CELLS * CELLS, HIDDEN), nn.ReLU(),
    )  # fmt: skip


class Derl(FERModel):
    """DeRL."""

    targets = ("neutral_face",)

    def __init__(self, num_classes: int, config: DerlConfig) -> None:
        super().__init__()
        self.config = config
        self.normalise = Normalise(config.input)
        self.generator = Generator(config.width)
        self.discriminator = _discriminator(config.width)
        self.locals = nn.ModuleList(
            _local(2 * config.width << i, side) for i, side in enumerate(SIDES)
        )
        self.fcs = nn.ModuleList(nn.Linear(HIDDEN, num_classes) for _ in SIDES)
        self.fc = nn.Linear(HIDDEN * len(SIDES), num_classes)

    def forward(self, images: Tensor, neutral_face: Tensor | None = None) -> Output:
        """Classify (B, 3, H, W) RGB in [0, 1]; any size.

        While the generator learns, `extra` has the `drawn` neutral face (B, 3, 64, 64), how true
        the discriminator holds it (`judged`, (B, 1, 5, 5)) and, where it is given, the `neutral`
        face and `judged_true`.

        Args:
            images: faces.
            neutral_face: (B, 3, H, W), of the same people.
        """
        seen = self.normalise(_small(images))
        drawn, maps = self.generator(seen)
        hidden = [net(m.detach()) for net, m in zip(self.locals, maps, strict=True)]
        logits = self.fc(torch.cat(hidden, 1))
        heads = (logits, *(fc(h) for fc, h in zip(self.fcs, hidden, strict=True)))
        if not self.generator.training:
            return Output(logits, heads)
        # The same numbers, whose gradient is turned round and weighed.
        turned = drawn.detach() - self.config.adversarial * (drawn - drawn.detach())
        extra = {"drawn": drawn, "judged": self._judged(seen, turned)}
        if neutral_face is not None:
            neutral = _small(neutral_face)
            extra |= {"neutral": neutral, "judged_true": self._judged(seen, neutral)}
        return Output(logits, heads, extra)

    def _judged(self, seen: Tensor, neutral: Tensor) -> Tensor:
        judged: Tensor = self.discriminator(torch.cat([seen, self.normalise(neutral)], 1))
        return judged

    def start_epoch(self, epoch: int) -> None:
        """Enter training mode, but for a generator that is fixed by now.

        Raises:
            FerBenchError: it will be fixed, and several processes wait for its gradients.
        """
        super().start_epoch(epoch)
        if self.config.drawing and dist.is_initialized() and dist.get_world_size() > 1:
            raise FerBenchError(
                f"drawing: {self.config.drawing}: several processes cannot go on once the "
                "generator is fixed: set compute.devices to 1 in params.yaml, or drawing to 0"
            )
        fixed = 0 < self.config.drawing <= epoch
        for part in (self.generator, self.discriminator):
            part.requires_grad_(not fixed).train(not fixed)

    def loss(self, output: Output, target: Tensor, class_weight: Tensor | None = None) -> Tensor:
        """The mean of five cross-entropies and, while the generator learns, L_draw."""
        extra = output.extra
        entropies = [self.cross_entropy(head, target, class_weight) for head in output.heads]
        loss = torch.stack(entropies).mean()
        if "judged" in extra:
            loss = loss + F.softplus(extra["judged"]).mean()
        if "neutral" in extra:
            loss = loss + F.softplus(-extra["judged_true"]).mean()
            loss = loss + F.l1_loss(extra["drawn"], extra["neutral"])
        return loss


def _small(images: Tensor) -> Tensor:
    return F.interpolate(images, (SIDE, SIDE), mode="bilinear", antialias=True)


register_presets(
    Derl,
    PresetLine("derl", DerlConfig(), None,
        "DeRL, remade from its abstract: what drawing the neutral face leaves behind."),
    PresetLine("derl_small", DerlConfig(width=16), None,
        "DeRL with a quarter of the generator's channels."),
)  # fmt: skip
