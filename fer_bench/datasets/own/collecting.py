"""From what somebody gave to one layout: `images/` and `faces.csv`, a line a face."""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from fer_bench.datasets.kept_files import in_threads
from fer_bench.datasets.own.definition import IGNORE, Definition
from fer_bench.datasets.own.embedded import holds_images, read_embedded
from fer_bench.datasets.own.folders import read_folders
from fer_bench.datasets.own.listing import Listing, OwnFace, named_persons
from fer_bench.datasets.own.lists import read_lists, tables_of
from fer_bench.datasets.own.splits import assign, decide
from fer_bench.datasets.receivable import Collected, put
from fer_bench.datasets.spelling import expression_of
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError
from fer_bench.files import UNSEEN, sha256_file, unseen

LIST = "faces.csv"
COLUMNS = (
    "image", "label", "split", "subject", "fold", "left", "top", "right", "bottom", "sha256",
)  # fmt: skip
SHOWN = 12


class UndecidedError(FerBenchError):
    """Classes whose expression is not known.

    Attributes:
        definition: what is known so far, to be completed by hand.
    """

    def __init__(self, message: str, definition: Definition) -> None:
        super().__init__(message)
        self.definition = definition


@dataclass(frozen=True)
class OwnCollection:
    """What `collect` made of what was given.

    Attributes:
        collected: the set's files.
        definition: completed: labels, protocol and splits.
        said: what to tell of it, a line each: form, mapping, splits.
    """

    collected: Collected
    definition: Definition
    said: list[str]


def collect(name: str, tree: Tree, definition: Definition) -> OwnCollection:
    """Recognise the form, map classes, divide, and write `faces.csv` into the tree's scratch.

    Raises:
        FerBenchError: no form is recognised, or something in it is wrong.
        UndecidedError: a class has no expression yet.
    """
    listing = _read(tree, definition)
    definition, said = _map(listing, definition)
    faces = [face for face in listing.faces if definition.labels[face.label] != IGNORE]
    if not faces:
        raise FerBenchError(
            "every class is mapped to ignore, so that no face is left: give one an expression "
            "(`labels` in source.yaml)."
        )
    if definition.person and (without := named_persons(faces, definition.person)):
        said.append(f"The expression `person` finds nobody in {without:,} paths.")
    hashes = _hashes(faces)
    protocol, splits = decide(definition, faces)
    said += assign(name, protocol, splits, faces, hashes)
    definition = definition.model_copy(update={"protocol": protocol, "splits": splits})
    listed = tree.scratch / LIST
    _write(listed, definition, faces, hashes)
    places: dict[str, str] = {}
    for face in faces:  # several may be in one picture
        if face.file is not None and places.setdefault(face.place, face.file) != face.file:
            raise FerBenchError(f"{face.place} was found twice: give folders of different names.")
    said.insert(0, f"Recognised: {listing.form}.")
    del faces, listing, hashes  # of a large set these and what follows would be too much at once
    collected = {PurePosixPath(f"images/{place}"): Path(file) for place, file in places.items()}
    put(collected, LIST, listed)
    return OwnCollection(collected, definition, said)


def _read(tree: Tree, definition: Definition) -> Listing:
    tables = tables_of(tree)
    inside = [table for table in tables if holds_images(table)]
    if inside:
        return read_embedded(tree, inside, definition)
    listing = read_lists(tree, tables, definition) or read_folders(tree, definition.labels)
    if listing is None or not listing.faces:
        raise FerBenchError(
            "no faces of known expression were recognised.\n"
            "  expected: folders that are classes (happy/, or train/happy/), or a list (CSV, TSV, "
            "JSON lines,\n            Parquet) with columns image and label, or Parquet files with "
            f"the images inside\n  found:    {tree.outline()}"
        )
    return listing


def _map(listing: Listing, definition: Definition) -> tuple[Definition, list[str]]:
    """The definition with every class in it, and the mapping for a person."""
    counts = Counter(face.label for face in listing.faces)
    labels = dict(definition.labels)
    for name in sorted(counts):
        if found := UNSEEN.search(name):
            raise FerBenchError(
                f"the class {name!r}, in its folder's name or list: {unseen(found)}"
            )
        if name not in labels:
            meant = expression_of(name)
            labels[name] = meant.name if meant is not None else None
    definition = definition.model_copy(update={"labels": labels})
    lines = [f"  {name} -> {labels[name] or '?'} ({counts[name]:,})" for name in sorted(counts)]
    unknown = [name for name in sorted(counts) if labels[name] is None]
    if unknown:
        more = f" and {len(unknown) - SHOWN} more" if len(unknown) > SHOWN else ""
        raise UndecidedError(
            f"it is not known which expression {', '.join(map(repr, unknown[:SHOWN]))}{more} "
            f"{'is' if len(unknown) == 1 else 'are'}.\n" + "\n".join(lines[:40]),
            definition,
        )
    return definition, ["Classes, and the expressions they were taken for:", *lines]


def _hashes(faces: Sequence[OwnFace]) -> list[str]:
    """SHA-256 of each face's file, empty where it is missing."""
    files = list(dict.fromkeys(face.file for face in faces if face.file is not None))
    known = dict(zip(files, in_threads(_hash, files), strict=True))
    return ["" if face.file is None else known[face.file] for face in faces]


def _hash(file: str) -> str:
    # Links, pipes and what else is no file is refused when it is copied, with a reason.
    return sha256_file(file) if os.path.isfile(file) else ""


def _write(
    path: Path, definition: Definition, faces: Sequence[OwnFace], hashes: Sequence[str]
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        for face, digest in zip(faces, hashes, strict=True):
            writer.writerow(
                [f"images/{face.place}", definition.labels[face.label], face.split,
                 face.subject, face.fold, *(face.box or (None,) * 4), digest]
            )  # fmt: skip
