"""JSON records as dataclasses: every key known, every value of its type, or a clear refusal."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints, is_typeddict

from fer_bench.errors import FerBenchError

T = TypeVar("T")


def from_json(cls: type[T], value: Any, where: str) -> T:
    """A record of plain JSON values.

    Args:
        cls: a dataclass; fields may be dataclasses, and what JSON has. Lists and mappings are
            taken as they are: their items are not looked at.
        value: what was read.
        where: the file, for the message.

    Raises:
        FerBenchError: `value` is no mapping, lacks a field without default, has a key that is no
            field, or a value of another type.
    """
    if not isinstance(value, Mapping):
        raise FerBenchError(f"{where} holds {type(value).__name__}, not a record")
    known: Any = cls
    fields = _fields(known)
    if strange := sorted(set(value) - set(fields)):
        raise FerBenchError(
            f"{where} has unknown keys ({', '.join(strange)}): it was written by another version "
            "of fer_bench; use that one, or make the file again"
        )
    found = {}
    for name, (kind, needed) in fields.items():
        if name in value:
            found[name] = _checked(value[name], kind, f"{where}: {name}")
        elif needed:
            raise FerBenchError(f"{where} lacks {name!r}: make the file again")
    return cls(**found)


def to_json(record: Any) -> dict[str, Any]:
    """The record's fields as JSON values; nothing deeper than its dataclasses is copied."""
    return {
        field.name: to_json(value) if dataclasses.is_dataclass(value) else value
        for field in dataclasses.fields(record)
        for value in [getattr(record, field.name)]
    }


@cache
def _fields(cls: Any) -> dict[str, tuple[Any, bool]]:
    """Type and whether it is needed, by field."""
    hints = get_type_hints(cls)
    missing = dataclasses.MISSING
    return {
        f.name: (hints[f.name], f.default is missing and f.default_factory is missing)
        for f in dataclasses.fields(cls)
    }


def _checked(value: Any, kind: Any, where: str) -> Any:
    if get_origin(kind) in (Union, types.UnionType):
        kinds = get_args(kind)
        if value is None and type(None) in kinds:
            return None
        kind = next(k for k in kinds if k is not type(None))
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return from_json(kind, value, where)
    plain = dict if is_typeddict(kind) else get_origin(kind) or kind
    if plain is Any:
        return value
    wanted: Any = {tuple: list | tuple, float: int | float}.get(plain, plain)
    if not isinstance(value, wanted) or (isinstance(value, bool) and plain is not bool):
        raise FerBenchError(f"{where} is {value!r:.80}, not a value of type {plain.__name__}")
    return tuple(value) if plain is tuple else value
