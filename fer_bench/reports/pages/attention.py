"""Where models look, in numbers: faithfulness of the maps, and attention on occluders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from fer_bench.records.explanation import (
    Explanation,
    Mean,
    Measure,
    Occluders,
    OnOccluders,
    Order,
)
from fer_bench.reports import columns, describe
from fer_bench.reports.columns import Column, Columns, cell, page_table, plain, share, shown
from fer_bench.reports.explain_results import Explained
from fer_bench.reports.formatting import NOTHING, count, fold, opening, rounded

TITLE = "Attention"
SHOWS = "Whether Grad-CAM maps point at what decides, and how much falls on occluders."
INTRODUCTION = """\
# Where the models look

Do Grad-CAM maps point at what decides, and does attention fall on what hides the face?

Grad-CAM maps of the answer each network gives, at the output of Conv_3x unless another layer is
named, and two questions about them. A row is one network (one seed of the `last` epoch). Intervals
are 95 %, over as many **people** as stand beside them (groups of equal faces, where nobody knows
who they are; over faces, where no number stands): they say how much the choice of people matters
to that one network, not how much another training would; none is corrected for their number.

**Is the map faithful?** *Deletion* paints pixels over with the face's mean colour, the most
attended first; *insertion* puts them back into a blurred face (Petsiuk et al. 2018). Printed is the
area under the probability of the given answer: lower is better for deletion, higher for insertion.
*Better than random* and *better than middle* are the difference, face by face, to orders that know
nothing of the network: a random one, and from the middle of the face outwards; above 0 the map is
better. Areas of two networks do not compare, because a more confident network has a larger one.

**Does attention fall on what hides the face?** Known where the occluder's pixels are: on rendered
faces, and on masked faces that have an unmasked twin. *Mass* is the share of the map on the
occluder, *area* the occluder's share of the aligned face, *ratio* one over the other: 1 is
attention spread evenly. Occluders lie where faces are looked at, so the ratio alone shows no
avoidance: *without* is the mass on the same pixels of the same face without the occluder, for the
answer given there, and *change* the difference in points, negative where attention moves away. The
paper reads such maps by eye and says that its model avoids what hides the face (section 6.10); this
is that, measured.

What these numbers are not: a map shows what Grad-CAM credits, at a resolution of a few dozen
positions a side at most, not what a network "sees". Painted pixels make pictures that no network
was trained on. A map that is no better than the middle of the face says nothing about this
network beyond where faces are, however plausible it looks; the galleries are to be read with that.
"""
NOTHING_EXPLAINED = (
    "Nothing is explained yet: name models in enabled.<dataset>.explain of params.yaml, then run "
    "`fer-bench sweep`."
)
MEASURES: tuple[Measure, ...] = ("deletion", "insertion")
REFERENCES: tuple[Order, ...] = ("random", "centre")
ORDERS: tuple[Order, ...] = ("cam", *REFERENCES)


class AttentionRecord(NamedTuple):
    """A line of the CSV: a network, and a kind of occluder where their pixels are known."""

    network: Explained
    kind: str
    part: OnOccluders | None

    @property
    def numbers(self) -> Explanation:
        """Of the network."""
        return self.network.numbers

    @property
    def known(self) -> OnOccluders:
        """The occluders' numbers, where there are any."""
        assert self.part is not None, "only lines with occluders are shown"
        return self.part


def markdown(explained: Sequence[Explained]) -> str:
    """The page: a section for each trained dataset and set."""
    parts = [opening(INTRODUCTION)]
    for dataset, set_, rows in sections(explained):
        parts += _section(dataset, set_, rows)
    if not explained:
        parts.append(NOTHING_EXPLAINED)
    return "\n\n".join(parts) + "\n"


def sections(explained: Sequence[Explained]) -> Iterator[tuple[str, str, list[Explained]]]:
    """(trained on, set, its networks) in the order given."""
    places = [(e.numbers.dataset, e.numbers.set) for e in explained]
    for place in dict.fromkeys(places):
        yield *place, [e for e, own in zip(explained, places, strict=True) if own == place]


