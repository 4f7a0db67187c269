"""How numbers and texts are printed: rounded, percent, mean ± std, a dash for nothing, folded."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from fer_bench.statistics.summary import Summary

NOTHING = "–"
READING = "How to read it"


def rounded(value: float, places: int) -> str:
    """`value` with `places` decimals, halves rounded away from zero as a reader would.

    Python's own formatting rounds the binary fraction: 0.88125 as percent gives 88.12 and 0.28685
    gives 28.69 or 28.68 by accident of representation. Twelve digits are kept before rounding, so
    that the last bits of a mean do not decide.
    """
    exact = Decimal(repr(round(value, 12)))
    return str(exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP))


def percent(fraction: float | None) -> str:
    """A fraction as percent with two decimals, as the paper prints them, without the sign."""
    return NOTHING if fraction is None else rounded(fraction * 100, 2)


def gap(fraction: float) -> str:
    """A difference in points with two decimals and its sign: `+0.02`, `−1.30`."""
    points = rounded(100 * fraction, 2)
    return points.replace("-", "−") if points.startswith("-") else f"+{points}"


def mean_std(summary: Summary | None) -> str:
    """`mean ± sample std` in percent; `mean ± –` for a single seed, whose spread is unknown."""
    if summary is None:
        return NOTHING
    return f"{percent(summary.mean)} ± {percent(summary.std)}"


def maximum(summary: Summary | None) -> str:
    """The largest value over seeds, in percent."""
    return NOTHING if summary is None else percent(summary.max)


def count(number: int | None) -> str:
    """A count with thousands separated."""
    return NOTHING if number is None else f"{number:,}"


def value_text(value: float | str) -> str:
    """A parameter for a table, a tick or a caption: at most three digits, or a kind in words."""
    return value.replace("_", " ") if isinstance(value, str) else f"{value:.3g}"


def fold(title: str, *blocks: str) -> str:
    """Markdown that a reader opens; nothing where there are no blocks."""
    text = "\n\n".join(filter(None, blocks))
    return f"<details><summary>{title}</summary>\n\n{text}\n\n</details>" if text else ""


def opening(introduction: str) -> str:
    """How a page begins: its heading and its question, with the rest behind a fold."""
    heading, question, rest = introduction.strip().split("\n\n", 2)
    return f"{heading}\n\n{question}\n\n{fold(READING, rest)}"
