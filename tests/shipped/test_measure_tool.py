"""Crop and order of colours are chosen on validation faces; only then are test faces asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import measure_tool
import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from face_crops import square
from tool import Tool, expressions

from fer_bench.datasets.base import Dataset, Part
from fer_bench.errors import FerBenchError
from fer_bench.files import read_json
from fer_bench.labels import EIGHT
from fer_bench.model_card import check_card
from fer_bench.rules import Protocol

CARD = {"pretraining": "none", "extra_data": "none", "landmarks": "none", "paper": "unpublished",
        "code": "a link", "year": 2020, "trained_on": "drawn faces"}  # fmt: skip


def blue_is_sad(x: torch.Tensor) -> torch.Tensor:
    """Takes (B, 3, H, W); happy where the first channel is the largest, sad where the last is."""
    means = x.mean((2, 3))
    return torch.stack([means[:, 2], means[:, 0]], 1) / 255


TOOL = Tool("toy_tool", "npm toy 1.0", "npm pack toy@1.0", {}, 4, expressions("sadness happiness"),
            lambda _: blue_is_sad, CARD, {"toy": "yes"})  # fmt: skip
TOY = Dataset("toy", (Part("toy"),), EIGHT)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The splits that were asked for, of a set whose happy faces are red outside `tight`."""
    splits: list[str] = []

    def rows_of(dataset: str, split: str) -> pd.DataFrame:
        splits.append(split)
        labels = [EIGHT.index(name) for name in ("happiness", "sadness", "contempt", "happiness")]
        return pd.DataFrame({"sample_id": list("abcd"), "label": labels})

    def faces_of(dataset, rows, crops, size):
        red = np.array([name != "sadness" for name in (EIGHT[label] for label in rows["label"])])
        found = {}
        for crop in crops:
            first = red if crop == "loose" else np.ones(len(red), bool)
            faces = np.zeros((len(red), size, size, 3), "uint8")
            faces[first, ..., 0] = faces[~first, ..., 2] = 200
            found[crop] = faces
        return found

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(measure_tool, "rows_of", rows_of)
    monkeypatch.setattr(measure_tool, "faces_of", faces_of)
    monkeypatch.setattr(measure_tool.datasets, "get_dataset", {"toy": TOY}.__getitem__)
    return splits


def test_the_best_crop_and_order_on_validation_faces_are_chosen(asked):
    log = measure_tool.choose("toy", TOOL, blue_is_sad)
    assert asked == ["val"]
    assert log["chosen"] == {"crop": "loose", "order": "rgb"}
    reached = {(t["crop"], t["order"]): t["accuracy"] for t in log["trials"]}
    assert reached["loose", "rgb"] == 0.75  # contempt is no answer of the tool
    assert reached["loose", "bgr"] == 0
    assert reached["box", "rgb"] == 0.5
    assert log["faces"] == 4


def test_a_tool_that_wants_blue_first_gets_it(asked):
    log = measure_tool.choose("toy", TOOL, lambda x: blue_is_sad(x).flip(1))
    assert log["chosen"] == {"crop": "box", "order": "bgr"}


def test_of_grey_faces_one_order_is_tried(asked, monkeypatch):
    monkeypatch.setattr(
        measure_tool, "faces_of",
        lambda dataset, rows, crops, size: {c: np.full((len(rows), 4, 4, 3), 9, "uint8")
                                            for c in crops},
    )  # fmt: skip
    log = measure_tool.choose("toy", TOOL, blue_is_sad)
    assert {t["order"] for t in log["trials"]} == {"rgb"}
    assert log["chosen"] == {"crop": "box", "order": "rgb"}  # the first of equals


def test_test_faces_are_predicted_once_and_stated_with_the_choice(asked, monkeypatch, tmp_path):
    submitted = []
    monkeypatch.setattr(measure_tool, "read_protocol", lambda: Protocol(3, "ab" * 32))
    monkeypatch.setattr(
        measure_tool, "submit", lambda file, **names: submitted.append((file, names))
    )
    package = tmp_path / "toy.tgz"
    package.write_bytes(b"")
    other = replace(TOOL, members={"w": ""})
    with pytest.raises(FerBenchError, match="neither a wheel"):
        measure_tool.run("toy", other, package)
    assert asked == []
    monkeypatch.setattr(Tool, "load", lambda self, package: blue_is_sad)
    measure_tool.run("toy", TOOL, package)
    assert asked == ["val", "test"]
    ((file, names),) = submitted
    assert names == {"model": "toy_tool", "dataset": "toy"}
    assert file.read_text().startswith(f"# protocol 3 {'ab' * 32} toy\n")
    frame = pd.read_csv(file, comment="#")
    assert list(frame.columns) == ["sample_id", *(f"probability_{name}" for name in EIGHT)]
    assert (frame["probability_contempt"] == 0).all()
    assert (frame.filter(like="probability_").idxmax(axis=1) == "probability_happiness").tolist() \
        == [True, False, True, True]  # fmt: skip
    card = check_card(yaml.safe_load(file.with_suffix(".yaml").read_text()), "", submitted=True)
    assert card["may_have_seen"] == "yes"
    assert "1.2 x the detector's box, RGB" in card["landmarks"]
    assert "npm toy 1.0" in card["code"]
    log = read_json(Path("results/tuning/toy/toy_tool.json"))
    assert log["chosen"]["crop"] == "loose"
    assert "sample_id" not in str(log)


def test_answers_that_a_dataset_lacks_are_refused(asked, monkeypatch):
    few = Dataset("toy", (Part("toy"),), ("neutral", "happiness"))
    monkeypatch.setattr(measure_tool.datasets, "get_dataset", {"toy": few}.__getitem__)
    with pytest.raises(FerBenchError, match="also answers sadness"):
        measure_tool.answered("toy", TOOL, np.full((1, 2), 0.5))


def test_squares_share_the_boxs_centre_and_go_on_at_the_edge():
    y, x = np.mgrid[:8, :8]
    picture = np.stack([10 * x, 10 * y, x + y], -1).astype("uint8")
    np.testing.assert_array_equal(square(picture, (0, 0, 8, 8), 1.0, 8), picture)
    np.testing.assert_array_equal(square(picture, (2, 2, 6, 6), 1.0, 4), picture[2:6, 2:6])
    np.testing.assert_array_equal(square(picture, (2, 3, 6, 5), 1.0, 4), picture[2:6, 2:6])
    loose = square(picture, (0, 0, 8, 8), 1.5, 12)
    np.testing.assert_array_equal(loose[2:10, 2:10], picture)
    np.testing.assert_array_equal(loose[0, 2:10], picture[0])
    np.testing.assert_array_equal(square(picture, (0, 0, 8, 8), 0.5, 4), picture[2:6, 2:6])
