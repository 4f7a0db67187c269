"""The robustness curves and the sheet of corrupted faces, by what they show."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from rendered_pack import rendered, write_pack
from robustness_files import ENABLED, cell, write_robustness

from fer_bench.errors import FerBenchError
from fer_bench.evaluation.corruptions import CORRUPTIONS
from fer_bench.files import write_json
from fer_bench.reports.figures.corruption_sheet import corruption_sheet
from fer_bench.reports.figures.robustness import MOST_LINES, TITLE, draw, robustness
from fer_bench.reports.figures.select import Inputs
from fer_bench.reports.figures.style import style
from fer_bench.reports.robustness_results import load_robustness
from fer_bench.reports.scores import Scores


@pytest.fixture(scope="module")
def figure(tmp_path_factory: pytest.TempPathFactory) -> Figure:
    root = tmp_path_factory.mktemp("robustness")
    write_robustness(root)
    with style():
        return robustness(Inputs(Scores([]), root, enabled=ENABLED))


def panels(figure: Figure) -> list[Axes]:
    return [axis for axis in figure.axes if axis.axison]


def words(figure: Figure) -> str:
    return " ".join(" ".join(text.get_text().split()) for text in figure.texts)


def test_a_panel_a_corruption_and_a_block_a_dataset(figure: Figure) -> None:
    titles = [axis.get_title() for axis in panels(figure)]
    every = [corruption.title for corruption in CORRUPTIONS.values()]
    bare = [corruption.title for corruption in CORRUPTIONS.values() if not corruption.landmarks]
    assert titles == every + bare
    labels = [axis.get_ylabel() for axis in panels(figure) if axis.get_ylabel()]
    assert labels == ["synthetic\naccuracy (%)"] * 4 + ["rafdb\naccuracy (%)"] * 3
    assert words(figure).startswith(TITLE)
    assert "Measured elsewhere: rafdb." in words(figure)
    assert "Mean of 1 or 2 seeds" in words(figure)


def test_lines_are_means_over_seeds_from_the_clean_face_to_severity_5(figure: Figure) -> None:
    axis = next(a for a in panels(figure) if a.get_title() == "Gaussian blur")
    lines = {line.get_label(): line for line in axis.lines}
    ours = np.asarray(lines["scan_cci"].get_ydata(), float)
    np.testing.assert_allclose(ours, [85, 79.7, 74.7, 69.7, 64.7, 59.7])
    assert list(lines["scan_cci"].get_xdata()) == [0, 1, 2, 3, 4, 5]
    assert [t.get_text() for t in axis.get_xticklabels()] == [
        "clean", "0.45", "0.89", "1.34", "1.79", "2.68",
    ]  # fmt: skip
    assert axis.get_xlabel() == "standard deviation, % of the side"
    chance = next(line for name, line in lines.items() if name.startswith("_"))
    assert set(chance.get_ydata()) == {25}
    shade = axis.collections[1].get_paths()[0].vertices[:, 1]
    std = 100 * 0.1 / 2**0.5
    assert shade.max() == pytest.approx(85 + std)
    assert shade.min() == pytest.approx(59.7 - std)
    assert (axis.get_ylim()[0], axis.get_ylim()[1] >= 100) == (0, True)


def test_kinds_of_mask_are_points_without_a_line(figure: Figure) -> None:
    axis = next(a for a in panels(figure) if a.get_title() == "mask type")
    points = {c.get_label(): c.lines[0] for c in axis.containers}
    assert points["scan_cci"].get_linestyle() == "None"
    ours = np.asarray(points["scan_cci"].get_ydata(), float)
    np.testing.assert_allclose(ours, [79.8, 74.8, 69.8, 64.8, 59.8])
    assert [t.get_text() for t in axis.get_xticklabels()][4] == "cloth\nblack"
    assert not set(points["scan_cci"].get_xdata()) & set(points["baseline1"].get_xdata())


def test_models_can_be_told_apart_without_colour(figure: Figure) -> None:
    handles = figure.legends[0].legend_handles
    drawn = [line for line in handles if line is not None]
    assert [line.get_label() for line in drawn] == ["baseline1", "scan_cci"]
    assert len({line.get_marker() for line in drawn}) == 2
    grey = [np.dot(to_rgb(line.get_color()), [0.299, 0.587, 0.114]) for line in drawn]
    assert abs(grey[0] - grey[1]) > 0.2


def test_many_models_are_cut_and_the_caption_names_the_rest(tmp_path: Path) -> None:
    names = [f"model_{i}" for i in range(MOST_LINES)] + ["scan_cci"]
    for name in names:
        write_json(tmp_path / "rafdb" / name / "0.json", cell("rafdb", name, 0, 0.8, 0.02))
    with style():
        figure = draw(load_robustness(tmp_path, {}))
    shown = [line.get_label() for line in figure.legends[0].legend_handles if line]
    assert len(shown) == MOST_LINES
    assert shown[0] == "scan_cci", "what other figures draw comes first"
    assert f"Not drawn, to keep lines apart: model_{MOST_LINES - 1}." in words(figure)


@pytest.mark.parametrize("folder", [None, Path("nowhere")])
def test_nothing_measured_says_what_would_fill_it(folder: Path | None) -> None:
    with style():
        figure = robustness(Inputs(Scores([]), folder))
    assert TITLE in words(figure)
    assert "enabled.<dataset>.robustness" in words(figure)
    assert not figure.axes


def test_sheet_shows_one_rendered_face_at_every_severity(tmp_path: Path) -> None:
    faces, manifest = rendered(80)
    write_pack(tmp_path / "synthetic", faces, manifest)
    chosen = manifest["sample_id"].iloc[20]
    with style():
        figure = corruption_sheet(tmp_path / "synthetic", chosen)
    grid = np.array(figure.axes).reshape(len(CORRUPTIONS), 6)
    for line, (name, corruption) in zip(grid, CORRUPTIONS.items(), strict=True):
        shown = [axis.images[0].get_array() for axis in line]
        assert (shown[0] == faces[20]).all()
        away = [np.abs(s.astype(float) - faces[20]).mean() for s in shown[1:]]
        assert all(away), name
        assert line[0].get_ylabel().startswith("$\\bf{" + corruption.title.split()[0])
    assert [axis.get_title() for axis in grid[0]] == ["", *(f"severity {k}" for k in range(1, 6))]
    captions = [axis.get_xlabel() for axis in grid[list(CORRUPTIONS).index("mask_type")]]
    assert captions[:3] == ["clean", "blue pasted", "surgical white"]
    wanted = CORRUPTIONS["jpeg"].apply(faces[20:21], 7, [chosen])[0]
    jpeg = grid[list(CORRUPTIONS).index("jpeg"), 5]
    assert (jpeg.images[0].get_array() == wanted).all()


def test_sheet_picks_the_brightest_face_seen_from_the_front(tmp_path: Path) -> None:
    faces, manifest = rendered(80)
    write_pack(tmp_path / "synthetic", faces, manifest)
    front = (manifest["split"] == "test") & (manifest["yaw"].abs() < 8)
    wanted = max(np.flatnonzero(front), key=lambda i: faces[i].mean())
    with style():
        figure = corruption_sheet(tmp_path / "synthetic")
    assert (figure.axes[0].images[0].get_array() == faces[wanted]).all()


def test_sheet_refuses_photographs_and_unknown_faces(tmp_path: Path) -> None:
    faces, manifest = rendered(80)
    for name in ("rafdb", "synthetic", "mine"):
        write_pack(tmp_path / name, faces, manifest)
    for name in ("rafdb", "mine"):
        with pytest.raises(FerBenchError, match="no pack of rendered faces"):
            corruption_sheet(tmp_path / name)
    with pytest.raises(FerBenchError, match="has no face 'x'"):
        corruption_sheet(tmp_path / "synthetic", "x")
