"""A trained cell becomes a small file that answers as it does, or nothing is written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from made_specs import made_spec
from rendered_pack import rendered, write_pack
from safetensors.torch import load_file, save_file

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.files import read_json, write_json
from fer_bench.inference.trained import load

NETWORK = {"backbone": "resnet18_slim", "size": 80, "input": "half"}


@pytest.fixture
def cell(tmp_path, monkeypatch) -> Path:
    """A run of the embedded set, hardly trained, and the set's pack."""
    monkeypatch.chdir(tmp_path)
    run = tmp_path / "runs/synthetic/net/0"
    made = made_spec(
        dataset="synthetic", model="net", base="baseline1", source="synthetic",
        align={"size": 80, "pixels": "mtcnn"},
        options=models.configure("baseline1", NETWORK).as_dict(),
    )  # fmt: skip
    write_json(run / "train/spec.json", made)
    write_json(run / "train/train.json", {"n": {"train": 1234}})
    torch.manual_seed(0)
    model = models.build("baseline1", 7, **NETWORK)
    model.train()(torch.rand(8, 3, 80, 80))
    (run / "train/weights").mkdir()
    save_file(model.state_dict(), run / "train/weights/last.safetensors")
    write_pack(tmp_path / "data/aligned/synthetic", *rendered(80))
    return run


def test_the_answers_are_the_cells_and_the_record_is_measured(cell, tmp_path, script):
    out = tmp_path / "shipped"
    script.make("synthetic/net/0", ["synthetic"], out)
    faces, manifest = rendered(80)
    small, whole = load(out), load(cell)
    np.testing.assert_allclose(small.logits(faces), whole.logits(faces), atol=script.TOLERANCE)
    kinds = {v.dtype for v in load_file(out / "train/weights/last.safetensors").values()}
    assert kinds == {torch.float16, torch.int64}
    said = read_json(out / "train/measured.json")
    assert said["trained_on"] == "1,234 rendered faces"
    tests = (manifest["split"] == "test").to_numpy()
    right = small.logits(faces[tests]).argmax(1) == manifest["label"].to_numpy()[tests]
    (found,) = said["sets"]
    assert (found["n"], found["dataset"]) == (tests.sum(), "synthetic")
    assert found["faces"] == "rendered faces"
    assert found["accuracy"] == pytest.approx(right.mean(), abs=1e-6)
    assert 0 < found["largest_difference_of_a_logit"] < script.TOLERANCE


def test_photographs_and_changed_answers_are_refused(cell, tmp_path, script, monkeypatch):
    out = tmp_path / "shipped"
    monkeypatch.setattr(script, "TOLERANCE", 0.0)
    with pytest.raises(FerBenchError, match="half precision moves a logit on synthetic by 0"):
        script.make("synthetic/net/0", ["synthetic"], out)
    assert not out.exists()
    spec = read_json(cell / "train/spec.json")
    write_json(cell / "train/spec.json", spec | {"source": "ferplus"})
    with pytest.raises(FerBenchError, match="only rendered faces may be shared"):
        script.make("synthetic/net/0", ["synthetic"], out)
    assert not out.exists()
