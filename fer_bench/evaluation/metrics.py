"""Every metric a score file holds, from one set of logits. NumPy only.

scikit-learn and torchmetrics compute the same numbers and check these in the tests; importing
either would cost each of the many scoring processes more than a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fer_bench.errors import FerBenchError

ECE_BINS = 15
"""Fixed, so that calibration errors of different runs can be compared."""

SCALARS = ("accuracy", "balanced_accuracy", "macro_f1", "nll", "brier", "ece")


def measure(labels: np.ndarray, logits: np.ndarray, classes: Sequence[str]) -> dict[str, Any]:
    """All metrics of N predictions over K classes.

    The predicted class is the one with the largest logit, the first of them on a tie.

    Args:
        labels: (N,) integers, indices into `classes`.
        logits: (N, K) finite numbers.
        classes: the K class names, in the order of the columns.

    Returns:
        A dictionary ready for JSON:

        - `n`; `n_per_class` and `recall` by class name (null where a class has no sample);
        - `accuracy`; `balanced_accuracy`: mean recall over the classes that occur among the labels;
        - `macro_f1`: mean F1 over the classes that occur among labels or predictions;
        - `nll`: mean negative log-likelihood of the softmax in nats;
        - `brier`: mean over samples of the squared distance between the softmax and the one-hot
          label, summed over classes (0 to 2, Brier 1950);
        - `ece`: expected calibration error of the largest softmax probability (Naeini et al. 2015)
          over 15 equally wide bins, each open on the left and closed on the right;
        - `confusion`: (K, K) counts, rows are true classes.

        Fractions run from 0 to 1. With N = 0 every metric is null and every count 0.

    Raises:
        FerBenchError: shapes disagree, a label is outside the classes, or a logit is not finite.
    """
    labels, logits = np.asarray(labels), np.asarray(logits, dtype=np.float64)
    _check(labels, logits, classes)
    k = len(classes)
    predicted = logits.argmax(axis=1)
    confusion = np.bincount(labels * k + predicted, minlength=k * k).reshape(k, k)
    per_class = confusion.sum(axis=1)
    result: dict[str, Any] = dict.fromkeys(SCALARS)
    result |= {
        "n": len(labels),
        "n_per_class": dict(zip(classes, per_class.tolist(), strict=True)),
        "recall": dict.fromkeys(classes),
        "confusion": confusion.tolist(),
    }
    if len(labels):
        log_p = log_softmax(logits)
        hits = confusion.diagonal()
        present = per_class > 0
        recalls = hits[present] / per_class[present]
        names = [c for c, p in zip(classes, present, strict=True) if p]
        result["recall"] |= dict(zip(names, recalls.tolist(), strict=True))
        result["accuracy"] = float(hits.sum() / len(labels))
        result["balanced_accuracy"] = float(recalls.mean())
        result["macro_f1"] = _macro_f1(confusion)
        result["nll"] = float(-log_p[np.arange(len(labels)), labels].mean())
        result["brier"] = float(((np.exp(log_p) - np.eye(k)[labels]) ** 2).sum(axis=1).mean())
        result["ece"] = _ece(np.exp(log_p.max(axis=1)), predicted == labels)
    return result


def _check(labels: np.ndarray, logits: np.ndarray, classes: Sequence[str]) -> None:
    if logits.ndim != 2 or logits.shape != (len(labels), len(classes)):
        raise FerBenchError(
            f"logits have the shape {logits.shape}, expected ({len(labels)}, {len(classes)}): "
            "a row a sample and a column a class"
        )
    if not np.issubdtype(labels.dtype, np.integer):
        raise FerBenchError(f"labels must be integers, not {labels.dtype}")
    if len(labels) and not (labels.min() >= 0 and labels.max() < len(classes)):
        raise FerBenchError(
            f"labels run from {labels.min()} to {labels.max()}, expected 0 to {len(classes) - 1} "
            f"(classes {', '.join(classes)})"
        )
    if not np.isfinite(logits).all():
        bad = int((~np.isfinite(logits)).any(axis=1).sum())
        raise FerBenchError(
            f"{bad} of {len(labels)} samples have logits that are not finite: the training "
            "diverged; lower the learning rate of this cell and train it again"
        )


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """(N, K) logits as log probabilities."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def _macro_f1(confusion: np.ndarray) -> float:
    # F1 = 2 TP / (2 TP + FP + FN); a class that neither occurs nor is predicted has no F1.
    sizes = confusion.sum(axis=0) + confusion.sum(axis=1)
    seen = sizes > 0
    return float((2 * confusion.diagonal()[seen] / sizes[seen]).mean())


def _ece(confidence: np.ndarray, correct: np.ndarray) -> float:
    bins = confidence_bins(confidence)
    gap = np.bincount(bins, weights=correct - confidence, minlength=ECE_BINS)
    return float(np.abs(gap).sum() / len(confidence))


def confidence_bins(confidence: np.ndarray) -> np.ndarray:
    """(N,) confidences -> the bin of each, 0 to 14."""
    # side="left" puts a value that equals an edge below it: bins are (edge, next edge].
    edges = np.arange(1, ECE_BINS + 1) / ECE_BINS
    return np.asarray(np.searchsorted(edges, np.minimum(confidence, 1.0), side="left"))
