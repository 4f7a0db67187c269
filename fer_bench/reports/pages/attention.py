"""Where models look, in numbers: faithfulness of the maps, and attention on occluders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from fer_bench.reports import columns, describe
from fer_bench.reports.columns import Column, Columns, cell, page_table, plain, share, shown
from fer_bench.reports.explain_results import Explained
from fer_bench.reports.formatting import NOTHING, count, rounded

TITLE = "Attention"
SHOWS = "Whether Grad-CAM maps point at what decides, and how much falls on occluders."
INTRODUCTION = """\
# Where the models look

Grad-CAM maps of the answer each network gives, at the output of Conv_3x unless another layer is
named, and two questions about them. A row is one network (one seed of the `last` epoch). Intervals
are 95 %, from a bootstrap over faces of that one network: they say how much the choice of faces
matters, not how much another training would.

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
    "`dvc repro`."
)
MEASURES, REFERENCES = ("deletion", "insertion"), ("random", "centre")
Estimate = Mapping[str, float | None]
"""A mean with the ends of its interval: `mean`, `low`, `high`."""


class AttentionRecord(NamedTuple):
    """A line of the CSV: a network, and a kind of occluder where their pixels are known."""

    network: Explained
    kind: str
    part: Mapping[str, Any] | None

    @property
    def known(self) -> Mapping[str, Any]:
        """The occluders' numbers, where there are any."""
        assert self.part is not None, "only lines with occluders are shown"
        return self.part


def markdown(explained: Sequence[Explained]) -> str:
    """The page: a section for each trained dataset and set."""
    parts = [INTRODUCTION.strip()]
    for dataset, set_, rows in sections(explained):
        parts += _section(dataset, set_, rows)
    if not explained:
        parts.append(NOTHING_EXPLAINED)
    return "\n\n".join(parts) + "\n"


def sections(explained: Sequence[Explained]) -> Iterator[tuple[str, str, list[Explained]]]:
    """(trained on, set, its networks) in the order given."""
    for dataset, set_ in dict.fromkeys((e.dataset, e.set) for e in explained):
        yield dataset, set_, [e for e in explained if (e.dataset, e.set) == (dataset, set_)]


def _section(dataset: str, set_: str, rows: list[Explained]) -> list[str]:
    on = "" if dataset == set_ else f", by models trained on {dataset}"
    where = "**Measured elsewhere**: read from committed files. " if rows[0].elsewhere else ""
    layers = " or ".join(dict.fromkeys(f"`{e.numbers['layer']}`" for e in rows))
    parts = [
        f"## {describe.title(set_)}{on}",
        f"{where}Layer {layers}.",
        page_table(FAITHFUL, rows),
        "\n".join(f"- {sentence}" for sentence in _verdicts(rows, _faithful_verdict)),
    ]
    hidden = [e for e in rows if e.numbers["occluders"]]
    if not hidden:
        return [*parts, "No occluder's pixels are known on this set."]
    lines = [
        line for e in hidden for line in _lines(e)
        if line.kind == "all" or len(e.numbers["occluders"]["kinds"]) > 1
    ]  # fmt: skip
    return [
        *parts,
        page_table(OCCLUDERS, lines),
        "\n".join(f"- {sentence}" for sentence in _verdicts(hidden, _occluder_verdict)),
    ]


def _lines(e: Explained) -> list[AttentionRecord]:
    """All occluders, then each kind; one line without any where no occluder's pixels are known."""
    whole = e.numbers["occluders"]
    if not whole:
        return [AttentionRecord(e, "", None)]
    return [
        AttentionRecord(e, kind, part) for kind, part in {"all": whole, **whole["kinds"]}.items()
    ]


def _area(measure: str, order: str) -> Callable[[Explained], Estimate]:
    return lambda e: e.numbers["faithfulness"][measure][order]  # type: ignore[no-any-return]


def _gain(measure: str, order: str) -> Callable[[Explained], Estimate]:
    return lambda e: e.numbers["faithfulness"][measure]["gain_over"][order]  # type: ignore[no-any-return]


def _verdicts(rows: Sequence[Explained], verdict: Any) -> Iterator[str]:
    for model in dict.fromkeys(e.model for e in rows):
        yield f"`{model}`: {verdict([e.numbers for e in rows if e.model == model])}"


def _faithful_verdict(networks: Sequence[Mapping[str, Any]]) -> str:
    parts = []
    for measure in ("deletion", "insertion"):
        gains = [n["faithfulness"][measure]["gain_over"] for n in networks]
        said = [
            f"{_side([g[order] for g in gains], 'better than', 'worse than')} {name}"
            for order, name in (("random", "a random order"), ("centre", "the middle of the face"))
        ]
        parts.append(f"in {measure} the map is {', and '.join(said)}")
    return "; ".join(parts) + "."


def _occluder_verdict(networks: Sequence[Mapping[str, Any]]) -> str:
    wholes = [n["occluders"] for n in networks]
    ratios = [{k: None if v is None else v - 1 for k, v in w["ratio"].items()} for w in wholes]
    spread = _side(ratios, "above", "below")
    changes = _side([w["change"] for w in wholes], "more than", "less than")
    return (
        f"attention on occluders is {spread} an even spread, and {changes} what the same pixels "
        "get without the occluder."
    )


