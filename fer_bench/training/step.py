"""One optimisation step and one prediction pass, in plain torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from fer_bench.errors import FerBenchError
from fer_bench.models import FERModel, Output
from fer_bench.training import fields
from fer_bench.training.batches import Faces, in_batches
from fer_bench.training.prefetch import prefetched
from fer_bench.training.sam import ascended

Backward = Callable[[Tensor], None]


class Step(NamedTuple):
    """What one training step gives."""

    loss: float
    right: int
    """How many faces were predicted as their label says."""
    output: Output
    """What the model gave before its weights were updated."""


def train_step(
    model: FERModel,
    optimizer: torch.optim.Optimizer,
    backward: Backward,
    images: Tensor,
    target: Tensor,
    class_weight: Tensor | None,
    weight: float = 1.0,
    given: Mapping[str, Tensor] | None = None,
    sam: float = 0.0,
    clip: Callable[[], object] | None = None,
    taught: Callable[[Tensor, Tensor], Tensor] | None = None,
) -> Step:
    """Forward, backward, update.

    Args:
        model: in training mode.
        optimizer: of its parameters.
        backward: runs the backward pass.
        images: (B, 3, H, W) in [0, 1].
        target: (B,) labels.
        class_weight: see `FERModel.loss`.
        weight: multiplies the gradient: what this share of a batch counts for.
        given: the model's `fields` of these faces.
        sam: the recipe's.
        clip: makes the gradients smaller where they are too large.
        taught: the loss of one that has a teacher, from its logits and its own loss.
    """

    def slope() -> tuple[Output, Tensor]:
        """The model's answer and loss, and the gradients of the loss."""
        output = model(images, **(given or {}))
        loss = model.loss(output, target, class_weight)
        if taught:
            loss = taught(output.logits, loss)
        if not torch.isfinite(loss):
            raise FerBenchError(
                "the training loss is not finite: lower backbone_lr or heads_lr in the recipe, "
                "or check the faces (`fer-bench faces sheet`)"
            )
        optimizer.zero_grad(set_to_none=True)
        backward(loss if weight == 1 else loss * weight)
        return output, loss

    output, loss = slope()
    if sam:
        with ascended(optimizer, sam):
            slope()
    if clip:
        clip()
    optimizer.step()
    right = int((output.logits.detach().argmax(1) == target).sum())
    return Step(loss.item(), right, output)


@torch.inference_mode()
def predict(
    model: FERModel, faces: Faces, device: torch.device, batch_size: int | None = None
) -> np.ndarray:
    """Logits (N, K) float32 of `faces`, in evaluation mode.

    A GPU takes 256 faces at once unless `batch_size` says otherwise; a CPU 64, which is as quick.
    """
    model.eval()
    size = batch_size or (64 if device.type == "cpu" else 256)
    batches = in_batches(np.arange(len(faces)), size)
    logits = [
        model(images, **fields.of_batch(faces.fields, which, device)).logits.float()
        for which, images in prefetched(faces, batches, device)
    ]
    return torch.cat(logits).cpu().numpy()
