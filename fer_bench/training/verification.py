"""Are these two faces of one person? How well features tell people apart that they have not seen.

The protocol is that of Labeled Faces in the Wild (Huang et al., 2007, UMass Amherst TR 07-49, view
2): as many pairs of one person as of two, in ten folds that share no person; the threshold on the
cosine of two faces is chosen on nine folds and applied to the tenth. LFW has 300 pairs of each kind
a fold; a smaller set has fewer, and fewer folds where it has too few people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch

from fer_bench.models import FERModel
from fer_bench.training.batches import Faces, in_batches
from fer_bench.training.prefetch import prefetched

FOLDS, PAIRS = 10, 300
"""LFW's: folds, and pairs of each kind in one."""

BATCH = 64


@dataclass(frozen=True)
class Verification:
    """What was found; numbers are None where fewer than two folds can be made.

    Attributes:
        verification_accuracy: the mean over folds.
        auc: the area under the ROC curve of all pairs.
        pairs: of one person and of two together.
        held_out_people: people in the pairs' folds, none of them trained on.
        held_out_faces: their faces.
        folds: how many.
    """

    verification_accuracy: float | None
    auc: float | None
    pairs: int
    held_out_people: int
    held_out_faces: int
    folds: int

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values, rounded to six digits."""
        return {k: round(v, 6) if isinstance(v, float) else v for k, v in asdict(self).items()}


def verify(
    model: FERModel, held_out: Sequence[tuple[Faces, np.ndarray]], device: torch.device
) -> Verification:
    """Verification by the cosine of the backbone's pooled last features.

    Args:
        model: with `normalise` and a `backbone` that gives `layer4`, such as the baselines.
        held_out: faces, and the person of each (null where nobody knows).
        device: where the model is.
    """
    people = np.concatenate([np.asarray(who, dtype=object) for _, who in held_out])
    features = np.concatenate([pooled(model, faces, device) for faces, _ in held_out])
    known = np.array([isinstance(who, str) for who in people], dtype=bool)
    return verified(features[known], people[known].astype(str))


def pooled(model: FERModel, faces: Faces, device: torch.device) -> np.ndarray:
    """(N, C) float32: the mean over places of the backbone's last feature map, at length one."""
    model.eval()
    backbone: Any = model.backbone
    normalise: Any = model.normalise
    batches = in_batches(np.arange(len(faces)), BATCH)
    with torch.inference_mode():
        found = [
            backbone(normalise(images))["layer4"].mean((2, 3)).float().cpu()
            for _, images in prefetched(faces, batches, device)
        ]
    return torch.nn.functional.normalize(torch.cat(found)).numpy()


def verified(features: np.ndarray, people: np.ndarray) -> Verification:
    """The accuracy on pairs drawn from a fixed seed.

    Args:
        features: (N, C), each of length one.
        people: (N,) the person of each face.
    """
    folds = folds_of(people)
    count = min([PAIRS, *(_pairs_within(people[fold]) for fold in folds)])
    chance = np.random.default_rng(0)
    cosines, same = [], []
    for fold in folds if count else ():
        one, two = drawn_pairs(people, fold, count, chance)
        cosines.append((features[one] * features[two]).sum(1))
        same.append(people[one] == people[two])
    measured = len(cosines) > 1
    return Verification(
        verification_accuracy=_cross_validated(cosines, same) if measured else None,
        auc=_auc(np.concatenate(cosines), np.concatenate(same)) if measured else None,
        pairs=2 * count * len(cosines) if measured else 0,
        held_out_people=len(np.unique(people)),
        held_out_faces=len(people),
        folds=len(cosines) if measured else 0,
    )


def folds_of(people: np.ndarray) -> list[np.ndarray]:
    """Face numbers in up to ten folds without a common person.

    Each fold holds at least two people of whom one has two faces: people are dealt out in turn,
    those with most faces first.
    """
    names, counts = np.unique(people, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    paired = int((counts >= 2).sum())
    number = min(FOLDS, paired, len(names) // 2)
    if number < 2:
        return []
    place = np.empty(len(names), dtype=int)
    place[order] = np.arange(len(names)) % number
    where = place[np.searchsorted(names, people)]
    return [np.flatnonzero(where == fold) for fold in range(number)]


def drawn_pairs(
    people: np.ndarray, fold: np.ndarray, count: int, chance: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """First and second faces of `count` pairs of one person, then of as many of two people.

    No pair comes twice. Pairs of one person are taken from each person in turn, or one with many
    faces would fill the fold; of two people, as in LFW, the people are drawn first, then faces.
    """
    names = np.unique(people[fold])
    faces = {name: fold[people[fold] == name] for name in names}
    each = [_pairs_of(faces[name], chance) for name in chance.permutation(names)]
    turns = range(max(map(len, each)))
    same = [pairs[turn] for turn in turns for pairs in each if turn < len(pairs)][:count]
    different: dict[tuple[int, int], None] = {}
    while len(different) < count:
        one, two = chance.choice(names, 2, replace=False)
        pair = chance.choice(faces[one]), chance.choice(faces[two])
        different[min(pair), max(pair)] = None
    one, two = np.array([*same, *different]).T
    return one, two


def _pairs_of(faces: np.ndarray, chance: np.random.Generator) -> list[tuple[int, int]]:
    """Up to `PAIRS` different pairs of one person's faces."""
    one, two = np.triu_indices(len(faces), 1)
    chosen = chance.permutation(len(one))[:PAIRS]
    return [(int(faces[i]), int(faces[j])) for i, j in zip(one[chosen], two[chosen], strict=True)]


def _pairs_within(people: np.ndarray) -> int:
    """How many pairs of each kind a fold can give: of two people half, so that drawing ends."""
    counts = np.unique(people, return_counts=True)[1]
    within = int((counts * (counts - 1) // 2).sum())
    across = len(people) * (len(people) - 1) // 2 - within
    return min(within, (across + 1) // 2)


def _cross_validated(cosines: list[np.ndarray], same: list[np.ndarray]) -> float:
    right = []
    for fold, (given, truth) in enumerate(zip(cosines, same, strict=True)):
        others = [i for i in range(len(cosines)) if i != fold]
        threshold = _best_threshold(
            np.concatenate([cosines[i] for i in others]), np.concatenate([same[i] for i in others])
        )
        right.append(float(((given >= threshold) == truth).mean()))
    return float(np.mean(right))


def _best_threshold(cosines: np.ndarray, same: np.ndarray) -> float:
    """What divides most pairs rightly, in the middle of a gap; from it on pairs are 'same'."""
    order = np.argsort(cosines, kind="stable")
    truth = same[order]
    below = np.concatenate([[0], np.cumsum(~truth)])  # of two people, and called so
    above = np.concatenate([np.cumsum(truth[::-1])[::-1], [0]])
    best = int(np.argmax(below + above))
    edges = np.concatenate([[-np.inf], cosines[order], [np.inf]])
    return float((edges[best] + edges[best + 1]) / 2)


def _auc(cosines: np.ndarray, same: np.ndarray) -> float:
    """The share of pairs of pairs in the right order, ties counting half (Mann and Whitney)."""
    others = np.sort(cosines[~same])
    below, up_to = (np.searchsorted(others, cosines[same], side) for side in ("left", "right"))
    return float(((below + up_to) / 2).mean() / len(others))
