import json
import sys
from pathlib import Path

import numpy as np

from fer_bench.files import read_json

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks/tuning"))
import tune


def test_a_trial_never_sees_the_test_faces(tmp_path, monkeypatch, aligned, make_spec):
    seen = []
    real = tune.fit

    def fit(fabric, compute, model, train, val, test, *rest, **more):
        seen.append((train, val, test))
        return real(fabric, compute, model, train, val, test, *rest, **more)

    spec = read_json(make_spec("baseline1")[0])
    monkeypatch.setattr(tune, "fit", fit)
    monkeypatch.setattr(tune, "spec_of", lambda dataset, model: spec)
    monkeypatch.setattr(tune.paths, "ALIGNED", str(aligned))
    grid = {"seed": 0, "epochs": 2, "final": 0.05, "heads_lr": [0.05], "ratio": [1.0, 0.1]}
    tune.tune("toy", "baseline1", grid, tmp_path)

    manifest = tune.open_view(spec["view"], aligned)[1]
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
