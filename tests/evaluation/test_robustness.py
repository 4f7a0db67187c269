"""The robustness stage: numbers worked by hand with a model that reads brightness, then a cell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from made_specs import made_spec
from rendered_pack import rendered, write_pack
from safetensors.torch import save_file

from fer_bench import models
from fer_bench.datasets.base import Part
from fer_bench.errors import FerBenchError
from fer_bench.evaluation import robustness as stage
from fer_bench.evaluation.corruptions import CORRUPTIONS, PERTURBATIONS
from fer_bench.evaluation.robustness import ModelOnFaces, robustness, robustness_cell
from fer_bench.faces.face_points import face_points
from fer_bench.files import read_json, write_json
from fer_bench.labels import SEVEN
from fer_bench.records.base import to_json
from fer_bench.records.robustness import Worn
from fer_bench.records.training import Training
from fer_bench.training.batches import Faces

COMPUTE = {"device": "cpu", "threads": 1, "tf32": False}

SIZE = 80


def brightness_reader(images: np.ndarray, which: np.ndarray) -> np.ndarray:
    """Class 1 above the middle of the range, else class 0."""
    mean = images.mean(axis=(1, 2, 3))
    return np.stack([127.5 - mean, mean - 127.5], axis=1)


def subject(landmarks: np.ndarray | None = None) -> ModelOnFaces:
    """Four even faces, all read right: 60 and 126 are of class 0, 150 and 240 of class 1."""
    pixels = np.stack([np.full((SIZE, SIZE, 3), v, np.uint8) for v in (60, 126, 150, 240)])
    ids = np.array(["a", "b", "c", "d"])
    faces = Faces(pixels, np.arange(4), np.array([0, 0, 1, 1]), ids, ids)
    return ModelOnFaces(brightness_reader, faces, landmarks, ("dark", "bright"))


def measured(of: ModelOnFaces) -> dict:
    return to_json(robustness(of, ("toy", "net", 0), Worn(0, 0, "no landmarks")))


def test_accuracy_and_flip_rate_worked_by_hand():
    result = measured(subject())
    assert result["clean"] == {"accuracy": 1.0, "balanced_accuracy": 1.0}
    # darkness takes off 25.5 grey levels a severity: 150 becomes 124 at once, 240 becomes 113 last
    dark = result["corruptions"]["darkness"]
    assert dark["group"] == "light"
    assert [s["level"] for s in dark["severities"]] == [1, 2, 3, 4, 5]
    assert [s["value"] for s in dark["severities"]] == [10, 20, 30, 40, 50]
    assert [s["accuracy"] for s in dark["severities"]] == [0.75, 0.75, 0.75, 0.75, 0.5]
    assert [s["flip_rate"] for s in dark["severities"]] == [0.25, 0.25, 0.25, 0.25, 0.5]
    # JPEG of a low quality rounds brightness coarsely; nothing else moves it over the middle
    coarse = [s["accuracy"] for s in result["corruptions"]["jpeg"]["severities"]]
    others = {n: c for n, c in result["corruptions"].items() if n not in ("darkness", "jpeg")}
    wanted = {n for n, c in CORRUPTIONS.items() if not c.landmarks}
    assert set(others) == wanted - {"darkness", "jpeg"}
    assert {s["accuracy"] for c in others.values() for s in c["severities"]} == {1.0}
    assert {s["flip_rate"] for c in others.values() for s in c["severities"]} == {0.0}
    assert result["mean_corruption_accuracy"] == pytest.approx((10 + 0.7 + np.mean(coarse)) / 12)
    # 126 * 1.02 is over the middle, 150 * 0.98 is not under it: one of eight answers
    flips = {name: p["flip_rate"] for name, p in result["perturbations"].items()}
    assert flips == {
        "shift_1px": 0, "rotation_1deg": 0, "scale_2pct": 0, "jpeg_90": 0, "brightness_2pct": 0.125,
    }  # fmt: skip
    assert result["flip_rate"] == pytest.approx(0.125 / 5)


def test_a_flip_is_counted_against_the_clean_answer_not_against_the_label():
    wrong = subject()
    faces = Faces(**{**vars(wrong.faces), "labels": np.array([1, 1, 0, 0])})
    wrong = ModelOnFaces(wrong.predict, faces, None, wrong.classes)
    result = measured(wrong)
    dark = result["corruptions"]["darkness"]["severities"]
    assert result["clean"]["accuracy"] == 0
    assert [s["accuracy"] for s in dark] == [0.25, 0.25, 0.25, 0.25, 0.5]
    assert [s["flip_rate"] for s in dark] == [0.25, 0.25, 0.25, 0.25, 0.5]


def test_balanced_accuracy_is_the_mean_recall():
    three = subject()
    three = ModelOnFaces(three.predict, Faces(three.faces.pixels, np.array([0, 2, 3]),
                    np.array([0, 1, 1]), np.array(["a", "c", "d"]), np.arange(3)), None,
                    three.classes)  # fmt: skip
    first = measured(three)["corruptions"]["darkness"]["severities"][0]
    assert first["accuracy"] == pytest.approx(2 / 3)
    assert first["balanced_accuracy"] == pytest.approx(0.75)


def test_every_change_is_predicted_once_in_small_batches(monkeypatch):
    seen: list[int] = []
    whole = subject()

    def counted(images: np.ndarray, which: np.ndarray) -> np.ndarray:
        seen.append(len(images))
        return whole.predict(images, which)

    counting = ModelOnFaces(counted, whole.faces, None, whole.classes)
    expected = measured(whole)
    monkeypatch.setattr(stage, "BATCH", 2)
    assert measured(counting) == expected
    passes = 1 + 5 * 12 + sum(len(p.steps) for p in PERTURBATIONS)
    assert seen == [2, 2] * passes


def test_an_error_in_a_corruption_is_not_swallowed(monkeypatch):
    def broken(image, value, rng):
        raise FerBenchError("no such strength")

    patched = CORRUPTIONS["patch"].__class__("patch", "g", "t", "u", (1, 2, 3, 4, 5), broken)
    monkeypatch.setitem(stage.CORRUPTIONS, "patch", patched)
    with pytest.raises(FerBenchError, match="no such strength"):
        measured(subject())


@pytest.fixture(scope="module")
def faces() -> tuple[np.ndarray, pd.DataFrame]:
    return rendered(SIZE)


class Cell:
    """A cell with random weights on rendered faces, as files."""

    def __init__(
        self, root: Path, pixels: np.ndarray, manifest: pd.DataFrame, base: str = "baseline1",
        **options,
    ) -> None:  # fmt: skip
        view = {"name": "toy", "parts": [Part("toy").to_json()], "classes": list(SEVEN),
                "protocol": "split"}  # fmt: skip
        write_pack(root / "aligned" / "toy", pixels, manifest)
        chosen = {**models.preset(base).defaults, "backbone": "resnet18_slim", "size": SIZE}
        write_json(root / "view.json", view)
        write_json(
            root / "spec.json",
            made_spec(model="mine", base=base, options=chosen | options, view=view,
                      compute=COMPUTE),
        )  # fmt: skip
        torch.manual_seed(0)
        model = models.build(base, 7, **chosen)
        weights = root / "train" / "weights"
        weights.mkdir(parents=True)
        save_file(model.state_dict(), weights / "last.safetensors")
        Training("toy", "mine", 3, method="mine", classes=SEVEN, protocol="split").write(
            root / "train" / "train.json"
        )
        self.root, self.out = root, root / "out" / "3.json"

    def run(self) -> dict:
        robustness_cell(
            self.root / "spec.json", self.root / "view.json", self.root / "train" / "weights",
            self.out, self.root / "aligned",
        )  # fmt: skip
        return read_json(self.out)


def test_a_cell_is_measured_with_its_last_weights(tmp_path, faces, capsys):
    pixels, manifest = faces
    result = Cell(tmp_path / "a", pixels, manifest).run()
    assert set(result) == {
        "dataset", "model", "seed", "n", "classes", "clean", "corruptions", "worn",
        "mean_corruption_accuracy", "perturbations", "flip_rate", "format",
    }  # fmt: skip
    assert (result["dataset"], result["model"], result["seed"], result["n"]) == (
        "toy",
        "mine",
        3,
        14,
    )
    assert list(result["corruptions"]) == sorted(CORRUPTIONS)
    assert result["worn"] == {"by_landmarks": 14, "by_mean_face": 0, "left_out": None}
    kinds = [s["value"] for s in result["corruptions"]["mask_type"]["severities"]]
    assert kinds == list(CORRUPTIONS["mask_type"].values)
    noise = [s["value"] for s in result["corruptions"]["gaussian_noise"]["severities"]]
    assert noise == CORRUPTIONS["gaussian_noise"].values_at(SIZE)
    text = (tmp_path / "a" / "out" / "3.json").read_text()
    assert not any(sample in text for sample in manifest["sample_id"])
    assert "toy/mine/3" in capsys.readouterr().err, "the progress bar"

    mirrored = Cell(tmp_path / "b", pixels[::-1], manifest.iloc[::-1].reset_index(drop=True))
    mirrored.run()
    assert mirrored.out.read_text() == text, "the order of the faces changes nothing"


def test_a_model_that_looks_at_points_gets_those_of_each_face(tmp_path, faces, monkeypatch):
    pixels, manifest = faces
    given, real = [], stage.predict

    def predict(model, faces, *rest):
        given.append(faces.fields["points"])
        return real(model, faces, *rest)

    monkeypatch.setattr(stage, "predict", predict)
    monkeypatch.setattr(stage, "BATCH", 5)
    Cell(tmp_path, pixels, manifest, "oadn").run()
    tests = manifest[manifest["split"] == "test"]
    whole = face_points(list(tests["landmarks"]), SIZE)
    assert not np.allclose(whole[0], whole[-1], atol=0.005)
    for start in range(0, 9, 3):  # 14 faces in batches of five
        np.testing.assert_array_equal(np.concatenate(given[start : start + 3]), whole)


def test_masks_are_left_out_where_nobody_knows_the_mouth(tmp_path, faces):
    pixels, manifest = faces
    blind = Cell(tmp_path / "a", pixels, manifest.assign(landmarks=None)).run()
    assert blind["worn"] == {"by_landmarks": 0, "by_mean_face": 14, "left_out": "no landmarks"}
    assert set(blind["corruptions"]) == {n for n, c in CORRUPTIONS.items() if not c.landmarks}
    masked = Cell(tmp_path / "b", pixels, manifest.assign(mask_kind="surgical_blue")).run()
    assert masked["worn"]["left_out"] == "already masked"
    assert "mask_type" not in masked["corruptions"]
    means = [np.mean([s["accuracy"] for s in c["severities"]])
             for c in masked["corruptions"].values()]  # fmt: skip
    assert masked["mean_corruption_accuracy"] == pytest.approx(np.mean(means))


def test_a_cell_that_cannot_be_measured_says_why(tmp_path, faces):
    pixels, manifest = faces
    cell = Cell(tmp_path / "a", pixels, manifest)
    (cell.root / "train" / "weights" / "last.safetensors").unlink()
    with pytest.raises(FerBenchError, match=r"last\.safetensors is missing.*cross-validated"):
        cell.run()
    other = Cell(tmp_path / "b", pixels[:, :64, :64], manifest)
    with pytest.raises(FerBenchError, match="aligned to 64 px"):
        other.run()
    with pytest.raises(FerBenchError, match="no test faces"):
        Cell(tmp_path / "c", pixels, manifest.assign(split="train")).run()
    assert not cell.out.exists()
