"""A student learns from another row's answers, of the same seed, on the same faces."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from toy_pack import TOY_VIEW, make_pack

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.files import read_json
from fer_bench.labels import SEVEN
from fer_bench.records.spec import View
from fer_bench.training import train
from fer_bench.training.data import open_view, splits
from fer_bench.training.recipe import Recipe
from fer_bench.training.teacher import Teacher, distilled
from fer_bench.training.train import train_cell

CPU = torch.device("cpu")


@pytest.fixture
def teacher(aligned, make_spec, tmp_path):
    """The `train` folder of a trained cell."""
    spec, start = make_spec("baseline1", {"epochs": 1})
    train_cell(spec, start, 5, tmp_path / "teacher", aligned)
    return tmp_path / "teacher"


@pytest.fixture
def pupils(aligned):
    """The faces to learn from, and their rows."""
    pixels, rows = open_view(View(**TOY_VIEW), aligned)
    return splits(pixels, rows, Recipe(), "toy").train, rows


def recipe(**keys):
    return Recipe.of({"teacher": "baseline1", **keys})


def test_its_answers_are_those_of_its_weights(teacher, pupils):
    from safetensors.torch import load_file

    model = models.build("baseline1", 7, **read_json(teacher / "spec.json")["options"])
    model.load_state_dict(load_file(teacher / "weights/last.safetensors"))
    model.eval()
    faces, _ = pupils
    which = np.array([3, 0, 3, 17])
    images = faces.images(which, CPU)
    seen = images.flip(3).clamp(0.1, 0.6)
    before = torch.get_rng_state()
    plain = Teacher(teacher, *pupils, recipe(), CPU, None, SEVEN)
    live = Teacher(teacher, *pupils, recipe(teacher_sees="augmented"), CPU, None, SEVEN)
    assert torch.equal(torch.get_rng_state(), before)  # what a student draws stays its own
    with torch.no_grad():
        own, augmented = model(images).logits, model(seen).logits
    torch.testing.assert_close(plain.logits(which, seen), own, atol=1e-5, rtol=0)
    torch.testing.assert_close(live.logits(which, seen), augmented, atol=1e-5, rtol=0)
    assert not torch.allclose(own, augmented, atol=1e-2)
    assert not live.logits(which, seen).requires_grad


@pytest.mark.parametrize(("share", "heat"), [(0.5, 8.0), (1.0, 1.0), (0.3, 2.0)])
def test_the_loss_is_that_of_the_definition(share, heat):
    said = recipe(teacher_share=share, temperature=heat)
    t, z = torch.randn(2, 6, 7, generator=torch.Generator().manual_seed(0)).double().numpy()
    own = 1.7

    def softmax(x):
        return np.exp(x) / np.exp(x).sum(1, keepdims=True)

    wanted = -(softmax(t / heat) * np.log(softmax(z / heat))).sum(1).mean()
    given = torch.from_numpy(t), torch.from_numpy(z), torch.tensor(own, dtype=torch.float64)
    found = distilled(said, *given)
    assert found.item() == pytest.approx((1 - share) * own + share * wanted, rel=1e-12)


def test_a_student_that_listens_to_nothing_else_comes_near_its_teacher(
    teacher, aligned, make_spec, tmp_path
):
    """Of equal numbers of steps, and it never sees a label."""
    keys = {"epochs": 6, "teacher": "baseline1", "sampler": "shuffle", "heads_lr": 0.05}
    answers = {}
    for name, more in {
        "deaf": {"teacher_share": 0.0}, "taught": {"teacher_share": 1.0},
    }.items():  # fmt: skip
        spec, start = make_spec("baseline1", {**keys, **more})
        train_cell(spec, start, 0, tmp_path / name, aligned, teacher)
        answers[name] = last_logits(tmp_path / name)
    wanted = last_logits(teacher)
    away = {name: np.abs(found - wanted).mean() for name, found in answers.items()}
    assert away["taught"] < 0.7 * away["deaf"]


def last_logits(folder) -> np.ndarray:
    """The logits of a cell's test faces by its last epoch."""
    rows = pd.read_parquet(folder / "predictions.parquet")
    rows = rows.query("selection == 'last' and split == 'test'")
    return rows[[c for c in rows if c.startswith("logit_")]].to_numpy()


def test_another_teacher_of_the_same_name_starts_anew(
    teacher, aligned, make_spec, tmp_path, monkeypatch
):
    """The key that checkpoints go by holds the teacher's weights."""
    keys, fitted = [], train.fit

    def fit(*args, key, **more):
        keys.append(key)
        return fitted(*args, key=key, **more)

    monkeypatch.setattr(train, "fit", fit)
    spec, start = make_spec("baseline1", {"epochs": 1, "teacher": "baseline1"})
    other = tmp_path / "other"
    shutil.copytree(teacher, other)
    shutil.copy(other / "weights/best_on_test.safetensors", other / "weights/last.safetensors")
    weights = bytearray((other / "weights/last.safetensors").read_bytes())
    weights[-1] ^= 1
    (other / "weights/last.safetensors").write_bytes(bytes(weights))
    for i, folder in enumerate((teacher, other, teacher)):
        train_cell(spec, start, 0, tmp_path / f"out{i}", aligned, folder)
    assert keys[0] == keys[2] != keys[1]
    said = json.loads((tmp_path / "out0/train.json").read_text())["recipe"]
    assert said["teacher"] == "baseline1"


def test_in_cross_validation_the_teacher_has_not_seen_the_fold(make_spec, tmp_path):
    make_pack(tmp_path / "folded/toy", folds=2)
    view = {**TOY_VIEW, "protocol": "folds"}
    spec, start = make_spec("baseline1", {"epochs": 1}, view)
    train_cell(spec, start, 0, tmp_path / "teacher", tmp_path / "folded")
    spec, start = make_spec("baseline1", {"epochs": 1, "teacher": "baseline1"}, view)
    train_cell(spec, start, 0, tmp_path / "out", tmp_path / "folded", tmp_path / "teacher")
    (tmp_path / "teacher/weights/last_fold1.safetensors").unlink()
    with pytest.raises(FerBenchError, match=r"last_fold1.safetensors is missing: train the teach"):
        train_cell(spec, start, 1, tmp_path / "lost", tmp_path / "folded", tmp_path / "teacher")
    assert not (tmp_path / "lost").exists()


def test_a_teacher_of_other_classes_is_refused(teacher, pupils):
    """The same ones in another order have other numbers."""
    for classes in (SEVEN[::-1], SEVEN[:6]):
        with pytest.raises(FerBenchError, match=r"spec.json: the teacher baseline1 tells neutral"):
            Teacher(teacher, *pupils, recipe(), CPU, None, classes)
