"""Lists of pictures and their labels: CSV, TSV, JSON lines or Parquet, one or several.

A Hugging Face image folder is one of them: `metadata.csv`, `.jsonl` or `.parquet` and pictures.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import PurePosixPath

from fer_bench.datasets.own.columns import CORNERS, SIZED, find_columns, no_columns
from fer_bench.datasets.own.definition import Definition
from fer_bench.datasets.own.listing import Box, Listing, OwnFace, images
from fer_bench.datasets.own.tables import SUFFIXES, Table, open_table
from fer_bench.datasets.spelling import split_of_file, split_of_name
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError


def tables_of(tree: Tree) -> list[Table]:
    """Every list in a tree that could be one of faces, by its name."""
    pattern = rf"[^/]+(?:{'|'.join(re.escape(suffix) for suffix in SUFFIXES)})"
    return [open_table(match.string, file) for match, file in tree.matching(pattern)]


def read_lists(tree: Tree, tables: list[Table], definition: Definition) -> Listing | None:
    """The faces that lists name; None when no list has a column of images.

    Raises:
        FerBenchError: a list without labels, a path that leaves the folder, a picture that is
            listed with two labels, or numbers that are none.
    """
    places = _Places(tree)
    listing = Listing("", [])
    used = []
    for table in tables:
        columns = find_columns(table.header, table.path, definition.column_names, ("image",))
        if not columns:
            continue
        if "label" not in columns:
            raise no_columns(table.header, table.path, "label")
        used.append(table)
        tree.use(table.file)
        listing.faces += _faces(table, columns, definition, places, tree)
    if not used:
        return None
    listing.faces = _once(listing.faces, tree)
    listing.form = f"{len(used)} list{'s'[: len(used) != 1]} of pictures"
    return listing


def _faces(
    table: Table, columns: dict[str, str], definition: Definition, places: _Places, tree: Tree
) -> Iterator[OwnFace]:
    roles = list(columns)
    split_here = split_of_file(PurePosixPath(table.path).stem) or split_of_name(
        PurePosixPath(table.folder).name
    )
    for number, cells in table.rows([columns[role] for role in roles]):
        row, where = dict(zip(roles, cells, strict=True)), f"{table.path} line {number}"
        if not row["image"] or not row["label"]:
            tree.left_out["lines without an image or a label"] += 1
            continue
        place, file = places.of(row["image"], table.folder, where)
        yield OwnFace(
            place, file, row["label"],
            split=split_of_cell(row["split"], where) if row.get("split") else split_here,
            subject=row.get("subject") or None,
            fold=fold_of_cell(row["fold"], where) if row.get("fold") else None,
            box=box_of(row, definition, where),
            found=where,
        )  # fmt: skip


class _Places:
    """Where the pictures lie that a list names by some part of their path."""

    def __init__(self, tree: Tree) -> None:
        self._files: dict[str, str] = {}
        for path, file in images(tree):
            if self._files.setdefault(path, file) != file:
                raise FerBenchError(f"{path} was found twice: give folders of different names.")
        self._named: dict[str, list[str]] = {}

    def of(self, written: str, folder: str, where: str) -> tuple[str, str | None]:
        """The place of a picture and its file, None when it is not there.

        Only files of the tree are looked at, whatever is written.
        """
        path = PurePosixPath(written.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", written):
            raise FerBenchError(
                f"{where}: {written[:120]!r} leads out of the folder: write paths that begin where "
                "the list lies."
            )
        beside = f"{folder}/{path}" if folder else str(path)
        if file := self._files.get(beside):
            return beside, file
        if not self._named:  # made once it is needed: it takes memory
            self._named = defaultdict(list)
            for known in self._files:
                self._named[known.rpartition("/")[2]].append(known)
        ends = [p for p in self._named.get(path.name, ()) if f"/{p}".endswith(f"/{path}")]
        if len(ends) > 1:
            raise FerBenchError(
                f"{where}: {written[:120]!r} may be any of {len(ends)} pictures ({ends[0]}, "
                f"{ends[1]}): write paths that begin where the list lies."
            )
        return (ends[0], self._files[ends[0]]) if ends else (beside, None)


def split_of_cell(cell: str, where: str) -> str:
    """The split a cell names; raises FerBenchError when it names none."""
    split = split_of_name(cell)
    if split is None:
        raise FerBenchError(
            f"{where}: split {cell[:40]!r} is none of train, val and test: correct it there."
        )
    return split


def fold_of_cell(cell: str, where: str) -> int:
    """The fold a cell names; raises FerBenchError when it is no whole number."""
    if not re.fullmatch(r"\d{1,4}(?:\.0)?", cell):
        raise FerBenchError(f"{where}: fold {cell[:40]!r} is no whole number: correct it there.")
    return int(float(cell))


def box_of(row: dict[str, str], definition: Definition, where: str) -> Box | None:
    """The face's box; raises FerBenchError when it cannot be told, or is none."""
    if row.get("box"):
        cells = [cell for cell in re.split(r"[\s,;()\[\]]+", row["box"]) if cell]
        if definition.box is None:
            raise FerBenchError(
                f"{where}: a box in one column may be left, top, right, bottom or left, top, "
                "width, height. Say which in source.yaml: `box: xyxy` or `box: xywh`."
            )
        sized = definition.box == "xywh"
    else:
        roles = CORNERS if "right" in row else SIZED
        cells = [row.get(role, "") for role in roles]
        sized = roles is SIZED
    if not any(cells):
        return None
    try:
        left, top, third, fourth = (float(cell) for cell in cells)
    except ValueError as error:
        raise FerBenchError(
            f"{where}: {' '.join(cells)[:80]!r} is no box of a face: correct it there."
        ) from error
    box = (left, top, left + third, top + fourth) if sized else (left, top, third, fourth)
    if not all(abs(edge) < 1e6 for edge in box) or box[2] - box[0] < 1 or box[3] - box[1] < 1:
        raise FerBenchError(
            f"{where}: {' '.join(cells)[:80]!r} is no box of a face: correct it there."
        )
    return box


def _once(faces: list[OwnFace], tree: Tree) -> list[OwnFace]:
    """Each face once; raises FerBenchError when a picture is listed with two labels or splits."""
    first: dict[tuple[str, Box | None], OwnFace] = {}
    repeated: Counter[str] = Counter()
    for face in faces:
        other = first.setdefault((face.place, face.box), face)
        if other is face:
            continue
        for what in ("label", "split", "fold", "subject"):
            if getattr(other, what) != getattr(face, what):
                raise FerBenchError(
                    f"{other.found} and {face.found} list one picture with two {what}s "
                    f"({getattr(other, what)!r}, {getattr(face, what)!r}): take one line out."
                )
        repeated["lines that repeat another"] += 1
    tree.left_out.update(repeated)
    return list(first.values())
