#!/usr/bin/env bash
# Surprise: in torchmetrics, the mean class accuracy (macro accuracy, recall, F1) of an eight-class network on
#   a set of seven classes falls by an eighth as soon as one face is answered with the eighth: that class,
#   of which the set has no face, then counts as one with accuracy 0. With top_k=2 it does not count.
# Hurts: AffectNet's eight-class networks tested on RAF-DB, SFEW or FED-RO, and subsets (occluded, posed, one
#   person's) without a face of some class: 9 points hang on one answer, and networks that never say
#   "contempt" beat others. scikit-learn's recall_score does so too; its balanced_accuracy_score does not.
# Do: take average="none" and the mean over the classes that the set has, or balanced_accuracy_score.
# Seen with torchmetrics 1.9.0, scikit-learn 1.9.1, torch 2.14.1, Python 3.11, 2026-11-30.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet torchmetrics==1.9.0 torch==2.14.1 scikit-learn==1.9.1 2>/dev/null
venv/bin/python -W ignore - <<'P'
from importlib.metadata import version

import numpy as np
import torch
from sklearn.metrics import balanced_accuracy_score, recall_score
from torchmetrics.functional.classification import multiclass_accuracy

print("torchmetrics", version("torchmetrics"), "scikit-learn", version("scikit-learn"))
CONTEMPT = 7
truth = np.repeat(np.arange(7), 100)
wrong = np.arange(700) % 100 >= 70  # 30 of the 100 faces of each class
usual = np.where(wrong, (truth + 1) % 7, truth)
once = usual.copy()
once[99] = CONTEMPT  # another wrong answer to one wrongly answered face


def mean_class_accuracy(answer: np.ndarray) -> dict[str, float]:
    """Per cent, by way. Where the first answer is wrong, the second is right."""
    scores = torch.zeros(700, 8).scatter(1, torch.tensor(truth)[:, None], 0.4)
    scores.scatter_(1, torch.tensor(answer)[:, None], 0.6)
    true = torch.tensor(truth)
    ways = {
        "torchmetrics": multiclass_accuracy(scores, true, 8, average="macro"),
        "torchmetrics, top_k=2": multiclass_accuracy(scores, true, 8, average="macro", top_k=2),
        "recall_score": recall_score(truth, answer, average="macro"),
        "balanced_accuracy_score": balanced_accuracy_score(truth, answer),
    }
    return {way: round(100 * float(value), 2) for way, value in ways.items()}


for name, answer in (("no answer is contempt", usual), ("one of 700 is", once)):
    print(f"{name}: accuracy {(answer == truth).mean():.1%}; mean class accuracy {mean_class_accuracy(answer)}")
found = mean_class_accuracy(usual), mean_class_accuracy(once)
if [f["torchmetrics"] for f in found] != [70, 61.25] or found[1]["torchmetrics, top_k=2"] != 100:
    raise SystemExit("changed: an answer of a class without faces no longer takes an eighth")
P
echo "as found: one answer of a class that the set lacks takes an eighth of the mean class accuracy"
