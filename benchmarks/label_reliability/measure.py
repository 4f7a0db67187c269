"""How good FERPlus's labels are, by faces that were rated twice without anybody knowing.

python benchmarks/label_reliability/measure.py

In the project's folder, FERPlus added. Writes `results/label_reliability/ferplus.json`, which git
keeps and `fer-bench tables` shows; see README.md beside this file.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_bench.datasets.ferplus import SOURCE
from fer_bench.datasets.ferplus_join import FerplusFace, join, read_names
from fer_bench.datasets.ferplus_votes import UNLABELLED, argmax10, majority
from fer_bench.errors import FerBenchError
from fer_bench.faces.align_job import pixels_sha256
from fer_bench.labels import EIGHT
from fer_bench.records.reliability import Reliability
from fer_bench.stages import paths
from fer_bench.statistics.ratings import agreement, class_agreement, pair_tables, unanimous

DATASET = "ferplus"
NONE = "none"
OUTCOMES = (*EIGHT, NONE)
FILES = ("label_csv", "fer2013new")
"""Columns of votes; as `data.ferplus.votes` names the two files."""

Rule = Callable[[np.ndarray], np.ndarray]
"""(N, 10) votes -> (N,) places in `OUTCOMES`, or `UNLABELLED` for a rating that is left out."""


def majority_or_none(votes: np.ndarray) -> np.ndarray:
    """As `majority`; where it finds no label, that is an outcome of its own."""
    labels = majority(votes)
    return np.where(labels == UNLABELLED, len(EIGHT), labels)


RULES: dict[str, Rule] = {
    "majority": majority,
    "majority_or_none": majority_or_none,
    "argmax10": argmax10,
}
ALL, TRAIN_TEST = "all", "train_test"
PLACES = (TRAIN_TEST, "train", "val", "test", "train_val", "val_test", ALL)
"""Where a pair's two faces stand: in two splits, both in one, or anywhere."""


def read(root: Path) -> pd.DataFrame:
    """One row a named face, by name: `split`, `pixels`, and its votes in each of `FILES`.

    Faces whose picture is another row's are left out.

    Raises:
        FerBenchError: `root` is not the whole of FERPlus, or one of its files is damaged.
    """
    joined, named = join(root, "label_csv"), read_names(root)
    by_name = sorted(joined.faces, key=lambda face: face.name)
    faces = [f for f in by_name if f.name in named.of and not f.overwritten]
    if lacking := sum(f.path is None for f in faces):
        raise FerBenchError(f"{root} lacks the pictures of {lacking:,} faces: add ferplus again.")
    rows = [
        {
            "split": face.split,
            "pixels": _pixels(root, face),
            "label_csv": face.votes,
            "fer2013new": named.rows[named.of[face.name]].votes,
        }
        for face in faces
    ]
    return pd.DataFrame(rows)


def _pixels(root: Path, face: FerplusFace) -> str:
    row = {"path": face.path, "offset": face.offset, "fer2013_row": face.row}
    return pixels_sha256(SOURCE.load(root, row, {}))


def measure(faces: pd.DataFrame) -> Reliability:
    """Everything of the record, from what `read` gives."""
    copied = faces["pixels"].duplicated(keep=False)
    copies = faces[copied].assign(group=lambda rows: pd.factorize(rows["pixels"])[0])
    differ = faces["label_csv"] != faces["fer2013new"]
    sizes = copies["group"].value_counts().value_counts().sort_index()
    return Reliability(
        dataset=DATASET,
        faces=len(faces),
        groups=int(copies["group"].nunique()),
        copies=len(copies),
        sizes={str(size): int(n) for size, n in sizes.items()},
        differ=int(differ.sum()),
        differ_copies=int((differ & copied).sum()),
        first_for_all=sum(_first_for_all(rows) for _, rows in copies.groupby("group")),
        votes=list(_votes(copies)),
        agreement=[line for file in FILES for line in _agreement(faces, copies, file)],
        classes=list(_classes(copies)),
    )


def _first_for_all(rows: pd.DataFrame) -> bool:
    cast, given = (rows[file].tolist() for file in FILES)
    return set(given) == {cast[0]}


def _votes(copies: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """How many pairs have equal votes, by file and place."""
    pairs = [pair for _, rows in copies.groupby("group") for pair in _pairs(rows)]
    for file in FILES:
        for where in PLACES:
            here = [(a[file], b[file]) for a, b in pairs if _stands(a["split"], b["split"], where)]
            yield {
                "file": file,
                "where": where,
                "pairs": len(here),
                "equal_votes": sum(a == b for a, b in here),
                "same_largest": sum(a.index(max(a)) == b.index(max(b)) for a, b in here),
            }


def _pairs(rows: pd.DataFrame) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    yield from combinations(rows.to_dict("records"), 2)


def _stands(one: str, other: str, where: str) -> bool:
    splits = where.split("_")
    return where == ALL or {one, other} == set(splits)


def _agreement(faces: pd.DataFrame, copies: pd.DataFrame, file: str) -> Iterator[dict[str, Any]]:
    tested = np.array(faces.loc[faces["split"] == "test", file].tolist())
    for rule, outcomes in RULES.items():
        given = outcomes(tested)
        counts = np.bincount(given[given != UNLABELLED], minlength=len(OUTCOMES))
        for where in (TRAIN_TEST, ALL):
            tables = _tables(copies, file, rule, where)
            if not len(tables):
                continue
            yield {
                "file": file,
                "rule": rule,
                "where": where,
                "groups": len(tables),
                "conflicts": int((~unanimous(tables)).sum()),
                "pairs": int(tables.sum() / 2),
                **agreement(tables, len(EIGHT), counts / counts.sum()),
            }


def _classes(copies: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for rule in RULES:
        for where in (TRAIN_TEST, ALL):
            tables = _tables(copies, FILES[0], rule, where)
            given = tables.sum(axis=2)
            for k, estimate in enumerate(class_agreement(tables)):
                pairs = given[:, k].sum() - tables[:, k, k].sum() / 2
                if pairs:
                    yield {
                        "rule": rule,
                        "where": where,
                        "outcome": OUTCOMES[k],
                        "groups": int((given[:, k] > 0).sum()),
                        "pairs": int(pairs),
                        **estimate,
                    }


def _tables(copies: pd.DataFrame, file: str, rule: str, where: str) -> np.ndarray:
    """The pairs of each group whose ratings count by the rule."""
    outcomes = RULES[rule](np.array(copies[file].tolist()))
    kept = outcomes != UNLABELLED
    if where == TRAIN_TEST:
        kept &= copies["split"].isin(where.split("_")).to_numpy()
    test = (copies["split"] == "test").to_numpy()[kept]
    sides = test if where == TRAIN_TEST else None
    groups = copies["group"].to_numpy()[kept]
    return pair_tables(groups, outcomes[kept], sides, len(OUTCOMES))


def main() -> None:
    """Measure, and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--raw", type=Path, default=Path(paths.RAW, DATASET))
    parser.add_argument("--out", type=Path, default=Path(paths.RELIABILITY, f"{DATASET}.json"))
    given = parser.parse_args()
    measure(read(given.raw)).write(given.out)
    print(given.out)


if __name__ == "__main__":
    main()
