"""The challenge lists (occlusion, pose) against the test faces they name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from fer_bench.audit.section import AuditedFaces, Section, plural, table

Lists = Mapping[str, Sequence[str]]


def kept(faces: AuditedFaces, lists: Lists) -> dict[str, list[str]]:
    """The listed ids that are test faces of the dataset, repeats kept."""
    test = set(faces.rows.loc[faces.test, "sample_id"])
    return {name: [sample for sample in listed if sample in test] for name, listed in lists.items()}


def challenge_section(
    faces: AuditedFaces, lists: Lists, manifests: Mapping[str, pd.DataFrame], classes: int
) -> Section:
    """How many lines each list has, how many of its faces are here, and why others are not.

    Args:
        faces: the dataset's.
        lists: sample ids as listed, by name of the part of the test set.
        manifests: the packs the dataset stands on.
        classes: how many expressions the dataset has.
    """
    packed = {sample for manifest in manifests.values() for sample in manifest["sample_id"]}
    found = kept(faces, lists)
    body: list[list[object]] = []
    worries = []
    for name, listed in lists.items():
        once, here = set(listed), set(found[name])
        absent = once - packed
        body.append([f"`{name}`", len(listed), len(once), len(found[name]), len(here),
                     len(once - here - absent), len(absent)])  # fmt: skip
        if absent:
            worries.append(f"Of the list `{name}`, {plural(len(absent), 'face')} cannot be found.")
    head = ["list", "lines", "different faces", "lines found", "faces found",
            "another class or split", "not here"]  # fmt: skip
    text = [
        "A face that a list names twice is one face in the part, and counts twice in the part "
        "`…_as_listed`, as it may have in scores published on these lists.",
        table(head, body),
    ]
    if any(line[5] for line in body) and classes < 8:
        text.append("Listed faces of classes that the dataset leaves out drop out of its parts.")
    return Section("Challenge lists", "\n\n".join(text), tuple(worries))
