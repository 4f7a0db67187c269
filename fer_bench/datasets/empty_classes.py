"""Classes of which there is nothing to train on, or nothing to test on: always to be said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

NAMES = {"train": "training", "test": "test"}


def without_faces(
    counts: Mapping[str, Mapping[str, int]], classes: Iterable[str]
) -> dict[str, list[str]]:
    """The classes without a face in train, and in test, where these splits have any faces.

    Args:
        counts: faces by split and class.
        classes: the classes asked about.
    """
    wanted = list(classes)
    return {
        split: missing
        for split in NAMES
        if any(counts.get(split, {}).values())
        and (missing := [name for name in wanted if not counts[split].get(name, 0)])
    }


def sentences(missing: Mapping[str, Iterable[str]]) -> list[str]:
    """What `without_faces` found, for a person.

    >>> sentences({"train": ["anger", "disgust", "fear"], "test": []})
    ['There are no training faces of anger, disgust and fear.']
    """
    return [
        f"There are no {NAMES[split]} faces of {_listed(names)}."
        for split, names in ((split, list(names)) for split, names in missing.items())
        if names
    ]


def _listed(names: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)
