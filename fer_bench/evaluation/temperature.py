"""Temperature scaling: one number, fitted on validation faces, by which all logits are divided.

Guo et al. (2017), On calibration of modern neural networks, ICML, section 4.2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from fer_bench.evaluation.metrics import log_softmax, measure
from fer_bench.records.training import Training

COOLEST, HOTTEST = 0.01, 100.0
STEPS = 50


def scaled(saved: pd.DataFrame, labels: np.ndarray, logits: np.ndarray, training: Training) -> Any:
    """`temperature`, `nll_scaled` and `ece_scaled` of test faces.

    Args:
        saved: the `predictions.parquet` whose validation faces it is fitted on.
        labels: (N,) of the test faces.
        logits: (N, K).
        training: of the cell. Nothing is known where validation faces were trained on, and nothing
            is said of cross-validation, where every fold would need its own.

    Returns:
        Nothing without validation faces.
    """
    if training.train_on == "all" or training.protocol == "folds":
        return {}
    val = saved[(saved["split"] == "val") & (saved["selection"] == "last")]
    if val.empty:
        return {}
    known = val[[f"logit_{name}" for name in training.classes]].to_numpy("float64")
    t = fitted(val["label"].to_numpy("int64"), known)
    found = measure(labels, np.asarray(logits, dtype=np.float64) / t, training.classes)
    return {"temperature": t, "nll_scaled": found["nll"], "ece_scaled": found["ece"]}


def fitted(labels: np.ndarray, logits: np.ndarray) -> float:
    """The temperature of least NLL, within 0.01 to 100.

    NLL is convex in the inverse temperature, so that its derivative is bisected.

    Args:
        labels: (N,) true classes.
        logits: (N, K).
    """
    right = logits[np.arange(len(labels)), labels]
    low, high = 1 / HOTTEST, 1 / COOLEST
    for _ in range(STEPS):
        middle = float(np.sqrt(low * high))
        p = np.exp(log_softmax(middle * logits))
        if float(((p * logits).sum(axis=1) - right).mean()) > 0:
            high = middle
        else:
            low = middle
    return round(1 / float(np.sqrt(low * high)), 6)
