"""What a model is given of each face besides its pixels goes with the face, mirrored with it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from toy_pack import TOY_VIEW

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.evaluation.evaluate import evaluate_cell
from fer_bench.faces.face_points import face_points, mirrored
from fer_bench.faces.geometry import reference
from fer_bench.files import read_json, write_json
from fer_bench.records.spec import View
from fer_bench.training import fields, step
from fer_bench.training.batches import Faces
from fer_bench.training.data import open_view, select, with_fields
from fer_bench.training.loop import fit
from fer_bench.training.recipe import Recipe
from fer_bench.training.setup import start
from fer_bench.training.streams import CellStreams
from fer_bench.training.train import train_cell

SIZE = 40


def landmarks(seed):
    return (reference(112) + np.random.default_rng(seed).normal(0, 3, (5, 2))).ravel().tolist()


def test_points_are_what_alignment_stored():
    rows = pd.DataFrame({"landmarks": [landmarks(0), None, landmarks(1)]})
    points = np.random.default_rng(3).random((3, 24, 3)).astype(np.float32)
    stored = rows.assign(points=[list(face.ravel().astype(float)) for face in points])
    np.testing.assert_array_equal(fields.read(["points"], stored)["points"], points)
    assert fields.read(["points"], stored.iloc[:0])["points"].shape == (0, 24, 3)
    assert fields.read([], rows) == {}
    with pytest.raises(FerBenchError, match="did you mean 'points'"):
        fields.read(["point"], stored)


def test_a_pack_without_points_has_to_be_aligned_again():
    old = pd.DataFrame({"landmarks": [landmarks(0), None]})
    stored = old.assign(points=[[0.5] * 72, [0.5] * 72])
    for rows in (old, pd.concat([stored, old])):  # the second: a union with one older pack
        with pytest.raises(FerBenchError, match="align the pack again"):
            fields.read(["points"], rows)


def test_a_batch_has_its_faces_fields_and_those_mirrored_that_are_flipped():
    points = np.random.default_rng(0).random((5, 24, 3)).astype(np.float32)
    before = points.copy()
    which, flip = np.array([3, 0, 3]), np.array([False, True, True])
    given = fields.of_batch({"points": points}, which, torch.device("cpu"), flip)["points"].numpy()
    np.testing.assert_array_equal(given[0], points[3])
    np.testing.assert_array_equal(given[1], mirrored(points[0]))
    np.testing.assert_array_equal(given[2], mirrored(points[3]))
    np.testing.assert_array_equal(points, before)
    assert fields.of_batch({}, which, torch.device("cpu"), flip) == {}


def test_faces_keep_nothing_for_a_plain_model(aligned):
    pixels, rows = open_view(View(**TOY_VIEW), aligned)
    faces = select(pixels, rows)
    assert with_fields(faces, rows, ()) is faces
    every = np.random.default_rng(0).random((len(rows), 24, 3)).astype(np.float32)
    shuffled = rows.sample(frac=1, random_state=0).assign(points=list(every))
    some = select(pixels, shuffled.iloc[5:20])
    points = with_fields(some, shuffled, ("points",)).fields["points"]
    np.testing.assert_array_equal(points, every[5:20])


class Spy(models.FERModel):
    """Records what it is given of each face."""

    fields = ("points",)

    def __init__(self):
        super().__init__()
        self.backbone = torch.nn.Conv2d(3, 4, 3)
        self.fc = torch.nn.Linear(4, 2)
        self.seen = {True: [], False: []}

    def forward(self, images, points=None):
        self.seen[self.training].append((images.clone(), points))
        logits = self.fc(self.backbone(images).mean((2, 3)))
        return models.Output(logits, (logits,))

    def loss(self, output, target, class_weight=None):
        return torch.nn.functional.cross_entropy(output.logits, target, class_weight)


def test_training_and_prediction_give_each_face_its_own(make_spec, aligned):
    """Each face has its number as brightness and a bright left half, so that both can be told."""
    count = 24
    pixels = np.zeros((count, SIZE, SIZE, 3), np.uint8)
    pixels[:] = 4 * np.arange(count)[:, None, None, None]
    pixels[:, :, : SIZE // 2] += 100
    points = np.random.default_rng(0).random((count, 24, 3)).astype(np.float32)
    every = np.arange(count)
    faces = Faces(pixels, every, every % 2, every.astype(str), every, {"points": points})
    recipe = Recipe.of({"epochs": 2, "batch_size": 5, "jitter": [0.0, 0.0, 0.0, 0.0]})
    cell, spec = CellStreams("toy", "spy", 0), read_json(make_spec()[0])
    model = Spy()
    fabric = start(spec["compute"], cell)
    held_out = replace(faces, fields={"points": points[::-1].copy()})
    fit(fabric, spec["compute"], model, faces, None, held_out, recipe, cell, 2, "key")
    flips = []
    for images, given in model.seen[True]:
        for image, found in zip((images * 255).round(), given.numpy(), strict=True):
            left, right = image[0, 0, 0].item(), image[0, 0, -1].item()
            flipped, number = left < right, int(min(left, right)) // 4
            np.testing.assert_array_equal(
                found, mirrored(points[number]) if flipped else points[number]
            )
            flips.append(flipped)
    assert len(flips) == 2 * count
    assert 0.2 < np.mean(flips) < 0.8
    for _, given in model.seen[False]:
        np.testing.assert_array_equal(given.numpy(), points[::-1])


def test_points_are_moved_with_their_faces(make_spec):
    """Each face is a bright block, its first point the middle of that."""
    count, rng = 16, np.random.default_rng(0)
    pixels, points = np.zeros((count, SIZE, SIZE, 3), np.uint8), np.ones((count, 24, 3), np.float32)
    for i in range(count):
        x, y = rng.integers(3, SIZE - 3, 2)
        pixels[i, y - 1 : y + 2, x - 1 : x + 2] = 250
        points[i, 0, :2] = (x + 0.5) / SIZE, (y + 0.5) / SIZE
    every = np.arange(count)
    faces = Faces(pixels, every, every % 2, every.astype(str), every, {"points": points})
    keys = {"epochs": 2, "batch_size": 5, "padded_crop": 0.3, "moved": 0.8, "flip": 0.0,
            "jitter": [0.0] * 4}  # fmt: skip
    cell, spec, model = CellStreams("toy", "spy", 0), read_json(make_spec()[0]), Spy()
    fabric = start(spec["compute"], cell)
    fit(fabric, spec["compute"], model, faces, None, None, Recipe.of(keys), cell, 2, "key")
    seen = 0
    for images, given in model.seen[True]:
        for image, (x, y, there) in zip(images[:, 0], given[:, 0].tolist(), strict=True):
            if there and 0.1 < min(x, y) < max(x, y) < 0.9:
                bright = (image > 0.5).nonzero().double().mean(0).flip(0) + 0.5
                np.testing.assert_allclose(bright / SIZE, [x, y], atol=1e-6)
                seen += 1
    assert seen > count
    assert (torch.cat([p for _, p in model.seen[True]])[:, 0, 2] == 0).any()


def test_a_model_with_points_trains_and_is_evaluated_on_them(aligned, make_spec, tmp_path):
    manifest = pd.read_parquet(aligned / "toy/manifest.parquet")
    found = face_points([landmarks(i) for i in range(len(manifest))], 80)
    manifest["points"] = list(found.reshape(len(manifest), -1))
    manifest.to_parquet(aligned / "toy/manifest.parquet")
    spec, begin = make_spec("oadn", {"epochs": 1})
    out = tmp_path / "train"
    train_cell(spec, begin, 0, out, aligned)
    write_json(tmp_path / "view.json", TOY_VIEW)
    view, table = tmp_path / "view.json", tmp_path / "toy.parquet"
    table.touch()
    evaluate_cell(spec, view, table, out / "weights", tmp_path / "on", aligned)
    own, again = (
        pd.read_parquet(folder / "predictions.parquet").query(
            "selection == 'last' and split == 'test'"
        )
        for folder in (out, tmp_path / "on")
    )
    pd.testing.assert_frame_equal(own.reset_index(drop=True), again.reset_index(drop=True))
    manifest.assign(points_from="face_landmark_68").to_parquet(aligned / "toy/manifest.parquet")
    with pytest.raises(FerBenchError, match="toy/oadn learned from points of the mean_face and"):
        evaluate_cell(spec, view, table, out / "weights", tmp_path / "other", aligned)
    assert not (tmp_path / "other").exists()
    pixels, rows = open_view(View(**TOY_VIEW), aligned)
    tests = select(pixels, rows[rows["split"] == "test"])
    model = models.build("oadn", 7, **read_json(spec)["options"])
    from safetensors.torch import load_file

    model.load_state_dict(load_file(out / "weights/last.safetensors"))
    without = step.predict(model, tests, torch.device("cpu"))
    logits = own[[c for c in own if c.startswith("logit_")]].to_numpy()
    assert not np.allclose(logits, without, atol=1e-4)
    with_points = step.predict(model, with_fields(tests, rows, model.fields), torch.device("cpu"))
    np.testing.assert_allclose(logits, with_points, atol=1e-3)  # float16
