"""The record of a cell: one row a test face and selection, logits in class order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from fer_bench.training.batches import Faces


def predictions_frame(
    faces: Faces, logits: np.ndarray, classes: Sequence[str], selection: str
) -> pd.DataFrame:
    """Columns `sample_id, fold, selection, label` and one float32 `logit_<class>` a class.

    Args:
        faces: the N faces predicted.
        logits: (N, K).
        classes: the K class names; `label` indexes them.
        selection: `last`, `best_on_val` or `best_on_test`.
    """
    frame = pd.DataFrame(
        {
            "sample_id": faces.sample_ids,
            "fold": pd.array(faces.folds, dtype="Int64"),
            "selection": selection,
            "label": faces.labels.astype("int64"),
        }
    )
    for i, name in enumerate(classes):
        frame[f"logit_{name}"] = logits[:, i].astype("float32")
    return frame
