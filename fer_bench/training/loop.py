"""The one training loop: epochs, three selections, history, checkpoints."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from fer_bench.errors import FerBenchError
from fer_bench.models import FERModel
from fer_bench.models.base import BACKBONE_LR, HEADS_LR, Normalise
from fer_bench.training import augment, fields
from fer_bench.training.batches import Faces, class_balanced_weights, epoch_order, in_batches
from fer_bench.training.checkpoint import Checkpoints
from fer_bench.training.prefetch import prefetched
from fer_bench.training.recipe import Recipe
from fer_bench.training.schedule import schedule_for
from fer_bench.training.setup import place, writes
from fer_bench.training.state import Chosen, Fit, Position, State
from fer_bench.training.step import predict, train_step
from fer_bench.training.streams import CellStreams
from fer_bench.training.targets import Targets
from fer_bench.training.teacher import Teacher, distilled

log = logging.getLogger(__name__)
_SHORT = ("allocate memory", "out of memory", "ALLOC_FAILED")  # how torch, CUDA and cuDNN say it


def fit(
    fabric: Any,
    compute: Mapping[str, Any],
    model: FERModel,
    train: Faces,
    val: Faces | None,
    test: Faces | None,
    recipe: Recipe,
    cell: CellStreams,
    classes: int,
    key: str,
    teacher: Teacher | None = None,
) -> Fit:
    """Train `model` and keep what the three selections choose.

    Args:
        fabric: a `lightning_fabric.Fabric`; it places the model and runs the backward pass. With
            several processes each has a share of every batch: the order of faces, the augmentation
            and the mean loss are those of one process; batch statistics are each share's own
            unless `sync_bn`, and those of the first process are kept; and each draws for its own
            faces what a model draws in its forward pass (parts to erase, crops).
        compute: the spec's; see `setup.place`.
        model: a `FERModel`, its pre-trained weights already loaded.
        train: the faces to learn from.
        val: the validation faces; None when the recipe trains on them too.
        test: the test faces, looked at after every epoch for the history and `best_on_test`;
            None when there are none (identity pre-training).
        recipe: the training recipe.
        cell: seeds every random stream.
        classes: how many classes the model tells apart.
        key: hash of the code, params and data; training goes on from a checkpoint of the same key.
        teacher: whose answers `model` learns from too.
    """
    if recipe.rand_augment[0] and (follow := sorted(set(train.fields) - {"person"})):
        raise FerBenchError(
            f"recipe: rand_augment moves faces and not their {', '.join(follow)}, which this model "
            "looks at: use rotation, translation and scale"
        )
    checkpoints = Checkpoints(str(cell), key, writes())
    with _memory(recipe, fabric.device):
        wrapped, optimizer = place(fabric, model, recipe, compute)
        schedule = schedule_for(optimizer, recipe)
        state = State(model, optimizer, schedule, cell, Targets(train.labels), _scaler(fabric))
        if saved := checkpoints.load():
            state.restore(saved)
            log.info("%s goes on %s", cell, _where(state.position))
    model.label_smoothing = recipe.label_smoothing
    groups = [group["name"] for group in optimizer.param_groups]
    class_weight = _class_weight(train, classes, recipe, fabric.device)
    begun = state.position.epoch
    epochs = tqdm(
        range(begun, recipe.epochs), desc=str(cell), unit="epoch",
        initial=begun, total=recipe.epochs, mininterval=1.0,
    )  # fmt: skip
    for epoch in epochs:
        model.start_epoch(epoch)
        rates = dict(zip(groups, schedule.get_last_lr(), strict=True))
        with _memory(recipe, fabric.device):
            seen = _train_epoch(
                fabric, wrapped, train, recipe, class_weight, state, checkpoints, teacher
            )
            # By the process that writes, not with `wrapped`, whose forward pass waits for others.
            with fabric.autocast():
                val_logits = predict(model, val, fabric.device) if val and writes() else None
                test_logits = predict(model, test, fabric.device) if test and writes() else None
        at = state.position
        row = {
            "epoch": epoch,
            "train_loss": at.loss_sum / seen,
            "train_accuracy": at.right / seen,
            "val_accuracy": _accuracy(val_logits, val),
            "test_accuracy": _accuracy(test_logits, test),
            "lr_backbone": rates.get(BACKBONE_LR),
            "lr_heads": rates.get(HEADS_LR),
        }
        schedule.step()
        _choose(state.result, model, row, test_logits, val_logits)
        state.result.history.append(row)
        state.position = Position(epoch + 1)
        checkpoints.tell(epoch + 1, recipe.epochs, 0, 0, now=True)
        shown = {k.removesuffix("_accuracy"): v for k, v in row.items() if "accuracy" in k and v}
        epochs.set_postfix({"loss": row["train_loss"], **shown})
    if cell.fold is not None and begun < recipe.epochs:  # the folds after this one may be stopped
        checkpoints.save(state.to_save())
    return state.result


def _train_epoch(
    fabric: Any,
    wrapped: Any,
    train: Faces,
    recipe: Recipe,
    class_weight: Tensor | None,
    state: State,
    checkpoints: Checkpoints,
    teacher: Teacher | None,
) -> int:
    """The batches of one epoch that are not done yet; returns how many faces they all have."""
    at, targets = state.position, state.result.targets
    if at.order is None:
        at.order = epoch_order(train.labels, recipe.sampler, state.order, recipe.repeat_below)
    batches = list(in_batches(at.order, recipe.batch_size, least=max(2, fabric.world_size)))
    share = slice(fabric.global_rank, None, fabric.world_size)
    left = batches[at.step :]
    parts = prefetched(train, [batch[share] for batch in left], fabric.device)
    normalise = next((m for m in state.model.modules() if isinstance(m, Normalise)), None)
    clip = None
    if recipe.clip:
        limit = {"max_norm": recipe.clip, "error_if_nonfinite": False}
        clip = partial(fabric.clip_gradients, wrapped, state.optimizer, **limit)
    for batch, (which, faces) in zip(left, parts, strict=True):
        draws = augment.drawn(len(batch), recipe, state.augmentation, faces.shape[2])
        mine = draws.part(share)
        images = augment.apply(faces, mine, normalise)
        given = fields.of_batch(train.fields, which, fabric.device, mine.flip, mine.moves)
        seen = targets.now[batch]
        target = torch.from_numpy(seen[share]).to(fabric.device)
        if fabric.world_size > 1:  # else all would draw alike, and otherwise after a resume
            torch.manual_seed(state.cell.stream(f"{at.epoch}/{at.step}/{fabric.global_rank}"))
        weight = len(which) * fabric.world_size / len(batch)  # DDP takes the plain mean
        told = teacher.logits(which, images) if teacher else None
        taught = None if told is None else partial(distilled, recipe, told)
        step = train_step(
            wrapped, state.optimizer, fabric.backward, images, target, class_weight, weight, given,
            recipe.sam, clip, taught,
        )  # fmt: skip
        loss, hits = _summed(fabric, step.loss * len(which), step.right)
        at.loss_sum, at.right, at.step = at.loss_sum + loss, at.right + hits, at.step + 1
        with torch.no_grad():
            wanted = state.model.relabel(step.output, target)
        if wanted is not None:
            whole = _gathered(fabric, wanted, share, len(batch))
            targets.change(at.epoch, batch, seen, whole)
        if checkpoints.due():
            checkpoints.save(state.to_save())
        checkpoints.tell(at.epoch, recipe.epochs, at.step, len(batches))
        if recipe.label_smoothing and not state.model.smoothed:
            raise FerBenchError(
                "recipe: label_smoothing: this model's loss does not smooth labels: let it compute "
                "self.cross_entropy(...) instead of F.cross_entropy(...), or leave the option out"
            )
    return len(at.order)


def _summed(fabric: Any, loss: float, hits: int) -> tuple[float, int]:
    """Over all processes."""
    if fabric.world_size == 1:
        return loss, hits
    both = torch.tensor([loss, hits], dtype=torch.float64, device=fabric.device)
    loss, found = fabric.all_reduce(both, reduce_op="sum").tolist()
    return loss, int(found)


def _gathered(fabric: Any, wanted: Tensor, share: slice, size: int) -> np.ndarray:
    """The labels of a whole batch from those of each process's share."""
    whole = torch.full((size,), -1, dtype=torch.int64, device=fabric.device)
    whole[share] = wanted
    if fabric.world_size > 1:
        whole = fabric.all_reduce(whole, reduce_op="max")
    return whole.cpu().numpy()


@contextmanager
def _memory(recipe: Recipe, device: torch.device) -> Iterator[None]:
    """Say what to change when memory runs out."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        short = isinstance(error, MemoryError | torch.OutOfMemoryError)
        if short or any(said in str(error) for said in _SHORT):
            raise FerBenchError(
                f"out of memory on {device}: lower batch_size ({recipe.batch_size}) in the recipe, "
                "free the device, or spread the cell with compute.devices; training goes on from "
                "its last checkpoint only if nothing in the spec changes"
            ) from error
        raise


def _scaler(fabric: Any) -> torch.amp.GradScaler | None:
    """What keeps small gradients above zero with `16-mixed`."""
    return getattr(fabric.strategy.precision, "scaler", None)


def _where(at: Position) -> str:
    return f"from epoch {at.epoch + 1}, after {at.step} batches"


def _choose(
    result: Fit,
    model: FERModel,
    row: dict[str, Any],
    test: np.ndarray | None,
    val: np.ndarray | None,
) -> None:
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
        result.chosen[selection] = Chosen(int(row["epoch"]), test, weights, val)


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
