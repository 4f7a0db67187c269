"""Everything that a training changes, so that it can be saved and gone on from, bit by bit."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fer_bench.models import FERModel
from fer_bench.training.streams import CellStreams
from fer_bench.training.targets import Targets


@dataclass
class Chosen:
    """What one selection keeps: its epoch (from 0), test and validation logits and weights."""

    epoch: int
    logits: np.ndarray | None
    weights: dict[str, Tensor]
    val_logits: np.ndarray | None = None


@dataclass
class Fit:
    """The outcome of a run: the labels, one row of history an epoch, what each selection keeps."""

    targets: Targets
    history: list[dict[str, Any]] = field(default_factory=list)
    chosen: dict[str, Chosen] = field(default_factory=dict)


@dataclass
class Position:
    """Where a training is.

    Attributes:
        epoch: the epoch it is in, from 0.
        step: batches of it that are done.
        order: in which the epoch visits the faces; None before its first batch.
        loss_sum: of its faces so far.
        right: how many of them were predicted right.
    """

    epoch: int = 0
    step: int = 0
    order: np.ndarray | None = None
    loss_sum: float = 0.0
    right: int = 0


class State:
    """One training's model, optimizer, schedule, random streams, position and outcome.

    Args:
        model: already on its device and in its memory format.
        optimizer: of the model's parameters.
        schedule: of the optimizer.
        cell: seeds the streams of the order of faces and of their augmentation.
        targets: the labels of the faces to learn from.
        scaler: of the gradients, with the precision `16-mixed`.
    """

    def __init__(
        self,
        model: FERModel,
        optimizer: torch.optim.Optimizer,
        schedule: torch.optim.lr_scheduler.LRScheduler,
        cell: CellStreams,
        targets: Targets,
        scaler: torch.amp.GradScaler | None = None,
    ) -> None:
        self.model, self.optimizer, self.schedule = model, optimizer, schedule
        self.cell, self.scaler = cell, scaler
        self.order, self.augmentation = cell.generator("order"), cell.generator("augmentation")
        self.position, self.result = Position(), Fit(targets)

    def to_save(self) -> dict[str, Any]:
        """Tensors, numbers, texts, lists and dicts: what `torch.load(weights_only=True)` reads."""
        at = self.position
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "scaler": self.scaler.state_dict() if self.scaler else {},
            "streams": [self.order.bit_generator.state, self.augmentation.bit_generator.state],
            "chance": _chance(),
            "position": [at.epoch, at.step, _tensor(at.order), at.loss_sum, at.right],
            "changes": self.result.targets.to_save(),
            "history": self.result.history,
            "chosen": {
                name: [kept.epoch, _tensor(kept.logits), kept.weights, _tensor(kept.val_logits)]
                for name, kept in self.result.chosen.items()
            },
        }

    def restore(self, saved: dict[str, Any]) -> None:
        """The inverse, in place."""
        self.model.load_state_dict(saved["model"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.schedule.load_state_dict(saved["schedule"])
        if self.scaler:
            self.scaler.load_state_dict(saved["scaler"])
        for stream, state in zip((self.order, self.augmentation), saved["streams"], strict=True):
            stream.bit_generator.state = state
        epoch, step, order, loss_sum, right = saved["position"]
        self.position = Position(epoch, step, _array(order), loss_sum, right)
        self.result.targets.restore(saved["changes"])
        self.result = Fit(
            self.result.targets,
            saved["history"],
            {
                name: Chosen(chosen_at, _array(test), weights, _array(val))
                for name, (chosen_at, test, weights, val) in saved["chosen"].items()
            },
        )
        _set_chance(saved["chance"])  # last: nothing after it may draw


def _chance() -> dict[str, Any]:
    """The states of the global generators, which a model's layers or a library may use."""
    name, keys, *rest = np.random.get_state()  # noqa: NPY002
    version, numbers, gauss = random.getstate()
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "numpy": [name, torch.from_numpy(np.asarray(keys).astype(np.int64)), *rest],
        "python": [version, list(numbers), gauss],
    }


def _set_chance(saved: dict[str, Any]) -> None:
    name, keys, *rest = saved["numpy"]
    np.random.set_state((name, keys.numpy().astype(np.uint32), *rest))  # noqa: NPY002
    version, numbers, gauss = saved["python"]
    random.setstate((version, tuple(numbers), gauss))
    if saved["cuda"] and len(saved["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(saved["cuda"])
    torch.set_rng_state(saved["torch"])


def _tensor(array: np.ndarray | None) -> Tensor | None:
    return None if array is None else torch.from_numpy(array)


def _array(tensor: Tensor | None) -> np.ndarray | None:
    return None if tensor is None else tensor.numpy()
