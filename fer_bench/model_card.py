"""What must be said of a model before its numbers stand in a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fer_bench.errors import FerBenchError, nearest

KEYS = {
    "pretraining": "the data its weights had seen before, or `none`",
    "extra_data": "faces it learned from beyond the dataset's train split, or `none`",
    "landmarks": "whether and how it uses facial landmarks, or `none`",
    "paper": "author, title and year, or a link; `unpublished` where there is none",
    "code": "a link to its code, or `closed`",
    "year": "of its publication: four digits",
}
"""Key -> what it holds; all are needed, and nothing else."""


def check_card(card: Any, where: str) -> dict[str, Any]:
    """A card that states everything, as a plain dictionary.

    Args:
        card: a mapping with exactly `KEYS`: texts, and `year` as a whole number.
        where: named in messages.

    Raises:
        FerBenchError: a key is missing, unknown, empty or of the wrong kind.
    """
    if not isinstance(card, Mapping):
        raise FerBenchError(
            f"{where} must be a mapping, found {card!r}; it must state:\n{_wanted(KEYS)}"
        )
    for key in card:
        if key not in KEYS:
            raise FerBenchError(f"{where}: unknown key {key!r}; {nearest(str(key), KEYS)}")
    if missing := [key for key in KEYS if card.get(key) in (None, "")]:
        raise FerBenchError(f"{where} does not state:\n{_wanted(missing)}")
    year = card["year"]
    if type(year) is not int or not 1900 <= year <= 2100:
        raise FerBenchError(f"{where}: year is {year!r}, expected four digits such as 2024")
    for key in KEYS:
        value = card[key]
        if key != "year" and not (isinstance(value, str) and value == value.strip() != ""):
            raise FerBenchError(f"{where}: {key} is {value!r}, expected a text: {KEYS[key]}")
        if isinstance(value, str) and not value.isprintable():
            raise FerBenchError(f"{where}: {key} holds line breaks or unprintable characters")
    return {key: card[key] for key in KEYS}


def _wanted(keys: Any) -> str:
    return "\n".join(f"  {key}: {KEYS[key]}" for key in keys)
