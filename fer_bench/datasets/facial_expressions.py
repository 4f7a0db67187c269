"""Facial Expressions (muxspace): 13,682 labelled photographs, mostly press pictures.

Origin: github.com/muxspace/facial_expressions at commit 5fb9c13, a university class's labelling of
face photographs; 12,794 are 350x350 grey crops of people in the news (one to many per person),
the rest are smaller pictures, some of them selfies of students.
Licence: the repository carries Apache-2.0, but whoever labelled press photographs cannot relicense
them: use for research on your own machine, pass no image on, publish no file name (a name is a
person's).
Obtain: `fer-bench data add facial_expressions` fetches the pinned commit; a copy or a part of it is
added with `fer-bench data add facial_expressions PATH`.
Layout: `images/*.jpg` and `data/legend.csv` with the columns user.id, image, emotion.
Size: 13,718 images; 13,690 legend rows for 13,682 images. Rows per class: neutral 6,868,
happiness 5,696, surprise 368, sadness 268, anger 252, disgust 208, fear 21, contempt 9.
Split: none published. Here 70/10/20 by a hash of the person named in the file name, so that no
person is in two splits. Single people hold large shares of the rare classes (about half of disgust
is one person), so shares per class are far from 70/10/20 and rare-class recall is a statement about
few people.
Known faults: one rater per image; labels in mixed case; 8 images are labelled twice (equal labels
are taken once, an image with differing ones is left out); 36 images have no label (left out);
contempt is too rare to learn (left out of the datasets, kept in the pack).
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from fer_bench.datasets.base import Dataset, PackSpec, Part
from fer_bench.datasets.identity_split import identity_of, pseudonym, split_of
from fer_bench.datasets.receivable import (
    Collected,
    Inventory,
    PinnedCommit,
    ReceivableSource,
    put,
)
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError, nearest
from fer_bench.labels import EIGHT, Expression

LEGEND = PurePosixPath("data/legend.csv")
IMAGES = PurePosixPath("images")
COLUMNS = ["user.id", "image", "emotion"]

SALT = "facial_expressions/0"
"""Salts 0, 1, ... were tried in order until each of the seven classes had a face in every split;
nothing else was looked at, no model was trained. The first one, 0, passed."""


@dataclass(frozen=True)
class _Legend:
    labels: dict[str, Expression]
    repeated: int
    conflicting: set[str]


class FacialExpressions(ReceivableSource):
    """The source; see the datasheet above."""

    name = "facial_expressions"
    title = "Facial Expressions (muxspace)"
    licence = "Apache-2.0 repository of press photographs: local research only, pass no image on"
    homepage = "https://github.com/muxspace/facial_expressions"
    how_to_get = "fer-bench data add facial_expressions"
    fetch = PinnedCommit(
        "https://github.com/muxspace/facial_expressions.git",
        "5fb9c13afac07c55eae8d25eb6b50af344ad60c9",
        paths=("LICENSE", str(LEGEND), str(IMAGES)),
    )
    accepts_subset = True
    # 13,682 in the legend, less the one with two different labels.
    expected = {"all": {"all": 13_681}}  # noqa: RUF012
    max_files = 100_000
    max_bytes = 4 * 2**30

    def index(self, root: Path, options: Mapping[str, Any]) -> pd.DataFrame:
        """One row per labelled image that is present, ordered by `sample_id`; no options."""
        if not (root / LEGEND).is_file():
            raise FerBenchError(
                f"{root} does not hold facial_expressions: run `{self.how_to_get}` "
                f"(or `{self.how_to_get} PATH` for a copy you have)."
            )
        present = _image_names(root)
        rows = [
            _row(name, label)
            for name, label in _read_legend(root / LEGEND).labels.items()
            if name in present
        ]
        if not rows:
            raise FerBenchError(
                f"{root}: none of the images listed in {LEGEND} is in {IMAGES}/. "
                f"Remove it (`fer-bench data remove {self.name}`) and add it again."
            )
        frame = pd.DataFrame(rows).sort_values("sample_id", ignore_index=True)
        return frame.astype({"label": "int64", "fold": "Int64"})

    def collect(self, tree: Tree) -> Collected:
        """The legend, every image, listed or not, and the licence text beside the legend."""
        collected: Collected = {}
        found = [file for _, file in tree.matching(r"data/legend\.csv")]
        images = list(tree.matching(r"images/([^/]+\.(?:jpe?g|png))"))
        if len(found) != 1 or not images:
            raise FerBenchError(
                f"this is not facial_expressions.\n  expected: one {LEGEND} and {IMAGES}/*.jpg\n"
                f"  found:    {len(found) or 'no'} {LEGEND}, {len(images) or 'no'} images among "
                f"{tree.outline()}"
            )
        put(collected, str(LEGEND), found[0])
        for match, file in images:
            put(collected, str(IMAGES / match[1]), file)
        for _, file in tree.matching("LICENSE"):
            if file.parent == found[0].parent.parent:
                put(collected, "LICENSE", file)
        return collected

    def inventory(self, root: Path) -> Inventory:
        """Count listed and present images, and report every image left out."""
        legend = _read_legend(root / LEGEND)
        images = _image_names(root)
        present = len(images & legend.labels.keys())
        if not present:
            raise FerBenchError(
                f"none of the {len(legend.labels)} images listed in {LEGEND} is in {IMAGES}/ "
                f"({len(images)} other images are). Give the folder that holds both."
            )
        without = len(images - legend.labels.keys() - legend.conflicting)
        notes = [
            (legend.repeated, "listed more than once with the same label: taken once"),
            (len(legend.conflicting), "listed with different labels: left out"),
            (without, "without a label: left out"),
        ]
        return Inventory(
            listed=len(legend.labels),
            present=present,
            notes=tuple(f"{n} image{'s'[: n != 1]} {what}" for n, what in notes if n),
        )


def _row(name: str, label: Expression) -> dict[str, Any]:
    identity = identity_of(name)
    return {
        "sample_id": pseudonym("fe", name),
        "label": int(label),
        "split": split_of(identity, SALT),
        "subject": pseudonym("fe", f"person {identity}"),
        "fold": None,
        "path": str(IMAGES / name),
    }


def _image_names(root: Path) -> set[str]:
    return {
        p.name for p in (root / IMAGES).iterdir()
        if p.suffix.lower() in (".jpg", ".jpeg", ".png") and not p.name.startswith(".")
    }  # fmt: skip


def _read_legend(path: Path) -> _Legend:
    """Read the legend; raises FerBenchError with the line that cannot be understood."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise FerBenchError(f"{LEGEND} is not UTF-8 text: get it again.") from error
    rows = _parse(text)
    header = next(rows, [])
    if [h.strip().lower() for h in header] != COLUMNS:
        raise FerBenchError(
            f"{LEGEND} has the wrong columns.\n  expected: {', '.join(COLUMNS)}\n"
            f"  found:    {', '.join(header) or 'an empty file'}"
        )
    seen: dict[str, set[Expression]] = {}
    listed: Counter[str] = Counter()
    for line, fields in enumerate(rows, start=2):
        if not fields:
            continue
        name, emotion = _fields(fields, line)
        if not emotion:
            continue  # not labelled, as if it were not listed
        if emotion not in EIGHT:
            raise FerBenchError(
                f"{LEGEND} line {line}: unknown emotion {emotion!r}; {nearest(emotion, EIGHT)}"
            )
        listed[name] += 1
        seen.setdefault(name, set()).add(Expression[emotion])
    return _Legend(
        labels={name: next(iter(found)) for name, found in seen.items() if len(found) == 1},
        repeated=sum(listed[name] > 1 and len(found) == 1 for name, found in seen.items()),
        conflicting={name for name, found in seen.items() if len(found) > 1},
    )