def _section(dataset: str, set_: str, rows: list[Explained]) -> list[str]:
    on = "" if dataset == set_ else f", by models trained on {dataset}"
    where = "**Measured elsewhere**: read from committed files. " if rows[0].elsewhere else ""
    layers = " or ".join(dict.fromkeys(f"`{e.numbers.layer}`" for e in rows))
    parts = [
        f"## {describe.title(set_)}{on}",
        f"{where}Layer {layers}.",
        page_table(FAITHFUL, rows),
        _in_words(rows, _faithful_verdict),
    ]
    hidden = [e for e in rows if e.numbers.occluders]
    if not hidden:
        return [*parts, "No occluder's pixels are known on this set."]
    lines = [line for e in hidden for line in (_lines(e) if len(_lines(e)) > 2 else _lines(e)[:1])]
    return [
        *parts,
        page_table(OCCLUDERS, lines),
        _in_words(hidden, _occluder_verdict),
    ]


def _lines(e: Explained) -> list[AttentionRecord]:
    """All occluders, then each kind; one line without any where no occluder's pixels are known."""
    whole = e.numbers.occluders
    if not whole:
        return [AttentionRecord(e, "", None)]
    parts: dict[str, OnOccluders] = {"all": whole, **whole.kinds}
    return [AttentionRecord(e, kind, part) for kind, part in parts.items()]


def _area(measure: Measure, order: Order, numbers: Explanation) -> Mean:
    return numbers.faithfulness.of(measure).area(order)


def _gain(measure: Measure, order: str, numbers: Explanation) -> Mean:
    return numbers.faithfulness.of(measure).gain_over[order]


def _in_words(rows: Sequence[Explained], verdict: Any) -> str:
    every = [e.numbers for e in rows]
    models = dict.fromkeys(n.model for n in every)
    said = [f"- `{model}`: {verdict([n for n in every if n.model == model])}" for model in models]
    return fold("In words", "\n".join(said))


def _faithful_verdict(networks: Sequence[Explanation]) -> str:
    parts = []
    for measure in MEASURES:
        said = []
        for order, name in (("random", "a random order"), ("centre", "the middle of the face")):
            sides = [_gain(measure, order, n).side_of(0) for n in networks]
            said.append(f"{_side(sides, 'better than', 'worse than')} {name}")
        parts.append(f"in {measure} the map is {', and '.join(said)}")
    return "; ".join(parts) + "."


def _occluder_verdict(networks: Sequence[Explanation]) -> str:
    wholes: list[Occluders] = [n.occluders for n in networks if n.occluders]
    spread = _side([w.ratio.side_of(1) for w in wholes], "above", "below")
    changes = _side([w.change.side_of(0) for w in wholes], "more than", "less than")
    return (
        f"attention on occluders is {spread} an even spread, and {changes} what the same pixels "
        "get without the occluder."
    )


def _side(sides: Sequence[int], above: str, below: str) -> str:
    """Where intervals lie, counted over networks."""
    total = len(sides)
    words = {1: above, -1: below, 0: "not told apart from"}
    if len(set(sides)) == 1:
        return words[sides[0]]
    said = [f"{words[s]} (in {sides.count(s)} of {total} networks)" for s in (1, -1, 0)
            if s in sides]  # fmt: skip
    return " or ".join(said)


def _short(value: float | None) -> str:
    return NOTHING if value is None else rounded(value, 3)


def _percent(value: float | None) -> str:
    return NOTHING if value is None else f"{rounded(100 * value, 1)} %"


def _interval(value: Mean, signed: bool = False, scale: float = 1) -> str:
    """`mean [low, high]`; with `signed` a + where above 0; points where `scale` is 100."""
    places = 1 if scale == 100 else 2

    def text(number: float | None) -> str:
        if number is None:
            return NOTHING
        shown = rounded(scale * number, places)
        if not float(shown):
            return shown.lstrip("-")
        return f"+{shown}" if signed and float(shown) > 0 else shown.replace("-", "−")

    return f"{text(value.mean)} [{text(value.low)}, {text(value.high)}]"


