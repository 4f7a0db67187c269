"""The robustness page and what it reads, from files with round numbers."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pytest
from robustness_files import ENABLED, cell, write_robustness

from fer_bench.errors import FerBenchError
from fer_bench.evaluation.corruptions import CORRUPTIONS
from fer_bench.files import write_json
from fer_bench.reports.pages.robustness import NOTHING_MEASURED, csv_text, markdown
from fer_bench.reports.robustness_results import Curve, Robustness, load_robustness


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("robustness")
    write_robustness(root)
    return root


@pytest.fixture(scope="module")
def results(folder: Path) -> Robustness:
    return load_robustness(folder, ENABLED)


def test_params_decide_what_is_read(results: Robustness, tmp_path: Path) -> None:
    assert [(r.dataset, r.model, r.elsewhere) for r in results] == [
        ("synthetic", "baseline1", False),
        ("synthetic", "scan_cci", False),
        ("rafdb", "scan_cci", True),
    ]
    assert [c.seed for c in results.of("rafdb")[0].cells] == [2, 10]
    assert list(load_robustness(tmp_path / "none", ENABLED)) == []
    assert list(load_robustness(None, ENABLED)) == []


def test_summaries_are_means_over_seeds_with_sample_std(results: Robustness) -> None:
    row = results.get("synthetic", "scan_cci")
    assert row is not None
    assert row.clean.mean == pytest.approx(0.85)
    assert row.clean.std == pytest.approx(0.1 / 2**0.5)
    # five severities of 0.05: 0.15 less in the mean; corruptions 0 to 13 thousandths: 0.0065 less
    column = row.mean_corruption_accuracy
    assert column.mean == pytest.approx(0.85 - 0.15 - 0.0065)
    assert column.n == 2
    kept = row.kept
    assert kept is not None
    assert kept.mean == pytest.approx(((0.8 - 0.1565) / 0.8 + (0.9 - 0.1565) / 0.9) / 2)
    assert row.flip_rate.mean == pytest.approx((0.03 + 0.04) / 2)
    assert row.perturbations["jpeg_90"][0] == "quality 90"
    assert row.perturbations["jpeg_90"][1].mean == pytest.approx(0.045)
    assert list(row.perturbations) == [
        "shift_1px", "rotation_1deg", "scale_2pct", "jpeg_90", "brightness_2pct",
    ]  # fmt: skip
    assert results.get("synthetic", "nobody") is None
    assert results.get("nowhere", "scan_cci") is None


def curves_of(results: Robustness, dataset: str, model: str) -> list[Curve]:
    row = results.get(dataset, model)
    assert row is not None
    return row.curves()


def test_curves_hold_every_severity_in_page_order(results: Robustness) -> None:
    curves = curves_of(results, "synthetic", "scan_cci")
    assert [curve.name for curve in curves] == list(CORRUPTIONS)
    blur = next(curve for curve in curves if curve.name == "gaussian_blur")
    assert (blur.title, blur.group, blur.ordered) == ("Gaussian blur", "blur", True)
    assert blur.unit == "standard deviation, % of the side"
    assert [p.value for p in blur.points] == [0.45, 0.89, 1.34, 1.79, 2.68]
    assert [p.level for p in blur.points] == [1, 2, 3, 4, 5]
    assert [p.accuracy.mean for p in blur.points] == pytest.approx(
        [0.85 - 0.003 - 0.05 * k for k in range(1, 6)]
    )
    assert [p.flip_rate.mean for p in blur.points] == pytest.approx([0.05, 0.1, 0.15, 0.2, 0.25])
    assert blur.accuracy.mean == pytest.approx(0.85 - 0.003 - 0.15)
    assert not next(curve for curve in curves if curve.name == "mask_type").ordered
    names = {curve.name for curve in curves_of(results, "rafdb", "scan_cci")}
    assert names == {name for name, c in CORRUPTIONS.items() if not c.landmarks}


def test_a_corruption_unknown_here_is_still_shown(tmp_path: Path) -> None:
    content = cell("rafdb", "mine", 0, 0.8, 0.01)
    content["corruptions"]["heavy_rain"] = content["corruptions"].pop("patch")
    write_json(tmp_path / "rafdb" / "mine" / "0.json", content)
    last = curves_of(load_robustness(tmp_path, {}), "rafdb", "mine")[-1]
    assert (last.name, last.title) == ("heavy_rain", "heavy rain")


@pytest.mark.parametrize("kind", ["moved", "other"])
def test_a_file_that_is_not_what_its_path_says(tmp_path: Path, kind: str) -> None:
    content = cell("rafdb", "scan_cci", 0, 0.8, 0.01)
    if kind == "other":
        del content["flip_rate"]
    write_json(tmp_path / "rafdb" / "scan_cci" / f"{int(kind == 'moved')}.json", content)
    wanted = {"moved": "holds the result of rafdb/scan_cci/0", "other": "lacks 'flip_rate'"}
    with pytest.raises(FerBenchError, match=wanted[kind]):
        load_robustness(tmp_path, {})


def lines_of(page: str, dataset: str, heading: str | None = None) -> list[list[str]]:
    """The cells of the first table under a heading."""
    section = page.split(f"## {dataset}")[1]
    if heading:
        section = section.split(f"### {heading}")[1]
    table = section[section.index("\n|") + 1 :].split("\n\n")[0]
    return [[c.strip() for c in line.strip("|").split("|")] for line in table.splitlines()]


def test_page(results: Robustness) -> None:
    page = markdown(results)
    head, _, baseline, ours = lines_of(page, "synthetic")
    assert head[:6] == ["Model", "Seeds", "Clean", "Mean corruption", "Kept", "Flip rate"]
    assert baseline[:3] == ["`baseline1`", "1 of 2", "60.00 ± –"]
    assert ours[:6] == [
        "`scan_cci`", "2", "85.00 ± 7.07", "69.35 ± 7.07", "81.52 ± 1.54", "3.50 ± 0.71",
    ]  # fmt: skip
    assert ours[6] == "rotation (68.70)"
    face = lines_of(page, "synthetic", "Accuracy when the face is covered or cut out badly")
    assert face[0][1:] == ["Grey patch", "Mask size", "Mask type", "Shift", "Scale", "Rotation"]
    assert face[3][1:3] == ["70.00 ± 7.07", "69.90 ± 7.07"]
    image = lines_of(page, "synthetic", "Accuracy when the image is spoilt")
    assert image[0][1:] == [
        "Gaussian blur", "Motion blur", "Gaussian noise", "Shot noise", "JPEG", "Pixelation",
        "Darkness", "Contrast",
    ]  # fmt: skip
    flips = lines_of(page, "synthetic", "Flip rate under small changes")
    assert flips[0][1:] == [
        "Shift, 1 px", "Rotation, 1°", "Scale, ±2 %", "JPEG, quality 90", "Brightness, ±2 %",
    ]  # fmt: skip
    assert flips[3][1:] == [f"{k}.50 ± 0.71" for k in range(1, 6)]
    values = {line[0]: line[1:] for line in lines_of(page, "synthetic", "Severities")}
    assert values["Gaussian noise"] == [
        "standard deviation, % of the range", "2.86", "4.29", "6.43", "9.29", "13.6",
    ]  # fmt: skip
    assert values["Mask type"][-1] == "cloth black"
    assert "Test faces: n = 300. Masks sit by the landmarks of 292 faces; 8 without" in page


def test_page_says_what_was_measured_elsewhere_and_without_masks(results: Robustness) -> None:
    section = markdown(results).split("## rafdb")[1]
    assert "**Measured elsewhere**" in section
    assert "n = 3,068. Without masks (no landmarks): their columns are not in the mean." in section
    assert "Mask type" not in section
    assert "**Measured elsewhere**" not in markdown(results).split("## rafdb")[0]


def test_nothing_measured(tmp_path: Path) -> None:
    nothing = load_robustness(tmp_path, ENABLED)
    assert NOTHING_MEASURED in markdown(nothing)
    assert csv_text(nothing).startswith("dataset,model,")
    assert len(csv_text(nothing).splitlines()) == 1


def test_csv_has_every_severity(results: Robustness) -> None:
    frame = pd.read_csv(io.StringIO(csv_text(results)))
    ours = frame.query("dataset == 'synthetic' and model == 'scan_cci'").set_index("name")
    assert len(ours) == 1 + 1 + 14 * 6 + 5 + 1
    blur = ours.loc["gaussian_blur"]
    assert blur["severity"].tolist() == ["1", "2", "3", "4", "5", "mean"]
    assert blur["accuracy_mean"].tolist() == [79.7, 74.7, 69.7, 64.7, 59.7, 69.7]
    assert blur["balanced_accuracy_mean"].tolist()[:2] == [78.7, 73.7]
    assert blur["flip_rate_mean"].tolist() == [5, 10, 15, 20, 25, 15]
    assert blur["value"].tolist()[:5] == ["0.45", "0.89", "1.34", "1.79", "2.68"]
    assert ours.loc["mask_type", "value"].tolist()[4] == "cloth_black"
    assert ours.loc["clean", "accuracy_mean"] == 85
    assert ours.loc["mean_corruption", "accuracy_std"] == 7.0711
    assert ours.loc["flip_rate", "flip_rate_mean"] == 3.5
    assert ours.loc["scale_2pct", ["kind", "value"]].tolist() == ["perturbation", "±2 %"]
    assert set(frame.query("dataset == 'rafdb'")["measured"]) == {"elsewhere"}
