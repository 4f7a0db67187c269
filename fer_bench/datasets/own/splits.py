"""Which split each face of a set of one's own belongs to, and how that is said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from fer_bench.datasets.identity_split import split_of
from fer_bench.datasets.own.definition import Definition
from fer_bench.datasets.own.listing import OwnFace
from fer_bench.errors import FerBenchError

Protocol = Literal["split", "folds", "test"]
Splits = Literal["given", "hash"]


def decide(definition: Definition, faces: Sequence[OwnFace]) -> tuple[Protocol, Splits | None]:
    """The protocol and where splits come from: as source.yaml says, else as the faces do.

    Raises:
        FerBenchError: source.yaml asks for what the faces do not have, or only some have it.
    """
    folds, splits = (_have(faces, what) for what in ("fold", "split"))
    protocol = definition.protocol
    if protocol is None:
        only_test = splits and {face.split for face in faces} == {"test"}
        protocol = "test" if only_test else "folds" if folds and not splits else "split"
    if protocol == "folds" and not folds:
        raise FerBenchError(
            "source.yaml says `protocol: folds`, but no face has a fold: give a column of folds, "
            "or take that line out."
        )
    if protocol != "split":
        return protocol, None
    if definition.splits == "given" and not splits:
        raise FerBenchError(
            "source.yaml says `splits: given`, but no face has a split: give folders or a column "
            "of splits, or take that line out."
        )
    return protocol, definition.splits or ("given" if splits else "hash")


def assign(
    name: str,
    protocol: Protocol,
    splits: Splits | None,
    faces: Sequence[OwnFace],
    hashes: Sequence[str],
) -> list[str]:
    """Set every face's split (and clear what its protocol does not use); what to tell of it.

    Args:
        name: the set's, which salts the hash.
        protocol: as `decide` found.
        splits: as `decide` found.
        faces: changed in place.
        hashes: of each picture's bytes: equal pictures go together.

    Raises:
        FerBenchError: no face is left to train on or to test on.
    """
    if protocol == "folds":
        for face in faces:
            face.split = "test"
        return [f"Cross-validated over the {len({face.fold for face in faces})} folds given."]
    for face in faces:
        face.fold = None
    if protocol == "test":
        for face in faces:
            face.split = "test"
        return ["Only tested on: nothing is trained on it."]
    if splits == "hash":
        return _by_hash(name, faces, hashes)
    said = ["Splits are as given."]
    found = {face.split for face in faces}
    if "test" not in found and {"train", "val"} <= found:
        for face in faces:
            face.split = "test" if face.split == "val" else face.split
        said = ["Splits are as given; there are no test faces, so the validation faces are it."]
    elif not {"train", "test"} <= found:
        missing = "test" if "train" in found else "train"
        raise FerBenchError(
            f"it has no {missing} faces (only {', '.join(sorted(map(str, found)))}). Give them, or "
            "write into source.yaml `splits: hash` (all faces are divided anew) or `protocol: "
            "test` (all faces are tested on)."
        )
    return said


def _by_hash(name: str, faces: Sequence[OwnFace], hashes: Sequence[str]) -> list[str]:
    known = sum(face.subject is not None for face in faces)
    for face, digest in zip(faces, hashes, strict=True):
        who = f"person {face.subject}" if face.subject is not None else f"picture {digest}"
        face.split = split_of(who, f"{name}/0")
    by = "person"
    if known < len(faces):
        by = "picture, because it is not known who is shown"
        if known:
            by = f"person, and by picture for the {len(faces) - known:,} faces of nobody known"
    return [f"Split here, 70 % train, 10 % val, 20 % test, by a hash of the {by}."]


def _have(faces: Sequence[OwnFace], what: str) -> bool:
    """Whether all faces have it; raises FerBenchError when only some do."""
    count = sum(getattr(face, what) is not None for face in faces)
    if 0 < count < len(faces):
        without = next(face for face in faces if getattr(face, what) is None)
        raise FerBenchError(
            f"{count:,} of {len(faces):,} faces have a {what}, the others none (first: "
            f"{without.found}): give it for all, or for none."
        )
    return count > 0
