"""The training recipe: section 5 of the paper, with what only the released code says.

A plain dataclass, so that training runs where pydantic is not installed; what params.yaml says of
it is checked once, by `fer_bench.params`, from the types and limits here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from fer_bench.errors import FerBenchError

GROUPS = {"pairs": 2, "quadruplets": 4}
"""Samplers whose faces stand in groups, and how many in each."""


def _between(low: float, high: float, default: Any, rare: bool = False) -> Any:
    """A number, or some, and the limits of each, which `fer_bench.params` checks.

    What is `rare` is written down only where it is not the default, so that a row that does without
    has the spec that it had before there was such an option.
    """
    return field(default=default, metadata={"ge": low, "le": high, "rare": rare})


def _rare(default: Any) -> Any:
    """An option without limits, as of `_between`."""
    return field(default=default, metadata={"rare": True})


@dataclass(frozen=True)
class Recipe:
    """How a cell is trained. The defaults are the paper's (RAF-DB and FERPlus).

    Attributes:
        epochs: passes over the training faces (60).
        batch_size: faces a step (64).
        backbone_lr: learning rate of the pre-trained backbone (1e-4).
        heads_lr: learning rate of everything after it (1e-2; AffectNet and SFEW 1e-3).
        decay: every learning rate is multiplied by this after each epoch (0.95), or with
            `schedule: step` at each of the `milestones`.
        schedule: how learning rates fall: `exponential` (the paper), `step`, or from their start to
            0, reached as training ends, by half a `cosine` or in a `linear` way (`schedule.py`).
        milestones: the epochs, from 0, that begin with lower rates; of `schedule: step`.
        steady: epochs at the full rates before `cosine` or `linear` begin.
        warmup: epochs before all this in which the rates rise evenly.
        optimizer: `sgd` (the paper), or `adam` or `adamw`, which some competitors trained with.
        momentum: SGD's momentum, Adam's beta_1 (0.9).
        weight_decay: added to the gradient, times the weight (1e-3); with `adamw` taken off the
            weight itself, times the learning rate (Loshchilov and Hutter, ICLR 2019).
        no_decay: what has no weight decay: `biases`, `norms` (all that normalises), or parameters
            by name, with `*` for any part of it.
        clip: the gradients' largest norm, over all parameters; 0 for any.
        sam: rho of sharpness-aware minimisation (`sam.py`), two passes a step; 0 for none.
        sampler: `oversample` draws N faces with replacement, each class equally likely (paper,
            supplementary 1.1); `shuffle` takes every face once; `class_repeat` takes each face of
            a class with the share f of the faces ceil(max(1, sqrt(repeat_below / f))) times;
            `pairs` takes each face and then another of its class, `quadruplets` then two of another
            class: a model that knows finds them beside each other in its batch.
        repeat_below: share of the faces below which `class_repeat` takes a class more than once
            (0.15, APViT).
        label_smoothing: part of each label that is shared evenly among the classes.
        class_weight: `none`, or `class_balanced`: the effective-number weights, beta = 0.9999,
            that the released code uses on SFEW.
        flip: probability of a horizontal flip (released code: 0.5).
        jitter: brightness, contrast, saturation and hue ranges (released code).
        rand_augment: how many operations, drawn for each face from torchvision's `v2.RandAugment`,
            change it before all colours, and their strength of 30; points do not follow.
        jittered: probability of all four; 1 for always.
        grey: probability of losing all colour, before the jitter.
        moved: probability of what the next four say together (`moves.py`); 1 for always.
        rotation: largest angle to either side, in degrees.
        translation: largest shift to either side, as a share of the side.
        scale: smallest and largest factor of the size.
        padded_crop: largest shift of a crop from the face with so wide a border, as a share of the
            side (8 of 112 pixels: 0.0714).
        resized_crop: smallest and largest share of the area of what is cut out and enlarged to the
            whole, of every face; `aspect`: its smallest and largest width / height.
        erasing: probability that a rectangle of the face is covered, after all else.
        erased: smallest and largest share of its area.
        erase_with: `mean`, the colour that the model's normalisation makes 0, or `noise`, which it
            makes standard normal.
        teacher: the row that this one learns from besides the labels (`teacher.py`), as a dataset's
            `enabled.students` in params.yaml says: the one is trained before the other.
        teacher_share: l, what the teacher counts for in the loss.
        temperature: T, by which both rows' logits are divided.
        teacher_sees: the `face` as it is, or as it is `augmented` for the student.
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
    schedule: Literal["exponential", "step", "cosine", "linear"] = _rare("exponential")
    milestones: tuple[int, ...] = _between(1, 10_000, (), rare=True)
    steady: int = _between(0, 10_000, 0, rare=True)
    warmup: int = _between(0, 10_000, 0, rare=True)
    optimizer: Literal["sgd", "adam", "adamw"] = "sgd"
    momentum: float = _between(0, 0.9999, 0.9)
    weight_decay: float = _between(0, 1, 1e-3)
    no_decay: tuple[str, ...] = _rare(())
    clip: float = _between(0, 1e6, 0.0, rare=True)
    sam: float = _between(0, 10, 0.0, rare=True)
    sampler: Literal["oversample", "shuffle", "class_repeat", "pairs", "quadruplets"] = "oversample"
    repeat_below: float = _between(0, 1, 0.15, rare=True)
    label_smoothing: float = _between(0, 0.99, 0.0, rare=True)
    class_weight: Literal["none", "class_balanced"] = "none"
    flip: float = _between(0, 1, 0.5)
    jitter: tuple[float, float, float, float] = field(
        default=(0.4, 0.3, 0.25, 0.05), metadata={"ge": 0, "most": (10, 10, 10, 0.5)}
    )
    rand_augment: tuple[int, int] = _between(0, 30, (0, 0), rare=True)
    jittered: float = _between(0, 1, 1.0, rare=True)
    grey: float = _between(0, 1, 0.0, rare=True)
    moved: float = _between(0, 1, 1.0, rare=True)
    rotation: float = _between(0, 180, 0.0, rare=True)
    translation: float = _between(0, 1, 0.0, rare=True)
    scale: tuple[float, float] = _between(0.01, 100, (1.0, 1.0), rare=True)
    padded_crop: float = _between(0, 1, 0.0, rare=True)
    resized_crop: tuple[float, float] = _between(0.001, 1, (1.0, 1.0), rare=True)
    aspect: tuple[float, float] = _between(0.01, 100, (3 / 4, 4 / 3), rare=True)
    erasing: float = _between(0, 1, 0.0, rare=True)
    erased: tuple[float, float] = _between(0.001, 1, (0.02, 1 / 3), rare=True)
    erase_with: Literal["mean", "noise"] = _rare("mean")
    teacher: str = _rare("")
    teacher_share: float = _between(0, 1, 0.5, rare=True)
    temperature: float = _between(0.01, 1000, 1.0, rare=True)
    teacher_sees: Literal["face", "augmented"] = _rare("face")
    train_on: Literal["train_minus_val", "all"] = "train_minus_val"
    validation: float = _between(0.01, 0.5, 0.1)
    label_noise: float = _between(0, 0.9, 0.0)
    noise_kind: Literal["symmetric", "confusion"] = "symmetric"

    def __post_init__(self) -> None:
        """Refuse options that do nothing, or not what they say, beside the others.

        Raises:
            FerBenchError: names the option and what goes with it.
        """
        began = self.warmup + self.steady
        moves = self.rotation, self.translation, self.padded_crop, self.scale != (1, 1)
        for key in ("scale", "resized_crop", "aspect", "erased"):
            low, high = getattr(self, key)
            if low > high:
                raise FerBenchError(f"recipe: {key}: {low} is the least and {high} the most")
        for keys, owner, used in (
            (("aspect",), "resized_crop", self.resized_crop != (1, 1)),
            (("erased", "erase_with"), "erasing", self.erasing),
            (("repeat_below",), "sampler: class_repeat", self.sampler == "class_repeat"),
            (("jittered",), "jitter", any(self.jitter)),
            (("noise_kind",), "label_noise", self.label_noise),
            (("teacher_share", "temperature", "teacher_sees"), "a teacher: name the row under "
             "`students` of its dataset's `enabled` in params.yaml", self.teacher),
        ):  # fmt: skip
            for key in keys:
                if not used and getattr(self, key) != getattr(Recipe, key):
                    raise FerBenchError(f"recipe: {key} does nothing without {owner}")
        for wrong, said in (
            (self.schedule == "step" and not self.milestones,
             "schedule: step needs milestones, e.g. [15, 30]"),
            (self.milestones and self.schedule != "step", "milestones are of schedule: step"),
            (list(self.milestones) != sorted(set(self.milestones)),
             f"milestones: {list(self.milestones)} must rise"),
            (self.steady and self.schedule not in ("cosine", "linear"),
             "steady is of schedule: cosine or linear"),
            (began and began >= self.epochs,
             f"warmup and steady: {began} epochs leave none of the {self.epochs} for what follows"),
            (self.batch_size % GROUPS.get(self.sampler, 1),
             f"batch_size: {self.batch_size} cuts a group of sampler: {self.sampler} in two"),
            (self.rand_augment[0] == 0 < self.rand_augment[1],
             f"rand_augment: {list(self.rand_augment)} is no operation, e.g. [2, 9] are two"),
            (self.moved != 1 and not any(moves),
             "moved is of rotation, translation, scale and padded_crop; none is set"),
        ):  # fmt: skip
            if wrong:
                raise FerBenchError(f"recipe: {said}")

    @staticmethod
    def of(values: Mapping[str, Any]) -> Recipe:
        """The recipe of a spec, or of keys that `fer_bench.params` has checked."""
        plain: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in values.items()
        }
        return Recipe(**plain)

    def to_json(self) -> dict[str, Any]:
        """The recipe as plain JSON values; without the rare options that it does without."""
        shown = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}
        for option in fields(self):
            if option.metadata.get("rare") and getattr(self, option.name) == option.default:
                del shown[option.name]
        return shown


def whole(said: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe as `Recipe.to_json` gives it, with the rare options that it leaves out."""
    rare = (option for option in fields(Recipe) if option.metadata.get("rare"))
    shown = {o.name: list(o.default) if isinstance(o.default, tuple) else o.default for o in rare}
    return {**shown, **said}
