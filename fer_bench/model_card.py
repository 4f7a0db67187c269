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
"""Key -> what it holds; all are needed."""

OFF_THE_SHELF = {
    "trained_on": "the faces it learned expressions from, as far as its makers say",
    "may_have_seen": "`yes`, `no` or `unknown`: whether it may have seen these very test faces",
}
"""What is stated as well of a trained tool that people install; both keys or neither."""

MAY_HAVE_SEEN = ("yes", "no", "unknown")

LOG_PROBABILITIES = "log_probabilities"
OPTIONAL = {
    LOG_PROBABILITIES: "of columns `logit_...`: `yes` where their softmax is what the model "
    "believes, else `no`",
    **OFF_THE_SHELF,
}
"""What a card of submitted predictions states where it applies."""


def check_card(card: Any, where: str, *, submitted: bool = False) -> dict[str, Any]:
    """A card that states everything, as a plain dictionary.

    Args:
        card: a mapping with exactly `KEYS`: texts, and `year` as a whole number.
        where: named in messages.
        submitted: whether it belongs to predictions made elsewhere, so that it may state
            `OFF_THE_SHELF` and `LOG_PROBABILITIES`.

    Raises:
        FerBenchError: a key is missing, unknown, empty or of the wrong kind.
    """
    if not isinstance(card, Mapping):
        raise FerBenchError(
            f"{where} must be a mapping, found {card!r}; it must state:\n{_wanted(KEYS)}"
        )
    tool = submitted and any(key in card for key in OFF_THE_SHELF)
    logits = {LOG_PROBABILITIES: ""} if submitted and LOG_PROBABILITIES in card else {}
    wanted = {**KEYS, **(OFF_THE_SHELF if tool else {}), **logits}
    for key in card:
        if key not in wanted:
            raise FerBenchError(f"{where}: unknown key {key!r}; {nearest(str(key), wanted)}")
    if missing := [key for key in wanted if card.get(key) in (None, "")]:
        raise FerBenchError(f"{where} does not state:\n{_wanted(missing)}")
    year = card["year"]
    if type(year) is not int or not 1900 <= year <= 2100:
        raise FerBenchError(f"{where}: year is {year!r}, expected four digits such as 2024")
    for key, what in wanted.items():
        value = card[key]
        if key != "year" and not (isinstance(value, str) and value == value.strip() != ""):
            raise FerBenchError(f"{where}: {key} is {value!r}, expected a text: {what}")
        if isinstance(value, str) and not value.isprintable():
            raise FerBenchError(f"{where}: {key} holds line breaks or unprintable characters")
    if logits and card[LOG_PROBABILITIES] not in ("yes", "no"):
        raise FerBenchError(f'{where}: {LOG_PROBABILITIES} must be "yes" or "no"')
    if tool and card["may_have_seen"] not in MAY_HAVE_SEEN:
        raise FerBenchError(
            f"{where}: may_have_seen is {card['may_have_seen']!r}, expected one of "
            f"{', '.join(MAY_HAVE_SEEN)}"
        )
    return {key: card[key] for key in wanted}


def _wanted(keys: Any) -> str:
    known = {**KEYS, **OPTIONAL}
    return "\n".join(f"  {key}: {known[key]}" for key in keys)
