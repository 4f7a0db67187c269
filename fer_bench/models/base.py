"""What every model is: its options, its input, its output and its loss."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, NamedTuple, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fer_bench.errors import FerBenchError, nearest
from fer_bench.models.backbone_base import TIMM, Backbone
from fer_bench.models.backbones import LAYOUTS
from fer_bench.models.timm_nets import check_timm

INPUTS = {
    "half": (1.0, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    "imagenet": (1.0, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    # What EfficientFace's released code takes off.
    "rafdb": (1.0, (0.575, 0.449, 0.401), (0.207, 0.190, 0.181)),
    "unit": (1.0, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    # B, G, R: the mean of the VGGFace2 training images in the Caffe network's order.
    "source_network": (255.0, (91.4953, 103.8827, 131.0912), (1.0, 1.0, 1.0)),
}
"""How networks want their input: (factor x - mean) / std of RGB in 0 to 1."""
OWN = "own"
"""The backbone of a network that is its model's alone: no published weights fit it."""
BACKBONE_LR, HEADS_LR = "backbone_lr", "heads_lr"


class Output(NamedTuple):
    """What a forward pass gives."""

    logits: Tensor
    """(B, K), what predicts."""
    heads: tuple[Tensor, ...]
    """The logits (B, K) of every head that tells the same classes, in the model's order."""
    extra: Mapping[str, Tensor] = {}
    """What else the model's own loss reads, by name: (B, ...), e.g. a head for other classes."""


class Preset(NamedTuple):
    """A registered model, without its weights."""

    name: str
    module: str
    defaults: dict[str, Any]
    pretrained: str | None
    recipe: dict[str, Any]
    summary: str
    own_backbone: bool = False
    """Whether the backbone is part of the model, so that a dataset's choice of one, e.g. a small
    one for small faces, does not apply."""


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """The options all families share; a family's config adds its own.

    Args:
        backbone: `resnet50` (the paper), `resnet18` or `resnet18_slim` (quarter width).
        size: input side in pixels.
        input: how [0, 1] RGB is normalised. `half`: mean and std 0.5 (released code); `imagenet`:
            ImageNet's mean and std; `rafdb`: RAF-DB's; `unit`: not at all; `source_network`: as
            the network whose VGGFace2 weights the paper starts from (BGR, 0-255 minus its mean,
            stride on the 1x1, ceil-mode pooling).

    Raises:
        FerBenchError: a value has the wrong type or is none of the choices.
    """

    backbone: str = "resnet50"
    size: int = 224
    input: str = "half"

    choices: ClassVar[dict[str, tuple[str, ...]]] = {
        "backbone": tuple(LAYOUTS),
        "input": tuple(INPUTS),
    }
    takes_timm: ClassVar[bool] = False
    """Whether any `timm_<name>` is a backbone too."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            wanted = type(field.default)
            # An int is a fine float, but True is no fine int.
            fits = type(value) is wanted or (wanted is float and type(value) is int)
            if not fits:
                raise FerBenchError(
                    f"{field.name} must be {wanted.__name__}, got {value!r} ({field.default!r} "
                    "is the default)"
                )
            if self.takes_timm and field.name == "backbone" and value.startswith(TIMM):
                check_timm(value)
                continue
            valid = self.choices.get(field.name)
            if valid is not None and value not in valid:
                raise FerBenchError(f"{field.name}: unknown {value!r}: {nearest(value, valid)}")
        if self.size < 32:
            raise FerBenchError(f"size must be at least 32 pixels, got {self.size}")

    @property
    def source_network(self) -> bool:
        """Whether the backbone is built as the network its face weights come from."""
        return self.input == "source_network"

    def as_dict(self) -> dict[str, Any]:
        """The options and their values."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class PlainConfig(ModelConfig):
    """The options of a network that is none of the backbones: a dataset's choice of one passes by.

    `size` and `input` are as of `ModelConfig`; all of the network trains with `heads_lr` unless its
    `rates` say otherwise.
    """

    backbone: str = OWN

    choices: ClassVar[dict[str, tuple[str, ...]]] = {**ModelConfig.choices, "backbone": (OWN,)}


