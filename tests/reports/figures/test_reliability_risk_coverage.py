"""Reliability and risk against coverage: bins of all seeds together, means, and legends."""

from __future__ import annotations

from typing import Any

import figure_rows
import numpy as np
import pytest
from figure_rows import line, of, panels, words

CALIBRATION = {
    "n": [0] * 13 + [4, 96],
    "confidence": [None] * 13 + [0.9, 0.98],
    "accuracy": [None] * 13 + [0.5, 0.75],
}
RISK = {"coverage": [0.5, 1.0], "risk": [0.1, 0.3], "aurc": 0.125}


class TestConfidence:
    def row(self, **changes: Any) -> Any:
        known = {"calibration": CALIBRATION, "risk_coverage": RISK, "ece": 0.1234}
        parts = [figure_rows.share(74, 100, **known, **changes), figure_rows.share(74, 100)]
        parts[1] |= known | {
            "calibration": CALIBRATION | {"n": [0] * 13 + [16, 84]}, "ece": 0.1,
            "risk_coverage": RISK | {"risk": [0.2, 0.3], "aurc": 0.1365},
        }  # fmt: skip
        cells = [figure_rows.cell({"synthetic": part}) for part in parts]
        return figure_rows.row("synthetic", "scan_cci", *cells)

    def test_reliability_pools_the_bins_of_seeds(self) -> None:
        figure = of("reliability", self.row())
        upper = panels(figure)["synthetic; 2 seeds"]
        np.testing.assert_allclose(line(upper, "scan_cci"), [[90, 50], [98, 75]])
        assert (upper.get_ylabel(), upper.get_xlim(), upper.get_ylim()) == (
            "right answers (%)", (0, 100), (0, 100),
        )  # fmt: skip
        lower = next(axis for axis in figure.axes if axis.get_xlabel() == "confidence (%)")
        values, edges, _ = lower.patches[0].get_data()
        assert values.tolist() == [0] * 13 + [20, 180]
        np.testing.assert_allclose(edges, np.arange(16) * 100 / 15)
        below = next(axis for axis in figure.axes if axis.get_legend())
        assert below.get_legend().get_title().get_text() == "ECE"
        assert [t.get_text() for t in below.get_legend().get_texts()] == ["11.2 % (1.8)  scan_cci"]

    def test_bins_of_few_faces_are_hollow(self) -> None:
        few = figure_rows.share(7, 10, calibration=CALIBRATION | {"n": [0] * 13 + [9, 10]})
        row = figure_rows.row("synthetic", "scan_cci", figure_rows.cell({"synthetic": few}))
        upper = panels(of("reliability", row))["synthetic; 1 seed"]
        marks = {
            tuple(found.get_xydata()[0]): found.get_markerfacecolor()
            for found in upper.lines
            if len(found.get_xydata()) == 1
        }
        assert marks == {(90, 50): "white", (98, 75): upper.lines[1].get_color()}

    def test_risk_is_the_mean_over_seeds(self) -> None:
        figure = of("risk_coverage", self.row())
        axis = panels(figure)["synthetic; 2 seeds"]
        np.testing.assert_allclose(line(axis, "scan_cci"), [[50, 15], [100, 30]])
        assert axis.get_xlabel() == "coverage: faces answered (%)"
        assert axis.get_ylim()[0] == 0
        found = next(a.get_legend() for a in figure.axes if a.get_legend())
        # (12.5 + 13.65) / 2 = 13.075
        assert [t.get_text() for t in found.get_texts()] == ["13.1 %  scan_cci"]

    @pytest.mark.parametrize("name", ["reliability", "risk_coverage"])
    def test_scores_from_before_these_numbers_are_left_out(self, name: str) -> None:
        old = figure_rows.plain("facial_expressions", "scan_cci", 70)
        assert "Nothing measured yet" in words(of(name, old))
        assert list(panels(of(name, old, self.row()))) == ["synthetic; 2 seeds"]
