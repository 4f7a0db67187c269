"""The faces found in what somebody gave, whatever form it has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from fer_bench.datasets.tree import Tree

IMAGE = r"\.(?:jpe?g|png|bmp|tiff?|webp|gif|pgm|ppm|jp2)"
"""How the names of images end (a regular expression)."""

Box = tuple[float, float, float, float]


@dataclass(slots=True)
class OwnFace:
    """One face as it was given.

    Attributes:
        place: the picture's path below the set's `images/`.
        file: where it lies now; None when it is listed and not there.
        label: its class as spelt there.
        split, subject, fold: as given; None where not.
        box: left, top, right, bottom in pixels; None for the whole picture.
        found: where it is listed, for messages.
    """

    place: str
    file: str | None
    label: str
    split: str | None = None
    subject: str | None = None
    fold: int | None = None
    box: Box | None = None
    found: str = ""


@dataclass
class Listing:
    """All faces of one form.

    Attributes:
        form: what was recognised, for a person.
        faces: in the order in which they were found.
        said: what else a person should know, a line each; no names of pictures in it.
    """

    form: str
    faces: list[OwnFace]
    said: list[str] = field(default_factory=list)


def images(tree: Tree) -> Iterator[tuple[str, str]]:
    """The path in the tree and on the disk of every picture; as text, there may be very many."""
    for match, file in tree.matching(rf"[^/]+{IMAGE}"):
        yield match.string, str(file)


def named_persons(faces: Iterable[OwnFace], pattern: str) -> int:
    """Take each face's subject from its path, where none is given; how many paths have none."""
    compiled, without = re.compile(pattern), 0
    for face in faces:
        if face.subject is None:
            match = compiled.search(face.place)
            face.subject = match[1] if match else None
            without += not match
    return without
