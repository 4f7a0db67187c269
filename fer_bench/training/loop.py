"""The one training loop: epochs, three selections, history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from fer_bench.models import FERModel
from fer_bench.training import augment
from fer_bench.training.batches import Faces, class_balanced_weights, epoch_order, in_batches
from fer_bench.training.recipe import Recipe
from fer_bench.training.setup import place, writes
from fer_bench.training.step import drawn, predict, train_step
from fer_bench.training.streams import Cell


@dataclass
class Chosen:
    """What one selection keeps: its epoch (from 0), test logits and weights."""

    epoch: int
    logits: np.ndarray | None
    weights: dict[str, Tensor]


@dataclass
class Fit:
    """The outcome of a run: history, one row an epoch, and what each selection keeps."""

    history: list[dict[str, Any]] = field(default_factory=list)
    chosen: dict[str, Chosen] = field(default_factory=dict)


def fit(
    fabric: Any,
    compute: Mapping[str, Any],
    model: FERModel,
    train: Faces,
    val: Faces | None,
    test: Faces | None,
    recipe: Recipe,
    cell: Cell,
    classes: int,
) -> Fit:
    """Train `model` and keep what the three selections choose.

    Args:
        fabric: a `lightning_fabric.Fabric`; it places the model and runs the backward pass. With
            several processes each has a share of every batch: the order of faces, the augmentation
            and the mean loss are those of one process; batch statistics are each share's own
            unless `sync_bn`, and those of the first process are kept.
        compute: the spec's; see `setup.place`.
        model: a `FERModel`, its pre-trained weights already loaded.
        train: the faces to learn from.
        val: the validation faces; None when the recipe trains on them too.
        test: the test faces, looked at after every epoch for the history and `best_on_test`;
            None when there are none (identity pre-training).
        recipe: the training recipe.
        cell: seeds every random stream.
        classes: how many classes the model tells apart.
    """
    wrapped, optimizer = place(fabric, model, recipe, compute)
    share = slice(fabric.global_rank, None, fabric.world_size)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, recipe.decay)
    order_rng, augment_rng = cell.generator("order"), cell.generator("augmentation")
    class_weight = _class_weight(train, classes, recipe, fabric.device)
    result = Fit()
    epochs = tqdm(range(recipe.epochs), desc=str(cell), unit="epoch", mininterval=1.0)
    for epoch in epochs:
        model.start_epoch(epoch)
        lr_backbone, lr_heads = schedule.get_last_lr()
        loss_sum, right = 0.0, 0
        order = epoch_order(train.labels, recipe.sampler, order_rng)
        for batch in in_batches(order, recipe.batch_size, least=max(2, fabric.world_size)):
            which, draws = batch[share], drawn(len(batch), recipe, augment_rng)
            images = augment.apply(train.images(which, fabric.device), draws.part(share))
            target = torch.from_numpy(train.labels[which]).to(fabric.device)
            weight = len(which) * fabric.world_size / len(batch)  # DDP takes the plain mean
            loss, hits = train_step(
                wrapped, optimizer, fabric.backward, images, target, class_weight, weight
            )
            loss_sum, right = loss_sum + loss * len(which), right + hits
        schedule.step()
        if fabric.world_size > 1:
            sums = fabric.all_reduce(torch.tensor([loss_sum, right]).double(), reduce_op="sum")
            loss_sum, right = float(sums[0]), int(sums[1])
        # By the process that writes, and not with `wrapped`, whose forward pass waits for others.
        looks = writes()
        with fabric.autocast():
            val_logits = predict(model, val, fabric.device) if val and looks else None
            test_logits = predict(model, test, fabric.device) if test and looks else None
        row = {
            "epoch": epoch,
            "train_loss": loss_sum / len(order),
            "train_accuracy": right / len(order),
            "val_accuracy": _accuracy(val_logits, val),
            "test_accuracy": _accuracy(test_logits, test),
            "lr_backbone": lr_backbone,
            "lr_heads": lr_heads,
        }
        _choose(result, model, row, test_logits)
        result.history.append(row)
        shown = {k.removesuffix("_accuracy"): v for k, v in row.items() if "accuracy" in k and v}
        epochs.set_postfix({"loss": row["train_loss"], **shown})
    return result


def _choose(result: Fit, model: FERModel, row: dict[str, Any], logits: np.ndarray | None) -> None:
    """Update the selections with one epoch; a maximum is kept at its first epoch."""
    taken = ["last"]
    for selection, key in (("best_on_val", "val_accuracy"), ("best_on_test", "test_accuracy")):
        earlier = [h[key] for h in result.history]
        if row[key] is not None and (not earlier or row[key] > max(earlier)):
            taken.append(selection)
    weights = {
        name: value.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, value in model.state_dict().items()
    }
    for selection in taken:
        result.chosen[selection] = Chosen(int(row["epoch"]), logits, weights)


def _accuracy(logits: np.ndarray | None, faces: Faces | None) -> float | None:
    if logits is None or faces is None:
        return None
    return float((logits.argmax(1) == faces.labels).mean())


def _class_weight(
    train: Faces, classes: int, recipe: Recipe, device: torch.device
) -> Tensor | None:
    if recipe.class_weight == "none":
        return None
    weight = class_balanced_weights(train.labels, classes)
    return torch.from_numpy(weight).float().to(device)
