"""Figures by content: what their axes say and show; and by bytes: the same every time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from demo_photographs import ENABLED as PHOTOGRAPHS
from demo_photographs import UNION
from demo_scores import ENABLED
from matplotlib.figure import Figure

from fer_bench.labels import EIGHT, SEVEN
from fer_bench.reports import figures
from fer_bench.reports.scores import Scores, load_scores


@pytest.fixture(scope="module")
def scores(demo: Path) -> Scores:
    return load_scores(demo / "scores", ENABLED)


def panels(figure: Figure) -> dict[str, object]:
    return {axis.get_title(): axis for axis in figure.axes if axis.axison}


def test_confusion_panels_show_the_predictions(scores: Scores, demo: Path) -> None:
    found = panels(figures.confusion(scores))
    assert len(found) == 3 + 1 + 3
    title = "synthetic\nscan_cci, sum of 2 seeds\nlarge: % of the true class, small: count"
    axis = found[title]
    assert [t.get_text() for t in axis.get_xticklabels()] == list(SEVEN)
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("predicted", "true")
    runs = demo / "runs" / "synthetic" / "scan_cci"
    frames = [pd.read_parquet(runs / s / "train" / "predictions.parquet") for s in "01"]
    rows = pd.concat(frames).query("selection == 'last'")
    guess = rows[[f"logit_{c}" for c in SEVEN]].to_numpy().argmax(axis=1)
    counts = pd.crosstab(rows["label"], guess).reindex(columns=range(7), fill_value=0).to_numpy()
    texts = [t.get_text() for t in axis.texts]
    shares = 100 * counts / counts.sum(axis=1, keepdims=True)
    assert texts[1::2] == [f"{n:,}" for n in counts.ravel()]
    assert texts[0::2] == [f"{s:.0f}" for s in shares.ravel()]
    drawn = axis.collections[0].get_array()
    np.testing.assert_allclose(np.asarray(drawn).ravel(), shares.ravel())
    assert axis.get_yticklabels()[0].get_text() == f"neutral\nn = {counts[0].sum()}"
    assert any("facial_expressions (measured elsewhere)" in name for name in found)


def test_training_curves_are_means_over_seeds(scores: Scores, demo: Path) -> None:
    figure = figures.training_curves(scores)
    found = panels(figure)
    assert len(found) == 3 * 3
    axis = found["synthetic\ntest faces"]
    line = next(x for x in axis.lines if x.get_label() == "scan_cci")
    runs = demo / "runs" / "synthetic" / "scan_cci"
    runs = [pd.read_csv(runs / s / "train" / "history.csv")["test_accuracy"] for s in "01"]
    np.testing.assert_allclose(line.get_ydata(), 50 * (runs[0] + runs[1]))
    assert list(line.get_xdata()) == [1, 2, 3, 4, 5, 6]
    assert axis.get_xlabel() == "epoch"
    legend = axis.get_legend()
    assert legend.get_title().get_text() == "mean and range over n = 2 seeds"
    assert "baseline_identity" in [t.get_text() for t in legend.get_texts()]


def test_lines_differ_without_colour(scores: Scores) -> None:
    axis = panels(figures.training_curves(scores))["synthetic\ntrain faces"]
    assert len({line.get_marker() for line in axis.lines}) == len(axis.lines) == 5


def test_subsets_show_balanced_accuracy_with_n(scores: Scores) -> None:
    axis = panels(figures.subset_accuracy(scores))["synthetic: mean ± std over seeds"]
    labels = [t.get_text() for t in axis.get_xticklabels()]
    assert [x.split("\n")[0] for x in labels] == ["all", "occluded", "pose > 30°", "pose > 45°"]
    assert labels[0].endswith("n = 70")
    points = next(c for c in axis.containers if c.get_label() == "scan_cci").lines[0]
    row = scores.get("synthetic", "scan_cci")
    assert row is not None
    subsets = ("all", "occluded", "pose_gt_30", "pose_gt_45")
    means = [row.summary("balanced_accuracy", "synthetic", s).mean for s in subsets]
    np.testing.assert_allclose(np.asarray(points.get_ydata(), dtype=float), 100 * np.array(means))
    assert axis.get_ylim()[0] == 0


def test_photographs_keep_their_class_order_and_only_parts_of_all_classes(
    photographs: Path,
) -> None:
    scores = load_scores(photographs / "scores", PHOTOGRAPHS)
    confusions = panels(figures.confusion(scores))
    axis = next(axis for title, axis in confusions.items() if title.startswith("affectnet8\n"))
    assert [t.get_text() for t in axis.get_xticklabels()] == list(EIGHT)
    assert any(f"sfew\n{UNION}" in title for title in confusions)
    drawn = {
        title.split(":")[0]: [t.get_text().split("\n")[0] for t in axis.get_xticklabels()]
        for title, axis in panels(figures.subset_accuracy(scores)).items()
    }
    assert drawn == {"rafdb": ["all", "occluded", "pose > 30°", "pose > 45°"]}
    curves = panels(figures.training_curves(scores))["ckplus7\ntest faces"]
    assert [line.get_label() for line in curves.lines] == ["baseline1", UNION]


def test_nothing_measured_gives_a_page_that_says_so(tmp_path: Path) -> None:
    figures.build_figures(tmp_path / "none", {}, tmp_path / "figures")
    names = sorted(p.name for p in (tmp_path / "figures").iterdir())
    assert names == sorted(f"{n}.{kind}" for n in figures.FIGURES for kind in ("pdf", "png"))
    assert figures.confusion(Scores([])).texts[0].get_text() == "nothing measured yet"


# Draws every figure in two fresh processes, each of which starts matplotlib: about 8 s.
@pytest.mark.slow
def test_bytes_do_not_depend_on_process_or_settings(demo: Path, tmp_path: Path) -> None:
    for model in ("baseline1", "scan_cci"):
        part = Path("scores", "synthetic", model)
        shutil.copytree(demo / part, tmp_path / part)
    code = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[3]);"
        "import matplotlib; matplotlib.rcParams['font.size'] = float(sys.argv[4]);"
        "from demo_scores import ENABLED; from fer_bench.reports import build_figures;"
        "build_figures(Path(sys.argv[1]), ENABLED, Path(sys.argv[2]))"
    )
    for name, size, seed in (("a", "10", "1"), ("b", "14", "2")):
        arguments = [tmp_path / "scores", tmp_path / name, Path(__file__).parent, size]
        subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments)],
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
    for file in sorted((tmp_path / "a").iterdir()):
        data = file.read_bytes()
        assert data == (tmp_path / "b" / file.name).read_bytes(), file.name
        assert b"CreationDate" not in data
        assert b"Matplotlib" not in data
