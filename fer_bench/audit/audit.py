"""The audit of one dataset: a page to read, and the test faces that scores treat apart."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_bench.audit.alike import alike_section
from fer_bench.audit.challenge import Lists, challenge_section, kept
from fer_bench.audit.copies import copies_section
from fer_bench.audit.counts import counts_section
from fer_bench.audit.exact import duplicated_test, exact_section
from fer_bench.audit.near import perceptual_hashes
from fer_bench.audit.people import detection_section, mask_section, people_section
from fer_bench.audit.ratings import ratings_section
from fer_bench.audit.section import AuditedFaces, Section
from fer_bench.datasets import get_dataset
from fer_bench.datasets.base import Dataset
from fer_bench.datasets.kept_files import check_received
from fer_bench.datasets.pack import Pack
from fer_bench.datasets.view_rows import view_rows
from fer_bench.files import write_text
from fer_bench.records.faces import write_faces, write_lists

PROTOCOLS = {
    "split": "trained on its train split and tested on its test split",
    "folds": "cross-validated over its folds",
    "test": "only tested on",
}


def audit_dataset(
    spec: Mapping[str, Any],
    packs_root: Path,
    receipts_root: Path,
    lists_root: Path,
    page: Path,
    table: Path,
    listed: Path,
) -> None:
    """Audit one dataset.

    Args:
        spec: `dataset` (its name), `view` (`parts` and `classes`), and `challenge`: None, or
            `which` set of challenge lists names parts of its test faces.
        packs_root: the folder of packs.
        receipts_root: the folder of `<source>/source.json`.
        lists_root: the folder of received challenge lists; may be missing.
        page: the Markdown file to write. It holds counts only, no names of faces or people.
        table: the Parquet file to write: the faces as scoring sees them (`records.faces`).
        listed: the Parquet file to write: which of them the challenge lists name.

    Raises:
        FerBenchError: a pack is missing or damaged, or the lists cannot be read.
    """
    dataset, view = get_dataset(spec["dataset"]), spec["view"]
    packs = {part["pack"]: Pack.open(packs_root / part["pack"]) for part in view["parts"]}
    manifests = {name: pack.manifest for name, pack in packs.items()}
    rows = view_rows(view["parts"], view["classes"], manifests).reset_index(drop=True)
    faces = AuditedFaces(rows, folds=dataset.protocol == "folds")
    lists = _lists(spec.get("challenge"), lists_root, receipts_root)
    hashes = np.zeros(len(rows), np.uint64)
    for name, pack in packs.items():
        here = (rows["pack"] == name).to_numpy(dtype=bool)
        hashes[here] = perceptual_hashes(pack.faces, rows.loc[here, "row"].to_numpy())
    sections = [
        exact_section(faces),
        ratings_section(faces),
        people_section(faces),
        counts_section(faces, view["classes"], dataset.sizes, dataset.printed, receipts_root),
        detection_section(faces),
        mask_section(faces),
        copies_section(faces),
        _challenge(dataset, faces, lists, manifests),
        alike_section(faces, hashes),
    ]
    write_faces(table, rows, dataset, duplicated_test(faces))
    write_lists(listed, rows, kept(faces, lists))
    write_text(page, markdown(dataset, len(rows), [s for s in sections if s]))


def markdown(dataset: Dataset, size: int, sections: list[Section]) -> str:
    """The page: what to worry about first, then each section."""
    worries = [worry for section in sections for worry in section.worries]
    parts = [
        f"# Audit: {dataset.title or dataset.name}",
        f"`{dataset.name}`: {size:,} faces, {PROTOCOLS[dataset.protocol]}. Written by "
        f"`fer-bench audit {dataset.name}`; counts only, no names.",
        "## What to worry about",
        "\n".join(f"- {worry}" for worry in worries)
        or "Nothing was found that would change how a score is read.",
    ]
    for section in sections:
        parts += [f"## {section.title}", section.text]
    return "\n\n".join(parts) + "\n"


def _lists(challenge: Mapping[str, Any] | None, root: Path, receipts_root: Path) -> Lists:
    if challenge is None or not root.is_dir():
        return {}
    from fer_bench.datasets.challenge_lists import read_lists

    check_received("challenge_lists", root, receipts_root / "challenge_lists/source.json")
    lists: Lists = read_lists(root, challenge["which"])
    return lists


def _challenge(
    dataset: Dataset, faces: AuditedFaces, lists: Lists, manifests: Mapping[str, pd.DataFrame]
) -> Section | None:
    if dataset.challenge is None:
        return None
    if not lists:
        return Section(
            "Challenge lists",
            "The occlusion and pose lists were not added, so the test faces they name are not "
            "known: `fer-bench data add challenge_lists`.",
        )
    return challenge_section(faces, lists, manifests, len(dataset.classes))
