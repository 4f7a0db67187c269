"""Comparisons in words that promise no more than the numbers carry."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from fer_bench.statistics.class_mix import SubsetGap
from fer_bench.statistics.corrections import MARGIN, equivalent
from fer_bench.statistics.pairs import SEEDS_NEEDED, Comparison
from fer_bench.statistics.row_intervals import FEWEST_FACES

LEVEL = 0.05
FEWEST_DIFFERING = 6
"""Five faces that all favour one row do so by chance in 2 * 0.5 ** 5 = 6 % of cases."""

VERDICTS = ("better", "worse", "equivalent", "undecided", "too_few")


@dataclass(frozen=True)
class Judged:
    """What may be said of a pair.

    Attributes:
        comparison: the pair.
        holm_p: its p after Holm's correction.
        pairs: for how many pairs.
        margin: of equivalence, as a fraction.
    """

    comparison: Comparison
    holm_p: float
    pairs: int = 1
    margin: float = MARGIN

    @property
    def equivalent(self) -> bool:
        """Whether the difference is shown to be smaller than the margin."""
        c = self.comparison
        inside = equivalent(c.main.low90, c.main.high90, self.margin, c.n, c.differing)
        return inside and c.n >= FEWEST_FACES

    @property
    def verdict(self) -> str:
        """One of `VERDICTS`, of the first row against the second."""
        c = self.comparison
        if c.n < FEWEST_FACES:
            return "too_few"
        told = self.holm_p < LEVEL and not c.main.low <= 0 <= c.main.high
        if told and c.differing >= FEWEST_DIFFERING:
            return "better" if c.difference > 0 else "worse"
        if self.equivalent:
            return "equivalent"
        return "too_few" if c.differing < FEWEST_DIFFERING else "undecided"


def sentence(judged: Judged, one: str, other: str, *, alone: bool = True) -> str:
    """The comparison for a reader who is no statistician.

    Args:
        judged: the pair with its corrected p.
        one: what the first row is called.
        other: what the second row is called.
        alone: whether it stands alone; in a list, `about_training` is said once for all.
    """
    write = {
        "better": _better, "worse": _better, "equivalent": _equivalent,
        "undecided": _undecided, "too_few": _too_few,
    }  # fmt: skip
    text = write[judged.verdict](judged, one, other)
    c = judged.comparison
    if not alone or c.both or judged.verdict == "too_few":
        return text
    return f"{text} {about_training(min(len(c.seeds_one), len(c.seeds_other)))}"


def about_training(seeds: int) -> str:
    """What fewer than 3 seeds cannot say."""
    runs = "1 seed" if seeds == 1 else f"{seeds} seeds"
    return (
        f"With {runs} (fewer than {SEEDS_NEEDED}) this is about these trained networks, not about "
        "training again."
    )


def short(judged: Judged, one: str, other: str) -> str:
    """The verdict in a few words, for a table's cell."""
    within = f"equivalent within {margin_text(judged.margin)}"
    return {
        "better": f"{one} is better" + (f", but {within}" if judged.equivalent else ""),
        "worse": f"{other} is better" + (f", but {within}" if judged.equivalent else ""),
        "equivalent": within,
        "undecided": "not told apart",
        "too_few": "too few faces to claim anything"
        if judged.comparison.n < FEWEST_FACES
        else "too few differing faces to claim anything",
    }[judged.verdict]


def gap_sentence(gap: SubsetGap, name: str, part: str) -> str:
    """A subset's re-weighted gap in words.

    Args:
        gap: the gap.
        name: what the row is called.
        part: what the subset's faces are called, as in `occluded`.
    """
    mix = "with the whole set's mix of expressions"
    if gap.low is None or gap.high is None:
        return (
            f"{name}: {gap.n} {part} faces are too few to say how much harder they are (fewer than "
            f"{FEWEST_FACES})."
        )
    ends = f"95 % interval over faces {points(gap.low)} to {points(gap.high)}"
    if gap.low <= 0 <= gap.high:
        text = (
            f"{name}: these {gap.n:,} {part} faces do not show whether they are harder or easier "
            f"than all {gap.n_full:,}, {mix} (difference {points(gap.gap)} points; {ends})."
        )
    else:
        way = "lower" if gap.gap < 0 else "higher"
        text = (
            f"{name}: on the {gap.n:,} {part} faces accuracy is {points(abs(gap.gap))} points "
            f"{way} than on all {gap.n_full:,}, {mix} ({ends})."
        )
    if gap.missing:
        text += f" Left out, because no such face is {part}: {', '.join(gap.missing)}."
    return text


