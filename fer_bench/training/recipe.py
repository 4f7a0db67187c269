"""The training recipe: section 5 of the paper, with what only the released code says.

Plain dataclasses, so that training runs where pydantic is not installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from fer_bench.errors import FerBenchError, nearest

CHOICES = {
    "optimizer": ("sgd", "adam"),
    "sampler": ("oversample", "shuffle"),
    "class_weight": ("none", "class_balanced"),
    "train_on": ("train_minus_val", "all"),
    "noise_kind": ("symmetric", "confusion"),
}


@dataclass(frozen=True)
class Recipe:
    """How a cell is trained. The defaults are the paper's (RAF-DB and FERPlus).

    Attributes:
        epochs: passes over the training faces (60).
        batch_size: faces a step (64).
        backbone_lr: learning rate of the pre-trained backbone (1e-4).
        heads_lr: learning rate of everything after it (1e-2; AffectNet and SFEW 1e-3).
        decay: every learning rate is multiplied by this after each epoch (0.95).
        optimizer: `sgd` (the paper) or `adam`, which some competitors trained with.
        momentum: SGD's momentum, Adam's beta_1 (0.9).
        weight_decay: added to the gradient, times the weight, in both (1e-3).
        sampler: `oversample` draws N faces with replacement, each class equally likely (paper,
            supplementary 1.1); `shuffle` takes every face once.
        class_weight: `none`, or `class_balanced`: the effective-number weights, beta = 0.9999,
            that the released code uses on SFEW.
        flip: probability of a horizontal flip (released code: 0.5).
        jitter: brightness, contrast, saturation and hue ranges (released code).
        train_on: `train_minus_val` leaves the validation faces out; `all` trains on them too, as
            the paper does, and then has no `best_on_val`.
        validation: share of the training faces held out where a set has no validation split.
        label_noise: share of the train labels replaced by another class (0 to 0.9); the labels of
            validation and test faces stay as they are. See `label_noise.py`.
        noise_kind: which other class: any (`symmetric`), or the ones that human raters confuse the
            true one with (`confusion`).
    """

    epochs: int = 60
    batch_size: int = 64
    backbone_lr: float = 1e-4
    heads_lr: float = 1e-2
    decay: float = 0.95
    optimizer: str = "sgd"
    momentum: float = 0.9
    weight_decay: float = 1e-3
    sampler: str = "oversample"
    class_weight: str = "none"
    flip: float = 0.5
    jitter: tuple[float, float, float, float] = (0.4, 0.3, 0.25, 0.05)
    train_on: str = "train_minus_val"
    validation: float = 0.1
    label_noise: float = 0.0
    noise_kind: str = "symmetric"

    def with_(self, overrides: Mapping[str, Any], where: str = "recipe") -> Recipe:
        """This recipe with some values replaced.

        Raises:
            FerBenchError: an unknown key, a wrong type or an impossible value; the message names
                the key (under `where`), the value and the nearest valid name.
        """
        types = {f.name: type(getattr(self, f.name)) for f in fields(self)}
        checked = {}
        for key, value in overrides.items():
            if key not in types:
                raise FerBenchError(f"{where}.{key}: unknown key; {nearest(key, types)}")
            checked[key] = _checked(f"{where}.{key}", value, types[key])
            if key in CHOICES and value not in CHOICES[key]:
                raise FerBenchError(f"{where}.{key}: {value!r} is not one of {CHOICES[key]}")
        recipe = replace(self, **checked)
        recipe._check_ranges(where)
        return recipe

    def to_json(self) -> dict[str, Any]:
        """The recipe as plain JSON values."""
        return {**asdict(self), "jitter": list(self.jitter)}

    def _check_ranges(self, where: str) -> None:
        limits = {
            "epochs": (1, 10_000), "batch_size": (2, 65_536),
            "backbone_lr": (0, 100), "heads_lr": (0, 100), "decay": (0.01, 1),
            "momentum": (0, 0.9999), "weight_decay": (0, 1), "flip": (0, 1),
            "validation": (0.01, 0.5), "label_noise": (0, 0.9),
        }  # fmt: skip
        for key, (low, high) in limits.items():
            value = getattr(self, key)
            if not low <= value <= high:
                raise FerBenchError(f"{where}.{key}: {value} must lie between {low} and {high}")
        most = (10, 10, 10, 0.5)
        if len(self.jitter) != 4 or not all(0 <= v <= m for v, m in zip(self.jitter, most)):  # noqa: B905
            raise FerBenchError(
                f"{where}.jitter: {list(self.jitter)} must be four numbers from 0 to 10 "
                "(brightness, contrast, saturation, hue), the last at most 0.5"
            )


def _checked(where: str, value: Any, wanted: type) -> Any:
    if wanted is tuple:
        if isinstance(value, list | tuple) and all(isinstance(v, int | float) for v in value):
            return tuple(float(v) for v in value)
    elif wanted is float:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    elif isinstance(value, wanted) and not isinstance(value, bool):
        return value
    raise FerBenchError(f"{where}: {value!r} should be a {wanted.__name__}")
