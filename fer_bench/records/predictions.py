"""Predictions: one row a face and selection, logits in class order, no names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

FILE = "predictions.parquet"
LARGEST = float(np.finfo(np.float16).max)


def predictions_frame(
    numbers: np.ndarray,
    labels: np.ndarray,
    logits: np.ndarray,
    classes: Sequence[str],
    *,
    selection: str,
    split: str,
    folds: np.ndarray | None = None,
) -> pd.DataFrame:
    """Columns `selection`, `split`, `fold`, `face`, `label` and one `logit_<class>` a class.

    Logits are rounded to float16 before anything is scored, so that what is kept of a run gives
    its scores to the last bit. What lies beyond float16's range is put at its end.

    Args:
        numbers: (N,) running numbers of the faces in their set (`records.faces`).
        labels: (N,) indices into `classes`.
        logits: (N, K).
        classes: the K class names.
        selection: `last`, `best_on_val` or `best_on_test`.
        split: `test` or `val`.
        folds: (N,) the fold each face was held out in; None outside cross-validation.
    """
    frame = pd.DataFrame(
        {
            "selection": selection,
            "split": split,
            "fold": pd.array([None] * len(labels) if folds is None else folds, dtype="Int16"),
            "face": numbers.astype("int32"),
            "label": labels.astype("int8"),
        }
    )
    rounded = np.clip(logits, -LARGEST, LARGEST).astype("float16")
    for i, name in enumerate(classes):
        frame[f"logit_{name}"] = rounded[:, i]
    return frame


def write_predictions(file: Path, frames: Sequence[pd.DataFrame]) -> None:
    """Write the frames of all selections as one file, faces in order."""
    frame = pd.concat(frames, ignore_index=True)
    frame = frame.sort_values(["selection", "split", "fold", "face"], kind="stable")
    logits = [name for name in frame.columns if name.startswith("logit_")]
    frame.to_parquet(
        file, index=False, compression="zstd", compression_level=19,
        use_dictionary=["selection", "split", "fold", "label"],
        column_encoding={"face": "DELTA_BINARY_PACKED"}
        | dict.fromkeys(logits, "BYTE_STREAM_SPLIT"),
    )  # fmt: skip
