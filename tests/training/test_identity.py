import json

import numpy as np
import pandas as pd
import pytest
from safetensors.torch import load_file
from toy_pack import TOY_VIEW

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.files import write_json
from fer_bench.records.spec import View
from fer_bench.training.data import open_view, splits
from fer_bench.training.identity import people, train_identity
from fer_bench.training.recipe import Recipe


@pytest.fixture
def identity_spec(make_spec, tmp_path):
    path, _ = make_spec("baseline1", {"epochs": 2, "sampler": "shuffle"})
    spec = json.loads(path.read_text())
    keys = ("dataset", "recipe", "view", "compute")
    write_json(
        tmp_path / "identity.json",
        {k: spec[k] for k in keys} | {"backbones": ["resnet18_slim"], "size": 80, "input": "half"},
    )
    return tmp_path / "identity.json"


def test_weights_fit_every_model_and_only_train_people_are_used(aligned, identity_spec, tmp_path):
    train_identity(identity_spec, tmp_path / "identity", aligned)
    state = load_file(tmp_path / "identity" / "resnet18_slim.safetensors")
    for name in ("scan_cci", "baseline_identity"):
        models.load_pretrained(models.build(name, 7, backbone="resnet18_slim", size=80), state)
    report = json.loads((tmp_path / "identity" / "identity.json").read_text())
    # 12 people, 4 of them test and 1 carved out for validation.
    assert report["backbones"]["resnet18_slim"]["people"] == 7
    assert report["backbones"]["resnet18_slim"]["faces"] == 49
    # The other five alone are verified: two folds of people at least.
    found = report["backbones"]["resnet18_slim"]
    assert (found["held_out_people"], found["held_out_faces"], found["folds"]) == (5, 35, 2)
    assert found["pairs"] > 0
    assert 0 <= found["verification_accuracy"] <= 1
    assert 0 <= found["auc"] <= 1


def test_nothing_asked_for_trains_nothing(aligned, identity_spec, tmp_path):
    write_json(identity_spec, json.loads(identity_spec.read_text()) | {"backbones": []})
    train_identity(identity_spec, tmp_path / "identity", aligned)
    assert [p.name for p in (tmp_path / "identity").iterdir()] == ["identity.json"]


def view(aligned):
    return open_view(View(**TOY_VIEW | {"classes": ["neutral", "happiness", "surprise"]}), aligned)


def test_people_with_one_face_are_left_out(aligned):
    pixels, manifest = view(aligned)
    parts = splits(pixels, manifest, Recipe(), "toy")
    train, val, test = parts.train, parts.val, parts.test
    lonely = manifest["sample_id"].isin(train.sample_ids[:1])
    manifest.loc[lonely, "subject"] = "lonely"
    faces = people(manifest, train, [val, test])
    assert train.sample_ids[0] not in faces.sample_ids
    assert len(faces) == len(train) - 1
    counts = np.bincount(faces.labels)
    assert counts.min() >= 2


def test_a_person_in_a_held_out_split_is_refused(aligned):
    pixels, manifest = view(aligned)
    parts = splits(pixels, manifest, Recipe(), "toy")
    train, val, test = parts.train, parts.val, parts.test
    leaking = manifest["sample_id"].isin(test.sample_ids[:1])
    manifest.loc[leaking, "subject"] = manifest.set_index("sample_id")["subject"][
        train.sample_ids[0]
    ]
    with pytest.raises(FerBenchError, match="would leak"):
        people(manifest, train, [val, test])


def test_faces_without_a_known_person_are_left_out(aligned):
    pixels, manifest = view(aligned)
    parts = splits(pixels, manifest, Recipe(), "toy")
    train, val, test = parts.train, parts.val, parts.test
    manifest["subject"] = manifest["subject"].where(~manifest["sample_id"].isin(
        train.sample_ids[:3]), pd.NA)  # fmt: skip
    assert len(people(manifest, train, [val, test])) == len(train) - 3
