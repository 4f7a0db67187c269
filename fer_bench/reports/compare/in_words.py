"""Two models compared in plain text: `fer-bench compare`."""

from __future__ import annotations

from pathlib import Path

from fer_bench.errors import FerBenchError, nearest
from fer_bench.reports import describe
from fer_bench.reports.compare.blocks import OTHER_MACHINES
from fer_bench.reports.compare.same_faces import judged, row_key, untested
from fer_bench.reports.machines import differences, unlike_recipes
from fer_bench.reports.row import Row
from fer_bench.reports.scores import Scores
from fer_bench.statistics.corrections import MARGIN
from fer_bench.statistics.pairs import Spread
from fer_bench.statistics.wording import Judged, p_value, points, sentence, short

THIS_PAIR = "this {}"
"""The family of a comparison that a reader asked for: its p is not corrected."""


def compare_text(
    scores: Scores,
    dataset: str,
    one: str,
    other: str,
    *,
    set_: str | None = None,
    part: str = "all",
    margin: float = MARGIN,
    cache: Path | None = None,
) -> str:
    """Two models trained on one dataset, compared in words and numbers.

    Args:
        scores: every row.
        dataset: what both were trained on.
        one: the first model.
        other: the second.
        set_: what they are scored on; by default the dataset's own test faces.
        part: the part of the set.
        margin: of equivalence, as a fraction.
        cache: a folder for results, or None.

    Raises:
        FerBenchError: a model was not measured there, both are the same, or they cannot be
            compared.
    """
    set_ = set_ or dataset
    if one == other:
        raise FerBenchError(f"{one!r} is named twice: name two different models to compare")
    rows = [measured(scores, dataset, model, set_, part) for model in (one, other)]
    pair = (row_key(rows[0]), row_key(rows[1]))
    found = judged(rows, set_, part, [pair], margin, cache, THIS_PAIR)
    if not found:
        raise FerBenchError(" ".join(untested(rows, [pair], set_, part)))
    called = named(rows[0]), named(rows[1])
    text = _text(found[0], *called, set_, part, not any(row.external for row in rows))
    warnings = describe.warnings(rows, [set_], scores)
    warnings += describe.at_chance(rows, set_) if part == "all" else []
    text += "".join(f"\n{said}" for said in warnings)
    if recipes := unlike_recipes(*rows):
        text += f"\nTrained by different recipes: {'; '.join(recipes)}."
    if apart := differences(*rows):
        text += f"\n{OTHER_MACHINES} {'; '.join(apart)}."
    return text


def named(row: Row) -> str:
    """The row's model, and that it is external where it was trained elsewhere."""
    return f"{row.model} (external)" if row.external else row.model


def measured(scores: Scores, dataset: str, model: str, set_: str, part: str) -> Row:
    """A row that has this part of the set.

    Raises:
        FerBenchError: it has not; says which rows, sets or parts there are.
    """
    for other in scores.apart:
        if (other.dataset, other.model) == (dataset, model) and not scores.get(dataset, model):
            raise FerBenchError(
                f"{dataset}/{model} was measured by {describe.rules(other.protocol)}, others by "
                f"{describe.rules(scores.protocol)}: such numbers are not compared; score it again"
            )
    row, known = scores.get(dataset, model), [row.model for row in scores.of(dataset)]
    if row is None and (still := describe.did_not_train(scores.collapsed(dataset, rows=[model]))):
        raise FerBenchError(f"{still[0]} Change its recipe in params.yaml and train it again")
    if row is None and not known:
        names = scores.datasets()
        hint = nearest(dataset, names) if names else "run `fer-bench sweep` first"
        raise FerBenchError(f"nothing trained on {dataset!r} was measured: {hint}")
    if row is None:
        raise FerBenchError(f"{model!r} was not measured on {dataset}: {nearest(model, known)}")
    if not row.has(set_):
        raise FerBenchError(
            f"{dataset}/{model} was not scored on {set_!r}: {nearest(set_, row.scored_on)}"
        )
    if not row.has(set_, part):
        raise FerBenchError(
            f"{dataset}/{model} has no part {part!r} of {set_}: {nearest(part, row.subsets(set_))}"
        )
    return row


def _text(found: Judged, one: str, other: str, set_: str, part: str, seeds_alike: bool) -> str:
    c = found.comparison
    seeds = " and ".join(" ".join(map(str, s)) for s in (c.seeds_one, c.seeds_other))
    over = "people" if c.people else "faces"
    whose = f" of {c.people:,} people" if c.people else ", people not known"
    lines = [
        sentence(found, one, other),
        f"Verdict: {short(found, one, other)}.",
        "",
        f"set {set_}, part {part}: {c.n:,} faces{whose}; seeds {seeds}",
        f"accuracy, {one} minus {other}: {points(c.difference)} points",
        f"95 % interval over {over}: {_spread(c.faces)}",
    ]
    if c.both:
        lines.append(f"95 % interval over {over} and seeds: {_spread(c.both)}")
    tests = c.mcnemar if seeds_alike else ()
    if tests:
        lines.append("McNemar's exact test of two runs with the same seed:")
    lines += [
        f"  seed {t.seed}: only {one} right on {t.one_only:,}, only {other} right on "
        f"{t.other_only:,} faces; p {p_value(t.p)}"
        for t in tests
    ]
    return "\n".join(lines)


def _spread(spread: Spread) -> str:
    ends = f"{points(spread.low)} to {points(spread.high)} points"
    return f"{ends}; p {p_value(spread.p)}, not corrected"
