"""Where models look, in numbers: faithfulness of the maps, and attention on occluders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tabulate import tabulate

from fer_bench.reports import describe
from fer_bench.reports.explained import Explained
from fer_bench.reports.formatting import NOTHING, count, rounded
from fer_bench.reports.table_csv import cell, text_of

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
FAITHFUL_HEAD = (
    "Model", "Seed", "n", "Deletion", "random", "middle", "better than random",
    "better than middle", "Insertion", "random", "middle", "better than random",
    "better than middle",
)  # fmt: skip
OCCLUDER_HEAD = ("Model", "Seed", "Occluder", "n", "Area", "Mass", "Ratio", "Without", "Change")
REFERENCES = ("random", "centre")
COLUMNS = (
    "dataset", "set", "model", "seed", "measured", "layer", "n", "accuracy", "empty_maps",
    *(f"{measure}_{order}_{part}" for measure in ("deletion", "insertion")
      for order in ("cam", *REFERENCES) for part in ("mean", "low", "high")),
    *(f"{measure}_better_than_{order}_{part}" for measure in ("deletion", "insertion")
      for order in REFERENCES for part in ("mean", "low", "high")),
    "occluder", "occluder_n",
    *(f"{name}_{part}" for name in ("area", "mass", "ratio", "clean_mass", "change")
      for part in ("mean", "low", "high")),
    "centre_mass",
)  # fmt: skip


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
        _grid(map(_faithful_line, rows), FAITHFUL_HEAD, 2),
        "\n".join(f"- {sentence}" for sentence in _verdicts(rows, _faithful_verdict)),
    ]
    hidden = [e for e in rows if e.numbers["occluders"]]
    if not hidden:
        return [*parts, "No occluder's pixels are known on this set."]
    lines = [line for e in hidden for line in _occluder_lines(e)]
    return [
        *parts,
        _grid(lines, OCCLUDER_HEAD, 3),
        "\n".join(f"- {sentence}" for sentence in _verdicts(hidden, _occluder_verdict)),
    ]


def _grid(body: Any, head: Sequence[str], left: int) -> str:
    align = [*["left"] * left, *["right"] * (len(head) - left)]
    return tabulate(list(body), head, tablefmt="github", colalign=align, disable_numparse=True)


def _faithful_line(e: Explained) -> list[str]:
    found, line = e.numbers["faithfulness"], [f"`{e.model}`", str(e.seed), count(e.numbers["n"])]
    for measure in ("deletion", "insertion"):
        values = found[measure]
        line += [_short(values[order]["mean"]) for order in ("cam", *REFERENCES)]
        line += [_interval(values["gain_over"][order], signed=True) for order in REFERENCES]
    return line


def _occluder_lines(e: Explained) -> Iterator[list[str]]:
    whole = e.numbers["occluders"]
    yield _occluder_line(e, "all", whole)
    if len(whole["kinds"]) > 1:
        for kind, part in whole["kinds"].items():
            yield _occluder_line(e, kind, part)


def _occluder_line(e: Explained, kind: str, part: Mapping[str, Any]) -> list[str]:
    return [
        f"`{e.model}`", str(e.seed), kind.replace("_", " "), count(part["n"]),
        _percent(part["area"]["mean"]), _percent(part["mass"]["mean"]), _interval(part["ratio"]),
        _percent(part["clean_mass"]["mean"]), _interval(part["change"], signed=True, scale=100),
    ]  # fmt: skip


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
    return text_of([record for e in explained for record in _records(e)], COLUMNS)


def _records(e: Explained) -> Iterator[dict[str, Any]]:
    n = e.numbers
    common: dict[str, Any] = {
        "dataset": e.dataset, "set": e.set, "model": e.model, "seed": e.seed,
        "measured": "elsewhere" if e.elsewhere else "here", "layer": n["layer"], "n": n["n"],
        "accuracy": cell(n["accuracy"], 1), "empty_maps": n["empty_maps"],
    }  # fmt: skip
    for measure in ("deletion", "insertion"):
        values = n["faithfulness"][measure]
        for order in ("cam", *REFERENCES):
            common |= _parts(f"{measure}_{order}", values[order])
        for order in REFERENCES:
            common |= _parts(f"{measure}_better_than_{order}", values["gain_over"][order])
    whole = n["occluders"]
    if not whole:
        yield common
        return
    for kind, part in {"all": whole, **whole["kinds"]}.items():
        record = {**common, "occluder": kind, "occluder_n": part["n"]}
        for name in ("area", "mass", "ratio", "clean_mass", "change"):
            record |= _parts(name, part[name])
        yield {**record, "centre_mass": cell(part["centre_mass"], 1)}


def _parts(name: str, value: Mapping[str, float | None]) -> dict[str, str]:
    return {f"{name}_{part}": cell(value[part], 1) for part in ("mean", "low", "high")}
