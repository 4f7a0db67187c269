"""Confusion matrices: the counts, the order, and which dataset stands in which figure."""

from __future__ import annotations

from pathlib import Path

import figure_rows
import numpy as np
import pandas as pd
import pytest
from demo_photographs import ENABLED as PHOTOGRAPHS
from demo_photographs import UNION
from demo_scores import ENABLED
from figure_rows import PAPERS, crowd_of, labels, of, panels, words

from fer_bench.labels import EIGHT, SEVEN
from fer_bench.reports.figures import FIGURES
from fer_bench.reports.figures.select import Inputs
from fer_bench.reports.scores import load_scores


@pytest.fixture(scope="module")
def inputs(demo: Path) -> Inputs:
    return Inputs(load_scores(demo / "scores", ENABLED))


@pytest.fixture(scope="module")
def crowd(paper: Path) -> Inputs:
    return crowd_of(paper)


class TestFigure05:
    def test_panels_show_the_predictions(self, inputs: Inputs, demo: Path) -> None:
        figure = FIGURES["figure05"](inputs)
        found = panels(figure)
        row = inputs.scores.get("synthetic", "scan_cci")
        summary = row.summary("accuracy", "synthetic")
        said = f"{100 * summary.mean:.2f} ± {100 * summary.std:.2f} % of 70 faces, 2 seeds"
        axis = found[f"synthetic; scan_cci; {said}"]
        runs = demo / "runs" / "synthetic" / "scan_cci"
        frames = [pd.read_parquet(runs / s / "train" / "predictions.parquet") for s in "01"]
        rows = pd.concat(frames).query("selection == 'last'")
        guess = rows[[f"logit_{c}" for c in SEVEN]].to_numpy().argmax(axis=1)
        counts = pd.crosstab(rows["label"], guess).reindex(columns=range(7), fill_value=0)
        counts = counts.to_numpy()
        shares = 100 * counts / counts.sum(axis=1, keepdims=True)
        texts = [t.get_text() for t in axis.texts]
        assert texts[1::2] == [f"{n:,}" for n in counts.ravel()]
        np.testing.assert_allclose([float(t) for t in texts[0::2]], shares.ravel(), atol=0.5)
        drawn = axis.collections[0].get_array()
        np.testing.assert_allclose(np.asarray(drawn).ravel(), shares.ravel())
        assert labels(axis) == list(SEVEN)
        assert labels(axis, "y") == [f"{c}\nn = 10 × 2" for c in SEVEN]
        assert (axis.get_xlabel(), axis.get_ylabel()) == ("predicted", "true")
        assert "Small: faces, summed over seeds" in words(figure)

    def test_a_line_a_dataset_with_a_place_a_model(self, inputs: Inputs) -> None:
        figure = FIGURES["figure05"](inputs)
        models = [[t.split("; ")[i] for t in panels(figure)] for i in (0, 1)]
        assert list(zip(*models, strict=True)) == [
            ("synthetic", "baseline1"), ("synthetic", "baseline_identity"),
            ("synthetic", "scan_cci"), ("synthetic_masked", "scan_cci_from_synthetic"),
            ("synthetic_masked", "scan_cci"), ("facial_expressions", "baseline1"),
            ("facial_expressions", "baseline_identity"), ("facial_expressions", "scan_cci"),
        ]  # fmt: skip
        empty = [a.texts[0].get_text() for a in figure.axes if not a.axison and a.texts]
        assert empty == ["baseline1\non synthetic_masked:\nnot measured"]

    def test_marks_what_is_measured_elsewhere_or_incomplete(self, inputs: Inputs) -> None:
        marked = [t for t in panels(FIGURES["figure05"](inputs)) if "facial_expr" in t]
        assert len(marked) == 3
        assert all(t.endswith("(measured elsewhere, incomplete set)") for t in marked)

    def test_the_largest_share_is_white_on_dark_and_halves_round_up(self) -> None:
        counts = np.zeros((7, 7), dtype=int)
        counts[0, :2] = 5, 3  # 62.5 and 37.5 %
        counts[2, 2:4] = 3, 1
        cell = figure_rows.cell({"rafdb": figure_rows.part(counts)})
        figure = of("figure05", figure_rows.row("rafdb", "scan_cci", cell))
        axis = panels(figure)["rafdb; scan_cci; 66.67 % of 12 faces, 1 seed"]
        found = [(t.get_text(), t.get_color()) for t in axis.texts]
        assert found[:4] == [("63", "black"), ("5", "black"), ("38", "black"), ("3", "black")]
        assert found[32:36] == [("75", "white"), ("3", "white"), ("25", "black"), ("1", "black")]
        assert found[14:16] == [("–", "black"), ("", "black")]  # no happy face: no share of them
        assert labels(axis, "y")[:2] == ["neutral\nn = 8", "happiness\nn = 0"]

    def test_the_papers_datasets_come_first_and_the_rest_is_named(self, crowd: Inputs) -> None:
        figure = FIGURES["figure05"](crowd)
        shown = list(dict.fromkeys(t.split(";")[0] for t in panels(figure)))
        assert shown == ["ferplus", "rafdb", "affectnet8", "synthetic"]
        assert "4 of 20 are shown; the others: another_dataset_0, " in words(figure)
        assert all("baseline_identity" not in title for title in panels(figure))
        axis = next(iter(panels(figure).values()))
        assert labels(axis) == list(EIGHT)


