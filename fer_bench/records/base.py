"""JSON records as dataclasses: every key known, every value of its type, or a clear refusal."""

from __future__ import annotations

import dataclasses
import json
import re
import types
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints, is_typeddict

from fer_bench.errors import FerBenchError
from fer_bench.files import write_text

T = TypeVar("T")


def from_json(cls: type[T], value: Any, where: str, remedy: str = "make the file again") -> T:
    """A record of plain JSON values.

    Args:
        cls: a dataclass; fields may be dataclasses, lists and mappings of them, and what JSON has.
            Of other lists and mappings the items are not looked at.
        value: what was read.
        where: the file, for the message.
        remedy: what to do, for the message.

    Raises:
        FerBenchError: `value` is no mapping, lacks a field without default, has a key that is no
            field, or a value of another type.
    """
    if not isinstance(value, Mapping):
        raise FerBenchError(f"{where} holds {type(value).__name__}, not a record: {remedy}")
    known: Any = cls
    if value.get("format", newest := getattr(known, "format", None)) != newest:
        raise FerBenchError(
            f"{where} is of format {value['format']!r}, this version of fer_bench reads {newest}: "
            f"use the one that wrote it, or {remedy}"
        )
    fields = _fields(known)
    if strange := sorted(set(value) - set(fields)):
        raise FerBenchError(
            f"{where} has unknown keys ({', '.join(strange)}): it was written by another version "
            f"of fer_bench; use that one, or {remedy}"
        )
    found = {}
    for name, (kind, needed) in fields.items():
        if name in value:
            found[name] = _checked(value[name], kind, f"{where}: {name}", remedy)
        elif needed:
            raise FerBenchError(f"{where} lacks {name!r}: {remedy}")
    return cls(**found)


def to_json(record: Any) -> dict[str, Any]:
    """The record's fields as JSON values."""
    return {f.name: _plain(getattr(record, f.name)) for f in dataclasses.fields(record)}


def write_record(file: Path, value: Mapping[str, Any], *on_a_line: str, plain: bool = True) -> None:
    """Write JSON values indented, some on one line each, so that differences read well.

    Args:
        file: where.
        value: what `to_json` gave.
        on_a_line: patterns of what is put on one line, the innermost first.
        plain: ASCII alone.
    """
    text = json.dumps(value, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=plain)
    for pattern in on_a_line:
        text = re.sub(pattern, _on_a_line, text)
    write_text(file, text + "\n")


def check_place(file: Path, *stated: object) -> None:
    """Make sure that a file is where it was written.

    Args:
        file: `.../<dataset>/<model>/<seed>.json`, or with the set behind.
        stated: the same, as its content says it.

    Raises:
        FerBenchError: it was moved or renamed.
    """
    if tuple(map(str, stated)) != (*file.parts[-len(stated) : -1], file.stem):
        raise FerBenchError(
            f"{file} holds the result of {'/'.join(map(str, stated))}: the file was moved or "
            "renamed; delete it and run `fer-bench sweep`"
        )


@cache
def _fields(cls: Any) -> dict[str, tuple[Any, bool]]:
    """Type and whether it is needed, by field."""
    hints = get_type_hints(cls)
    missing = dataclasses.MISSING
    return {
        f.name: (hints[f.name], f.default is missing and f.default_factory is missing)
        for f in dataclasses.fields(cls)
    }


def _on_a_line(found: re.Match[str]) -> str:
    text = found[0]
    return text[0] + " ".join(text[1:-1].split()) + text[-1]


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return to_json(value)
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def _checked(value: Any, kind: Any, where: str, remedy: str) -> Any:
    union = get_origin(kind) in (Union, types.UnionType)
    kinds = get_args(kind) if union else (kind,)
    if value is None and type(None) in kinds:
        return None
    kinds = tuple(k for k in kinds if k is not type(None))
    kind = kinds[0]
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return from_json(kind, value, where, remedy)
    if not any(_fits(value, _outer(k)) for k in kinds):
        names = " or ".join(_outer(k).__name__ for k in kinds)
        raise FerBenchError(f"{where} is {value!r:.80}, not a value of type {names}: {remedy}")
    value = _items(value, kind, where, remedy)
    return tuple(value) if _outer(kind) is tuple else value


def _outer(kind: Any) -> Any:
    return dict if is_typeddict(kind) else get_origin(kind) or kind


def _fits(value: Any, outer: Any) -> bool:
    if outer is Any:
        return True
    wanted: Any = {tuple: list | tuple, float: int | float}.get(outer, outer)
    return isinstance(value, wanted) and (outer is bool or not isinstance(value, bool))


def _items(value: Any, kind: Any, where: str, remedy: str) -> Any:
    """A list or mapping with its records read, where its items are records."""
    record = next((k for k in get_args(kind) if dataclasses.is_dataclass(k)), None)
    if not isinstance(record, type):
        return value
    if isinstance(value, Mapping):
        return {k: from_json(record, v, f"{where}: {k}", remedy) for k, v in value.items()}
    return [from_json(record, v, f"{where}, {i}", remedy) for i, v in enumerate(value)]