def csv_text(explained: Sequence[Explained]) -> str:
    """A line for each network and kind of occluder; shares as fractions, empty where unknown."""
    networks = [e for *_, some in sections(explained) for e in some]
    return columns.csv_text(COLUMNS, [line for e in networks for line in _lines(e)])


def _units(value: Mean) -> int | str:
    return "" if value.units is None else value.units


Estimate = Callable[[Explanation], Mean]


def _page(head: str, estimate: Estimate) -> Column[Explained]:
    return shown(head, lambda e: _short(estimate(e.numbers).mean))


def _better(head: str, estimate: Estimate) -> Column[Explained]:
    return shown(head, lambda e: _interval(estimate(e.numbers), signed=True))


def _estimate(
    name: str, estimate: Callable[[AttentionRecord], Mean | None]
) -> Column[AttentionRecord]:
    ends = ("mean", "low", "high")
    names = tuple(f"{name}_{end}" for end in ends)
    return Column(
        "", str, names, lambda x: [cell(getattr(estimate(x), end, None), 1) for end in ends]
    )


def _of_network(name: str, estimate: Estimate) -> Column[AttentionRecord]:
    return _estimate(name, lambda line: estimate(line.numbers))


def _of_part(name: str) -> Column[AttentionRecord]:
    return _estimate(name, lambda line: getattr(line.part, name, None))


FAITHFUL: Columns[Explained] = (
    shown("Model", lambda e: f"`{e.numbers.model}`", left=True),
    shown("Seed", lambda e: str(e.numbers.seed), left=True),
    shown("n", lambda e: count(e.numbers.n)),
    shown("People", lambda e: count(e.numbers.faithfulness.deletion.cam.units)),
    *(
        column
        for measure in MEASURES
        for column in (
            _page(measure.title(), partial(_area, measure, "cam")),
            _page("random", partial(_area, measure, "random")),
            _page("middle", partial(_area, measure, "centre")),
            _better("better than random", partial(_gain, measure, "random")),
            _better("better than middle", partial(_gain, measure, "centre")),
        )
    ),
)
OCCLUDERS: Columns[AttentionRecord] = (
    shown("Model", lambda x: f"`{x.numbers.model}`", left=True),
    shown("Seed", lambda x: str(x.numbers.seed), left=True),
    shown("Occluder", lambda x: x.kind.replace("_", " "), left=True),
    shown("n", lambda x: count(x.known.n)),
    shown("People", lambda x: count(x.known.area.units)),
    shown("Area", lambda x: _percent(x.known.area.mean)),
    shown("Mass", lambda x: _percent(x.known.mass.mean)),
    shown("Ratio", lambda x: _interval(x.known.ratio)),
    shown("Without", lambda x: _percent(x.known.clean_mass.mean)),
    shown("Change", lambda x: _interval(x.known.change, signed=True, scale=100)),
)
COLUMNS: Columns[AttentionRecord] = (
    plain("dataset", lambda x: x.numbers.dataset),
    plain("set", lambda x: x.numbers.set),
    plain("model", lambda x: x.numbers.model),
    plain("seed", lambda x: x.numbers.seed),
    plain("measured", lambda x: x.network.measured),
    plain("layer", lambda x: x.numbers.layer),
    plain("n", lambda x: x.numbers.n),
    plain("people", lambda x: _units(x.numbers.faithfulness.deletion.cam)),
    share("accuracy", lambda x: x.numbers.accuracy, scale=1),
    plain("empty_maps", lambda x: x.numbers.empty_maps),
    *(_of_network(f"{m}_{o}", partial(_area, m, o)) for m in MEASURES for o in ORDERS),
    *(
        _of_network(f"{m}_better_than_{o}", partial(_gain, m, o))
        for m in MEASURES
        for o in REFERENCES
    ),
    plain("occluder", lambda x: x.kind),
    plain("occluder_n", lambda x: x.part.n if x.part else ""),
    plain("occluder_people", lambda x: _units(x.part.area) if x.part else ""),
    *map(_of_part, ("area", "mass", "ratio", "clean_mass", "change")),
    share("centre_mass", lambda x: x.part.centre_mass if x.part else None, scale=1),
)
