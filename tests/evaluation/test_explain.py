"""`explain_cell` on rendered faces: which faces, what is written, and every way it can go wrong."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from drawn_packs import OPTIONS, SIZE, make_packs
from made_specs import made_spec
from safetensors.torch import save_file

from fer_bench import models
from fer_bench.datasets import get_dataset
from fer_bench.datasets.pack import Pack
from fer_bench.errors import FerBenchError
from fer_bench.evaluation.explain import FAILURES, explain_cell, write_arrays
from fer_bench.evaluation.explain_faces import OCCLUDED_PER_CLASS, PER_CLASS
from fer_bench.files import write_json
from fer_bench.labels import SEVEN
from fer_bench.records.base import to_json
from fer_bench.records.training import Training
from fer_bench.specs.options import view

COMPUTE = {"device": "cpu", "threads": 1, "tf32": False}

MODELS = ("baseline1", "scan_cci")
SETS = ("synthetic", "synthetic_masked")


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Packs, views, and the specs and random weights of two models, explained on two sets."""
    root = tmp_path_factory.mktemp("cells")
    make_packs(root, 36)
    Training("synthetic", "net", 4, method="net", classes=SEVEN, protocol="split").write(
        root / "train.json"
    )
    for name in SETS:
        write_json(root / f"{name}_view.json", to_json(view(get_dataset(name))))
    for seed, name in enumerate(MODELS):
        options = {**models.preset(name).defaults, "backbone": "resnet18_slim", "size": SIZE}
        spec = made_spec(
            dataset="synthetic", model=name, options=options, compute=COMPUTE,
            view=to_json(view(get_dataset("synthetic"))),
        )  # fmt: skip
        write_json(root / f"{name}.json", spec)
        torch.manual_seed(seed)
        (root / name).mkdir()
        model = models.build(name, 7, **options)
        save_file(model.state_dict(), root / name / "last.safetensors")
        for set_ in SETS:
            explain(root, name, set_)
    return root


def explain(root: Path, model: str, set_: str, to: str = "out", **changes: Any) -> Path:
    out = root / to / model / set_
    arguments = {"faces": 12, "source_options": {"synthetic": OPTIONS}} | changes
    explain_cell(
        root / f"{model}.json", root / f"{set_}_view.json", root / model,
        out / "numbers.json", out / "arrays", root, **arguments,
    )  # fmt: skip
    return out


