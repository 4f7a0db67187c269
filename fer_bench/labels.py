"""The one expression order every manifest, prediction and table uses.

The order is FERPlus's column order. Each source maps its own codes to it.
"""

from __future__ import annotations

from enum import IntEnum


class Expression(IntEnum):
    """The eight basic expressions; the value is the label stored in manifests."""

    neutral = 0
    happiness = 1
    surprise = 2
    sadness = 3
    anger = 4
    disgust = 5
    fear = 6
    contempt = 7


EIGHT: tuple[str, ...] = tuple(e.name for e in Expression)
SEVEN: tuple[str, ...] = EIGHT[:7]
