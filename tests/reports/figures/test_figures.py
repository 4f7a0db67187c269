"""Figures by content: what their axes say and show; and by bytes: the same every time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import figure_rows
import matplotlib
import numpy as np
import pytest
from demo_scores import ENABLED
from figure_rows import crowd_of, legend, of, words
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from robustness_files import cell as robust

from fer_bench.files import write_json
from fer_bench.reports import figures
from fer_bench.reports.figures import FIGURES, select
from fer_bench.reports.figures.select import LINE_MODELS, MOST_DATASETS, MOST_FAMILIES, Inputs
from fer_bench.reports.figures.style import MOST_LINES, WIDTH, look, page, save, style

CONFUSIONS = [name for name in FIGURES if name.startswith("figure_") or name == "figure05"]


@pytest.fixture(scope="module")
def crowd(paper: Path) -> Inputs:
    return crowd_of(paper)


class TestSelection:
    def test_looks_do_not_depend_on_the_figure(self) -> None:
        ours = figure_rows.plain("a", "scan_cci", 1)
        ran = figure_rows.plain("a", "ran", 1)
        assert select.looks([ours]) == {"scan_cci": select.looks([ran, ours])["scan_cci"]}

    def test_a_transferred_row_looks_like_its_model_unless_both_are_shown(self) -> None:
        plain = figure_rows.plain("a", "scan_cci", 1)
        alone = figure_rows.plain("b", "scan_cci_from_x", 1)
        both = figure_rows.plain("a", "scan_cci_from_x", 1)
        found = select.looks([plain, alone])
        assert found["scan_cci"] == found["scan_cci_from_x"]
        found = select.looks([plain, both])
        assert found["scan_cci"]["marker"] != found["scan_cci_from_x"]["marker"]

    def test_every_line_of_a_crowd_can_be_told(self, crowd: Inputs) -> None:
        rows = select.lines(crowd.scores, "synthetic")
        found = select.looks(rows)
        assert len(found) == 6 + 1 + 4
        kinds = {(look["color"], look["marker"], look["dashes"]) for look in found.values()}
        assert len(kinds) == len({look["marker"] for look in found.values()}) == len(found)
        assert "Not drawn, to keep lines apart: ma_net." in words(FIGURES["risk_coverage"](crowd))

    def test_long_names_lose_their_middle(self) -> None:
        assert select.short("scan_cci") == "scan_cci"
        assert select.short("a" * 20 + "b" * 20, 11) == "aaaaa…bbbbb"


TITLES = {
    "figure05": ("Figure 5: ", "scan_cci on ferplus, rafdb, affectnet8"),
    "figure07": ("Figure 7: ", "scan_cci_m16 beside scan_cci (m = 25)"),
    "figure08": ("Figure 8: ", "scan_cci_lambda04"),
    "figure_s3": ("Figure S3: ", "trained on affectnet7 and tested on ckplus7 and oulu_casia"),
    "figure_s4": ("Figure S4: ", "fedro in evaluate_on"),
    "figure_s5": ("Figure S5: ", "scan_cci on ferplus."),
    "figure_s6": ("Figure S6: ", "scan_cci on rafdb."),
    "figure_s7": ("Figure S7: ", "scan_cci on affectnet7."),
    "figure_s8": ("Figure S8: ", "scan_cci on affectnet8."),
    "figure_subset_confusion": ("Confusion on occluded", "such as synthetic"),
    "subsets": ("Accuracy on occluded", "such as synthetic"),
    "training_curves": ("Accuracy during training", "fer-bench sweep"),
    "intervals": ("How sure is each accuracy?", "fer-bench sweep"),
    "reliability": ("Reliability", "no score file holds calibration"),
    "risk_coverage": ("Risk and coverage", "no score file holds risk and coverage"),
}


@pytest.mark.parametrize("name", TITLES)
def test_without_data_the_title_stays_and_a_sentence_says_what_fills_it(name: str) -> None:
    said = words(of(name))
    title, needs = TITLES[name]
    assert said.startswith(title)
    assert needs in said
    assert "Nothing measured yet" in said


def test_nothing_measured_still_gives_every_file(tmp_path: Path) -> None:
    figures.build_figures(tmp_path / "none", {}, tmp_path / "figures")
    names = sorted(p.name for p in (tmp_path / "figures").iterdir())
    drawn = [f"{n}.{kind}" for n in FIGURES for kind in ("pdf", "png")]
    assert names == sorted([figures.INDEX, *drawn])
    index = (tmp_path / "figures" / figures.INDEX).read_text(encoding="utf-8")
    assert all(f"({name}.png)" in index for name in (*FIGURES, "figure09"))
    assert all(line.split("|")[2].strip().endswith(".") for line in index.splitlines()[7:])


def assert_colours_differ(figure: Figure) -> None:
    """No two of a legend's models share a colour, nor do two labelled lines of one panel."""
    legends = [*figure.legends, *(axis.get_legend() for axis in figure.axes)]
    groups = [found.legend_handles for found in legends if found]
    groups += [[x for x in axis.lines if x.get_label()[0] != "_"] for axis in figure.axes]
    for handles in groups:
        lines = [x for x in handles if isinstance(x, Line2D)]
        looks = {(to_hex(x.get_color()), x.get_label()) for x in lines}
        named = [colour for colour, label in looks if label not in SHARED]
        assert len(named) == len(set(named)), looks


SHARED = ("over people and seeds", "over people alone", "one seed", "mean")
"""What the legend of intervals says of one colour's forms."""