def numbers(root: Path, model: str, set_: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((root / "out" / model / set_ / "numbers.json").read_text())
    return found


def arrays(root: Path, model: str, set_: str) -> dict[str, np.ndarray]:
    with np.load(root / "out" / model / set_ / "arrays" / "arrays.npz", allow_pickle=False) as file:
        return dict(file)


def test_numbers_say_what_was_measured_and_on_what(cells: Path) -> None:
    found = numbers(cells, "scan_cci", "synthetic_masked")
    assert (found["dataset"], found["model"]) == ("synthetic", "scan_cci")
    assert (found["set"], found["layer"]) == ("synthetic_masked", "backbone.layer2")
    assert (found["n"], found["test_faces"]) == (12, 36)
    for measure in ("deletion", "insertion"):
        measured = found["faithfulness"][measure]
        assert measured["cam"]["n"] == 12
        assert 1 < measured["cam"]["units"] <= 6  # people, of whom some have several faces
        assert 0 < measured["cam"]["mean"] < 1
        assert measured["cam"]["low"] <= measured["cam"]["mean"] <= measured["cam"]["high"]
        starts = {curve[0] for curve in measured["curves"].values()}
        assert max(starts) - min(starts) < 1e-4
    assert set(found["occluders"]["kinds"]) == {"surgical_blue"}
    assert found["channels"]["count"] == 32
    assert found["channels"]["inside"][2] > found["channels"]["outside"][2]


def test_occluders_of_rendered_faces_are_measured_by_kind(cells: Path) -> None:
    found = numbers(cells, "baseline1", "synthetic")["occluders"]
    assert set(found["kinds"]) <= {"hand", "sunglasses", "hair", "scarf"}
    assert len(found["kinds"]) >= 3
    assert found["n"] + found["empty"] == 12  # of about 20 occluded faces: bounded by `faces`
    assert 0.03 < found["area"]["mean"] < 0.3


def test_every_model_shows_the_same_faces_in_the_same_order(cells: Path) -> None:
    one, other = (arrays(cells, model, "synthetic") for model in MODELS)
    shown, others = one["faces"][~one["is_failure"]], other["faces"][~other["is_failure"]]
    assert np.array_equal(shown, others)
    assert np.array_equal(one["labels"][~one["is_failure"]], other["labels"][~other["is_failure"]])
    labels = one["labels"][~one["is_failure"]]
    assert np.bincount(labels, minlength=7).tolist() == [PER_CLASS] * 7
    assert (np.diff(labels) >= 0).all()


def test_occluded_faces_come_first_and_their_masks_are_kept(cells: Path) -> None:
    found = arrays(cells, "baseline1", "synthetic")
    hidden = found["occluders"][~found["is_failure"]].any(axis=(1, 2)).reshape(7, PER_CLASS)
    pack = Pack.open(cells / "synthetic").manifest
    pack = pack[pack["split"] == "test"]
    for k in range(7):
        own = pack[pack["label"] == k]["occluder"] != "none"
        assert hidden[k].sum() == min(OCCLUDED_PER_CLASS, own.sum()) or hidden[k].all()
        assert hidden[k][: min(OCCLUDED_PER_CLASS, int(own.sum()))].all()
    masked = arrays(cells, "baseline1", "synthetic_masked")
    assert masked["occluders"][~masked["is_failure"]].any(axis=(1, 2)).any()


def test_failures_are_wrong_and_answers_fit_the_probabilities(cells: Path) -> None:
    found = arrays(cells, "baseline1", "synthetic")
    failing = found["is_failure"]
    assert 0 < failing.sum() <= FAILURES
    assert (found["predictions"][failing] != found["labels"][failing]).all()
    right = found["predictions"] == found["labels"]
    assert np.allclose(found["probabilities"][right], found["true_probabilities"][right])
    assert (found["probabilities"][~right] > found["true_probabilities"][~right]).all()
    accuracy = numbers(cells, "baseline1", "synthetic")["accuracy"]
    assert failing.sum() == min(FAILURES, round((1 - accuracy) * 12))
    assert found["faces"].dtype == np.uint8
    assert found["cams"].dtype == np.float16
    assert found["cams"].shape == found["faces"].shape[:3]
    means = numbers(cells, "baseline1", "synthetic")["faithfulness"]
    assert found["areas"][0, 0] == pytest.approx(means["deletion"]["cam"]["mean"], abs=1e-5)


def test_no_names_of_faces_are_written(cells: Path) -> None:
    for set_ in SETS:
        folder = cells / "out" / "scan_cci" / set_
        written = (folder / "numbers.json").read_bytes()
        written += (folder / "arrays" / "arrays.npz").read_bytes()
        for sample in Pack.open(cells / set_).manifest["sample_id"]:
            assert sample.encode() not in written
        assert str(cells).encode() not in written


def test_equal_inputs_give_equal_bytes(cells: Path) -> None:
    first = cells / "out" / "scan_cci" / "synthetic"
    again = explain(cells, "scan_cci", "synthetic", "again")
    for name in ("numbers.json", "arrays/arrays.npz"):
        assert (first / name).read_bytes() == (again / name).read_bytes()


def test_the_bytes_of_arrays_follow_from_the_arrays_alone(tmp_path: Path) -> None:
    """Of another Python's patch version too: `np.savez` wrote other local headers in 3.11.2."""
    file = tmp_path / "arrays.npz"
    written = {"layer": np.array("layer4"), "cams": np.arange(6, dtype="<f2").reshape(2, 3)}
    write_arrays(file, written)
    with np.load(file, allow_pickle=False) as found:
        assert found.files == list(written)
        assert all(np.array_equal(found[name], array) for name, array in written.items())
        assert found["cams"].dtype == np.float16
    known = "57c712f2ecd5022e7efa7de4d97752071683b3837de2dece03d4df368b03b674"
    assert sha256(file.read_bytes()).hexdigest() == known


def test_another_layer_by_name(cells: Path) -> None:
    out = explain(cells, "scan_cci", "synthetic", "layer", layer="attention.whole", faces=3)
    assert json.loads((out / "numbers.json").read_text())["layer"] == "attention.whole"
    with np.load(out / "arrays" / "arrays.npz") as file:
        assert str(file["layer"]) == "attention.whole"
        assert not np.array_equal(file["cams"], arrays(cells, "scan_cci", "synthetic")["cams"])
    with pytest.raises(FerBenchError, match=r"did you mean 'attention\.whole'"):
        explain(cells, "scan_cci", "synthetic", "never", layer="attention.hole")
    assert not (cells / "never").exists()


def test_the_last_layer_of_a_small_network_has_a_channel_response(cells: Path) -> None:
    out = explain(cells, "baseline1", "synthetic", "deep", layer="backbone.layer4", faces=3)
    inside = json.loads((out / "numbers.json").read_text())["channels"]["inside"]
    assert inside[-1] > 0


@pytest.mark.parametrize(
    ("size", "splits", "weights", "said"),
    [
        (96, ["test"], "baseline1", "aligned to 80 px"),
        (80, ["train"], "baseline1", "no test faces"),
        (80, ["test"], "nowhere", "cross-validated"),
    ],
)
def test_faults_are_named(
    cells: Path, tmp_path: Path, size: int, splits: list[str], weights: str, said: str
) -> None:
    spec = json.loads((cells / "baseline1.json").read_text())
    spec["options"]["size"] = size
    shown = json.loads((cells / "synthetic_view.json").read_text())
    shown["parts"][0]["splits"] = splits
    write_json(tmp_path / "spec.json", spec)
    write_json(tmp_path / "view.json", shown)
    with pytest.raises(FerBenchError, match=said):
        explain_cell(
            tmp_path / "spec.json", tmp_path / "view.json", cells / weights,
            tmp_path / "numbers.json", tmp_path / "arrays", cells,
        )  # fmt: skip
    assert not (tmp_path / "numbers.json").exists()


def test_a_model_that_looks_at_more_than_pixels_is_refused(cells: Path, tmp_path: Path) -> None:
    options = {**models.preset("oadn").defaults, "backbone": "resnet18_slim", "size": SIZE}
    spec = json.loads((cells / "baseline1.json").read_text())
    write_json(cells / "oadn.json", spec | {"model": "oadn", "base": "oadn", "options": options})
    (cells / "oadn").mkdir()
    save_file(models.build("oadn", 7, **options).state_dict(), cells / "oadn/last.safetensors")
    with pytest.raises(FerBenchError, match=r"looks at points.*enabled\.synthetic\.explain"):
        explain(cells, "oadn", "synthetic", str(tmp_path))


def test_faces_drawn_with_other_options_are_refused(cells: Path) -> None:
    with pytest.raises(FerBenchError, match="align them again"):
        explain(cells, "baseline1", "synthetic", "never", source_options={})
