"""Training curves and accuracy on subsets."""

from __future__ import annotations

from pathlib import Path

import figure_rows
import numpy as np
import pandas as pd
import pytest
from demo_photographs import ENABLED as PHOTOGRAPHS
from demo_photographs import UNION
from demo_scores import ENABLED
from figure_rows import crowd_of, labels, legend, line, of, panels

from fer_bench.reports.figures import FIGURES
from fer_bench.reports.figures.select import Inputs
from fer_bench.reports.scores import load_scores


@pytest.fixture(scope="module")
def inputs(demo: Path) -> Inputs:
    return Inputs(load_scores(demo / "scores", ENABLED))


@pytest.fixture(scope="module")
def crowd(paper: Path) -> Inputs:
    return crowd_of(paper)


class TestCurves:
    def test_training_curves_are_means_over_seeds(self, inputs: Inputs, demo: Path) -> None:
        figure = FIGURES["training_curves"](inputs)
        found = panels(figure)
        assert len(found) == 3 * 3
        axis = found["synthetic; test faces, 2 seeds"]
        runs = demo / "runs" / "synthetic" / "scan_cci"
        runs = [pd.read_csv(runs / s / "train" / "history.csv")["test_accuracy"] for s in "01"]
        drawn = line(axis, "scan_cci")
        np.testing.assert_allclose(drawn[:, 1], 50 * (runs[0] + runs[1]))
        assert drawn[:, 0].tolist() == [1, 2, 3, 4, 5, 6]
        assert axis.get_xlabel() == "epoch"
        assert legend(figure) == [
            "baseline1", "baseline_identity", "scan_cci", "scan_cci_shared", "scan_cci_no_cci",
            "scan_cci_from_synthetic",
        ]  # fmt: skip

    def test_lines_differ_without_colour(self, inputs: Inputs) -> None:
        axis = panels(FIGURES["training_curves"](inputs))["synthetic; train faces, 2 seeds"]
        assert len({found.get_marker() for found in axis.lines}) == len(axis.lines) == 5

    def test_a_curve_that_nobody_measured_is_said(self) -> None:
        curves = {"epoch": [0, 1], "train_accuracy": [0.2, 0.4], "val_accuracy": [None, None]}
        row = figure_rows.plain("rafdb", "scan_cci", 8, n=10, history=curves)
        found = panels(of("training_curves", row))
        assert [t.get_text() for t in found["rafdb; train faces, 1 seed"].texts] == []
        assert [t.get_text() for t in found["rafdb; validation faces, 1 seed"].texts] == [
            "no validation faces"
        ]

    def test_subsets_show_balanced_accuracy_with_n(self, inputs: Inputs) -> None:
        axis = panels(FIGURES["subsets"](inputs))["synthetic; 2 seeds"]
        found = labels(axis)
        assert [x.split("\n")[0] for x in found] == ["all", "occluded", "pose > 30°", "pose > 45°"]
        assert found[0].endswith("70 faces")
        points = next(c for c in axis.containers if c.get_label() == "scan_cci").lines[0]
        row = inputs.scores.get("synthetic", "scan_cci")
        subsets = ("all", "occluded", "pose_gt_30", "pose_gt_45")
        means = [row.summary("balanced_accuracy", "synthetic", s).mean for s in subsets]
        drawn = np.asarray(points.get_ydata(), dtype=float)
        np.testing.assert_allclose(drawn, 100 * np.array(means))
        assert axis.get_ylim()[0] == 0
        np.testing.assert_allclose(line(axis, "chance")[:, 1], 100 / 7)

    def test_many_models_do_not_reach_the_next_subset(self, crowd: Inputs) -> None:
        for axis in panels(FIGURES["subsets"](crowd)).values():
            drawn = np.stack([c.lines[0].get_xdata() for c in axis.containers])
            assert len(drawn) > 8
            assert np.ptp(drawn, axis=0).max() < 0.8

    def test_only_parts_of_all_classes(self, photographs: Path) -> None:
        inputs = Inputs(load_scores(photographs / "scores", PHOTOGRAPHS))
        drawn = {
            title.split(";")[0]: [x.split("\n")[0] for x in labels(axis)]
            for title, axis in panels(FIGURES["subsets"](inputs)).items()
        }
        assert drawn == {"rafdb": ["all", "occluded", "pose > 30°", "pose > 45°"]}
        curves = panels(FIGURES["training_curves"](inputs))["ckplus7; test faces, 2 seeds"]
        assert [found.get_label() for found in curves.lines] == ["baseline1", UNION]
