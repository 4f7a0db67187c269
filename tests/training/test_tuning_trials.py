import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from made_specs import made_spec
from safetensors.torch import save_file

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.files import sha256_file, write_json
from fer_bench.records.base import from_json
from fer_bench.records.spec import RowSpec

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks/tuning"))
import tune


def test_a_trial_never_sees_the_test_faces(tmp_path, monkeypatch, aligned, make_spec):
    seen = []
    real = tune.fit

    def fit(fabric, compute, model, train, val, test, *rest, **more):
        seen.append((train, val, test))
        return real(fabric, compute, model, train, val, test, *rest, **more)

    spec = RowSpec.read(make_spec("baseline1")[0])
    monkeypatch.setattr(tune, "fit", fit)
    monkeypatch.setattr(tune, "spec_of", lambda dataset, model: spec)
    monkeypatch.setattr(tune.paths, "ALIGNED", str(aligned))
    grid = {"seed": 0, "epochs": 2, "final": 0.05, "heads_lr": [0.05], "ratio": [1.0, 0.1]}
    tune.tune("toy", "baseline1", grid, tmp_path)

    manifest = tune.open_view(spec.view, aligned)[1]
    held = set(manifest.loc[manifest["split"] == "test", "sample_id"])
    assert held
    assert len(seen) == 2
    for train, val, test in seen:
        assert test is None
        assert not held & {*train.sample_ids, *val.sample_ids}
    found = json.loads((tmp_path / "toy/baseline1.json").read_text())
    assert [t["recipe"]["backbone_lr"] for t in found["trials"]] == [0.05, 0.005]
    for trial in found["trials"]:
        assert len(trial["val_accuracy_by_epoch"]) == trial["cost"]["epochs"] == 2
        assert trial["val_accuracy"] == trial["val_accuracy_by_epoch"][-1]
        assert 0 <= trial["val_accuracy"] <= 1
        assert trial["cost"]["cpu_seconds"] > 0
        assert np.isfinite(trial["train_loss_by_epoch"]).all()
        assert trial["start"] is None
    assert found["chosen"] in [t["recipe"] for t in found["trials"]]
    tune.tune("toy", "baseline1", grid | {"models": ["baseline1", "another"]}, tmp_path)
    with pytest.raises(FerBenchError, match="of another grid"):
        tune.tune("toy", "baseline1", grid | {"ratio": [1.0, 0.01]}, tmp_path)
    assert len(seen) == 2


def test_a_trial_starts_from_what_the_row_starts_from_and_from_nothing_else(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    known = models.build("baseline1", 8, backbone="resnet18_slim", size=80)
    weights = Path("weights.safetensors")
    save_file(models.backbone_state(known), weights)
    begin = {"pretrained": "identity(x)", "file": str(weights), "sha256": sha256_file(weights)}
    write_json(tune.paths.start("toy", "baseline_identity"), begin)
    start = {"file": str(weights), "sha256": None}
    made = made_spec(pretrained="identity(x)", start=start)
    spec = from_json(RowSpec, made, "the spec")
    network = models.build("baseline_identity", 8, backbone="resnet18_slim", size=80)

    found = tune._load_start(network, "toy", "baseline_identity", spec)
    assert found == {"pretrained": "identity(x)", "sha256": begin["sha256"]}
    for one, other in zip(network.backbone.parameters(), known.backbone.parameters(), strict=True):
        assert torch.equal(one, other)

    weights.write_bytes(b"others")
    with pytest.raises(FerBenchError, match=r"toy/dvc\.yaml:starts"):
        tune._load_start(network, "toy", "baseline_identity", spec)
