"""Ranks across datasets: the page, its CSV, and the diagram's data."""

from __future__ import annotations

import pandas as pd
import pytest
from compared_rows import part, row

from fer_bench.reports.columns import names_of
from fer_bench.reports.pages import across_datasets as ranks
from fer_bench.reports.scores import Scores
from fer_bench.statistics.ranks import Ranks


@pytest.fixture(autouse=True)
def no_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Datasets of these tests are their own sources, but `joint` is made of `d0` and `d1`."""
    sources = {"joint": {"d0", "d1"}, "again": {"d0"}}
    found = lambda name: frozenset(sources.get(name, {name}))  # noqa: E731
    monkeypatch.setattr(ranks, "sources_of", found)
    monkeypatch.setattr(ranks, "share_images", lambda a, b: bool(found(a) & found(b)))


def scores(wrong: dict[str, dict[str, int]]) -> Scores:
    """By dataset and model, how many of 100 faces were wrong."""
    return Scores([
        row(model, [{"all": part(range(k), 100, None)}] * 2, dataset=dataset)
        for dataset, models in wrong.items()
        for model, k in models.items()
    ])  # fmt: skip


def steady(datasets: int, models: int = 3) -> dict[str, dict[str, int]]:
    """Model m0 is always best, m1 second, and so on."""
    return {f"d{i}": {f"m{j}": 10 + i + 3 * j for j in range(models)} for i in range(datasets)}


def test_two_datasets_are_refused_in_words() -> None:
    found = scores(steady(2))
    page = ranks.markdown(found)
    assert "Not ranked: 2 independent datasets with 3 models in common." in page
    assert "fewer than 3 of either" in page
    assert "|" not in page
    assert ranks.csv_text(found) == ",".join(names_of(ranks.COLUMNS)) + "\n"
    assert ranks.diagram(found) is None


def test_drawn_faces_are_no_evidence_about_methods() -> None:
    found = steady(2) | {"synthetic": {"m0": 1, "m1": 2, "m2": 3}}
    assert "Not ranked: 2 independent datasets" in ranks.markdown(scores(found))


def test_nothing_measured_is_refused_too() -> None:
    assert "0 independent datasets" in ranks.markdown(Scores([]))
    assert ranks.diagram(Scores([])) is None


def test_steady_ranks_are_told_apart() -> None:
    found = scores(steady(12))
    data = ranks.diagram(found)
    assert data is not None
    assert data["models"] == ["m0", "m1", "m2"]
    assert data["ranks"] == [1, 2, 3]
    # Demšar (2006): 2.343 * sqrt(3 * 4 / (6 * 12)).
    assert data["critical_difference"] == pytest.approx(0.9565, abs=0.0005)
    assert data["cliques"] == []
    assert data["p"] == pytest.approx(6.1e-6, rel=0.02)  # chi-squared 24 with 2 degrees of freedom
    assert data["alpha"] == 0.05
    page = ranks.markdown(found)
    assert "3 models on 12 datasets" in page
    assert "chi-squared 24.00, p < 0.001; critical difference 0.96 ranks" in page
    assert "All are told apart." in page
    assert ranks.FEW not in page
    first = next(line for line in page.splitlines() if line.startswith("| `m0`"))
    assert [cell.strip() for cell in first.strip("|").split("|")][1:3] == ["1.00", "90.00, 1"]


def test_neighbours_of_few_datasets_are_joined() -> None:
    data = ranks.diagram(scores(steady(5)))
    assert data is not None
    assert data["cliques"] == [[0, 1], [1, 2]]
    page = ranks.markdown(scores(steady(5)))
    assert "Not told apart: m0, m1; m1, m2." in page
    assert ranks.FEW in page


def test_without_a_difference_all_are_one_clique() -> None:
    mixed = {
        f"d{i}": {f"m{j}": 10 + (i + j) % 3 for j in range(3)} for i in range(3)
    }  # fmt: skip
    data = ranks.diagram(scores(mixed))
    assert data is not None
    assert data["cliques"] == [[0, 2]]
    assert "These datasets do not tell the models apart." in ranks.markdown(scores(mixed))


def test_only_models_of_every_dataset_are_ranked() -> None:
    wrong = steady(4, 5)
    del wrong["d1"]["m4"]
    wrong["d3"] = {"m0": 1}
    page = ranks.markdown(scores(wrong))
    assert "4 models on 3 datasets (d0, d1, d2)" in page
    assert "`m4`" not in page
    assert "Left out, because too few of these models were measured: d3." in page


def test_datasets_that_share_images_count_once() -> None:
    wrong = {"joint": steady(1)["d0"], **steady(3), "again": steady(1)["d0"],
             "d0_masked": steady(1)["d0"]}  # fmt: skip
    chosen, dropped = ranks.independent(scores(wrong))
    assert chosen == ["d0", "d1", "d2"]
    assert dropped == [("again", "d0"), ("joint", "d0")]
    page = ranks.markdown(scores(wrong))
    assert (
        "Not counted, because not independent: again (shares images with d0), joint (shares images "
        "with d0)." in page
    )
    assert "d0_masked" not in page


def test_transferred_rows_stand_in_where_no_plain_one_was_measured() -> None:
    wrong = steady(3)
    wrong["d2"] = {f"{model}_from_d0": k for model, k in wrong["d2"].items()}
    data = ranks.diagram(scores(wrong))
    assert data is not None
    assert data["models"] == ["m0", "m1", "m2"]


def test_the_csv_has_a_line_a_model_and_dataset() -> None:
    import io

    frame = pd.read_csv(io.StringIO(ranks.csv_text(scores(steady(5)))))
    assert list(frame.columns) == names_of(ranks.COLUMNS)
    assert len(frame) == 15
    line = frame[(frame["model"] == "m1") & (frame["dataset"] == "d2")].iloc[0]
    assert (line["average_rank"], line["rank"], line["accuracy"]) == (2, 2, 85)


def test_ties_share_their_ranks() -> None:
    wrong = {f"d{i}": {"a": 10, "b": 10, "c": 20 + i} for i in range(4)}
    page = ranks.markdown(scores(wrong))
    assert "90.00, 1.5" in page


def test_the_registry_says_what_shares_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    wrong = {name: steady(1)["d0"] for name in ("affectnet7_rafdb", "rafdb", "sfew", "affectnet8")}
    chosen, dropped = ranks.independent(scores(wrong))
    assert set(chosen) == {"rafdb", "sfew", "affectnet8"}
    assert [name for name, _ in dropped] == ["affectnet7_rafdb"]


def test_nemenyi_tells_nothing_apart_that_friedman_does_not() -> None:
    def cliques(p: float) -> list[tuple[int, int]]:
        found = Ranks(("a", "b", "c"), (1.0, 2.0, 3.0), ("x",), (), 4.0, p, 1.5)
        return ranks._cliques(found)

    assert cliques(0.01) == [(0, 1), (1, 2)]
    assert cliques(0.05) == [(0, 2)]
