"""Accuracy of a trained cell on corrupted faces, and how often small changes turn its answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from fer_bench.evaluation.corruptions import CORRUPTIONS, PERTURBATIONS, SEVERITIES, Corruption
from fer_bench.evaluation.corruptions.perturbations import Step
from fer_bench.evaluation.metrics import measure
from fer_bench.evaluation.opened import known_faces, last_network, prepare, test_faces
from fer_bench.faces.crop_landmarks import crop_landmarks
from fer_bench.records.robustness import (
    Accuracies,
    Corrupted,
    Perturbed,
    RobustnessResult,
    Severity,
    Worn,
)
from fer_bench.records.spec import RowSpec, View
from fer_bench.records.training import FILE as TRAINING
from fer_bench.records.training import Training
from fer_bench.training.batches import Faces, in_batches
from fer_bench.training.step import predict

BATCH = 128
"""Faces corrupted and predicted at a time: 20 MB of pixels at 224 px, whatever the set's size."""

Change = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""(images (B, H, W, 3) uint8, their positions among the test faces) -> changed images."""


@dataclass(frozen=True)
class ModelOnFaces:
    """A model and the test faces it is tried on.

    Attributes:
        predict: images (B, H, W, 3) uint8 and their positions among the faces (B,) -> logits
            (B, K). The positions are for a model that takes more of a face than its pixels; what
            it takes is of the face as it was before the change.
        faces: the N test faces.
        landmarks: (N, 5, 2) in pixels of the crop; None where no mask can be worn.
        classes: the K classes.
    """

    predict: Callable[[np.ndarray, np.ndarray], np.ndarray]
    faces: Faces
    landmarks: np.ndarray | None
    classes: Sequence[str]

    def logits(self, changes: Iterable[Change]) -> Iterator[np.ndarray]:
        """Logits (N, K) of all faces under each change in turn.

        While the model reads one batch, another thread makes the next: most of that is done by
        libraries that let the model run beside them. Three batches are held, never a whole set.
        """
        batches = list(in_batches(np.arange(len(self.faces)), BATCH))
        jobs = ((change, which) for change in changes for which in batches)
        found: list[np.ndarray] = []
        with ThreadPoolExecutor(max_workers=1) as pool:
            coming = deque(pool.submit(self._changed, *job) for job in islice(jobs, 2))
            while coming:
                images, which = coming.popleft().result()
                coming.extend(pool.submit(self._changed, *job) for job in islice(jobs, 1))
                found.append(self.predict(images, which))
                if len(found) == len(batches):
                    yield np.concatenate(found)
                    found = []

    def _changed(self, change: Change, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return change(np.asarray(self.faces.pixels[self.faces.rows[which]]), which), which

    def corrupting(self, corruption: Corruption, value: Any) -> Change:
        """The change that one corruption of one strength makes."""

        def change(images: np.ndarray, which: np.ndarray) -> np.ndarray:
            places = None if self.landmarks is None else self.landmarks[which]
            return corruption.apply(images, value, self.faces.sample_ids[which], places)

        return change


def robustness_cell(
    spec_path: Path, view_path: Path, weights: Path, out_json: Path, packs: Path
) -> None:
    """Write `results/robustness/<dataset>/<model>/<seed>.json` of one cell's `last` weights.

    Args:
        spec_path: the cell's spec, which says how to build the model.
        view_path: the view of its own dataset, `runs/views/<dataset>.json`; its test faces are
            corrupted.
        weights: the cell's `train/weights` folder; `train.json` beside it says which seed it is.
        out_json: the file to write.
        packs: `data/aligned`.

    Raises:
        FerBenchError: a file is missing, the dataset is cross-validated or has no test faces, or
            its faces do not fit the model.
    """
    spec, view = RowSpec.read(spec_path), View.read(view_path)
    seed = Training.read(weights.parent / TRAINING).seed
    subject, worn = _subject(spec, view, weights, packs)
    robustness(subject, (spec.dataset, spec.model, seed), worn).write(out_json)


def robustness(subject: ModelOnFaces, cell: tuple[str, str, int], worn: Worn) -> RobustnessResult:
    """Everything measured of one model.

    Args:
        subject: the model and its faces.
        cell: dataset, row and seed.
        worn: by what masks are worn.
    """
    usable = [c for c in CORRUPTIONS.values() if not c.landmarks or subject.landmarks is not None]
    values = {c.name: c.values_at(int(subject.faces.pixels.shape[1])) for c in usable}
    changes: list[Change] = [lambda images, _: images]
    changes += [subject.corrupting(c, value) for c in usable for value in values[c.name]]
    changes += [_stepping(step) for small in PERTURBATIONS for step in small.steps]
    name = "/".join(map(str, cell))
    bar = tqdm(subject.logits(changes), name, len(changes), unit="pass", mininterval=1.0)
    results = iter(list(bar))  # numbers, no pixels: small
    clean = next(results)
    answers = clean.argmax(axis=1)
    corruptions = {}
    for c in usable:
        severities = []
        for level, value in zip(SEVERITIES, values[c.name], strict=True):
            logits = next(results)
            flipped = _flipped(answers, logits)
            severities.append(Severity(level, value, *_measured(subject, logits), flipped))
        corruptions[c.name] = Corrupted(c.group, c.unit, tuple(severities))
    perturbations = {
        small.name: Perturbed(
            small.value, float(np.mean([_flipped(answers, next(results)) for _ in small.steps]))
        )
        for small in PERTURBATIONS
    }
    means = [np.mean([s.accuracy for s in c.severities]) for c in corruptions.values()]
    return RobustnessResult(
        *cell,
        len(subject.faces),
        tuple(subject.classes),
        worn,
        Accuracies(*_measured(subject, clean)),
        corruptions,
        float(np.mean(means)),
        perturbations,
        float(np.mean([p.flip_rate for p in perturbations.values()])),
    )


def _stepping(step: Step) -> Change:
    return lambda images, _: np.stack([step(image) for image in images])


def _subject(spec: RowSpec, view: View, weights: Path, packs: Path) -> tuple[ModelOnFaces, Worn]:
    device = prepare(spec)
    model = last_network(spec, weights, device, "robustness")
    remedy = f"empty enabled.{spec.dataset}.robustness"
    pixels, rows = test_faces(spec, view, packs, remedy)
    faces = known_faces(spec, model, pixels, rows)
    landmarks, worn = _places(rows, pixels.shape[1])

    def logits(images: np.ndarray, which: np.ndarray) -> np.ndarray:
        every = np.arange(len(images))
        fields = {name: values[which] for name, values in faces.fields.items()}
        return predict(model, Faces(images, every, every, every, every, fields), device, BATCH)

    return ModelOnFaces(logits, faces, landmarks, list(spec.classes)), worn


def _places(rows: pd.DataFrame, size: int) -> tuple[np.ndarray | None, Worn]:
    """Landmarks to wear masks by, and what the result says about them.

    None are worn where nobody knows where these faces have their mouth, or they wear some already.
    """
    landmarks, known = crop_landmarks(list(rows["landmarks"]), size)
    masked = "mask_kind" in rows and bool(rows["mask_kind"].notna().any())
    why = "already masked" if masked else None if known.any() else "no landmarks"
    worn = Worn(int(known.sum()), int((~known).sum()), why)
    return (None if why else landmarks), worn


def _measured(subject: ModelOnFaces, logits: np.ndarray) -> tuple[float, float]:
    whole = measure(subject.faces.labels, logits, subject.classes)
    return whole["accuracy"], whole["balanced_accuracy"]


def _flipped(answers: np.ndarray, logits: np.ndarray) -> float:
    return float((logits.argmax(axis=1) != answers).mean())
