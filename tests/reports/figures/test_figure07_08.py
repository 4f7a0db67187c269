"""Figures 7 and 8: which rows are points of a curve, and where the points lie."""

from __future__ import annotations

from pathlib import Path

import figure_rows
import numpy as np
import pytest
from figure_rows import crowd_of, labels, legend, line, of, panels, words

from fer_bench.reports.figures import FIGURES
from fer_bench.reports.figures.select import Inputs
from fer_bench.reports.paper import load_said


@pytest.fixture(scope="module")
def crowd(paper: Path) -> Inputs:
    return crowd_of(paper)


class TestSweeps:
    def test_m_comes_from_the_name_or_the_record(self) -> None:
        rows = [
            figure_rows.plain("synthetic", "scan_cci", 80, 84),
            figure_rows.plain("synthetic", "scan_cci_m4", 70),
            figure_rows.plain("synthetic", "scan_cci_m99", 60, training={"options": {"m": 9}}),
            figure_rows.plain("synthetic", "scan_cci_sa", 99),
        ]
        axis = panels(of("figure07", *rows))["synthetic; test: 100 faces, 1 to 2 seeds"]
        assert labels(axis) == ["4", "9", "25"]
        np.testing.assert_allclose(axis.get_xticks(), [2, 3, 5])
        marks, _, (bars,) = axis.containers[0]
        np.testing.assert_allclose(marks.get_xydata(), [[2, 70], [3, 60], [5, 82]])
        heights = [segment[:, 1] for segment in bars.get_segments()]
        std = np.sqrt(8)  # of 80 and 84, ddof 1
        np.testing.assert_allclose(heights, [[70, 70], [60, 60], [82 - std, 82 + std]])
        rings = [tuple(point) for found in axis.lines for point in found.get_xydata()]
        assert {(5, 80), (5, 84)} <= {(x, round(y, 9)) for x, y in rings}
        assert axis.get_ylabel() == "accuracy of the last epoch (%)"
        low, high = axis.get_ylim()
        assert low < 60 < 82 + std < high < 100

    def test_a_thin_margin_looks_thin(self) -> None:
        rows = [
            figure_rows.plain("rafdb", "scan_cci", 890, n=1000),
            figure_rows.plain("rafdb", "scan_cci_m16", 889, n=1000),
        ]
        figure = of("figure07", *rows)
        low, high = next(iter(panels(figure).values())).get_ylim()
        assert high - low >= 10
        assert "“the margin of difference between different sizes is very thin”" in words(figure)

    def test_two_settings_are_no_curve_and_few_validation_faces_are_said(self) -> None:
        sizes = {"training": {"n": {"train": 630, "val": 70, "test": 100}}}
        rows = [
            figure_rows.plain("synthetic", "scan_cci", 80, **sizes),
            figure_rows.plain("synthetic", "scan_cci_no_cci", 70, **sizes),
            figure_rows.plain("synthetic", "scan_cci_lambda04", 75, **sizes),
        ]
        name = "synthetic; test: 100 faces, 1 seed; validation: 70 faces"
        for some, style in ((rows[:2], "None"), (rows, "-")):
            axis = panels(of("figure08", *some))[name]
            assert axis.containers[0].lines[0].get_linestyle() == style

    def test_a_branch_left_out_lies_at_the_end_whatever_weight_it_records(self) -> None:
        rows = [
            figure_rows.plain("synthetic", "scan_cci", 80, training={"options": {"lam": 0.3}}),
            figure_rows.plain("synthetic", "scan_cci_no_scan", 70,
                              training={"options": {"lam": 0.3}}),
        ]  # fmt: skip
        assert labels(next(iter(panels(of("figure08", *rows)).values()))) == ["0", "0.3"]

    def test_lambda_with_its_ends_validation_and_the_papers_words(self, paper: Path) -> None:
        curve = {"epoch": [0, 1], "val_accuracy": [0.1, 0.5]}
        rows = [
            figure_rows.plain("affectnet7", model, right, history=curve)
            for model, right in (
                ("scan_cci", 65), ("scan_cci_no_scan", 60), ("scan_cci_no_cci", 50),
                ("scan_cci_lambda05", 64), ("scan_cci_lambda04_from_rafdb", 66),
            )
        ]  # fmt: skip
        figure = of("figure08", *rows, said=load_said(paper))
        axis = panels(figure)["affectnet7; test: 100 faces, 1 seed"]
        assert labels(axis) == ["0", "0.2", "0.4", "0.5", "1"]
        marks = axis.containers[0].lines[0].get_xydata()
        np.testing.assert_allclose(marks, [[0, 60], [0.2, 65], [0.4, 66], [0.5, 64], [1, 50]])
        np.testing.assert_allclose(line(axis, "validation faces")[:, 1], 50)
        np.testing.assert_allclose(line(axis, "paper, section 6.9"), [[0.4, 65.3]])
        assert [t.get_text() for t in axis.texts] == ["65.3"]
        assert legend(figure) == ["test faces", "validation faces", "paper, section 6.9"]
        assert "never on test faces" in words(figure)

    def test_the_paper_says_nothing_of_other_datasets(self, paper: Path) -> None:
        rows = [
            figure_rows.plain("synthetic", "scan_cci", 80),
            figure_rows.plain("synthetic", "scan_cci_no_cci", 70),
        ]
        figure = of("figure08", *rows, said=load_said(paper))
        axis = panels(figure)["synthetic; test: 100 faces, 1 seed"]
        assert labels(axis) == ["0.2", "1"]
        assert legend(figure) == ["test faces", "validation faces"]
        assert not [found for found in axis.lines if found.get_label() == "validation faces"]

    def test_one_setting_is_no_curve(self) -> None:
        figure = of("figure07", figure_rows.plain("synthetic", "scan_cci", 80))
        assert "it needs scan_cci_m1, scan_cci_m4" in words(figure)

    def test_datasets_with_printed_numbers_come_first(self, crowd: Inputs) -> None:
        found = [title.split(";")[0] for title in panels(FIGURES["figure08"](crowd))]
        assert found[:3] == ["affectnet7", "affectnet8", "synthetic"]
        assert len(found) == 6
