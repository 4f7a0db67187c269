"""Rendered faces: seven expressions of people who do not exist.

Datasheet
    Origin: drawn by `fer_bench.rendering` from a seed; no photograph, no download, no licence.
    What it is for: a benchmark that runs everywhere. It exercises every stage a photographic set
        does, with factors that photographs lack: true box and landmarks, yaw, light, occluder and
        the label before label noise. It says nothing about accuracy on real people.
    Classes: neutral, happiness, surprise, sadness, anger, disgust, fear, each drawn from two or
        three combinations of facial action units at varying intensity, with a share of a second
        expression mixed in; every seven consecutive images of a person show all seven.
    Splits: train and test, made of different persons by construction; no validation split
        (training carves one from train).
    Size: `identities_train` + `identities_test` persons times `images_per_identity`.
    Factors (manifest columns): `shot` (number of the image of its person), `yaw` (degrees,
        positive to the image's right), `illumination`, `occluder` (none, hand, sunglasses, hair,
        scarf), `intensity` (0..1; 0 for neutral), `glasses`, `skin_tone` (0 light to 5 dark),
        `true_label` (label before label noise), `true_box` (x0, y0, x1, y1), `true_landmarks`
        (left eye, right eye, nose tip, left and right mouth corner as x, y; image left first).
    Known limits: drawings, not renderings of meshes; hair is a cap; no teeth gaps, tears or
        tongue-show; expressions are posed, one at a time, and asymmetry is mild.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_bench.datasets.base import Dataset, PackSpec, Part, Source, Subset
from fer_bench.errors import FerBenchError, nearest
from fer_bench.labels import SEVEN, Expression
from fer_bench.rendering.draws import pick, scalars
from fer_bench.rendering.factors import Settings, plan
from fer_bench.rendering.identity import person
from fer_bench.rendering.scene import geometry, render


@dataclass(frozen=True)
class Options(Settings):
    """What `data.synthetic` in params.yaml may set: the renderer's settings and these.

    Attributes:
        identities_train: persons in the train split.
        identities_test: persons in the test split.
        images_per_identity: pictures of each.
        label_noise: share of the train labels replaced by another one, 0..1.
    """

    identities_train: int = 70
    identities_test: int = 30
    images_per_identity: int = 10
    label_noise: float = 0.0


_LIMITS: dict[str, tuple[float, float]] = {
    "seed": (0, 2**31), "identities_train": (1, 10**6), "identities_test": (1, 10**6),
    "images_per_identity": (1, 10**4), "image_size": (64, 1024), "blend": (0, 1),
    "label_noise": (0, 1), "occluded": (0, 1), "frontal": (0, 1), "yaw_max": (20, 60),
    "shadow": (0, 1), "noise": (0, 0.2),
}  # fmt: skip


def options_from(given: Mapping[str, Any]) -> Options:
    """Check `given` and fill in the defaults.

    Raises:
        FerBenchError: an unknown key, a wrong type or a value outside its limits.
    """
    defaults = asdict(Options())
    checked: dict[str, Any] = {}
    for key, value in given.items():
        if key not in defaults:
            raise FerBenchError(
                f"data.synthetic.{key}: unknown option; {nearest(key, defaults)} "
                "Correct it in params.yaml."
            )
        checked[key] = _pair(value) if key == "intensity" else _number(key, value, defaults[key])
    return Options(**checked)


def _number(key: str, value: Any, default: int | float) -> int | float:
    low, high = _LIMITS[key]
    kind = int if isinstance(default, int) else (int, float)
    if isinstance(value, bool) or not isinstance(value, kind) or not low <= value <= high:
        noun = "a whole number" if kind is int else "a number"
        raise FerBenchError(
            f"data.synthetic.{key}: {value!r} must be {noun} from {low} to {high} "
            f"(default {default}). Correct it in params.yaml."
        )
    return value if kind is int else float(value)


def _pair(value: Any) -> tuple[float, float]:
    numbers = list(value) if isinstance(value, list | tuple) else []
    fine = len(numbers) == 2 and all(
        isinstance(v, int | float) and not isinstance(v, bool) for v in numbers
    )
    if not fine or not 0 <= numbers[0] <= numbers[1] <= 1:
        raise FerBenchError(
            f"data.synthetic.intensity: {value!r} must be two numbers, lowest and highest, "
            "with 0 <= lowest <= highest <= 1. Correct it in params.yaml."
        )
    return float(numbers[0]), float(numbers[1])


class Synthetic(Source):
    """See the module's datasheet."""

    name = "synthetic"
    title = "Rendered faces"
    licence = "MIT (drawn by this project)"
    homepage = ""
    how_to_get = "Nothing to get: the faces are drawn when they are aligned."
    rendered = True

    def check(self, options: Mapping[str, Any]) -> None:
        """Raise FerBenchError when an option is unknown or out of its limits."""
        options_from(options)

    def index(self, root: Path, options: Mapping[str, Any]) -> pd.DataFrame:
        """List every face with its factors, persons in order; nothing is drawn.

        Args:
            root: unused.
            options: see `Options`.
        """
        checked = options_from(options)
        rows = [
            self._row(checked, split, f"{split}_{number:04d}", shot)
            for split in ("train", "test")
            for number in range(getattr(checked, f"identities_{split}"))
            for shot in range(checked.images_per_identity)
        ]
        frame = pd.DataFrame(rows)
        frame["fold"] = frame["fold"].astype("Int64")
        return frame

    def _row(self, options: Options, split: str, subject: str, shot: int) -> dict[str, Any]:
        who, how = person(options.seed, subject), plan(options, subject, shot)
        where = geometry(options, who, how)
        true = int(Expression[how.expression])
        noise = options.label_noise if split == "train" else 0.0
        return {
            "sample_id": f"{subject}_{shot:04d}",
            "label": _noisy(true, noise, options.seed, subject, shot),
            "split": split,
            "subject": subject,
            "fold": None,
            "shot": shot,
            "yaw": round(how.pose.yaw, 3),
            "illumination": how.illumination,
            "occluder": how.occluder,
            "intensity": round(how.intensity, 4),
            "glasses": who.glasses,
            "skin_tone": who.skin_tone,
            "true_label": true,
            "true_box": [round(v, 2) for v in where.box],
            "true_landmarks": [round(float(v), 2) for v in where.landmarks.ravel()],
        }

    def load(self, root: Path, row: Mapping[str, Any], options: Mapping[str, Any]) -> np.ndarray:
        """Draw the face of one index row: (image_size, image_size, 3) uint8, RGB.

        Args:
            root: unused.
            row: needs `subject` and `shot`.
            options: the same as given to `index`.
        """
        settings = options_from(options)
        subject, shot = str(row["subject"]), int(row["shot"])
        who, how = person(settings.seed, subject), plan(settings, subject, shot)
        return render(settings, who, how, subject, shot)


def _noisy(true: int, share: float, seed: int, subject: str, shot: int) -> int:
    stream = scalars("label noise", seed, subject, shot)
    if stream.random() >= share:
        return true
    return pick(stream, [k for k in range(len(SEVEN)) if k != true])


def _turned(degrees: float) -> Subset:
    return lambda manifest: (manifest["yaw"].abs() > degrees).to_numpy(dtype=bool)


def _covered(manifest: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return (manifest["occluder"] != "none").to_numpy(dtype=bool)


SUBSETS: dict[str, Subset] = {
    "occluded": _covered,
    "pose_gt_30": _turned(30.0),
    "pose_gt_45": _turned(45.0),
}

SOURCE = Synthetic()
PACKS = (
    PackSpec("synthetic", "synthetic"),
    PackSpec("synthetic_masked", "synthetic", "blue"),
    PackSpec("synthetic_masked_mixed", "synthetic", "mixed"),
)
DATASETS = tuple(
    Dataset(
        pack.name, (Part(pack.name),), subsets=SUBSETS, slices=("skin_tone", "glasses"), title=title
    )
    for pack, title in zip(
        PACKS,
        ("Rendered faces", "Rendered faces, one blue mask", "Rendered faces, mixed masks"),
        strict=True,
    )
)
