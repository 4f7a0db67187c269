"""Exact duplicates: faces cut from images with the same decoded pixels."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from fer_bench.audit.section import AuditedFaces, Section, plural, share, table


def duplicated_test(faces: AuditedFaces) -> np.ndarray:
    """(N,) bool: test faces that a score without duplicates leaves out.

    Those whose pixels also stand among the train or val faces (or in another fold of a
    cross-validated set), and of equal test faces all but the first.
    """
    return np.asarray(leaked(faces) | (faces.test & _known(faces) & _repeated(faces)))


def leaked(faces: AuditedFaces) -> np.ndarray:
    """(N,) bool: test faces whose pixels also stand where a model that they test may train."""
    known, test, pixels = _known(faces), faces.test, faces.rows["source_sha256"]
    if faces.folds:
        folds = faces.places[known].groupby(pixels[known]).nunique()
        elsewhere = pixels.isin(folds.index[folds > 1])
    else:
        elsewhere = pixels.isin(set(pixels[known & ~test]))
    return np.asarray(test & known & elsewhere.to_numpy(dtype=bool))


def exact_section(faces: AuditedFaces) -> Section:
    """Groups of equal faces, where they stand, and whether their labels agree."""
    groups = _groups(faces)
    worries = []
    gone, copies = int(duplicated_test(faces).sum()), int(leaked(faces).sum())
    where = "in another fold" if faces.folds else "in train or val"
    tests = int(faces.test.sum())
    if copies:
        worries.append(f"{share(copies, tests)} test faces also stand {where}, pixel for pixel.")
    conflicts = int((groups["labels"] > 1).sum())
    if conflicts:
        worries.append(f"{plural(conflicts, 'group')} of equal faces carry different labels.")
    text = [
        "Faces whose source images have the same decoded pixels (SHA-256). A group counts in every "
        "line it belongs to; its labels conflict when its faces do not all carry one.",
        table(["where", "groups", "faces in them", "groups with conflicting labels"],
              _lines(faces, groups)),
        f"Left out of `without_duplicates`: {share(gone, tests)} test faces"
        + (f"; {copies:,} also stand {where}, {gone - copies:,} repeat another test face."
           if gone else "."),
    ]  # fmt: skip
    if unknown := int((~_known(faces)).sum()):
        text.append(f"Not compared: {plural(unknown, 'face')} without a hash of the image.")
    return Section("Exact duplicates", "\n\n".join(text), tuple(worries))


def _known(faces: AuditedFaces) -> np.ndarray:
    return (faces.rows["source_sha256"].fillna("") != "").to_numpy(dtype=bool)


def _repeated(faces: AuditedFaces) -> np.ndarray:
    test = faces.test
    repeated = np.zeros(len(test), bool)
    repeated[test] = faces.rows.loc[test, "source_sha256"].duplicated().to_numpy()
    return repeated


def _groups(faces: AuditedFaces) -> pd.DataFrame:
    """One line a group of equal faces: size, number of labels, faces in each place."""
    rows = faces.rows[_known(faces)]
    rows = rows.assign(place=faces.places)
    rows = rows[rows["source_sha256"].duplicated(keep=False)]
    grouped = rows.groupby("source_sha256")
    counts = rows.groupby(["source_sha256", "place"]).size().unstack(fill_value=0)  # noqa: PD010
    return counts.assign(size=grouped.size(), labels=grouped["label"].nunique())


def _lines(faces: AuditedFaces, groups: pd.DataFrame) -> list[list[object]]:
    def line(name: str, which: pd.Series | np.ndarray) -> list[object]:
        chosen = groups[which]
        conflicts = int((chosen["labels"] > 1).sum())
        return [name, len(chosen), int(chosen["size"].sum()), conflicts]

    inside = groups.drop(columns=["size", "labels"])
    found = [line("anywhere", np.ones(len(groups), bool))]
    if faces.folds:
        found.append(line("within one fold", (inside > 1).any(axis=1)))
        return [*found, line("in two or more folds", (inside > 0).sum(axis=1) > 1)]
    inside = inside.reindex(columns=faces.splits, fill_value=0)
    found += [line(f"within {split}", inside[split] > 1) for split in faces.splits]
    return found + [
        line(f"in {one} and {other}", (inside[one] > 0) & (inside[other] > 0))
        for one, other in combinations(faces.splits, 2)
    ]
