"""Labels that a model changes: taken over, recorded, resumed, and nobody else's business."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from fer_bench import models
from fer_bench.files import read_json, sha256_file, write_json
from fer_bench.labels import SEVEN
from fer_bench.models.scn import Scn
from fer_bench.training import loop
from fer_bench.training.targets import Targets
from fer_bench.training.train import train_cell

RECIPE = {"epochs": 4, "batch_size": 8, "label_noise": 0.4}
EAGER = {"relabel_from": 1, "relabel_margin": 0.05, "erasing": 0.0}
# What each of several processes has for labels in the end.
SCRIPT = """
import os, sys
from pathlib import Path
import numpy as np
from fer_bench.training import train

spec, start, out, packs, labels = sys.argv[1:]
real = train.fit
def fit(*args, **more):
    result = real(*args, **more)
    np.save(labels + os.environ.get("LOCAL_RANK", "0") + ".npy", result.targets.now)
    return result
train.fit = fit
train.train_cell(Path(spec), Path(start), 0, Path(out), Path(packs))
"""


def test_changes_are_taken_over_and_recorded():
    given = np.array([0, 1, 2, 3])
    targets = Targets(given)
    targets.change(1, np.array([2, 0]), np.array([2, 0]), np.array([1, 0]))
    targets.change(2, np.array([3, 2]), np.array([3, 1]), np.array([0, 2]))
    assert targets.now.tolist() == [0, 1, 2, 0]
    assert given.tolist() == [0, 1, 2, 3]
    record = targets.record(np.array(list("abcd")), SEVEN)
    expected = [
        (1, "c", SEVEN[2], SEVEN[1]), (2, "d", SEVEN[3], SEVEN[0]), (2, "c", SEVEN[1], SEVEN[2])
    ]  # fmt: skip
    assert list(record.itertuples(index=False, name=None)) == expected
    assert record["epoch"].dtype == np.int64


def test_a_face_that_stands_twice_in_a_batch_is_changed_by_the_view_that_asks_for_it():
    targets = Targets(np.array([0, 1]))
    seen = np.array([0, 1, 0])
    targets.change(3, np.array([0, 1, 0]), seen, np.array([2, 1, 0]))
    assert targets.now.tolist() == [2, 1]  # the second view did not ask for the old label back
    targets.change(4, np.array([0, 1, 0]), np.array([2, 1, 2]), np.array([0, 1, 1]))
    assert targets.now.tolist() == [1, 1]
    changes = targets.record(np.array(["a", "b"]), SEVEN)
    assert changes[["before", "after"]].to_numpy().tolist() == [
        [SEVEN[0], SEVEN[2]], [SEVEN[2], SEVEN[0]], [SEVEN[0], SEVEN[1]]
    ]  # fmt: skip


def test_changes_survive_a_checkpoint():
    one = Targets(np.array([0, 1, 2]))
    assert one.to_save().shape == (0, 4)
    one.change(1, np.array([0, 2]), np.array([0, 2]), np.array([2, 1]))
    other = Targets(np.array([0, 1, 2]))
    other.change(0, np.array([1]), np.array([1]), np.array([0]))
    other.restore(one.to_save())
    assert other.now.tolist() == [2, 1, 1]
    pd.testing.assert_frame_equal(*(t.record(np.array(list("abc")), SEVEN) for t in (one, other)))
    assert len(Targets(np.array([0])).record(np.array(["a"]), SEVEN)) == 0


@pytest.fixture
def scn(aligned, make_spec, tmp_path, monkeypatch):
    """Trains an SCN that relabels early, into the folder that is given."""
    spec, start = make_spec("scn", RECIPE, **EAGER)
    monkeypatch.setenv("FER_BENCH_CHECKPOINTS", str(tmp_path / "checkpoints"))
    return lambda out: train_cell(spec, start, 0, out, aligned)


def content_of(folder: Path) -> dict[str, str]:
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): sha256_file(p) for p in files}


def test_scn_changes_wrong_labels_and_says_which(scn, aligned, tmp_path):
    before = sha256_file(aligned / "toy/manifest.parquet")
    scn(tmp_path / "out")
    assert sha256_file(aligned / "toy/manifest.parquet") == before
    changes = pd.read_parquet(tmp_path / "out/relabels.parquet")
    assert list(changes) == ["epoch", "sample_id", "before", "after"]
    assert set(changes["epoch"]) <= {1, 2, 3}
    assert len(changes) > 3
    assert (changes["before"] != changes["after"]).all()
    manifest = pd.read_parquet(aligned / "toy/manifest.parquet").set_index("sample_id")
    assert (manifest.loc[changes["sample_id"], "split"] == "train").all()
    for _, of_face in changes.groupby("sample_id"):  # each change begins where the last one ended
        assert of_face["before"].tolist()[1:] == of_face["after"].tolist()[:-1]


def test_the_next_epochs_learn_the_new_labels(scn, tmp_path, monkeypatch):
    seen, real = [], loop.train_step

    def train_step(model, optimizer, backward, images, target, *rest):
        seen.append(target)
        return real(model, optimizer, backward, images, target, *rest)

    monkeypatch.setattr(loop, "train_step", train_step)
    # Every face is asked to be of class 5 from the first step on.
    monkeypatch.setattr(Scn, "relabel", lambda self, output, target: torch.full_like(target, 5))
    scn(tmp_path / "out")
    last = torch.cat(seen[-2:])
    assert (last == 5).float().mean() > 0.8
    assert (torch.cat(seen[:2]) == 5).float().mean() < 0.5
    history = pd.read_csv(tmp_path / "out/history.csv")
    assert len(history) == 4


def test_a_stopped_training_ends_with_the_same_labels(scn, tmp_path, monkeypatch):
    scn(tmp_path / "whole")
    monkeypatch.setenv("FER_BENCH_CHECKPOINT_SECONDS", "0")
    steps, real = [], loop.train_step
    for after in (11, 17):  # within epochs 1 and 2, which relabel

        def stopping(*args, after=after):
            if len(steps) == after:
                raise KeyboardInterrupt
            steps.append(1)
            return real(*args)

        with monkeypatch.context() as patch:
            patch.setattr(loop, "train_step", stopping)
            with pytest.raises(KeyboardInterrupt):
                scn(tmp_path / "out")
        assert not (tmp_path / "out").exists()
    with monkeypatch.context() as patch:
        patch.setattr(loop, "train_step", lambda *args: steps.append(1) or real(*args))
        scn(tmp_path / "out")
    whole = content_of(tmp_path / "whole")
    assert "relabels.parquet" in whole
    assert content_of(tmp_path / "out") == whole
    assert len(steps) == 4 * 6, "nothing was trained twice"


def test_two_processes_agree_on_the_labels(aligned, make_spec, tmp_path):
    spec, start = make_spec("scn", RECIPE | {"epochs": 2}, **EAGER | {"relabel": "all"})
    content = read_json(spec)
    write_json(spec, content | {"compute": content["compute"] | {"threads": 1, "devices": 2}})
    (tmp_path / "train_one.py").write_text(SCRIPT)
    command = [sys.executable, tmp_path / "train_one.py", spec, start, tmp_path / "out", aligned,
               tmp_path / "labels"]  # fmt: skip
    environment = os.environ | {"FER_BENCH_CHECKPOINTS": str(tmp_path / "checkpoints")}
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    first, second = (np.load(tmp_path / f"labels{rank}.npy") for rank in (0, 1))
    np.testing.assert_array_equal(first, second)
    changes = pd.read_parquet(tmp_path / "out/relabels.parquet")
    assert len(changes) > 3


def test_a_plain_model_notices_nothing(aligned, make_spec, tmp_path):
    spec, start = make_spec("baseline1", {"epochs": 1})
    train_cell(spec, start, 0, tmp_path / "out", aligned)
    assert not (tmp_path / "out/relabels.parquet").exists()


def test_training_knows_no_models_name():
    families = {models.preset(name).module.rpartition(".")[2] for name in models.names()}
    families -= {"baseline"}  # identity pre-training asks for it by name
    for file in Path(loop.__file__).parent.glob("*.py"):
        words = set(file.read_text(encoding="utf-8").replace(".", " ").replace('"', " ").split())
        assert not words & families, file
