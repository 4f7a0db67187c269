"""One training step as the suite does it, with the options of `compute`, for timing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fer_bench import models
from fer_bench.evaluation import opened
from fer_bench.models import FERModel
from fer_bench.models.base import Output
from fer_bench.training import augment
from fer_bench.training.batches import Faces
from fer_bench.training.optimizer import optimizer_for
from fer_bench.training.prefetch import prefetched
from fer_bench.training.recipe import Recipe
from fer_bench.training.setup import allow_tf32
from fer_bench.training.step import train_step


@dataclass(frozen=True)
class Options:
    """A part of params.yaml's `compute`."""

    precision: str = "32-true"
    tf32: bool = False
    fused: bool = False
    compile: bool = False
    deterministic: bool = True

    @property
    def format(self) -> str:
        """The number format that bounds it."""
        return "bf16" if self.precision == "bf16-mixed" else "tf32" if self.tf32 else "float32"

    def apply(self) -> None:
        """Set what torch keeps for the whole process."""
        allow_tf32({"tf32": self.tf32})
        torch.use_deterministic_algorithms(self.deterministic)
        torch.backends.cudnn.benchmark = not self.deterministic

    def autocast(self, device: torch.device) -> AbstractContextManager[Any]:
        """The precision, as the suite predicts with it."""
        spec: Any = SimpleNamespace(compute=asdict(self))
        return opened.autocast(spec, device)


def network(backbone: str, size: int, device: torch.device, last: bool = True) -> FERModel:
    """SCAN-CCI with the same random weights every time; channels last unless `last` is false."""
    torch.manual_seed(0)
    with device:  # drawing 71 million weights is quicker there
        model = models.build("scan_cci", 7, backbone=backbone, size=size)
    if last:
        model.to(memory_format=torch.channels_last)
    model.start_epoch(0)
    return model


def endless(faces: Faces, size: int) -> Iterator[np.ndarray]:
    """Shuffled batches without end."""
    rng = np.random.default_rng(0)
    while True:
        order = rng.permutation(len(faces))
        for start in range(0, len(order) - size + 1, size):
            yield order[start : start + size]


class Wrapped:
    """As Fabric wraps a model: forward in mixed precision, loss in float32.

    Args:
        model: a `FERModel`, or the same compiled.
        options: its precision.
        device: where it is.
    """

    def __init__(self, model: Any, options: Options, device: torch.device) -> None:
        self.loss = model.loss
        self._model, self._options, self._device = model, options, device

    def __call__(self, images: Tensor, **given: Tensor) -> Output:
        """The model's output, in float32."""
        with self._options.autocast(self._device):
            output: Output = self._model(images, **given)
        heads = tuple(head.float() for head in output.heads)
        return output._replace(logits=output.logits.float(), heads=heads)


def stepper(
    model: FERModel, options: Options, recipe: Recipe, device: torch.device
) -> Callable[[Tensor, Tensor], float]:
    """What trains on images and classes and returns the loss: forward, backward, update."""
    optimizer = optimizer_for(model, recipe, options.fused)
    trained = Wrapped(torch.compile(model) if options.compile else model, options, device)

    def step(images: Tensor, target: Tensor) -> float:
        options.apply()
        backward = Tensor.backward
        return train_step(trained, optimizer, backward, images, target, None).loss  # type: ignore[arg-type]

    return step


def suite_step(
    faces: Faces, options: Options, backbone: str, recipe: Recipe, device: torch.device
) -> Callable[[], float]:
    """A step with its loading and augmentation."""
    size = faces.pixels.shape[1]
    step = stepper(network(backbone, size, device), options, recipe, device)
    rng = np.random.default_rng(0)
    running = prefetched(faces, endless(faces, recipe.batch_size), device)

    def call() -> float:
        which, images = next(running)
        images = augment.apply(images, augment.drawn(len(which), recipe, rng, images.shape[2]))
        return step(images, torch.from_numpy(faces.labels[which]).to(device))

    return call
