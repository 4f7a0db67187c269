"""A row that learns from another row's answers: knowledge distillation.

Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network", 2015. The loss is
(1 - l) L + l CE(softmax(t / T), z / T): L the model's own, z its logits, t the teacher's for the
same face, both over the temperature T, and not multiplied by T² (a recipe's `teacher_share` is
what balances the two). The teacher is the cell of the same dataset and seed, in cross-validation
of the same fold, by its last epoch; it stays as it is, in evaluation mode.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.reading import load_weights
from fer_bench.records.spec import FILE, RowSpec
from fer_bench.training.batches import Faces
from fer_bench.training.data import with_fields
from fer_bench.training.recipe import Recipe
from fer_bench.training.step import predict


def weights_of(folder: Path, fold: int | None) -> Path:
    """The teacher's weights in its cell's `train` folder.

    Raises:
        FerBenchError: they are not there.
    """
    last = "last" if fold is None else f"last_fold{fold}"
    file = folder / f"weights/{last}.safetensors"
    if not file.is_file():
        raise FerBenchError(f"{file} is missing: train the teacher before its students")
    return file


class Teacher:
    """What a cell's network says of the faces that a student learns from.

    Args:
        folder: the cell's `train`.
        faces: those that the student learns from.
        manifest: their rows.
        recipe: the student's.
        device: where it is trained.
        fold: that is held out, in cross-validation.
        classes: the student's, in the order of its logits.

    Raises:
        FerBenchError: the teacher tells other classes, or in another order, or needs more of an
            augmented face than its pixels.
    """

    def __init__(
        self,
        folder: Path,
        faces: Faces,
        manifest: pd.DataFrame,
        recipe: Recipe,
        device: torch.device,
        fold: int | None,
        classes: Sequence[str],
    ) -> None:
        file, spec = weights_of(folder, fold), RowSpec.read(folder / FILE)
        if list(spec.classes) != list(classes):
            raise FerBenchError(
                f"{folder / FILE}: the teacher {spec.model} tells {', '.join(spec.classes)}, its "
                f"student {', '.join(classes)}: train the teacher again, on the same classes"
            )
        with torch.random.fork_rng():  # the student's weights are drawn already; its layers are not
            self.model = models.build(spec.base, len(spec.classes), **spec.options)
        load_weights(self.model, file)
        self.model.to(device).eval().requires_grad_(False)
        self.said: Tensor | None = None
        if recipe.teacher_sees == "face":
            known = with_fields(faces, manifest, self.model.fields)
            self.said = torch.from_numpy(predict(self.model, known, device))
        elif self.model.fields:
            raise FerBenchError(
                f"recipe: teacher_sees: augmented: {spec.model} looks at "
                f"{', '.join(self.model.fields)} of each face besides its pixels; use face"
            )

    @torch.no_grad()
    def logits(self, which: np.ndarray, images: Tensor) -> Tensor:
        """Its logits (B, K) of faces `which`, whose augmented `images` the student sees."""
        if self.said is None:
            logits: Tensor = self.model(images).logits
            return logits
        return self.said[torch.from_numpy(which)].to(images.device)


def distilled(recipe: Recipe, taught: Tensor, logits: Tensor, own: Tensor) -> Tensor:
    """A student's loss from its teacher's logits (B, K), its own, and the loss of its model."""
    heat = recipe.temperature
    learned = F.cross_entropy(logits / heat, (taught / heat).softmax(1))
    return (1 - recipe.teacher_share) * own + recipe.teacher_share * learned
