"""One cell trained by two processes, and the options of `compute`."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from fer_bench.errors import FerBenchError
from fer_bench.files import read_json, write_json
from fer_bench.models import FERModel
from fer_bench.training.batches import in_batches
from fer_bench.training.train import train_cell

# Batch statistics are each process's own, so they are kept out of what must be equal.
SCRIPT = """
import sys
from pathlib import Path
from torch import nn
from fer_bench.models import FERModel
from fer_bench.training.train import train_cell

if sys.argv[1] == "frozen":
    def start_epoch(self, epoch):
        self.train()
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
    FERModel.start_epoch = start_epoch
spec, start, out, packs = map(Path, sys.argv[2:])
train_cell(spec, start, 0, out, packs)
"""


def _spec(folder: Path, spec: Path, **compute) -> Path:
    content = read_json(spec)
    content["compute"] |= compute
    write_json(folder / "changed.json", content)
    return folder / "changed.json"


def _trained(folder: Path, spec: Path, start: Path, packs: Path, **compute) -> Path:
    """A training in this process."""
    out = folder / f"trained{len(list(folder.glob('trained*')))}"
    train_cell(_spec(folder, spec, **compute), start, 0, out, packs)
    return out


def _trained_by_two(folder: Path, spec: Path, start: Path, packs: Path, norm: str) -> Path:
    """A training by two processes, neither of them this one."""
    (folder / "train_one.py").write_text(SCRIPT)
    command = [sys.executable, folder / "train_one.py", norm, _spec(folder, spec, devices=2),
               start, folder / "two", packs]  # fmt: skip
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder / "two"


def _frozen(self, epoch: int) -> None:
    self.train()
    for module in self.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eval()


@pytest.mark.parametrize("more", [{}, {"sam": 0.05, "clip": 0.5}], ids=["plain", "sam"])
def test_two_processes_give_the_result_of_one(aligned, make_spec, tmp_path, monkeypatch, more):
    # An odd size makes unequal shares; large steps would blow rounding errors up.
    recipe = {"batch_size": 15, "epochs": 2, "backbone_lr": 0.002, "heads_lr": 0.002, **more}
    spec, start = make_spec("baseline1", recipe)
    with monkeypatch.context() as patch:
        patch.setattr(FERModel, "start_epoch", _frozen)
        one = _trained(tmp_path, spec, start, aligned)
    two = _trained_by_two(tmp_path, spec, start, aligned, "frozen")
    a, b = (pd.read_csv(folder / "history.csv") for folder in (one, two))
    np.testing.assert_allclose(a["train_loss"], b["train_loss"], rtol=1e-5)
    left, right = (pd.read_parquet(folder / "predictions.parquet") for folder in (one, two))
    logits = [c for c in left if c.startswith("logit_")]
    # Near the worst place rounding errors grow: a few units of float16, in which logits are kept.
    np.testing.assert_allclose(left[logits], right[logits], atol=1e-3 if more else 2e-5)
    assert not (left[logits].to_numpy() == left[logits].to_numpy()[0]).all()
    for key, value in load_file(one / "weights/last.safetensors").items():
        torch.testing.assert_close(
            load_file(two / "weights/last.safetensors")[key],
            value,
            atol=1e-4 if more else 1e-5,
            rtol=1e-4,
        )
    assert json.loads((two / "train.json").read_text())["environment"]["devices"] == 2


def test_batch_statistics_are_each_process_s_own(aligned, make_spec, tmp_path):
    spec, start = make_spec("baseline1", {"epochs": 1})
    one = _trained(tmp_path, spec, start, aligned)
    two = _trained_by_two(tmp_path, spec, start, aligned, "own")
    a, b = (load_file(folder / "weights/last.safetensors") for folder in (one, two))
    means = [key for key in a if key.endswith("running_mean")]
    assert means
    assert any(not torch.allclose(a[key], b[key], atol=1e-4) for key in means)


# What torch's generator was last seeded with when a model draws.
DRAWS = """
import os, sys
from pathlib import Path
import numpy as np
import torch
from fer_bench.models import eac
from fer_bench.training import train

spec, start, out, packs, kept = sys.argv[1:]
seeds, erased, fitted = [], eac.erase, train.fit
def erase(*args):
    seeds.append(torch.initial_seed())
    return erased(*args)
