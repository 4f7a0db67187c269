"""Tables and figures of chosen rows: `fer-bench table --models`, `fer-bench figure`."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import figure_rows
import pytest
from compared_rows import part, row

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.labels import SEVEN
from fer_bench.reports.compare.in_words import compare_text
from fer_bench.reports.figures.for_paper import KINDS, WIDTHS, figure_of
from fer_bench.reports.figures.style import save, style
from fer_bench.reports.row import Row
from fer_bench.reports.scores import Scores
from fer_bench.reports.tables.chosen_table import chosen_table

OPTIONS = {**models.preset("baseline1").defaults, "backbone": "resnet18_slim", "size": 80}


def made(
    model: str, wrong: int | range, seeds: int = 5, *, external: bool = False, **said: Any
) -> Row:
    found = row(
        model,
        [{"all": part(wrong if isinstance(wrong, range) else range(wrong), 400, "faces")}] * seeds,
    )
    facts = {"base": "baseline1", "options": OPTIONS, "classes": SEVEN}
    facts |= {"parameters": 700_000, "recipe": {}, **said}
    cells = [
        replace(c, external=external, training=replace(c.training, **facts)) for c in found.cells
    ]
    return replace(found, cells=tuple(cells))


def table(rows: list[Row], kind: str, columns: str, names: str, external: tuple = ()) -> str:
    asked = names.split(","), ["synthetic"], columns.split(","), kind
    return chosen_table(Scores(rows, external), *asked)


def test_latex_is_bold_only_where_a_verdict_holds() -> None:
    good, twin, bad = made("good", 20), made("twin", 20), made("bad", 90)
    text = table([good, bad], "latex", "accuracy,parameters,gmacs", "good,bad")
    assert r"\textbf{95.00 $\pm$ 0.00} & 0.70 & 0.0187 \\" in text
    assert "bad & 77.50" in text
    assert all(rule in text for rule in (r"\toprule", r"\midrule", r"\bottomrule", r"\caption{"))
    assert "400 faces" in text
    assert "over 5 seeds" in text
    assert r"\textbf" not in table([good, twin], "latex", "accuracy", "good,twin")
    few = table([made("good", 20, 2), made("bad", 90, 2)], "latex", "accuracy", "good,bad")
    assert r"\textbf" not in few
    assert "none is bold" in few


def test_an_external_row_is_named_and_compared() -> None:
    closed = made("closed_net", 90, 1, external=True, options={}, parameters=None, recipe=None)
    ours = [made("good", 20)]
    text = table(ours, "md", "accuracy,gmacs,latency", "good,closed_net", (closed,))
    assert "| closed_net (external) " in text
    assert "External: answers of a model trained elsewhere" in text
    said = compare_text(Scores(ours, [closed]), "synthetic", "good", "closed_net")
    assert "closed_net (external)" in said
    assert "McNemar" not in said  # no run of it shares a seed with ours
    with pytest.raises(FerBenchError, match="'closed_net' was not measured"):
        compare_text(Scores(ours), "synthetic", "good", "closed_net")
    assert [r.model for r in Scores(ours, [closed])] == ["good"]  # it is ranked nowhere


def test_csv_has_numbers_and_unknown_names_are_refused() -> None:
    rows = [made("good", 20), made("bad", 90)]
    (first, _) = csv.DictReader(io.StringIO(table(rows, "csv", "accuracy,seeds", "good,bad")))
    assert (first["accuracy_mean"], first["seeds"]) == ("95.0000", "5")
    for kind, columns, names, said in (
        ("word", "accuracy", "good", "unknown format 'word'"),
        ("md", "acuracy", "good", "did you mean 'accuracy'"),
        ("md", "accuracy", "god", "did you mean 'good'"),
    ):
        with pytest.raises(FerBenchError, match=said):
            table(rows, kind, columns, names)


def test_a_row_at_chance_is_named() -> None:
    rows = [made("good", 20), made("guess", range(95, 305))]  # half of the faces are of one class
    said = "No better than always answering the largest class (50.00 %): `guess`."
    assert said in table(rows, "md", "accuracy", "good,guess")
    assert said in compare_text(Scores(rows), "synthetic", "good", "guess")
    assert "No better" not in table([made("good", 20)], "md", "accuracy", "good")


def test_a_comparison_names_mixed_settings_and_unlike_recipes() -> None:
    good, bad = made("good", 20, recipe={"epochs": 10}), made("bad", 90, recipe={"epochs": 60})
    mixed = replace(bad.cells[0], training=replace(bad.cells[0].training, spec_sha256="cd" * 32))
    said = compare_text(
        Scores([good, replace(bad, cells=(mixed, *bad.cells[1:]))]), "synthetic", "good", "bad"
    )
    assert "`synthetic/bad`: its seeds were run with different settings." in said
    assert "Trained by different recipes: epochs 10 and 60." in said
    alike = compare_text(Scores([good, made("bad", 90)]), "synthetic", "good", "bad")
    assert "settings" not in alike
    assert "recipes" not in alike


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", WIDTHS)
def test_figures_have_a_journals_width(kind: str, width: str, tmp_path: Path) -> None:
    every = figure_rows.many(["synthetic"], ["one", "two"]).of("synthetic")
    with style():
        figure = figure_of(kind, every, "synthetic", width)
        save(figure, tmp_path / "made")
    assert figure.get_figwidth() == WIDTHS[width]
    assert (tmp_path / "made.pdf").read_bytes().startswith(b"%PDF")
    assert (tmp_path / "made.png").stat().st_size > 5_000
    drawn = [axis for axis in figure.axes if axis.has_data()]
    assert len(drawn) == {"confusion": 2, "intervals": 1, "curves": 3}[kind]
    with pytest.raises(FerBenchError, match="did you mean 'confusion'"):
        figure_of("confusions", every, "synthetic", width)
