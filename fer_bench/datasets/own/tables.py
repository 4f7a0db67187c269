"""Reading somebody's lists: CSV, TSV, JSON lines and Parquet, as columns of text, under limits."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fer_bench.errors import FerBenchError

SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
MOST_BYTES = 512 * 2**20
MOST_ROWS = 5_000_000
LONGEST_LINE = 2**20
CHUNK = 50_000


@dataclass(frozen=True)
class Table:
    """One list.

    Attributes:
        path: its path in the tree.
        file: where it lies.
        header: its columns.
        separator: between the fields of a CSV.
    """

    path: str
    file: Path
    header: tuple[str, ...]
    separator: str = ","

    @property
    def folder(self) -> str:
        """The folder it lies in, by its path in the tree; paths in it count from there."""
        return self.path.rpartition("/")[0]

    def rows(self, columns: Sequence[str]) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Line number (row number for Parquet) and the text of `columns`, row by row.

        Raises:
            FerBenchError: a line that cannot be read, or too many.
        """
        reader = {".parquet": _parquet_rows, ".jsonl": _json_rows, ".ndjson": _json_rows}.get(
            self.file.suffix.lower(), _csv_rows
        )
        for number, row in reader(self, list(columns)):
            if number > MOST_ROWS:
                raise FerBenchError(f"{self.path} has more than {MOST_ROWS:,} rows: split it.")
            yield number, row


def open_table(path: str, file: Path) -> Table:
    """Read a list's header; raises FerBenchError when it is not what its name says."""
    size = file.stat().st_size
    suffix = file.suffix.lower()
    if suffix == ".parquet":
        return Table(path, file, tuple(parquet(path, file).schema_arrow.names))
    if size > MOST_BYTES:
        raise FerBenchError(
            f"{path} has {size / 2**20:,.0f} MiB, too much for a list of faces (at most "
            f"{MOST_BYTES >> 20} MiB): leave out the columns that are not needed."
        )
    try:
        with open(file, encoding="utf-8-sig") as stream:
            first = stream.readline(LONGEST_LINE)
    except UnicodeDecodeError as error:
        raise FerBenchError(f"{path} is not UTF-8 text: save it as UTF-8.") from error
    if suffix in (".jsonl", ".ndjson"):
        return Table(path, file, tuple(_object(first, path, 1)) if first.strip() else ())
    separator = max(",;\t", key=first.count)
    names = next(csv.reader([first], delimiter=separator, skipinitialspace=True), [])
    return Table(path, file, tuple(name.strip() for name in names), separator)


def parquet(path: str, file: Path) -> Any:
    """An open Parquet file; raises FerBenchError when it is none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(file, memory_map=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise FerBenchError(
            f"{path} is no Parquet file, or damaged ({error}): get it again."
        ) from error


def _csv_rows(table: Table, columns: list[str]) -> Iterator[tuple[int, tuple[str, ...]]]:
    try:
        with open(table.file, encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, delimiter=table.separator, skipinitialspace=True)
            header = [name.strip() for name in next(reader, [])]
            places = [header.index(column) for column in columns]
            for cells in reader:
                if not cells:
                    continue
                if len(cells) != len(header):
                    raise FerBenchError(
                        f"{table.path} line {reader.line_num} has {len(cells)} fields, its first "
                        f"line has {len(header)}: correct that line."
                    )
                yield reader.line_num, tuple(cells[place].strip() for place in places)
    except UnicodeDecodeError as error:
        raise FerBenchError(f"{table.path} is not UTF-8 text: save it as UTF-8.") from error
    except (csv.Error, ValueError) as error:
        raise FerBenchError(
            f"{table.path} cannot be read as a CSV ({error}): save it again as one."
        ) from error


def _json_rows(table: Table, columns: list[str]) -> Iterator[tuple[int, tuple[str, ...]]]:
    try:
        with open(table.file, encoding="utf-8-sig") as stream:
            number = 0
            while line := stream.readline(LONGEST_LINE):
                number += 1
                if line.strip():
                    found = _object(line, table.path, number)
                    yield number, tuple(_text(found.get(column)) for column in columns)
    except UnicodeDecodeError as error:
        raise FerBenchError(f"{table.path} is not UTF-8 text: save it as UTF-8.") from error


def _object(line: str, path: str, number: int) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        why = "is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise FerBenchError(
            f"{path} line {number} is no JSON ({why}): correct that line."
        ) from error
    if not isinstance(found, dict):
        raise FerBenchError(
            f"{path} line {number} is no object, {{...}} is expected: correct that line."
        )
    return found


def _parquet_rows(table: Table, columns: list[str]) -> Iterator[tuple[int, tuple[str, ...]]]:
    import pyarrow as pa

    opened = parquet(table.path, table.file)
    for column in columns:
        _check_text(table.path, column, opened.schema_arrow.field(column).type)
    number = 0
    try:
        for batch in opened.iter_batches(batch_size=CHUNK, columns=columns):
            for row in zip(*(batch.column(column).to_pylist() for column in columns), strict=True):
                number += 1
                yield number, tuple(_text(value) for value in row)
    except (pa.ArrowException, OSError) as error:
        raise FerBenchError(f"{table.path} is damaged ({error}): get it again.") from error


def _check_text(path: str, column: str, kind: Any) -> None:
    import pyarrow as pa

    of = kind.value_type if pa.types.is_dictionary(kind) or pa.types.is_list(kind) else kind
    plain = (
        pa.types.is_string(of) or pa.types.is_large_string(of) or pa.types.is_integer(of)
        or pa.types.is_floating(of)
    )  # fmt: skip
    if not plain:
        raise FerBenchError(
            f"{path}: the column {column} holds {kind}, where text or numbers are expected: "
            "name another one in source.yaml (`columns`)."
        )


def _text(value: Any) -> str:
    """A cell as text: nothing is empty, a list of numbers is written with blanks between."""
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return " ".join(str(item) for item in value[:16])
    return str(value).strip()
