"""Parquet files that hold the pictures themselves, as Hugging Face writes them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from fer_bench.datasets.own.columns import find_columns, no_columns
from fer_bench.datasets.own.definition import Definition
from fer_bench.datasets.own.listing import Listing, OwnFace
from fer_bench.datasets.own.lists import box_of, fold_of_cell, split_of_cell
from fer_bench.datasets.own.tables import Table, parquet
from fer_bench.datasets.spelling import split_of_file, split_of_name
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError
from fer_bench.files import check_room

BATCH = 16
LARGEST_IMAGE = 32 * 2**20
LARGEST_GROUP = 2 * 2**30
REASONABLE_EXPANSION = 100
SMALL = 64 * 2**20

_ENDINGS = {
    b"\xff\xd8\xff": ".jpg", b"\x89PNG": ".png", b"BM": ".bmp", b"II*\0": ".tiff",
    b"MM\0*": ".tiff", b"RIFF": ".webp", b"GIF8": ".gif",
}  # fmt: skip


@dataclass
class _Reading:
    """One Parquet file as it is read."""

    table: Table
    columns: dict[str, str]
    names: Sequence[str]
    into: Path
    written: int = 0


def holds_images(table: Table) -> bool:
    """Whether a table's column of images holds the images themselves."""
    if table.file.suffix.lower() != ".parquet":
        return False
    columns = find_columns(table.header, table.path, {}, ("image",))
    return bool(columns) and _bytes_in(_type_of(table, columns["image"]))


def read_embedded(tree: Tree, tables: Sequence[Table], definition: Definition) -> Listing:
    """The faces of Parquet files, each picture written into the tree's scratch folder.

    Raises:
        FerBenchError: a column of another type, a picture that is not in the file, more data than
            a file of its size can hold, or than the disk has room for.
    """
    listing = Listing(f"{len(tables)} Parquet file{'s'[: len(tables) != 1]} of pictures", [])
    for number, table in enumerate(tables):
        columns = find_columns(table.header, table.path, definition.column_names, ("image",))
        if "label" not in columns:
            raise no_columns(table.header, table.path, "label")
        into = tree.scratch / "parquet" / str(number)
        into.mkdir(parents=True)
        check_room(into, table.file.stat().st_size, f"the pictures in {table.path}")
        reading = _Reading(table, columns, _class_names(table, columns["label"]), into)
        listing.faces += _faces(reading, definition, tree)
        tree.use(table.file)
    return listing


def _faces(reading: _Reading, definition: Definition, tree: Tree) -> Iterator[OwnFace]:
    table, columns = reading.table, reading.columns
    stem = PurePosixPath(table.path).stem
    split_here = split_of_file(stem) or split_of_name(PurePosixPath(table.folder).name)
    for number, row in enumerate(_rows(reading), start=1):
        where = f"{table.path} row {number}"
        content = _content(row.pop("image"), where)
        label = _label(row.pop("label"), reading.names, where)
        text = {role: _text(row[role], where) for role in row if role in columns}
        if not label:
            tree.left_out["rows without a label"] += 1
            continue
        file = reading.into / f"{number:07d}{_ending(content)}"
        file.write_bytes(content)
        reading.written += len(content)
        if reading.written > max(SMALL, REASONABLE_EXPANSION * table.file.stat().st_size):
            raise FerBenchError(
                f"{table.path} holds far more data than a file of its size can: it is refused as a "
                "decompression bomb."
            )
        yield OwnFace(
            f"{table.path.removesuffix('.parquet')}/{file.name}", str(file), label,
            split=split_of_cell(text["split"], where) if text.get("split") else split_here,
            subject=text.get("subject") or None,
            fold=fold_of_cell(text["fold"], where) if text.get("fold") else None,
            box=box_of(text, definition, where),
            found=where,
        )  # fmt: skip


def _rows(reading: _Reading) -> Iterator[dict[str, Any]]:
    """Rows as Python values by role, a few at a time."""
    import pyarrow as pa

    table = reading.table
    opened = parquet(table.path, table.file)
    for number in range(opened.num_row_groups):
        size = opened.metadata.row_group(number).total_byte_size
        if size > LARGEST_GROUP:
            raise FerBenchError(
                f"{table.path}: a row group of {size / 2**30:,.1f} GiB does not fit into memory: "
                "write it again with smaller ones."
            )
    roles = list(reading.columns)
    try:
        batches = opened.iter_batches(BATCH, columns=list(reading.columns.values()))
        for batch in batches:
            if batch.nbytes > 2 * BATCH * LARGEST_IMAGE:
                raise FerBenchError(
                    f"{table.path} holds pictures too large to be of faces: leave them out."
                )
            cells = [batch.column(reading.columns[role]).to_pylist() for role in roles]
            for values in zip(*cells, strict=True):
                yield dict(zip(roles, values, strict=True))
    except (pa.ArrowException, OSError) as error:
        raise FerBenchError(f"{table.path} is damaged ({error}): get it again.") from error


def _content(value: Any, where: str) -> bytes:
    if isinstance(value, dict):
        value = value.get("bytes")
    if not isinstance(value, bytes) or not value:
        raise FerBenchError(
            f"{where} holds no picture, only the place where one was: save the set with its "
            "pictures inside, or give them in a folder with a list."
        )
    if len(value) > LARGEST_IMAGE:
        raise FerBenchError(f"{where} holds a picture too large to be of a face: leave it out.")
    return value


def _label(value: Any, names: Sequence[str], where: str) -> str:
    if value is None:
        return ""
    if names:
        if not isinstance(value, int) or not -1 <= value < len(names):
            raise FerBenchError(
                f"{where}: label {value!r} is none of the {len(names)} declared: "
                "save the set again with labels that are."
            )
        return names[value] if value >= 0 else ""  # -1 is how Hugging Face marks what has no label
    return _text(value, where)


def _text(value: Any, where: str) -> str:
    if isinstance(value, list):
        return " ".join(str(item) for item in value[:16])
    if value is not None and not isinstance(value, str | int | float):
        raise FerBenchError(
            f"{where}: {type(value).__name__} is found where text or a number is expected: "
            "name another column in source.yaml (`columns`)."
        )
    return "" if value is None else str(value).strip()


def _class_names(table: Table, column: str) -> list[str]:
    """The names behind the numbers of a class column, as Hugging Face's `datasets` writes them."""
    metadata = parquet(table.path, table.file).schema_arrow.metadata or {}
    try:
        features = json.loads(metadata.get(b"huggingface", b"{}"))["info"]["features"]
        names = features[column]["names"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []
    return [str(name) for name in names] if isinstance(names, list) else []


def _type_of(table: Table, column: str) -> Any:
    return parquet(table.path, table.file).schema_arrow.field(column).type


def _bytes_in(kind: Any) -> bool:
    import pyarrow as pa

    if pa.types.is_struct(kind):
        fields = {kind.field(i).name: kind.field(i).type for i in range(kind.num_fields)}
        return "bytes" in fields and _bytes_in(fields["bytes"])
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _ending(content: bytes) -> str:
    return next((end for start, end in _ENDINGS.items() if content.startswith(start)), ".image")