@pytest.mark.parametrize("name", ["training_curves", "subsets", "robustness"])
def test_no_two_models_of_a_figure_share_a_colour(name: str, crowd: Inputs, tmp_path: Path) -> None:
    for dataset in ("rafdb", "ferplus", "sfew"):
        for i in range(7):
            file = tmp_path / dataset / f"{dataset}_{i}" / "0.json"
            write_json(file, robust(dataset, f"{dataset}_{i}", 0, 0.8, 0.02))
    with style():
        figure = FIGURES[name](replace(crowd, robustness=tmp_path, enabled={}))
    assert len(legend(figure)) > 7, "more than the palette that every figure begins with"
    assert_colours_differ(figure)


def test_every_line_has_a_colour_that_eyes_can_tell() -> None:
    assert len(LINE_MODELS) + MOST_FAMILIES + MOST_DATASETS == MOST_LINES
    colours = [np.array(to_rgb(look(i)["color"])) for i in range(MOST_LINES)]
    for one, other in combinations(colours, 2):
        assert delta_e(lab(one), lab(other)) > 20
    assert all(lab(colour)[0] < 75 for colour in colours), "none is too faint on white"


def lab(colour: np.ndarray) -> np.ndarray:
    """sRGB (3,) as CIELAB, D65."""
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    f = np.array(to_xyz) @ linear / (0.9505, 1, 1.089)
    f = np.where(f > 0.008856, np.cbrt(f), 7.787 * f + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def delta_e(one: np.ndarray, other: np.ndarray) -> float:
    """CIE76; about 2.3 is just noticeable."""
    return float(np.linalg.norm(one - other))


@pytest.mark.parametrize("name", ["figure05", "figure08", "intervals", "risk_coverage"])
def test_a_crowd_stays_a_figure(name: str, crowd: Inputs, tmp_path: Path) -> None:
    """Nothing reaches outside the page, and no text of a panel into another panel's text."""
    with style():
        figure = FIGURES[name](crowd)
        save(figure, tmp_path / name)
        assert_colours_differ(figure)
        figure.draw_without_rendering()  # the PDF, saved last, has another resolution
        renderer = figure.canvas.get_renderer()
        width, height = figure.get_size_inches() * figure.dpi
        assert figure.get_size_inches()[0] == WIDTH
        assert height < 16 * figure.dpi
        boxes = []
        for axis in figure.axes:
            texts = [axis.title, *((axis.xaxis.label, axis.yaxis.label) if axis.axison else ())]
            for side in (axis.xaxis, axis.yaxis) if axis.axison else ():
                low, high = sorted(side.get_view_interval())
                ticks = side.get_major_ticks()
                seen = (t for t in ticks if low <= t.get_loc() <= high)
                texts += [t.label1 for t in seen if t.label1.get_visible()]
            texts += axis.get_legend().get_texts() if axis.get_legend() else []
            boxes += [t.get_window_extent(renderer) for t in texts if t.get_text()]
        boxes += [text.get_window_extent(renderer) for text in figure.texts]
        for box in boxes:
            assert box.x0 >= -1
            assert box.y0 >= -1
            assert box.x1 <= width + 1
            assert box.y1 <= height + 1
        clashes = sum(
            a.x0 + 1 < b.x1 and b.x0 + 1 < a.x1 and a.y0 + 1 < b.y1 and b.y0 + 1 < a.y1
            for i, a in enumerate(boxes)
            for b in boxes[:i]
            if not a.width == b.width == 0
        )
        # Slanted tick labels of a matrix have boxes that overlap though the words do not.
        assert name in CONFUSIONS or clashes == 0


# Draws figures here and in a fresh process, which starts matplotlib: about 15 s.
@pytest.mark.slow
def test_bytes_do_not_depend_on_process_or_settings(demo: Path, tmp_path: Path) -> None:
    for model in ("baseline1", "scan_cci", "scan_cci_no_cci"):
        part = Path("scores", "synthetic", model)
        shutil.copytree(demo / part, tmp_path / part)
    with matplotlib.rc_context({"font.size": 14}):
        figures.build_figures(tmp_path / "scores", ENABLED, tmp_path / "a")
    code = (
        "import sys; from pathlib import Path; sys.path[:0] = sys.argv[3:];"
        "from demo_scores import ENABLED; from fer_bench.reports.figures import build_figures;"
        "build_figures(Path(sys.argv[1]), ENABLED, Path(sys.argv[2]))"
    )
    modules = Path(__file__).parents[1], Path(__file__).parents[2]
    arguments = [tmp_path / "scores", tmp_path / "b", *modules]
    subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "1"},
    )
    for file in sorted((tmp_path / "a").iterdir()):
        data = file.read_bytes()
        assert data == (tmp_path / "b" / file.name).read_bytes(), file.name
        assert b"CreationDate" not in data
        assert b"Matplotlib" not in data


def test_positions_hold_no_last_bits_of_the_layout_solver(tmp_path: Path) -> None:
    with style():
        figure = page("Title", "Caption", height=2)
        for axes in figure.subplots(2, 3).flat:
            axes.set_title("a title that takes room")
        save(figure, tmp_path / "drawn")
    bounds = [value for a in figure.axes for value in a.get_position(original=True).bounds]
    assert len(set(bounds)) > 4
    # What the solver left beyond the ninth place would move a contour from run to run.
    assert bounds == pytest.approx([round(value, 9) for value in bounds], abs=5e-16, rel=0)