def _better(judged: Judged, one: str, other: str) -> str:
    c = judged.comparison
    low, high = c.main.low, c.main.high
    if c.difference < 0:
        one, other, low, high = other, one, -high, -low
    gap = f"by {points(abs(c.difference))} points of accuracy"
    detail = f"95 % interval {points(low)} to {points(high)}, {p_text(judged)}"
    if c.both:
        text = f"{one} is better than {other} {gap} ({detail}, over {_faces(c)} and {_seeds(c)})."
    elif max(len(c.seeds_one), len(c.seeds_other)) == 1:
        text = (
            f"On these {_faces(c)} the trained network of {one} is better than that of {other} "
            f"{gap} ({detail})."
        )
    else:
        text = (
            f"On these {_faces(c)} the trained networks of {one} are better than those of {other} "
            f"{gap} ({detail})."
        )
    if judged.equivalent:
        text += f" The difference is small: less than {margin_text(judged.margin)}."
    return text


def _equivalent(judged: Judged, one: str, other: str) -> str:
    c = judged.comparison
    margin = margin_text(judged.margin)
    who = f"{one} and {other}" if c.both else f"These trained networks of {one} and {other}"
    over = f"{_faces(c)} and {_seeds(c)}" if c.both else _faces(c)
    return (
        f"{who} are equivalent within {margin} of accuracy: the difference is "
        f"{points(c.difference)} points, and its 90 % interval, {points(c.main.low90)} to "
        f"{points(c.main.high90)}, lies inside ±{margin} (over {over})."
    )


def _undecided(judged: Judged, one: str, other: str) -> str:
    c = judged.comparison
    low, high = c.main.low, c.main.high
    basis = f"{_faces(c)} and {_seeds(c)}"
    if low <= 0 <= high:
        return (
            f"These {basis} do not tell {one} and {other} apart: {one} may be anything from "
            f"{_side(low)} to {_side(high)} (95 % interval, in points of accuracy; "
            f"{p_text(judged)})."
        )
    way = "higher" if c.difference > 0 else "lower"
    ends = (low, high) if c.difference > 0 else (-high, -low)
    among = f"among {judged.pairs} compared pairs " if judged.pairs > 1 else ""
    return (
        f"{one} scored {points(abs(c.difference))} points {way} than {other} (95 % interval "
        f"{points(ends[0])} to {points(ends[1])}), but {among}such a gap can come about by "
        f"chance ({p_text(judged)}), so these {basis} do not tell them apart."
    )


def _too_few(judged: Judged, one: str, other: str) -> str:
    c = judged.comparison
    if c.n < FEWEST_FACES:
        return (
            f"Nothing can be claimed about {one} and {other}: {_faces(c)} are too few (fewer than "
            f"{FEWEST_FACES})."
        )
    nor = f"nor that they are equivalent within {margin_text(judged.margin)}"
    if not c.differing:
        return (
            f"{one} and {other} did equally well on every one of these {_faces(c)}: no difference "
            f"can be claimed, {nor}."
        )
    return (
        f"No difference between {one} and {other} can be claimed, {nor}: they differ on only "
        f"{c.differing} of {_faces(c)}, and if both were equally good, chance alone would put "
        "all of so few on one side in more than 5 % of cases."
    )


def _faces(c: Comparison) -> str:
    return f"{c.n:,} faces"


def _seeds(c: Comparison) -> str:
    one, other = len(c.seeds_one), len(c.seeds_other)
    if one == other:
        return "1 seed" if one == 1 else f"{one} seeds"
    return f"{one} and {other} seeds"


def _side(gap: float) -> str:
    return f"{points(abs(gap))} {'worse' if gap < 0 else 'better'}"


def points(share: float) -> str:
    """A fraction as points with one decimal, halves away from zero, and a true minus sign."""
    exact = Decimal(repr(round(100 * share, 9))).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
    return str(exact if exact else abs(exact)).replace("-", "−")


def margin_text(margin: float) -> str:
    """`1 point`, `0.5 points`."""
    text = f"{100 * margin:g}"
    return f"{text} point" if text == "1" else f"{text} points"


def p_value(p: float) -> str:
    """Three decimals; what is smaller is said to be."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def p_text(judged: Judged) -> str:
    """`p = 0.012 after Holm's correction for 12 pairs`."""
    value = p_value(judged.holm_p)
    text = f"p {value}" if value.startswith("<") else f"p = {value}"
    return f"{text} after Holm's correction for {judged.pairs} pairs" if judged.pairs > 1 else text
