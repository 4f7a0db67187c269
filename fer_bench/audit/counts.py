"""How many faces there are, by class and split, against what is published and what is printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from fer_bench.audit.section import AuditedFaces, Section, plural, table
from fer_bench.datasets import get_pack, sources
from fer_bench.datasets.empty_classes import sentences, without_faces
from fer_bench.datasets.receivable import NOT_SHOWN, ReceivableSource
from fer_bench.labels import EIGHT
from fer_bench.receiving.receipt import read_receipt


def counts_section(
    faces: AuditedFaces,
    classes: Sequence[str],
    published: Mapping[str, int],
    printed: Mapping[str, int],
    receipts_root: Path,
) -> Section:
    """Class counts, sizes against the published and the printed ones, unreadable files.

    Args:
        faces: the dataset's.
        classes: its expressions.
        published: `Dataset.sizes`.
        printed: `Dataset.printed`.
        receipts_root: the folder of `<source>/source.json`.
    """
    here = _here(faces)
    columns = list(here)
    body: list[list[object]] = []
    for name in classes:
        of = faces.rows.loc[faces.rows["label"] == EIGHT.index(name), "split"]
        body.append([name, *(_count(of, column) for column in columns)])
    body.append(["**all**", *here.values()])
    other = _other_release(faces, receipts_root)
    name_published = "published, another release" if other else "published"
    for name, sizes in ((name_published, published), ("the paper prints", printed)):
        if sizes:
            body.append([name, *(sizes.get(column) for column in columns)])
    text = [table(["class", *columns], body)]
    if faces.folds:
        folds = faces.rows.groupby("fold").size()
        text.append("Faces by fold: " + ", ".join(f"{n:,}" for n in folds) + ".")
    unreadable, lines = _received(faces, receipts_root)
    empty = sentences(without_faces(_by_class(faces), classes))
    known = "another release of it" if other else "the published set"
    worries = [*empty, *_differences(here, published, printed, known), *unreadable]
    return Section("Faces", "\n\n".join([*text, *lines]), tuple(worries))


def _by_class(faces: AuditedFaces) -> dict[str, dict[str, int]]:
    splits = faces.rows["split"] if not faces.folds else pd.Series("test", faces.rows.index)
    sizes = faces.rows.groupby([splits, "label"]).size()
    return {
        split: {name: int(sizes.get((split, EIGHT.index(name)), 0)) for name in EIGHT}
        for split in dict.fromkeys(splits)
    }


def _here(faces: AuditedFaces) -> dict[str, int]:
    if faces.folds:
        return {"folds": len(faces.rows)}
    return {split: _count(faces.rows["split"], split) for split in faces.splits}


def _count(splits: pd.Series, column: str) -> int:
    return len(splits) if column == "folds" else int((splits == column).sum())


def _sources(faces: AuditedFaces) -> list[str]:
    return list(dict.fromkeys(get_pack(pack).source for pack in faces.rows["pack"].unique()))


def _other_release(faces: AuditedFaces, receipts_root: Path) -> bool:
    """Whether a source was received in another release than the one whose sizes are known."""
    for name in _sources(faces):
        receipt, source = read_receipt(receipts_root, name), sources().get(name)
        if receipt and isinstance(source, ReceivableSource):
            published = receipt["images"]["published"]
            if not published or published != (source.published or published):
                return True
    return False


def _differences(
    here: Mapping[str, int], published: Mapping[str, int], printed: Mapping[str, int], known: str
) -> list[str]:
    found = []
    for column, n in here.items():
        name = "in the folds" if column == "folds" else f"{column} faces"
        if published.get(column, n) != n:
            found.append(f"{n:,} {name}, but {known} has {published[column]:,}.")
        if column in printed and printed[column] != published.get(column, n):
            found.append(f"The paper prints {printed[column]:,} {name}; there are {n:,}.")
    return found


def _received(faces: AuditedFaces, receipts_root: Path) -> tuple[list[str], list[str]]:
    """Worries and lines about what was received of each source."""
    worries, lines = [], []
    for source in _sources(faces):
        receipt = read_receipt(receipts_root, source)
        if receipt is None:
            continue
        images = receipt["images"]
        lines.append(
            f"Received of {source}: {images['present']:,} of {images['published']:,} published "
            "images" + ("; the set is incomplete." if receipt["partial"] else ".")
        )
        if receipt["partial"]:
            worries.append(f"What was received of {source} is not the whole set.")
        worries += [f"{source}: {n}." for n in receipt.get("notes", ()) if n.startswith(NOT_SHOWN)]
        if unreadable := receipt.get("unreadable", 0):
            worries.append(f"{plural(unreadable, 'file')} of {source} could not be read.")
    return worries, lines