def _parse(text: str) -> Iterator[list[str]]:
    reader = csv.reader(text.splitlines())
    try:
        yield from reader
    except csv.Error as error:
        raise FerBenchError(f"{LEGEND} line {reader.line_num}: {error}. Get it again.") from error


def _fields(fields: list[str], line: int) -> tuple[str, str]:
    if len(fields) != len(COLUMNS):
        raise FerBenchError(
            f"{LEGEND} line {line}: {len(fields)} fields instead of {len(COLUMNS)} "
            f"({', '.join(COLUMNS)}); the file may be cut off. Get it again."
        )
    name, emotion = fields[1].strip(), fields[2].strip().lower()
    if not name or name != PurePosixPath(name).name or "\\" in name:
        raise FerBenchError(f"{LEGEND} line {line}: {name!r} is not the name of an image file.")
    return name, emotion


SOURCE = FacialExpressions()

PACKS = (
    PackSpec("facial_expressions", "facial_expressions"),
    PackSpec("facial_expressions_masked", "facial_expressions", mask_style="blue"),
    PackSpec("facial_expressions_masked_mixed", "facial_expressions", mask_style="mixed"),
)

DATASETS = (
    Dataset("facial_expressions", (Part("facial_expressions"),), title=SOURCE.title),
    Dataset(
        "facial_expressions_masked",
        (Part("facial_expressions_masked"),),
        title=f"{SOURCE.title}, blue masks",
    ),
    Dataset(
        "facial_expressions_masked_mixed",
        (Part("facial_expressions_masked_mixed"),),
        title=f"{SOURCE.title}, mixed masks",
    ),
)
