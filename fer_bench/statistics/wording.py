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

FEWEST_UNITS = 10
"""With fewer people nobody knows how much people differ."""

VERDICTS = ("better", "worse", "equivalent", "undecided", "too_few", "too_few_seeds", "held")
NO_VERDICT = "too few seeds for a verdict on the models"


@dataclass(frozen=True)
class Judged:
    """What may be said of a pair.

    Attributes:
        comparison: the pair.
        holm_p: its p after Holm's correction.
        pairs: for how many pairs.
        margin: of equivalence, as a fraction.
        family: which pairs these are, as in `the 4 pairs of Table 7`.
        held: why training forbids a verdict on the models (`reports.equal_chances`).
    """

    comparison: Comparison
    holm_p: float
    pairs: int = 1
    margin: float = MARGIN
    family: str = ""
    held: tuple[str, ...] = ()

    @property
    def equivalent(self) -> bool:
        """Whether the difference is shown to be smaller than the margin."""
        c = self.comparison
        ends = c.main.low90, c.main.high90
        return self.enough and equivalent(*ends, self.margin, c.units, c.differing_units)

    @property
    def least_margin(self) -> float:
        """The margin that the data could have supported: the farther end of the 90 % interval."""
        return max(abs(self.comparison.main.low90), abs(self.comparison.main.high90))

    @property
    def enough(self) -> bool:
        """Whether there are enough faces and people to say anything."""
        c = self.comparison
        return c.n >= FEWEST_FACES and c.units >= FEWEST_UNITS

    @property
    def verdict(self) -> str:
        """One of `VERDICTS`, of the first model against the second.

        `too_few_seeds` where only something of their trained networks can be said, and `held` where
        only of the models as they were trained: `of_networks`.
        """
        said = self.of_networks
        if said == "too_few" or self.comparison.both:
            return "held" if self.held and said in VERDICTS[:3] else said
        return "too_few_seeds"

    @property
    def of_networks(self) -> str:
        """The verdict on what was compared: the models, or with few seeds these networks."""
        c = self.comparison
        if not self.enough:
            return "too_few"
        told = self.holm_p < LEVEL and not c.main.low <= 0 <= c.main.high
        if told and c.differing_units >= FEWEST_DIFFERING:
            return "better" if c.difference > 0 else "worse"
        if self.equivalent:
            return "equivalent"
        return "too_few" if c.differing_units < FEWEST_DIFFERING else "undecided"


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
    text = write[judged.of_networks](judged, one, other)
    c = judged.comparison
    if not alone or judged.verdict == "too_few":
        return text
    if not c.both:
        text += f" {about_training(min(len(c.seeds_one), len(c.seeds_other)))}"
    return text + (f" No verdict on the models: {'; '.join(judged.held)}." if judged.held else "")


def about_training(seeds: int) -> str:
    """What fewer than 5 seeds cannot say."""
    runs = "1 seed" if seeds == 1 else f"{seeds} seeds"
    return (
        f"With {runs} (fewer than {SEEDS_NEEDED}) this is about these trained networks, not about "
        f"training again: {NO_VERDICT}."
    )


def short(judged: Judged, one: str, other: str) -> str:
    """The verdict in a few words, for a table's cell."""
    within = f"equivalent within {margin_text(judged.margin)}"
    if judged.verdict == "too_few_seeds":
        said = {"equivalent": f"are {within}", "undecided": "are not told apart"}
        gap = f"differ by {signed(judged.comparison.difference)}"
        return f"these networks {said.get(judged.of_networks, gap)}; {NO_VERDICT}"
    if judged.verdict == "held":
        gap = f"differ by {signed(judged.comparison.difference)}"
        both = within if judged.of_networks == "equivalent" else gap
        return f"as trained here {both}; no verdict on the models: {'; '.join(judged.held)}"
    return {
        "better": f"{one} is better" + (f", but {within}" if judged.equivalent else ""),
        "worse": f"{other} is better" + (f", but {within}" if judged.equivalent else ""),
        "equivalent": within,
        "undecided": "not told apart",
        "too_few": f"too few {_lacking(judged)} to claim anything",
    }[judged.verdict]


