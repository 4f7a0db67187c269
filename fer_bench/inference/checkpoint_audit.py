"""Why a checkpoint does not reach the accuracy it is said to have: each usual reason, tried.

Most failed reproductions come down to the order of the classes, RGB against BGR, the scale of the
input, the crop, or batch statistics. Each is searched for on validation faces, with the outputs
matched to the classes (Kuhn 1955, Naval Res. Logist. Q. 2, 83-97), and measured on test faces: what
is lost when it alone is set back. Intervals are of paired differences, people as units.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from scipy.optimize import linear_sum_assignment
from torch import Tensor, nn

from fer_bench.models.base import INPUTS, Normalise
from fer_bench.statistics.intervals import Interval, half_width
from fer_bench.statistics.track import Runs
from fer_bench.statistics.two_way import parts_of, standard_error
from fer_bench.statistics.units import Units

MOST = 1000
"""Validation faces that a search looks at."""
BATCH = 64
SCALES = {
    "0 to 1": INPUTS["unit"],
    "-1 to 1": INPUTS["half"],
    "ImageNet's mean and std": INPUTS["imagenet"],
    "0 to 255": (255.0, (0.0,) * 3, (1.0,) * 3),
}
"""As `models.base.INPUTS`."""
VALUES: dict[str, tuple[Any, ...]] = {
    "channels": ("RGB", "BGR"),
    "scale": ("as it is", *SCALES),
    "crop": (1.0, 0.8, 0.9, 1.1, 1.25),
    "statistics": ("saved", "of the batch"),
}


@dataclass(frozen=True)
class Held:
    """Labelled faces; of several splits the first is searched on.

    Attributes:
        faces: (N, H, W, 3) uint8, or None of a file of predictions.
        labels: (N,) indices of classes.
        people: (N,) who is shown.
        seen: (N,) bool, whether the same picture stands in the train split.
    """

    labels: np.ndarray
    people: np.ndarray
    seen: np.ndarray
    faces: np.ndarray | None = None


@dataclass(frozen=True)
class Setting:
    """How faces reach the network; the first of each `VALUES` is as it is given."""

    channels: str = "RGB"
    scale: str = "as it is"
    crop: float = 1.0
    statistics: str = "saved"


@dataclass(frozen=True)
class Cause:
    """Something that was found.

    Attributes:
        what: a key of `VALUES`, or `classes`.
        value: what fits the checkpoint.
        cost: what accuracy loses on test faces without it, and its 95 % interval.
        line: what to write to put it right.
    """

    what: str
    value: str
    cost: float
    ends: Interval
    line: str


@dataclass(frozen=True)
class Audit:
    """What an audit says.

    Attributes:
        given: accuracy on test faces, as given.
        best: with every cause put right.
        gap, ends: between the two, and its 95 % interval.
        causes: the largest first.
        notes: sentences on batches and duplicates.
    """

    given: float
    best: float
    gap: float
    ends: Interval
    causes: tuple[Cause, ...]
    notes: tuple[str, ...]


def audit_network(network: nn.Module, val: Held, test: Held, classes: Sequence[str]) -> Audit:
    """Search the input that a network with loaded weights was trained for.

    Args:
        network: takes (B, 3, H, W) RGB in 0 to 1 and gives an `Output`, or logits (B, K).
        val: faces to search on.
        test: faces to measure on.
        classes: the K names, as outputs are read where nothing is found.
    """
    some = np.unique(np.linspace(0, len(val.labels) - 1, MOST).astype(int))
    assert val.faces is not None
    assert test.faces is not None
    faces = val.faces[some]
    few = Held(val.labels[some], val.people[some], val.seen[some])
    setting, logits = Setting(), answers(network, faces, Setting())
    while better := _better(network, faces, few, setting, logits):
        setting, logits = better
    order = _order(logits, few)
    tested = {s: answers(network, test.faces, s) for s in {Setting(), setting, *_undone(setting)}}
    found = _measured(tested, setting, order, test, classes, network)
    return replace(found, notes=(*_batches(network, test.faces, setting), *found.notes))


def audit_answers(
    said: Sequence[np.ndarray], val: Held, test: Held, classes: Sequence[str]
) -> Audit:
    """The same of predictions alone, of which only the order of the classes can be asked.

    Args:
        said: logits or probabilities (N, K) of both.
        val: faces to search on.
        test: faces to measure on.
        classes: the K names.
    """
    order = _order(said[0], val)
    return _measured({Setting(): said[1]}, Setting(), order, test, classes, None)


@torch.inference_mode()
def answers(
    network: nn.Module, faces: np.ndarray, setting: Setting, batch: int = BATCH
) -> np.ndarray:
    """Logits (N, K) of faces (N, H, W, 3) that reach the network as `setting` says."""
    network.eval()
    if setting.statistics == "of the batch":
        for module in network.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.train()
                module.momentum = 0.0  # what is saved stays as it is
    found = []
    for start in range(0, len(faces), batch):
        images = torch.from_numpy(faces[start : start + batch]).permute(0, 3, 1, 2).float() / 255
        output = network(_as_wanted(images, setting, network))
        found.append(getattr(output, "logits", output).float())
    return torch.cat(found).numpy()


def _as_wanted(images: Tensor, setting: Setting, network: nn.Module) -> Tensor:
    if setting.crop != 1:
        images = cut(images, setting.crop)
    if setting.scale != "as it is":
        factor, mean, std = SCALES[setting.scale]
        images = (factor * images - _colours(mean)) / _colours(std)
    if setting.channels == "BGR":
        images = images.flip(1)
    inner = _normalise(network)
    if setting.scale != "as it is" and inner is not None:  # undo what the network does by itself
        gain, shift = (b.flip(1) if inner.bgr else b for b in (inner.gain, inner.shift))
        images = (images - shift) / gain
    return images


def cut(images: Tensor, share: float) -> Tensor:
    """Crops of images (B, 3, H, W) about their centre, `share` as wide, at the same size."""
    turn = torch.tensor([[share, 0, 0], [0, share, 0]]).expand(len(images), 2, 3)
    grid = F.affine_grid(turn, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)


def _normalise(network: nn.Module) -> Normalise | None:
    return next((m for m in network.modules() if isinstance(m, Normalise)), None)


def _colours(values: Sequence[float]) -> Tensor:
    return torch.tensor(values).view(1, 3, 1, 1)


def _better(
    network: nn.Module, faces: np.ndarray, few: Held, setting: Setting, logits: np.ndarray
) -> tuple[Setting, np.ndarray] | None:
    """The one change that helps most, where it is no chance; None where none does."""
    before = _right(logits, _order(logits, few), few)
    tried = []
    for what, values in VALUES.items():
        if getattr(setting, what) == values[0]:
            for value in values[1:]:
                other = replace(setting, **{what: value})
                said = answers(network, faces, other)
                after = _right(said, _order(said, few), few)
                tried.append((*difference(after, before, few.people), other, said))
    if not tried:
        return None
    gain, (low, _), other, said = max(tried, key=lambda one: one[0])
    # Many were tried: twice the distance of a single 95 % interval.
    return (other, said) if gain - 2 * (gain - low) > 0 else None


def _undone(setting: Setting) -> Iterator[Setting]:
    for what, values in VALUES.items():
        if getattr(setting, what) != values[0]:
            yield replace(setting, **{what: values[0]})


def _order(logits: np.ndarray, held: Held) -> np.ndarray:
    """(K,) the class of each output that fits most faces; as given where that is no worse."""
    many = logits.shape[1]
    counts = np.zeros((many, many), int)
    np.add.at(counts, (logits.argmax(1), held.labels), 1)
    _, order = linear_sum_assignment(counts, maximize=True)
    same = np.arange(many)
    gain, (low, _) = difference(
        _right(logits, order, held), _right(logits, same, held), held.people
    )
    return np.asarray(order) if gain - 2 * (gain - low) > 0 else same


def _right(logits: np.ndarray, order: np.ndarray, held: Held) -> np.ndarray:
    right: np.ndarray = order[logits.argmax(1)] == held.labels
    return right


def difference(one: np.ndarray, other: np.ndarray, people: np.ndarray) -> tuple[float, Interval]:
    """By how much more of the same faces (N,) are right, with the 95 % interval over people."""
    units = Units.of(people, np.ones(len(people), bool))
    runs = [Runs((0,), right[None], right[None], "") for right in (one, other)]
    half = half_width(*standard_error(*(parts_of(run, units) for run in runs)))
    mean = runs[0].accuracy - runs[1].accuracy
    return mean, (mean - half, mean + half)


def _measured(
    tested: dict[Setting, np.ndarray],
    setting: Setting,
    order: np.ndarray,
    test: Held,
    classes: Sequence[str],
    network: nn.Module | None,
) -> Audit:
    same = np.arange(len(order))
    best = _right(tested[setting], order, test)
    given = _right(tested[Setting()], same, test)
    causes = []
    if (order != same).any():
        names = ", ".join(classes[i] for i in order)
        cost = difference(best, _right(tested[setting], same, test), test.people)
        causes.append(Cause("classes", names, *cost, f"its outputs are, in order: {names}"))
    for other in _undone(setting):
        what = next(w for w in VALUES if getattr(other, w) != getattr(setting, w))
        value = getattr(setting, what)
        cost = difference(best, _right(tested[other], order, test), test.people)
        causes.append(Cause(what, str(value), *cost, _line(what, value, network)))
    causes.sort(key=lambda cause: -cause.cost)
    gap = difference(best, given, test.people)
    notes = _duplicates(best, test)
    return Audit(float(given.mean()), float(best.mean()), *gap, tuple(causes), tuple(notes))


def _line(what: str, value: Any, network: nn.Module | None) -> str:
    if what == "channels":
        return "images = images.flip(1)  # BGR, as OpenCV reads files"
    if what == "crop":
        return f"cut faces {value:g} x as wide as here about the same centre"
    if what == "statistics":
        return "torch.optim.swa_utils.update_bn(train_images, model)  # its saved ones do not fit"
    ours = {"-1 to 1": "half", "ImageNet's mean and std": "imagenet"}.get(value)
    if ours and network is not None and _normalise(network) is not None:
        return f"models: {{<its name>: {{input: {ours}}}}}  # params.yaml"
    factor, mean, std = SCALES[value]
    return f"images = ({factor:g} * images - {list(mean)}) / {list(std)}  # from RGB in 0 to 1"


def _batches(network: nn.Module, faces: np.ndarray, setting: Setting) -> Iterator[str]:
    alone = replace(setting, statistics="saved")
    some = faces[:BATCH]
    together, single = answers(network, some, alone), answers(network, some, alone, batch=1)
    changed = int((together.argmax(1) != single.argmax(1)).sum())
    if changed:
        yield (
            f"{changed} of {len(some)} answers change when faces come one at a time: its forward "
            "mixes the faces of a batch, so that accuracies depend on its size"
        )


def _duplicates(right: np.ndarray, test: Held) -> Iterator[str]:
    seen = test.seen
    if seen.any() and not seen.all():
        yield (
            f"{int(seen.sum())} test faces stand in the train split as well: accuracy "
            f"{100 * right[seen].mean():.1f} % on them, {100 * right[~seen].mean():.1f} % on others"
        )