class Normalise(nn.Module):
    """[0, 1] RGB to what the backbone sees; see `ModelConfig.input`."""

    gain: Tensor
    shift: Tensor

    def __init__(self, kind: str) -> None:
        super().__init__()
        scale, mean, std = INPUTS[kind]
        self.bgr = kind == "source_network"
        # (scale x - mean) / std as gain x + shift: one pass over the images instead of three.
        # Constants, not weights: they stay out of the state dict.
        for name, values in (
            ("gain", [scale / s for s in std]),
            ("shift", [-m / s for m, s in zip(mean, std, strict=True)]),
        ):
            self.register_buffer(name, torch.tensor(values).view(1, 3, 1, 1), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Normalise (B, 3, H, W)."""
        if self.bgr:
            images = images.flip(1)
        return (images * self.gain).add_(self.shift)

    def inverse(self, seen: Tensor) -> Tensor:
        """What is normalised to `seen` (B, 3, H, W)."""
        images = (seen - self.shift) / self.gain
        return images.flip(1) if self.bgr else images


class FERModel(nn.Module, ABC):
    """A classifier of face images, most of them a backbone, and heads that are all else.

    A model that needs more than images and fixed labels says so here; the defaults ask for
    nothing, so that a plain model need not know. The training loop knows no model's name.

    - More of each face: `fields` names what `forward` takes by keyword besides the images.
    - Images to learn to draw: `targets` names what `forward` takes in training alone.
    - Something at each epoch: `start_epoch`.
    - Other labels: `relabel`, called after each training step.
    - Several views of a face: `forward` makes them, in training mode (see `eac.py`).
    - Chance: torch's global generator of the CPU, whose state checkpoints hold.
    - Memory between steps: buffers, which the state dict and so checkpoints hold.
    - Other learning rates: `rates`; none for what is `frozen`.
    """

    backbone: Backbone
    frozen: tuple[str, ...] = ()
    """Parts, by a module's name, that learn nothing: no gradients, no rate, always in evaluation
    mode, so that neither their weights nor their running statistics ever move."""
    label_smoothing: float = 0.0
    """The recipe's, which the training sets."""
    smoothed: bool = False
    """Whether a loss has asked `cross_entropy`: without, the recipe's smoothing would be lost."""
    fields: ClassVar[tuple[str, ...]] = ()
    targets: ClassVar[tuple[str, ...]] = ()
    """What it learns to draw, by name: `fer_bench/training/image_targets.py` says what there is."""
    rates: ClassVar[Mapping[str, str]] = {"backbone": BACKBONE_LR}
    """The learning rate of parts, `backbone_lr` or `heads_lr` by a module's name; that of all else
    is `heads_lr`."""

    @abstractmethod
    def forward(self, images: Tensor) -> Output:
        """Classify `images`: float (B, 3, size, size), RGB in [0, 1].

        A model with `fields` takes each by its name, (B, ...) or None where a caller has none;
        `fer_bench/training/fields.py` says what there is. So with `targets`, None but in training.
        """

    def loss(self, output: Output, target: Tensor, class_weight: Tensor | None = None) -> Tensor:
        """The scalar the training minimises: cross-entropy, where a model has no other.

        Args:
            output: what `forward` gave.
            target: (B,) int64 class indices.
            class_weight: (K,) weights of the classes in the cross-entropy, or None for equal.
        """
        return self.cross_entropy(output.logits, target, class_weight)

    def cross_entropy(
        self,
        logits: Tensor,
        target: Tensor,
        class_weight: Tensor | None = None,
        smoothing: float | None = None,
    ) -> Tensor:
        """The mean cross-entropy of `loss`'s arguments, with the recipe's label smoothing.

        Each label is shared evenly among the K classes by the part `label_smoothing` (Szegedy et
        al., CVPR 2016, section 7), and each face counts by the weight of its own class. (torch also
        weighs the shares, so that every face is pulled towards rare classes.)

        Args:
            logits: (B, K).
            target: (B,) class numbers.
            class_weight: (K,), or None.
            smoothing: a loss's own part, which no recipe changes.
        """
        self.smoothed |= smoothing is None
        part = self.label_smoothing if smoothing is None else smoothing
        if class_weight is None or not part:
            return F.cross_entropy(logits, target, class_weight, label_smoothing=part)
        each = F.cross_entropy(logits, target, reduction="none", label_smoothing=part)
        weight = class_weight[target]
        return (weight * each).sum() / weight.sum()

    def train(self, mode: bool = True) -> Self:
        """Enter training or evaluation mode; what is `frozen` stays in evaluation mode.

        Raises:
            FerBenchError: `frozen` names no module.
        """
        super().train(mode)
        for part in self._frozen():
            part.requires_grad_(False).eval()
        return self

    def _frozen(self) -> list[nn.Module]:
        parts = dict(self.named_modules())
        for name in self.frozen:
            if name not in parts:
                raise FerBenchError(f"frozen: no part {name!r}: {nearest(name, parts)}")
        return [parts[name] for name in self.frozen]

    def parameter_groups(self) -> dict[str, list[nn.Parameter]]:
        """Every parameter under its learning rate in the recipe: `backbone_lr` or `heads_lr`.

        Those of `frozen` parts have none.

        Raises:
            FerBenchError: `rates` names no module, or no learning rate; `frozen` names no module.
        """
        parts = dict(self.named_modules())
        rated: dict[int, str] = {}
        for name, rate in self.rates.items():
            if rate not in (BACKBONE_LR, HEADS_LR):
                raise FerBenchError(
                    f"rates: {name!r} takes {rate!r}: {nearest(rate, (BACKBONE_LR, HEADS_LR))}"
                )
            if name not in parts and name != "backbone":
                raise FerBenchError(f"rates: no part {name!r}: {nearest(name, parts)}")
            rated |= {id(p): rate for p in parts[name].parameters()} if name in parts else {}
        found: dict[str, list[nn.Parameter]] = {BACKBONE_LR: [], HEADS_LR: []}
        frozen = {id(p) for part in self._frozen() for p in part.parameters()}
        for parameter in self.parameters():
            if id(parameter) in frozen:
                continue
            found[rated.get(id(parameter), HEADS_LR)].append(parameter)
        return found

    def start_epoch(self, epoch: int) -> None:
        """Enter training mode; called before each epoch, with 0 first, and again on resume."""
        self.train()

    def relabel(self, output: Output, target: Tensor) -> Tensor | None:
        """The labels (B,) that faces of this batch are trained with from now on, or None.

        Called after each training step with what the step saw. The training keeps the new labels
        beside the manifest's, which stay as they are, and records every change.
        """
        return None

    def load_backbone(self, state: Mapping[str, Tensor]) -> None:
        """Load pretrained weights into the backbone, never into heads.

        Raises:
            FerBenchError: there is none, or they do not fit.
        """
        if not hasattr(self, "backbone"):
            raise FerBenchError(
                "this network has no `backbone` to load weights into: register it with "
                "pretrained=None, or override load_backbone"
            )
        self.backbone.load_pretrained(state)