def _lacking(judged: Judged) -> str:
    c = judged.comparison
    if c.n < FEWEST_FACES:
        return "faces"
    if not judged.enough:
        return _unit_name(c)
    return f"{'differing ' if _unit_name(c) == 'faces' else 'people with differing '}faces"


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
    over = "people" if gap.people else "faces"
    ends = f"95 % interval over {over} {points(gap.low)} to {points(gap.high)}"
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
        over = f"({detail}, over {_faces(c)} and {_seeds(c)})"
        text = f"{one} is better than {other} {gap} {over}."
        if judged.held:
            text = f"As trained here, {one} scores higher than {other} {gap} {over}."
    else:
        text = (
            f"On these {_faces(c)} these trained networks of {one} score higher than those of "
            f"{other} {gap} ({detail})."
        )
    if judged.equivalent:
        text += f" The difference is small: less than {margin_text(judged.margin)}."
    return text


def _equivalent(judged: Judged, one: str, other: str) -> str:
    c = judged.comparison
    margin = margin_text(judged.margin)
    who = f"{one} and {other}" if c.both else f"These trained networks of {one} and {other}"
    who = f"As trained here, {who}" if c.both and judged.held else who
    over = f"{_faces(c)} and {_seeds(c)}" if c.both else _faces(c)
    return (
        f"{who} are equivalent within {margin} of accuracy: the difference is "
        f"{points(c.difference)} points, and its 90 % interval, {points(c.main.low90)} to "
        f"{points(c.main.high90)}, lies inside ±{margin} (over {over}); the smallest "
        f"margin that they support is {points(judged.least_margin)}."
    )


def _undecided(judged: Judged, one: str, other: str) -> str:
    c = judged.comparison
    low, high = c.main.low, c.main.high
    basis = f"{_faces(c)} and {_seeds(c)}"
    who = f"{one} and {other}" if c.both else f"these networks of {one} and {other}"
    if low <= 0 <= high:
        return (
            f"These {basis} do not tell {who} apart: {one} may be anything from "
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
    if not judged.enough:
        return (
            f"Nothing can be claimed about {one} and {other}: {c.units} {_unit_name(c)} are too "
            f"few (fewer than {FEWEST_UNITS})."
        )
    nor = f"nor that they are equivalent within {margin_text(judged.margin)}"
    if not c.differing:
        return (
            f"{one} and {other} did equally well on every one of these {_faces(c)}: no difference "
            f"can be claimed, {nor}."
        )
    return (
        f"No difference between {one} and {other} can be claimed, {nor}: they differ on only "
        f"{_differing(c)}, and if both were equally good, chance alone would put "
        "all of so few on one side in more than 5 % of cases."
    )


def _differing(c: Comparison) -> str:
    if c.units == c.n:
        return f"{c.differing} of {c.n:,} faces"
    return f"faces of {c.differing_units} of {c.units:,} {_unit_name(c)}"


def _faces(c: Comparison) -> str:
    return f"{c.n:,} faces" + (f" of {c.people:,} people" if c.people else "")


def _unit_name(c: Comparison) -> str:
    if c.units == c.n:
        return "faces"
    return "people" if c.people else "groups of equal faces"


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


def signed(share: float) -> str:
    """The same with its sign, `+6.0`."""
    text = points(share)
    return text if text.startswith("−") else f"+{text}"


def margin_text(margin: float) -> str:
    """`1 point`, `0.5 points`."""
    text = f"{100 * margin:g}"
    return f"{text} point" if text == "1" else f"{text} points"


def p_value(p: float) -> str:
    """Three decimals; what is smaller is said to be."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def p_text(judged: Judged) -> str:
    """`p = 0.012 after Holm's correction for 12 pairs`, or for the pairs of a named family."""
    value = p_value(judged.holm_p)
    text = f"p {value}" if value.startswith("<") else f"p = {value}"
    if judged.pairs == 1:
        return f"{text}, not corrected: one pair" if judged.family else text
    pairs = judged.family or f"{judged.pairs} pairs"
    return f"{text} after Holm's correction for {pairs}"
