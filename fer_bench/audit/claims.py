"""Claims of the paper's text, computed from its own tables (`benchmarks/paper/claims.yaml`)."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from fer_bench.audit.possible import units
from fer_bench.audit.printed import EMPTY
from fer_bench.errors import FerBenchError
from fer_bench.reports.paper import Printed

Tables = Mapping[str, Sequence[Printed]]
Value = Fraction | list[Fraction]

_OPERATORS: dict[type, Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


@dataclass(frozen=True)
class Claim:
    """A sentence and what the tables give for it.

    Attributes:
        section: where it is printed.
        says: its words.
        expect: None, `positive`, or a mapping `range` or `each` to numbers.
        values: what the tables give, by name.
        note: what else to know.
    """

    section: str
    says: str
    expect: Any
    values: Mapping[str, Fraction]
    note: str

    @property
    def verdict(self) -> str:
        """Whether the values are what the sentence says, at the precision it uses."""
        values = list(self.values.values())
        if self.expect is None:
            return "no number to compare"
        if self.expect == "positive":
            return _of([value > 0 for value in values])
        ((kind, said),) = self.expect.items()
        said = [Decimal(str(number)) for number in said]
        if kind == "each":
            return _of([rounded(v, s) == s for v, s in zip(values, said, strict=True)])
        low, high = rounded(min(values), said[0]), rounded(max(values), said[1])
        if (low, high) == (said[0], said[1]):
            return "agrees"
        return "agrees: inside" if said[0] <= low and high <= said[1] else "**does not agree**"


def rounded(value: Fraction, like: Decimal) -> Decimal:
    """`value` with as many decimals as `like`, halves away from zero."""
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return exact.quantize(Decimal(1).scaleb(like.as_tuple().exponent), ROUND_HALF_UP)  # type: ignore[arg-type]


def _of(right: list[bool]) -> str:
    return "agrees" if all(right) else f"**agrees for {sum(right)} of {len(right)}**"


def load_claims(path: Path, tables: Tables) -> tuple[list[Claim], list[dict[str, str]]]:
    """The claims with their values, and the numbers that stand in the text only.

    Raises:
        FerBenchError: a claim names a place that no table has, or cannot be computed.
    """
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    claims = []
    for entry in document["claims"]:
        values = {name: single(evaluate(text, tables)) for name, text in entry["values"].items()}
        claims.append(
            Claim(str(entry["section"]), entry["says"], entry.get("expect"), values,
                  entry.get("note", ""))
        )  # fmt: skip
    return claims, document["text_only"]


def evaluate(text: str, tables: Tables) -> Value:
    """The value of an expression of claims.yaml (its head explains the language)."""
    numbers: dict[str, Value] = {}

    def name(match: re.Match[str]) -> str:
        numbers[f"_{len(numbers)}"] = cells(match[1], tables)
        return f"_{len(numbers) - 1}"

    try:
        return _value(ast.parse(re.sub(r"\{([^}]*)\}", name, text), mode="eval").body, numbers)
    except (SyntaxError, KeyError, ValueError, TypeError, ZeroDivisionError) as error:
        raise FerBenchError(f"claims.yaml: cannot compute {text!r}: {error}") from error


def cells(reference: str, tables: Tables) -> list[Fraction]:
    """The printed numbers a reference `table|row|column[|mean or std]` names, empty ones left out.

    Raises:
        FerBenchError: it names no number.
    """
    table, row, column, *part = reference.split("|")
    places = [
        place
        for place in tables.get(table, [])
        if place.printed != EMPTY and _named(place.row, row) and _named(place.column, column)
    ]
    if not places:
        raise FerBenchError(f"claims.yaml: {{{reference}}} names no printed number")
    return [_number(place.printed, part[0] if part else "mean") for place in places]


def _named(name: str, pattern: str) -> bool:
    if pattern.startswith("!"):
        return not _named(name, pattern[1:])
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name) is not None


def _number(printed: str, part: str) -> Fraction:
    mean, _, std = printed.partition("±")
    value, places = units({"mean": mean, "std": std}[part])
    return Fraction(value, 10**places)


def single(value: Value) -> Fraction:
    """The one number of a value; raises FerBenchError when it has more."""
    if isinstance(value, Fraction):
        return value
    if len(value) != 1:
        raise FerBenchError(f"claims.yaml: {len(value)} numbers stand where one is needed")
    return value[0]


def _value(node: ast.expr, numbers: Mapping[str, Value]) -> Value:
    if isinstance(node, ast.Constant):
        return Fraction(str(node.value))
    if isinstance(node, ast.Name):
        return numbers[node.id]
    if isinstance(node, ast.BinOp):
        left, right = (single(_value(side, numbers)) for side in (node.left, node.right))
        return _OPERATORS[type(node.op)](left, right)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        values = [_value(argument, numbers) for argument in node.args]
        if node.func.id == "above":
            floor = single(values[0])
            return Fraction(sum(v > floor for v in _flat(values[1:])))
        return _FUNCTIONS[node.func.id](_flat(values))
    raise ValueError(f"{ast.dump(node)} is not part of the language")


def _mean(values: Sequence[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


_FUNCTIONS: dict[str, Callable[[Sequence[Fraction]], Fraction]] = {
    "min": min,
    "max": max,
    "mean": _mean,
}


def _flat(values: Sequence[Value]) -> list[Fraction]:
    return [v for value in values for v in (value if isinstance(value, list) else [value])]
