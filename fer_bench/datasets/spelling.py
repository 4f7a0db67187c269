"""How the folders of copies spell the expressions."""

from __future__ import annotations

import re
from collections.abc import Iterable

from fer_bench.labels import Expression

_SPELT = {
    Expression.neutral: "neutral neutrality neural",
    Expression.happiness: "happiness happy joy",
    Expression.surprise: "surprise surprised suprise",
    Expression.sadness: "sadness sad",
    Expression.anger: "anger angry",
    Expression.disgust: "disgust disgusted",
    Expression.fear: "fear fearful afraid",
    Expression.contempt: "contempt contemptuous",
}
_OF = {word: label for label, words in _SPELT.items() for word in words.split()}


def expression_of(
    folder: str, among: Iterable[Expression] = tuple(Expression)
) -> Expression | None:
    """The expression that a folder's name means, or None.

    Case, numbers and marks around the word do not matter. A bare number means nothing, because
    copies count their classes in different orders.

    Args:
        folder: its name.
        among: the expressions that the set has.

    >>> expression_of("3_Happy").name
    'happiness'
    """
    word = re.sub(r"^[\d\W_]+|[\d\W_]+$", "", folder).lower()
    found = _OF.get(word)
    return found if found in set(among) else None
