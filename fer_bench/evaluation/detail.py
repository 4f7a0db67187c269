"""What a score file keeps of the single answers, so that reports need no predictions.

Answers let two models be compared on the same faces; calibration and the risk-coverage curve are
drawn; agreement with raters exists where a set carries their votes. No face is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fer_bench.evaluation.metrics import ECE_BINS, confidence_bins, log_softmax
from fer_bench.records.faces import faces_hash

COVERAGES = tuple(round(0.05 * k, 2) for k in range(1, 21))


def answers(labels: np.ndarray, logits: np.ndarray, numbers: np.ndarray) -> dict[str, str]:
    """Every face's predicted class, and which faces these were.

    Args:
        labels: (N,) true classes.
        logits: (N, K), at most ten classes.
        numbers: (N,) the faces' running numbers in their set (`records.faces`).

    Returns:
        `answers`: N digits, the predicted classes, faces ordered by true class and then by
        number, so that true classes follow from the class counts; `faces_sha256`: the first 16
        hex digits of the hash of the numbers in that order. Of one set, equal hashes mean equal
        faces.
    """
    order = np.lexsort((numbers, labels))
    digits = logits.argmax(axis=1)[order].astype("U1")
    return {"answers": "".join(digits), "faces_sha256": faces_hash(numbers[order].tolist())}


def calibration(labels: np.ndarray, logits: np.ndarray) -> dict[str, list[Any]]:
    """The reliability diagram: size, mean confidence and accuracy of each of the bins of `ece`.

    Args:
        labels: (N,) true classes.
        logits: (N, K).
    """
    log_p = log_softmax(np.asarray(logits, dtype=np.float64))
    confidence, correct = np.exp(log_p.max(axis=1)), logits.argmax(axis=1) == labels
    bins = confidence_bins(confidence)
    n = np.bincount(bins, minlength=ECE_BINS)

    def means(values: np.ndarray) -> list[float | None]:
        sums = np.bincount(bins, weights=values, minlength=ECE_BINS)
        return [round(float(s / k), 6) if k else None for s, k in zip(sums, n, strict=True)]

    return {"n": n.tolist(), "confidence": means(confidence), "accuracy": means(correct)}


def risk_coverage(labels: np.ndarray, logits: np.ndarray) -> dict[str, Any]:
    """The error rate when only the most confident faces are answered.

    Geifman and El-Yaniv (2017), Selective classification for deep neural networks. Faces of equal
    confidence share their errors evenly, so that their order does not matter.

    Args:
        labels: (N,) true classes.
        logits: (N, K).

    Returns:
        `coverage`: 0.05 to 1; `risk`: the error rate of the ceil(coverage * N) most confident
        faces; `aurc`: the mean error rate over every coverage k/N.
    """
    log_p = log_softmax(np.asarray(logits, dtype=np.float64)).max(axis=1)
    wrong = (logits.argmax(axis=1) != labels).astype(np.float64)
    _, group = np.unique(-log_p, return_inverse=True)
    shared = np.bincount(group, weights=wrong) / np.bincount(group)
    ordered = np.repeat(shared, np.bincount(group))
    n = len(ordered)
    risk = np.cumsum(ordered) / np.arange(1, n + 1)
    at = [max(0, int(np.ceil(round(c * n, 6))) - 1) for c in COVERAGES]
    return {
        "coverage": list(COVERAGES),
        "risk": [round(float(risk[i]), 6) for i in at],
        "aurc": round(float(risk.mean()), 6),
    }


def raters(votes: np.ndarray, logits: np.ndarray, places: Sequence[int]) -> dict[str, Any] | None:
    """How a model agrees with the raters of each face, beside how they agree with one another.

    Args:
        votes: (N, V) counts of votes by option; options may be more than the model's classes.
        logits: (N, K).
        places: the column of `votes` for each of the K classes.

    Returns:
        None without a face that has two votes; otherwise, over such faces, `n`; `agreement`: mean
        share of a face's raters who gave the model's answer; `ceiling`: the same for the best
        answer there is among the classes; `human`: chance that two different raters of a face
        agree; `cross_entropy`: of the votes for the K classes with the softmax, and `entropy`: of
        these votes, both in nats over the faces that have such votes.
    """
    votes = np.asarray(votes, dtype=np.float64)
    total = votes.sum(axis=1)
    rated = total >= 2
    if not rated.any():
        return None
    votes, total = votes[rated], total[rated]
    logits = np.asarray(logits, dtype=np.float64)[rated]
    ours = votes[:, list(places)]
    among = ours / total[:, None]
    pairs = (votes * (votes - 1)).sum(axis=1) / (total * (total - 1))
    known = ours.sum(axis=1) > 0
    q = ours[known] / ours[known].sum(axis=1, keepdims=True)
    log_q = np.log(np.where(q > 0, q, 1.0))
    answer = logits.argmax(axis=1)
    numbers = {
        "agreement": among[np.arange(len(answer)), answer].mean(),
        "ceiling": among.max(axis=1).mean(),
        "human": pairs.mean(),
        "cross_entropy": -(q * log_softmax(logits[known])).sum(axis=1).mean(),
        "entropy": -(q * log_q).sum(axis=1).mean(),
    }
    return {"n": int(rated.sum()), **{k: round(float(v), 6) for k, v in numbers.items()}}
