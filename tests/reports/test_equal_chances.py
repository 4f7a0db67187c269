"""Rows whose training forbids a verdict on the models."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from compared_rows import part, row

from fer_bench.errors import FerBenchError
from fer_bench.reports.compare.same_faces import judged
from fer_bench.reports.equal_chances import reservations, rise, still_rises, training, warned
from fer_bench.reports.row import Row
from fer_bench.reports.scores import load_scores
from fer_bench.statistics.wording import sentence, short

FLAT = [0.3, 0.5, 0.6, 0.65, 0.65, 0.65, 0.65, 0.66]
RISING = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.62, 0.64]


def with_curves(model: str, *curves: list[float | None], log: int | None = None) -> Row:
    """Five seeds that are wrong on other faces for each model."""
    wrong = {"a": range(30), "b": range(30, 100)}[model[0]]
    made = row(model, [{"all": part(wrong, 400, "x")}] * 5)
    cells = tuple(
        replace(cell, history={"val_accuracy": curves[i % len(curves)]})
        for i, cell in enumerate(made.cells)
    )
    trials = [{"recipe": {"epochs": 3}, "val_accuracy": 0.5 + i / 100} for i in range(log or 0)]
    search = {"trials": trials, "log": f"synthetic/{model}.json"} if log else None
    return replace(made, cells=cells, tuning=search)


def test_a_rise_is_the_last_quarter_against_the_quarter_before() -> None:
    assert rise(with_curves("a", RISING)) == pytest.approx(0.63 - 0.55)
    assert rise(with_curves("a", [0.1] * 8, [0.1] * 6 + [0.2] * 2)) == pytest.approx(0.04)
    assert rise(with_curves("a", [0.5, 0.7])) == pytest.approx(0.2)
    assert rise(with_curves("a", [0.5])) is rise(with_curves("a", [])) is None
    assert rise(with_curves("a", [None] * 8)) is None  # no validation faces
    assert still_rises(with_curves("a", RISING))
    assert not still_rises(with_curves("a", FLAT))
    falling = with_curves("a", RISING[::-1])
    assert not still_rises(falling)


def test_validation_faces_that_were_trained_on_show_nothing() -> None:
    made = with_curves("a", RISING)
    cells = tuple(replace(c, training=replace(c.training, train_on="all")) for c in made.cells)
    assert rise(replace(made, cells=cells)) is None


def verdict(one: Row, other: Row) -> tuple[str, str]:
    (found,) = judged([one, other], "synthetic", "all", None, 0.01, None)
    assert found.of_networks == "better"
    assert found.comparison.both
    assert found.verdict == ("held" if found.held else "better")
    return short(found, "A", "B"), sentence(found, "A", "B")


def test_five_seeds_carry_no_verdict_while_one_of_the_two_still_rises() -> None:
    faster = [0.0] * 6 + [0.09] * 2
    for one, other, which in (
        (RISING, FLAT, "a (+8.0)"), (FLAT, RISING, "b (+8.0)"),
        (RISING, faster, "a (+8.0) and in b (+9.0)"),
    ):  # fmt: skip
        said, words = verdict(with_curves("a", one), with_curves("b", other))
        why = f"o verdict on the models: validation accuracy still rises in {which}"
        assert said == f"as trained here differ by +10.0; n{why}"
        assert words.startswith("As trained here, A scores higher than B by 10.0 points")
        assert words.endswith(f"N{why}.")
    assert verdict(with_curves("a", FLAT), with_curves("b", FLAT))[0] == "A is better"


def test_nor_when_more_recipes_were_tried_for_one() -> None:
    tried, other = with_curves("a", FLAT, log=6), with_curves("b", FLAT, log=6)
    assert verdict(tried, other)[0] == "A is better"  # a variant may share the log of its base
    for fewer, trials in ((None, "no trials"), (2, "2 trials of 3 epochs")):
        said, _ = verdict(tried, with_curves("b", FLAT, log=fewer))
        assert said.endswith(f"models: tuned with 6 trials of 3 epochs and with {trials}")


def drawn(model: str, sampler: str, base: str, rarest: int = 10) -> Row:
    """A row whose dataset has 40 train faces of its largest class."""
    made = with_curves(model, FLAT)
    cells = tuple(
        replace(c, training=replace(c.training, base=base, recipe={"sampler": sampler}))
        for c in made.cells
    )
    faces = SimpleNamespace(train_sizes=lambda score: [40, rarest], units=lambda *_: None)
    return replace(made, cells=cells, faces=faces)


def test_nor_when_rare_classes_were_drawn_more_often_for_one() -> None:
    one, other = drawn("a", "oversample", "net"), drawn("b", "pairs", "crossed")
    assert reservations(one, other) == ("classes drawn by `oversample` and by `pairs`",)
    third = replace(one, model="c")
    assert warned([one, other, third]) == [
        "**Train faces are drawn otherwise** in `b` (pairs); the others: oversample. Compare "
        "balanced accuracy."
    ]
    variant = drawn("b", "shuffle", "net")  # Table S1: that is what is compared
    assert reservations(one, variant) == ()
    assert warned([one, variant]) == []
    even = [drawn("a", "oversample", "net", 30), drawn("b", "pairs", "crossed", 30)]
    assert reservations(*even) == ()
    assert warned(even) == []


def test_both_are_said_above_a_table() -> None:
    rising, flat = with_curves("a", RISING), with_curves("b", FLAT, log=2)
    assert training([rising, flat]) == [
        "Validation accuracy still rises (the last quarter of epochs over 1 point above the "
        "quarter before), so no verdict: `a` (+8.0).",
        "Tuned on validation faces: `a` no trials; `b` 2 trials of 3 epochs, best 51.0 % "
        "(results/tuning/synthetic/b.json).",
    ]
    assert warned([rising, flat, rising]) == [
        "**Validation accuracy still rises** in 1 of 2 rows, so they carry no verdict."
    ]
    assert training([with_curves("a", FLAT)]) == warned([with_curves("a", FLAT)]) == []


def test_committed_scores_find_their_logs() -> None:
    results = Path(__file__).parents[2] / "results"
    scores = load_scores(results / "scores", {})
    tuned = [row for row in scores if row.tuning]
    assert {row.dataset for row in tuned} == {"ferplus", "ferplus_masked"}
    variant, base = scores.get("ferplus", "scan_cci_no_cci"), scores.get("ferplus", "scan_cci")
    assert variant
    assert base
    assert variant.tuning == base.tuning
    assert reservations(variant, base) == (
        "validation accuracy still rises in scan_cci_no_cci (+1.1)",
    )
    masked = scores.get("ferplus_masked", "scan_cci")
    assert masked
    assert reservations(masked, variant)[0].endswith(" in ferplus/scan_cci_no_cci (+1.1)")


def test_a_log_that_is_not_there_is_named(tmp_path: Path) -> None:
    from fer_bench.files import read_json, write_json

    results = Path(__file__).parents[2] / "results"
    file = Path("ferplus/baseline1/0.json")
    (tmp_path / "scores" / file).parent.mkdir(parents=True)
    write_json(tmp_path / "scores" / file, read_json(results / "scores" / file))
    with pytest.raises(FerBenchError, match=r"tuning/ferplus/baseline1\.json"):
        load_scores(tmp_path / "scores", {})
