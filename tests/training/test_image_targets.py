"""Images that a model learns to draw: what they are, and that they go with their face."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from toy_pack import TOY_VIEW

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.files import read_json
from fer_bench.labels import SEVEN
from fer_bench.records.spec import View
from fer_bench.training import train
from fer_bench.training.batches import Faces
from fer_bench.training.data import open_view, splits
from fer_bench.training.image_targets import with_targets
from fer_bench.training.recipe import Recipe
from fer_bench.training.train import train_cell

SIDE = 6
PEOPLE = ["a", "a", "b", "b", "b", None, "c", "a"]
LABELS = np.array([0, 1, 2, 0, 0, 0, 1, 2])  # c has no neutral face


@pytest.fixture
def some():
    """Eight faces in another order than their pixels, and the manifest of twelve."""
    pixels = np.random.default_rng(0).integers(0, 256, (12, SIDE, SIDE, 3), np.uint8)
    rows = np.array([7, 3, 11, 0, 5, 2, 9, 4])
    subjects = pd.Series(PEOPLE, index=rows, dtype=object).reindex(range(12))
    manifest = pd.DataFrame({"row": range(12), "subject": subjects.to_numpy()})
    return Faces(pixels, rows, LABELS, rows.astype(str), rows), manifest


def grey(faces, i):
    return faces.pixels[faces.rows[i]] @ np.array([0.299, 0.587, 0.114]) / 255


def of(faces, name):
    return faces.fields[name][np.arange(len(faces))]


def only(faces, keep):
    parts = {k: getattr(faces, k)[keep] for k in ("rows", "labels", "sample_ids", "folds")}
    return replace(faces, **parts)


def test_class_means_are_how_far_a_class_is_from_neutral(some):
    found = of(with_targets(*some, ["class_means"], SEVEN), "class_means")
    means = [np.mean([grey(some[0], i) for i in np.flatnonzero(k == LABELS)], 0) for k in range(3)]
    assert found.shape == (8, 1, SIDE, SIDE)
    for image, label in zip(found, LABELS, strict=True):
        np.testing.assert_allclose(image[0], np.abs(means[label] - means[0]), atol=1e-6)
    with pytest.raises(FerBenchError, match="class_means: there is no neutral face"):
        with_targets(only(some[0], LABELS > 0), some[1], ["class_means"], SEVEN)


def test_class_pairs_are_how_far_people_are_from_themselves(some):
    found = of(with_targets(*some, ["class_pairs"], SEVEN), "class_pairs")
    faces = some[0]
    wanted = [
        (np.abs(grey(faces, 4) - grey(faces, 4)) + 0),  # neutral faces are their own
        np.abs(grey(faces, 1) - grey(faces, 0)),  # c has none
        (np.abs(grey(faces, 2) - grey(faces, 3)) + np.abs(grey(faces, 7) - grey(faces, 0))) / 2,
    ]
    for image, label in zip(found, LABELS, strict=True):
        np.testing.assert_allclose(image[0], wanted[label], atol=1e-6)
    with pytest.raises(FerBenchError, match=r"class_pairs: no happiness face is of a person who"):
        with_targets(only(faces, [0, 3, 6, 7]), some[1], ["class_pairs"], SEVEN)


def test_neutral_faces_are_the_same_persons(some):
    faces, manifest = some
    known = only(faces, [i for i in range(8) if i != 6])
    found = of(with_targets(known, manifest, ["neutral_face"], SEVEN), "neutral_face")
    for image, row in zip(found, [7, 7, 0, 0, 5, 2, 7], strict=True):
        np.testing.assert_allclose(image, faces.pixels[row].transpose(2, 0, 1) / 255, atol=1e-6)
    with pytest.raises(FerBenchError, match=r"neutral_face: 1 of the 8 faces to learn from"):
        with_targets(faces, manifest, ["neutral_face"], SEVEN)


def test_what_cannot_be_had_is_said(some):
    assert with_targets(*some, (), SEVEN) is some[0]
    with pytest.raises(FerBenchError, match=r"the target 'class_mean'.*'class_means'"):
        with_targets(*some, ["class_mean"], SEVEN)
    with pytest.raises(FerBenchError, match=r"class_means: these classes have no neutral face"):
        with_targets(*some, ["class_means"], SEVEN[1:])


def test_targets_are_mirrored_and_moved_with_their_faces(aligned, make_spec, tmp_path, monkeypatch):
    """A neutral face's target is that face, whatever is done to it; nothing is given at test."""
    seen = []

    class Drawing(type(models.build("baseline1"))):
        targets = ("neutral_face", "class_means")

        def forward(self, images, neutral_face=None, class_means=None):
            if self.training:
                seen.append((images.clone(), neutral_face, class_means))
            else:
                assert neutral_face is class_means is None
            return super().forward(images)

    build = train.models.build
    monkeypatch.setattr(
        train.models, "build",
        lambda name, classes, **options: Drawing(classes, models.configure(name, options))
        if name == "baseline1" else build(name, classes, **options),
    )  # fmt: skip
    keys = {"epochs": 1, "jitter": [0.0] * 4, "rotation": 20.0, "resized_crop": [0.5, 1.0]}
    spec, start = make_spec("baseline1", keys)
    train_cell(spec, start, 0, tmp_path / "out", aligned)
    images, neutral, means = (torch.cat(part) for part in zip(*seen, strict=True))
    same = (images - neutral).abs().amax((1, 2, 3)) < 1e-6
    pixels, rows = open_view(View(**TOY_VIEW), aligned)
    faces = splits(pixels, rows, Recipe.of(read_json(spec)["recipe"]), "toy").train
    assert len(images) == len(faces)
    # A seventh of the faces are neutral and drawn as often as others.
    assert 0 < same.sum() < len(same) / 2
    assert means[same].abs().max() == 0
    assert (means[~same].abs().amax((1, 2, 3)) > 0.05).all()
    bright = torch.stack([m[0] for m in means[~same]])
    assert len(torch.unique(bright, dim=0)) > 6  # moved, each in its own way
