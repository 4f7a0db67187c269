"""The forest of intervals and the diagram of ranks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import figure_rows
import numpy as np
import pytest
from demo_scores import ENABLED
from figure_rows import labels, legend, line, of, panels, words
from made_answers import classes_of, part, wrong_where
from matplotlib.figure import Figure

from fer_bench.reports.figures import FIGURES
from fer_bench.reports.figures.select import Inputs
from fer_bench.reports.scores import load_scores


@pytest.fixture(scope="module")
def inputs(demo: Path) -> Inputs:
    return Inputs(load_scores(demo / "scores", ENABLED))


class TestIntervals:
    def test_bars_are_wilsons_and_dots_are_seeds(self) -> None:
        rows = [
            figure_rows.plain("synthetic", "baseline1", 40, 60),
            figure_rows.plain("synthetic", "scan_cci", 80, 90),
        ]
        axis = panels(of("intervals", *rows))["synthetic; 100 faces, 2 seeds"]
        assert labels(axis, "y") == ["scan_cci", "baseline1"]
        assert axis.get_ylim()[0] > axis.get_ylim()[1]  # the best on top
        lines = [found.get_xydata() for found in axis.lines]
        bar, seeds, mean = lines[3:]
        # Wilson's interval of 50 of 100, as statsmodels.stats.proportion gives it.
        np.testing.assert_allclose(bar, [[40.38315, 1], [59.61685, 1]], atol=1e-4)
        np.testing.assert_allclose(seeds[:, 0], [40, 60])
        np.testing.assert_allclose(mean, [[50, 1]])
        assert axis.get_xlabel() == "accuracy of the last epoch (%)"

    def test_with_five_seeds_the_bar_is_over_people_and_seeds(self) -> None:
        draw = np.random.default_rng(3)
        parts = [
            {"all": part(classes_of(200), wrong_where(classes_of(200), draw.random(200) < wrong))}
            for wrong in (0.1, 0.3, 0.2, 0.4, 0.25, 0.25)
        ]
        cells = [
            figure_rows.cell({"synthetic": one}, training={"seed": i})
            for i, one in enumerate(parts)
        ]
        few, many = (
            of("intervals", figure_rows.row("synthetic", "scan_cci", *some))
            for some in (cells[:4], cells)
        )
        thin, wide = (figure.axes[0].lines[0] for figure in (few, many))
        assert wide.get_linewidth() > thin.get_linewidth()
        assert np.ptp(thin.get_xdata()) < 8  # over faces alone
        assert np.ptp(wide.get_xdata()) > 15  # the seeds' own spread is ten points
        assert legend(many)[2:4] == ["over people and seeds", "over people alone"]

    def test_every_model_up_to_fifteen_and_ours_always(self) -> None:
        known = [f"scan_cci_m{i}" for i in range(20)]  # Figure 7 draws these
        rows = [figure_rows.plain("synthetic", name, 99 - i) for i, name in enumerate(known)]
        rows.append(figure_rows.plain("synthetic", "scan_cci", 20))
        rows.append(figure_rows.plain("synthetic", "my_net", 10))
        figure = of("intervals", *rows)
        axis = panels(figure)["synthetic; 100 faces, 1 seed, 15 of 22 models"]
        assert labels(axis, "y") == [*known[:13], "scan_cci", "my_net"]

    def test_models_with_enough_seeds_are_shown_before_better_ones_with_fewer(self) -> None:
        rows = [figure_rows.plain("synthetic", f"scan_cci_m{i}", 99 - i) for i in range(20)]
        rows.append(figure_rows.plain("synthetic", "baseline1", 50, 51, 52, 53, 54))
        axis = next(iter(panels(of("intervals", *rows)).values()))
        assert labels(axis, "y") == [*(f"scan_cci_m{i}" for i in range(14)), "baseline1"]

    def test_the_caption_warns_of_a_wrong_reading(self, inputs: Inputs) -> None:
        said = words(FIGURES["intervals"](inputs))
        assert "do not claim a difference" in said
        assert "95 % interval" in said


DIAGRAM = {
    "models": ["scan_cci", "ran", "baseline1"], "ranks": [1.25, 1.75, 3.0],
    "critical_difference": 1.5, "cliques": [[0, 1], [1, 2]], "p": 0.0123, "alpha": 0.05,
    "datasets": ["synthetic", "rafdb", "sfew", "ferplus"],
}  # fmt: skip


class TestCriticalDifference:
    def drawn(self, monkeypatch: pytest.MonkeyPatch, found: dict[str, Any] | None) -> Figure:
        monkeypatch.setattr("fer_bench.reports.pages.across_datasets.diagram", lambda scores: found)
        return of("critical_difference")

    def test_ranks_stand_beside_names_and_bars_join_cliques(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        figure = self.drawn(monkeypatch, DIAGRAM)
        axis, bars = figure.axes
        assert labels(axis, "y") == ["scan_cci", "ran", "baseline1"]
        marks = [found.get_xydata().tolist() for found in axis.lines]
        assert marks[:3] == [[[1.25, 0]], [[1.75, 1]], [[3, 2]]]
        assert [t.get_text() for t in axis.texts[:3]] == ["1.25", "1.75", "3.00"]
        np.testing.assert_allclose(line(axis, "critical difference")[:, 0], [1.25, 2.75])
        assert axis.get_ylim()[0] > axis.get_ylim()[1]  # the best on top
        joined = [found.get_ydata() for found in bars.lines]
        np.testing.assert_allclose(joined, [[-0.25, 1.25], [0.75, 2.25]])

    def test_the_caption_says_what_a_bar_does_not_show(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        said = words(self.drawn(monkeypatch, DIAGRAM))
        assert "on 4 datasets: synthetic, rafdb, sfew, ferplus" in said
        assert "critical difference of 1.50 ranks" in said
        assert "does not show that they are equal" in said
        assert "Friedman's test, p = 0.012" in said

    def test_nothing_told_apart_is_said_before_ranks_are_read(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        equal = DIAGRAM | {"p": 0.4, "cliques": [[0, 2]]}
        said = words(self.drawn(monkeypatch, equal))
        assert "over all models together, no difference is shown (Friedman's test, p = 0.4" in said

    def test_many_models_are_cut_to_the_best(self, monkeypatch: pytest.MonkeyPatch) -> None:
        many = DIAGRAM | {
            "models": [f"m{i}" for i in range(30)], "ranks": [i + 1.0 for i in range(30)],
            "cliques": [[0, 5], [15, 25], [25, 29]],
        }  # fmt: skip
        figure = self.drawn(monkeypatch, many)
        assert labels(figure.axes[0], "y") == [f"m{i}" for i in range(20)]
        joined = [found.get_ydata() for found in figure.axes[1].lines]
        np.testing.assert_allclose(joined, [[-0.25, 5.25], [14.75, 19.25]])
        assert "The best 20 of 30 models are shown." in words(figure)

    def test_a_refusal_is_said(self, monkeypatch: pytest.MonkeyPatch) -> None:
        figure = self.drawn(monkeypatch, None)
        assert not figure.axes
        assert "it takes at least 3 datasets that share no images, and 3 models" in words(figure)