def fit(*args, **more):
    result = fitted(*args, **more)
    np.save(kept + os.environ.get("LOCAL_RANK", "0") + ".npy", seeds)
    return result
eac.erase, train.fit = erase, fit
train.train_cell(*map(Path, (spec, start)), 0, Path(out), Path(packs))
"""


def test_each_process_draws_for_its_own_faces(aligned, make_spec, tmp_path):
    spec, start = make_spec("eac", {"epochs": 2, "batch_size": 15})
    content = read_json(spec)
    write_json(spec, content | {"compute": content["compute"] | {"threads": 1, "devices": 2}})
    (tmp_path / "train_one.py").write_text(DRAWS)
    command = [sys.executable, tmp_path / "train_one.py", spec, start, tmp_path / "out", aligned,
               tmp_path / "seeds"]  # fmt: skip
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    seeds = [np.load(tmp_path / f"seeds{rank}.npy") for rank in (0, 1)]
    # Seeded from epoch, step and process: a resumed training draws the same again.
    assert len(seeds[0]) == len(seeds[1]) > 4
    assert len(np.unique(np.concatenate(seeds))) == 2 * len(seeds[0])


def test_fused_training_agrees_with_the_reference(aligned, make_spec, tmp_path):
    spec, start = make_spec("baseline1", {"epochs": 1})
    reference = _trained(tmp_path, spec, start, aligned)
    fused = _trained(tmp_path, spec, start, aligned, fused=True)
    losses = [pd.read_csv(f / "history.csv")["train_loss"][0] for f in (reference, fused)]
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)


def test_bf16_trains_and_says_so(aligned, make_spec, tmp_path):
    spec, start = make_spec("baseline1", {"epochs": 1})
    low = _trained(tmp_path, spec, start, aligned, precision="bf16-mixed")
    full = _trained(tmp_path, spec, start, aligned)
    assert json.loads((low / "train.json").read_text())["environment"]["precision"] == "bf16-mixed"
    losses = [pd.read_csv(f / "history.csv")["train_loss"][0] for f in (full, low)]
    assert losses[1] == pytest.approx(losses[0], rel=0.05)
    assert losses[1] != losses[0]
    weights = load_file(low / "weights/last.safetensors")
    assert {w.dtype for w in weights.values()} <= {torch.float32, torch.int64}


def test_what_this_machine_cannot_do_is_said(aligned, make_spec, tmp_path, monkeypatch):
    spec, start = make_spec("baseline1")
    content = read_json(spec)
    for change, said in (
        ({"sync_bn": True}, "compute.sync_bn needs GPUs"),
        ({"device": "cuda", "devices": 4}, "compute.devices is 4, but torch sees 0 GPUs"),
    ):
        write_json(spec, content | {"compute": content["compute"] | change})
        monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
        with pytest.raises(FerBenchError, match=said):
            train_cell(spec, start, 0, tmp_path / "out", aligned)
        assert not (tmp_path / "out").exists()


def test_every_process_has_a_face_in_the_last_batch():
    sizes = [len(b) for b in in_batches(np.arange(35), 16, least=4)]
    assert sizes == [16, 19]
    assert [len(b) for b in in_batches(np.arange(36), 16, least=4)] == [16, 16, 4]


def test_the_compiled_model_is_the_one_that_trains(aligned, make_spec, tmp_path, monkeypatch):
    compiled = []

    class Counted(torch.nn.Module):  # stands for torch.compile's module, which needs a C++ compiler
        def __init__(self, model):
            super().__init__()
            self.model, self.steps = model, 0
            self.loss = model.loss
            compiled.append(self)

        def forward(self, images):
            self.steps += 1
            return self.model(images)

    monkeypatch.setattr(torch, "compile", Counted)
    spec, start = make_spec("baseline1", {"epochs": 1})
    content = read_json(spec)
    write_json(spec, content | {"compute": content["compute"] | {"compile": True}})
    train_cell(spec, start, 0, tmp_path / "train", aligned)
    (model,) = compiled
    assert model.steps == 3  # 49 faces by 16: the last one joins
    assert "backbone" in next(iter(load_file(tmp_path / "train/weights/last.safetensors")))