class TestFiguresOfThePapersSets:
    def test_s3_shows_sets_not_trained_on_and_the_papers_first(self) -> None:
        own = figure_rows.share(90, 100)
        other = figure_rows.share(60, 100)
        sets = {"synthetic": own, "synthetic_masked": other}
        rows = [
            figure_rows.row("synthetic", "scan_cci", figure_rows.cell(sets)),
            figure_rows.row(
                "affectnet7", "scan_cci",
                figure_rows.cell({"affectnet7": own, "fedro": other, "oulu_casia": other,
                                  "ckplus7_first_last": other, "ckplus7": other}),
            ),
            figure_rows.row("affectnet7", "baseline1", figure_rows.cell({"ckplus7": other})),
        ]  # fmt: skip
        found = panels(of("figure_s3", *rows))
        assert [title.split("; ")[:2] for title in found] == [
            ["ckplus7", "scan_cci trained on affectnet7"],
            ["oulu_casia", "scan_cci trained on affectnet7"],
            ["ckplus7_first_last", "scan_cci trained on affectnet7"],
        ]  # a masked twin of its own test faces is no other ground
        assert "Pre-trained on other faces" not in words(of("figure_s3", *rows))
        knows = {"pretrained": "identity(ckplus7)"}
        row = figure_rows.row("rafdb", "scan_cci", figure_rows.cell({"ckplus7": other},
                                                                    training=knows))  # fmt: skip
        said = words(of("figure_s3", *rows, row))
        assert "Pre-trained on other faces of the tested set: rafdb on ckplus7." in said
        axis = found["ckplus7; scan_cci trained on affectnet7; 60.00 % of 100 faces, 1 seed"]
        assert [t.get_text() for t in axis.texts[:4]] == ["60", "60", "40", "40"]

    def test_s4_takes_fedro_of_the_papers_training_and_names_what_lacks(self) -> None:
        fedro = figure_rows.share(30, 50)
        rows = [
            figure_rows.row(d, "scan_cci", figure_rows.cell({d: fedro, "fedro": fedro}))
            for d in ("affectnet8", "affectnet7_rafdb")
        ]
        figure = of("figure_s4", *rows)
        title = "fedro; scan_cci trained on affectnet7_rafdb; 60.00 % of 50 faces, 1 seed"
        assert list(panels(figure)) == [title]
        assert figure.axes[0].texts[0].get_text() == "scan_cci on sfew:\nnot measured"

    def test_s4_shows_sfew_from_another_dataset(self, photographs: Path) -> None:
        figure = FIGURES["figure_s4"](Inputs(load_scores(photographs / "scores", PHOTOGRAPHS)))
        first, second = panels(figure)
        assert first.startswith(f"sfew; {UNION}; ")
        assert first.endswith("(incomplete set)")
        assert second.startswith("fedro; scan_cci trained on affectnet7_rafdb; ")

    def test_s5_to_s8_show_the_papers_subsets(self, photographs: Path) -> None:
        rafdb = FIGURES["figure_s6"](Inputs(load_scores(photographs / "scores", PHOTOGRAPHS)))
        assert words(rafdb).startswith("Figure S6: confusion on occluded and turned faces of rafdb")
        found = panels(rafdb)
        assert [title.split("; ")[1] for title in found] == [
            "scan_cci, occluded", "scan_cci, pose > 30°", "scan_cci, pose > 45°",
        ]  # fmt: skip
        sizes = {title: int(title.split(" % of ")[1].split()[0]) for title in found}
        for title, axis in found.items():
            assert sum(int(t.get_text() or 0) for t in axis.texts[1::2]) == 2 * sizes[title]
        assert list(sizes.values()) == [4, 59, 29]  # each listed face once

    def test_a_figure_of_one_dataset_says_which_list_lacks(self) -> None:
        subsets = {"all": figure_rows.share(9, 10), "pose_gt_30": figure_rows.share(4, 5)}
        cell = figure_rows.cell({"ferplus": subsets})
        figure = of("figure_s5", figure_rows.row("ferplus", "scan_cci", cell))
        assert list(panels(figure)) == [
            "ferplus; scan_cci, pose > 30°; 80.00 % of 5 faces, 1 seed",
        ]
        empty = [axis.texts[0].get_text() for axis in figure.axes if not axis.axison]
        assert empty == [f"ferplus, {s}:\nnot measured" for s in ("occluded", "pose > 45°")]

    def test_subsets_of_other_datasets_have_their_own_figure(self, inputs: Inputs) -> None:
        found = panels(FIGURES["figure_subset_confusion"](inputs))
        names = [(t.split("; ")[0], t.split("; ")[1]) for t in found]
        subsets = ("occluded", "pose > 30°", "pose > 45°")
        assert names[:6] == [
            (d, f"scan_cci, {s}") for d in ("synthetic", "synthetic_masked") for s in subsets
        ]

    def test_and_none_of_the_papers_is_in_it(self, crowd: Inputs) -> None:
        figure = FIGURES["figure_subset_confusion"](crowd)
        assert len(panels(figure)) == 4 * 3
        assert not [title for title in panels(figure) if title.split(";")[0] in PAPERS[:4]]
        assert "4 of 16 are shown" in words(figure)
