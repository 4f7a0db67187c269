"""The training recipe: section 5 of the paper, with what only the released code says.

A plain dataclass, so that training runs where pydantic is not installed; what params.yaml says of
it is checked once, by `fer_bench.params`, from the types and limits here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal


def _between(low: float, high: float, default: Any) -> Any:
    """A number and its limits, which `fer_bench.params` checks."""
    return field(default=default, metadata={"ge": low, "le": high})


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

    epochs: int = _between(1, 10_000, 60)
    batch_size: int = _between(2, 65_536, 64)
    backbone_lr: float = _between(0, 100, 1e-4)
    heads_lr: float = _between(0, 100, 1e-2)
    decay: float = _between(0.01, 1, 0.95)
    optimizer: Literal["sgd", "adam"] = "sgd"
    momentum: float = _between(0, 0.9999, 0.9)
    weight_decay: float = _between(0, 1, 1e-3)
    sampler: Literal["oversample", "shuffle"] = "oversample"
    class_weight: Literal["none", "class_balanced"] = "none"
    flip: float = _between(0, 1, 0.5)
    jitter: tuple[float, float, float, float] = field(
        default=(0.4, 0.3, 0.25, 0.05), metadata={"most": (10, 10, 10, 0.5)}
    )
    train_on: Literal["train_minus_val", "all"] = "train_minus_val"
    validation: float = _between(0.01, 0.5, 0.1)
    label_noise: float = _between(0, 0.9, 0.0)
    noise_kind: Literal["symmetric", "confusion"] = "symmetric"

    @staticmethod
    def of(values: Mapping[str, Any]) -> Recipe:
        """The recipe of a spec, or of keys that `fer_bench.params` has checked."""
        jitter = values.get("jitter", Recipe.jitter)
        return Recipe(**{**values, "jitter": tuple(jitter)})

    def to_json(self) -> dict[str, Any]:
        """The recipe as plain JSON values."""
        return {**asdict(self), "jitter": list(self.jitter)}