def _side(values: Sequence[Mapping[str, float | None]], above: str, below: str) -> str:
    """Where intervals lie with respect to 0, counted over networks."""
    sides = [_which(v) for v in values]
    total = len(sides)
    words = {1: above, -1: below, 0: "not told apart from"}
    if len(set(sides)) == 1:
        return words[sides[0]]
    said = [f"{words[s]} (in {sides.count(s)} of {total} networks)" for s in (1, -1, 0)
            if s in sides]  # fmt: skip
    return " or ".join(said)


def _which(value: Mapping[str, float | None]) -> int:
    low, high = value["low"], value["high"]
    if low is None or high is None:
        return 0
    return 1 if low > 0 else -1 if high < 0 else 0


def _short(value: float | None) -> str:
    return NOTHING if value is None else rounded(value, 3)


def _percent(value: float | None) -> str:
    return NOTHING if value is None else f"{rounded(100 * value, 1)} %"


def _interval(value: Mapping[str, float | None], signed: bool = False, scale: float = 1) -> str:
    """`mean [low, high]`; with `signed` a + where above 0; points where `scale` is 100."""
    places = 1 if scale == 100 else 2

    def text(number: float | None) -> str:
        if number is None:
            return NOTHING
        shown = rounded(scale * number, places)
        if not float(shown):
            return shown.lstrip("-")
        return f"+{shown}" if signed and float(shown) > 0 else shown.replace("-", "−")

    return f"{text(value['mean'])} [{text(value['low'])}, {text(value['high'])}]"


def csv_text(explained: Sequence[Explained]) -> str:
    """A line for each network and kind of occluder; shares as fractions, empty where unknown."""
    networks = [e for *_, some in sections(explained) for e in some]
    return columns.csv_text(COLUMNS, [line for e in networks for line in _lines(e)])


def _page(head: str, estimate: Callable[[Explained], Estimate]) -> Column[Explained]:
    return shown(head, lambda e: _short(estimate(e)["mean"]))


def _better(head: str, estimate: Callable[[Explained], Estimate]) -> Column[Explained]:
    return shown(head, lambda e: _interval(estimate(e), signed=True))


def _estimate(
    name: str, estimate: Callable[[AttentionRecord], Estimate]
) -> Column[AttentionRecord]:
    ends = ("mean", "low", "high")
    names = tuple(f"{name}_{end}" for end in ends)
    return Column("", str, names, lambda x: [cell(estimate(x).get(end), 1) for end in ends])


def _of_network(name: str, estimate: Callable[[Explained], Estimate]) -> Column[AttentionRecord]:
    return _estimate(name, lambda line: estimate(line.network))


def _of_part(name: str) -> Column[AttentionRecord]:
    return _estimate(name, lambda line: line.part[name] if line.part else {})


FAITHFUL: Columns[Explained] = (
    shown("Model", lambda e: f"`{e.model}`", left=True),
    shown("Seed", lambda e: str(e.seed), left=True),
    shown("n", lambda e: count(e.numbers["n"])),
    *(
        column
        for measure in MEASURES
        for column in (
            _page(measure.title(), _area(measure, "cam")),
            _page("random", _area(measure, "random")),
            _page("middle", _area(measure, "centre")),
            _better("better than random", _gain(measure, "random")),
            _better("better than middle", _gain(measure, "centre")),
        )
    ),
)
OCCLUDERS: Columns[AttentionRecord] = (
    shown("Model", lambda x: f"`{x.network.model}`", left=True),
    shown("Seed", lambda x: str(x.network.seed), left=True),
    shown("Occluder", lambda x: x.kind.replace("_", " "), left=True),
    shown("n", lambda x: count(x.known["n"])),
    shown("Area", lambda x: _percent(x.known["area"]["mean"])),
    shown("Mass", lambda x: _percent(x.known["mass"]["mean"])),
    shown("Ratio", lambda x: _interval(x.known["ratio"])),
    shown("Without", lambda x: _percent(x.known["clean_mass"]["mean"])),
    shown("Change", lambda x: _interval(x.known["change"], signed=True, scale=100)),
)
COLUMNS: Columns[AttentionRecord] = (
    plain("dataset", lambda x: x.network.dataset),
    plain("set", lambda x: x.network.set),
    plain("model", lambda x: x.network.model),
    plain("seed", lambda x: x.network.seed),
    plain("measured", lambda x: x.network.measured),
    plain("layer", lambda x: x.network.numbers["layer"]),
    plain("n", lambda x: x.network.numbers["n"]),
    share("accuracy", lambda x: x.network.numbers["accuracy"], scale=1),
    plain("empty_maps", lambda x: x.network.numbers["empty_maps"]),
    *(_of_network(f"{m}_{o}", _area(m, o)) for m in MEASURES for o in ("cam", *REFERENCES)),
    *(_of_network(f"{m}_better_than_{o}", _gain(m, o)) for m in MEASURES for o in REFERENCES),
    plain("occluder", lambda x: x.kind),
    plain("occluder_n", lambda x: x.part["n"] if x.part else ""),
    *map(_of_part, ("area", "mass", "ratio", "clean_mass", "change")),
    share("centre_mass", lambda x: x.part["centre_mass"] if x.part else None, scale=1),
)
