"""What a check is given: a model, built as a small run would build it, and a few images."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.models import FERModel, Output
from fer_bench.params import Params

CLASSES, IMAGES = 7, 16
DATASET = "synthetic"


class BrokenError(FerBenchError):
    """A part of the contract that the model does not keep, and what to do about it."""

    def __init__(self, why: str, then: str) -> None:
        super().__init__(why)
        self.then = then


class NotCheckedError(Exception):
    """A part that cannot be looked at here; the message says why."""


@dataclass(frozen=True)
class Subject:
    """A registered model under its options on the embedded dataset.

    Attributes:
        name: of the model.
        params: params.yaml, or its defaults.
        options: all options it is built with.
    """

    name: str
    params: Params
    options: Mapping[str, Any]

    def build(self, seed: int = 0, classes: int = CLASSES) -> FERModel:
        """The model with the weights that `seed` draws."""
        torch.manual_seed(seed)
        return models.build(self.name, classes, **self.options)

    def images(self, count: int = IMAGES, seed: int = 7) -> Tensor:
        """Smooth coloured images (count, 3, size, size) in [0, 1], each another one."""
        drawn = torch.rand(count, 3, 6, 6, generator=torch.Generator().manual_seed(seed))
        side = int(self.options["size"])
        return F.interpolate(drawn, (side, side), mode="bilinear", align_corners=False)

    def target(self, count: int = IMAGES) -> Tensor:
        """A class for each image: (count,)."""
        return torch.arange(count) % CLASSES


def subject(name: str, params: Params) -> Subject:
    """The model `name` as the embedded dataset's small runs use it.

    Raises:
        BrokenError: those options do not suit it.
    """
    given = params.datasets[DATASET].model if DATASET in params.datasets else _small(name)
    size = params.align[DATASET].size if DATASET in params.align else 80
    if models.preset(name).own_backbone:
        given = {key: value for key, value in given.items() if key != "backbone"}
    options = {**given, **params.models.get(name, {}), "size": size}
    options.pop("pretrained", None)
    try:
        resolved = models.configure(name, options).as_dict()
    except FerBenchError as error:
        raise BrokenError(
            str(error),
            "Let your config be a subclass of ModelConfig, or of PlainConfig where the network is "
            "none of the backbones, decorated with @dataclass(frozen=True, kw_only=True). Options "
            f"of your model alone are set under models.{name} in params.yaml.",
        ) from error
    return Subject(name, params, resolved)


def _small(name: str) -> dict[str, Any]:
    """The small backbone, where the model has it: a check is not worth hours."""
    small = {"backbone": "resnet18_slim"}
    try:
        models.configure(name, small)
    except FerBenchError:
        return {}
    return small


def forward(model: FERModel, images: Tensor) -> Output:
    """The model's output; raises BrokenError where it fails or is of another kind."""
    try:
        output = model(images)
    except Exception as error:
        raise BrokenError(
            f"forward failed on images {tuple(images.shape)}: {type(error).__name__}: "
            f"{first_line(error)}",
            "It gets float images (B, 3, size, size) in [0, 1]; any B, one included.",
        ) from error
    if not isinstance(output, Output):
        raise BrokenError(
            f"forward gave a {type(output).__name__}",
            "Return fer_bench.models.base.Output(logits, (logits,)).",
        )
    return output


@torch.no_grad()
def logits_of(model: FERModel, images: Tensor) -> Tensor:
    """(B, K), without gradients."""
    logits: Tensor = model(images).logits
    return logits


def first_line(error: BaseException) -> str:
    """The first line of an error's message, shortened."""
    return re.sub(r"\s+", " ", str(error).strip().split("\n")[0])[:200]
