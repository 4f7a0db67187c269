"""A training that is killed at any moment ends with the bits of one that was not."""

import json
import random
import signal
import time
from multiprocessing import get_context
from pathlib import Path

import noisy_training
import numpy as np
import pandas as pd
import pytest
import torch

from fer_bench.errors import FerBenchError
from fer_bench.files import read_json, sha256_file, write_json
from fer_bench.training import checkpoint, loop
from fer_bench.training.checkpoint_files import forget, root
from fer_bench.training.state import State
from fer_bench.training.streams import CellStreams
from fer_bench.training.targets import Targets
from fer_bench.training.train import train_cell

RECIPE = {"batch_size": 4, "epochs": 3}  # twelve batches an epoch
STEPS = 12


@pytest.fixture
def command(aligned, make_spec, tmp_path, monkeypatch):
    """The arguments of `train_cell` that train a cell into `out`."""
    spec, start = make_spec("scan_cci", RECIPE)
    content = read_json(spec)
    write_json(spec, content | {"compute": content["compute"] | {"threads": 1}})
    monkeypatch.setenv("FER_BENCH_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("FER_BENCH_CHECKPOINT_SECONDS", "0")

    return lambda out: (spec, start, 0, out, aligned)


def content_of(folder: Path) -> dict[str, str]:
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): sha256_file(p) for p in files}


def position(checkpoints: Path) -> tuple[int, int]:
    """Epoch and step of the newest checkpoint."""
    epoch, step, *_ = checkpoint._read(checkpoints / "toy/scan_cci/0/newest.pt")["state"][
        "position"
    ]
    return epoch, step


def begun(arguments: tuple, checkpoints: Path, log: Path, pause: float = 0.0):
    """A training in a process of its own, which is forked where everything is imported."""
    forks = get_context("forkserver")
    forks.set_forkserver_preload(["noisy_training"])
    process = forks.Process(target=noisy_training.train, args=(arguments, checkpoints, log, pause))
    process.start()
    return process


def test_a_killed_training_ends_with_the_same_bits(command, tmp_path):
    checkpoints, log = tmp_path / "checkpoints", tmp_path / "log"
    whole, out = tmp_path / "whole", tmp_path / "killed"
    told = checkpoints / "toy/scan_cci/0/progress.json"

    def ended(process) -> int:
        process.join()
        return process.exitcode

    assert ended(begun(command(whole), checkpoints, log)) == 0, log.read_text()[-2000:]
    assert position(checkpoints) == (RECIPE["epochs"] - 1, STEPS)  # until recorded
    forget(told.parent)
    rng, kills, target = random.Random(0), [], 0
    while target < RECIPE["epochs"] * STEPS:
        target += rng.randint(2, 9)
        process = begun(command(out), checkpoints, log, pause=0.03)
        while process.is_alive():
            done = json.loads(told.read_text()) if told.exists() else {"epoch": 0, "step": 0}
            if done["epoch"] * STEPS + done["step"] >= target:
                process.kill()
                break
            time.sleep(0.005)
        if ended(process) == 0:
            break
        assert process.exitcode == -signal.SIGKILL, log.read_text()[-2000:]
        assert not out.exists()
        if kills:
            epoch, step = kills[-1]
            assert f"goes on from epoch {epoch + 1}, after {step} batches" in log.read_text()
        kills.append(position(checkpoints))
    assert sum(0 < step < STEPS for _, step in kills) >= 3, kills
    assert ended(begun(command(out), checkpoints, log)) == 0, log.read_text()[-2000:]
    assert content_of(out) == content_of(whole)


def stopped(command, tmp_path, monkeypatch, after: int) -> Path:
    """Train in this process and stop after some batches; returns the checkpoints' folder."""
    monkeypatch.setenv("FER_BENCH_CHECKPOINT_SECONDS", "0")
    steps = []
    real = loop.train_step

    def train_step(*args):
        if len(steps) == after:
            raise KeyboardInterrupt
        steps.append(1)
        return real(*args)

    with monkeypatch.context() as patch:
        patch.setattr(loop, "train_step", train_step)
        with pytest.raises(KeyboardInterrupt):
            run(command, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    return root() / "toy/scan_cci/0"


def run(command, out: Path) -> None:
    """Train, and forget the checkpoints as when the end is recorded."""
    train_cell(*command(out))
    forget(root() / "toy/scan_cci/0")


def steps_of(command, out: Path, monkeypatch) -> int:
    """How many batches it took to finish."""
    steps, real = [], loop.train_step
    with monkeypatch.context() as patch:
        patch.setattr(loop, "train_step", lambda *args: steps.append(1) or real(*args))
        run(command, out)
    return len(steps)


def test_only_the_rest_is_trained(command, tmp_path, monkeypatch):
    stopped(command, tmp_path, monkeypatch, after=17)
    assert steps_of(command, tmp_path / "out", monkeypatch) == 3 * STEPS - 17


ADAM = {"optimizer": "adam", "backbone_lr": 0.001, "heads_lr": 0.001}
RARE = {
    "optimizer": "adamw", "no_decay": ["biases"], "clip": 0.5, "sam": 0.05,
    "schedule": "cosine", "warmup": 1, "sampler": "class_repeat", "repeat_below": 0.4,
    "rotation": 9.0, "resized_crop": [0.6, 1.0], "grey": 0.2, "erasing": 0.7, "erase_with": "noise",
}  # fmt: skip


@pytest.mark.parametrize("keys", [ADAM, ADAM | RARE], ids=["adam", "rare"])
def test_any_recipe_goes_on_with_the_same_bits(command, tmp_path, monkeypatch, keys):
    """Moments, two passes a step, rates by a schedule of their own, what is drawn."""
    spec = command(tmp_path)[0]
    content = read_json(spec)
    write_json(spec, content | {"recipe": content["recipe"] | keys})
    run(command, tmp_path / "whole")
    stopped(command, tmp_path, monkeypatch, after=17)
    run(command, tmp_path / "out")
    assert content_of(tmp_path / "out") == content_of(tmp_path / "whole")


def test_a_damaged_checkpoint_falls_back_to_the_one_before(command, tmp_path, monkeypatch, caplog):
    run(command, tmp_path / "whole")
    folder = stopped(command, tmp_path, monkeypatch, after=17)
    content = bytearray((folder / "newest.pt").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "newest.pt").write_bytes(bytes(content))
    assert steps_of(command, tmp_path / "out", monkeypatch) == 3 * STEPS - 16
    assert "newest.pt is damaged" in caplog.text
    assert content_of(tmp_path / "out") == content_of(tmp_path / "whole")


def test_a_damaged_checkpoint_never_pushes_a_good_one_out(command, tmp_path, monkeypatch):
    folder = stopped(command, tmp_path, monkeypatch, after=9)
    good = (folder / "previous.pt").read_bytes()
    (folder / "newest.pt").write_bytes(b"damaged")
    made, saves = checkpoint.Checkpoints.save, []

    def save(self, state):
        made(self, state)
        saves.append((folder / "previous.pt").read_bytes())

    monkeypatch.setattr(checkpoint.Checkpoints, "save", save)
    run(command, tmp_path / "out")
    assert saves[0] == good
    assert b"damaged" not in saves
    assert not folder.exists()


def test_a_checkpoint_that_may_not_be_read_is_not_trained_over(command, tmp_path, monkeypatch):
    folder = stopped(command, tmp_path, monkeypatch, after=5)
    before = content_of(folder)

    def fail(file):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "_read", fail)
        with pytest.raises(FerBenchError, match=r"newest.pt cannot be read \(Permission denied"):
            run(command, tmp_path / "out")
    assert content_of(folder) == before


@pytest.mark.parametrize("damage", [b"", b"short", None])
def test_two_damaged_checkpoints_start_anew(command, tmp_path, monkeypatch, caplog, damage):
    folder = stopped(command, tmp_path, monkeypatch, after=5)
    for name in ("newest.pt", "previous.pt"):
        half = (folder / name).read_bytes()[:2000]
        (folder / name).write_bytes(half if damage is None else damage)
    assert steps_of(command, tmp_path / "out", monkeypatch) == 3 * STEPS
    assert "previous.pt is damaged" in caplog.text


def test_a_checkpoint_that_was_never_finished_is_not_read(command, tmp_path, monkeypatch):
    folder = stopped(command, tmp_path, monkeypatch, after=5)
    (folder / ".newest.host-1.x.pt").write_bytes((folder / "newest.pt").read_bytes()[:1000])
    (folder / "newest.pt").replace(folder / "previous.pt")  # killed between the two renames
    assert steps_of(command, tmp_path / "out", monkeypatch) == 3 * STEPS - 5


def test_two_trainings_of_one_cell_do_not_write_into_one_file(tmp_path, monkeypatch):
    monkeypatch.setenv("FER_BENCH_CHECKPOINTS", str(tmp_path))
    one, two = (checkpoint.Checkpoints("toy/net/0", "key") for _ in range(2))
    write = checkpoint._write

    def beside(file, content):
        write(file, content)
        if content["state"]["who"] == 1:
            two.save({"who": 2})

    monkeypatch.setattr(checkpoint, "_write", beside)
    one.save({"who": 1})
    assert one.load() == {"who": 1}
    (tmp_path / "toy/net/0/newest.pt").unlink()
    assert one.load() == {"who": 2}
    forget(tmp_path / "toy/net/0")
    assert not (tmp_path / "toy/net/0").exists()


def test_other_params_code_or_data_start_anew(command, tmp_path, monkeypatch):
    stopped(command, tmp_path, monkeypatch, after=5)
    spec = command(tmp_path)[0]
    content = read_json(spec)
    write_json(spec, content | {"code": "other"})
    assert steps_of(command, tmp_path / "out", monkeypatch) == 3 * STEPS

    write_json(spec, content)
    stopped(command, tmp_path / "again", monkeypatch, after=5)
    pack = command(tmp_path)[4] / "toy/faces.npy"
    np.save(pack, 255 - np.load(pack))
    assert steps_of(command, tmp_path / "again/out", monkeypatch) == 3 * STEPS


def test_one_mended_image_starts_anew(command, tmp_path, monkeypatch):
    stopped(command, tmp_path, monkeypatch, after=5)
    file = command(tmp_path)[4] / "toy/manifest.parquet"
    manifest = pd.read_parquet(file)
    manifest.loc[17, "source_sha256"] = "mended"  # its pixels may not be among those looked at
    manifest.to_parquet(file, index=False)
    assert steps_of(command, tmp_path / "out", monkeypatch) == 3 * STEPS


def test_results_beside_the_checkpoints_stay(command, tmp_path, monkeypatch):
    monkeypatch.setenv("FER_BENCH_CHECKPOINTS", str(tmp_path / "runs"))
    result = tmp_path / "runs/toy/scan_cci/0/on_masked/predictions.parquet"
    result.parent.mkdir(parents=True)
    result.write_text("kept")
    stopped(command, tmp_path, monkeypatch, after=5)
    run(command, tmp_path / "out")
    kept = [str(p.relative_to(tmp_path / "runs")) for p in (tmp_path / "runs").rglob("*.*")]
    assert kept == ["toy/scan_cci/0/on_masked/predictions.parquet"]


@pytest.mark.parametrize("given", ["soon", "-1", "nan", ""])
def test_an_impossible_pace_of_checkpoints_is_refused(command, tmp_path, monkeypatch, given):
    monkeypatch.setenv("FER_BENCH_CHECKPOINT_SECONDS", given)
    with pytest.raises(FerBenchError, match="FER_BENCH_CHECKPOINT_SECONDS must be a number"):
        run(command, tmp_path / "out")


def test_the_scale_of_gradients_goes_on_too():
    cell = CellStreams("toy", "baseline1", 0)

    def state(scale):
        model = torch.nn.Linear(2, 2)
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
        targets, scaler = Targets(np.zeros(1, np.int64)), torch.amp.GradScaler("cpu", scale)
        return State(model, optimizer, schedule, cell, targets, scaler)

    saved, other = state(1024.0), state(2.0)
    saved.scaler.scale(torch.ones(1))  # it begins lazily
    other.restore(saved.to_save())
    assert other.scaler.get_scale() == 1024.0


def test_short_cells_write_no_checkpoint(command, tmp_path, monkeypatch):
    monkeypatch.setenv("FER_BENCH_CHECKPOINT_SECONDS", "60")
    saved = []
    monkeypatch.setattr(checkpoint.Checkpoints, "save", lambda *_: saved.append(1))
    run(command, tmp_path / "out")
    assert not saved


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(28, "No space left on device"), "No space left on device.*FER_BENCH_CHECKPOINTS"),
        (PermissionError(13, "Permission denied"), "Permission denied.*make the folder writable"),
    ],
)
def test_a_checkpoint_that_cannot_be_written(command, tmp_path, monkeypatch, error, said):
    folder = stopped(command, tmp_path, monkeypatch, after=5)
    before = content_of(folder)

    def fail(file, content):
        file.write_bytes(b"half")
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "_write", fail)
        with pytest.raises(FerBenchError, match=said):
            run(command, tmp_path / "out")
    assert content_of(folder) == before
    assert not (tmp_path / "out").exists()
    assert steps_of(command, tmp_path / "out", monkeypatch) == 3 * STEPS - 5


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    ],
)
def test_out_of_memory_says_what_to_change(command, tmp_path, monkeypatch, error):
    def train_step(*args):
        raise error

    monkeypatch.setattr(loop, "train_step", train_step)
    with pytest.raises(FerBenchError, match=r"out of memory on cpu: lower batch_size \(4\)"):
        run(command, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_network_too_large_for_the_device_says_what_to_change(command, tmp_path, monkeypatch):
    def place(*args):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(loop, "place", place)
    with pytest.raises(FerBenchError, match="out of memory on cpu"):
        run(command, tmp_path / "out")


def test_other_errors_are_not_taken_for_want_of_memory(command, tmp_path, monkeypatch):
    def train_step(*args):
        raise RuntimeError("a bug")

    monkeypatch.setattr(loop, "train_step", train_step)
    with pytest.raises(RuntimeError, match="a bug"):
        run(command, tmp_path / "out")


def test_a_loss_that_is_not_finite_leaves_the_last_good_checkpoint(command, tmp_path, monkeypatch):
    folder = stopped(command, tmp_path, monkeypatch, after=5)
    real = loop.train_step

    def train_step(model, optimizer, backward, images, *rest):
        return real(model, optimizer, backward, images * float("nan"), *rest)

    with monkeypatch.context() as patch:
        patch.setattr(loop, "train_step", train_step)
        with pytest.raises(FerBenchError, match="not finite"):
            run(command, tmp_path / "out")
    assert position(tmp_path / "checkpoints") == (0, 5)
    assert folder.exists()
    assert not (tmp_path / "out").exists()


def test_finished_folds_are_not_trained_again(make_spec, tmp_path, monkeypatch):
    from toy_pack import TOY_VIEW, make_pack

    make_pack(tmp_path / "folded" / "toy", folds=3)
    spec, start = make_spec("baseline1", {"epochs": 2}, {**TOY_VIEW, "protocol": "folds"})
    monkeypatch.setenv("FER_BENCH_CHECKPOINTS", str(tmp_path / "checkpoints"))
    train_cell(spec, start, 0, tmp_path / "whole", tmp_path / "folded")
    forget(root() / "toy/baseline1/0")
    steps, real = [], loop.train_step

    def train_step(*args):
        steps.append(1)
        if len(steps) == 10:
            raise KeyboardInterrupt
        return real(*args)

    with monkeypatch.context() as patch:
        patch.setattr(loop, "train_step", train_step)
        with pytest.raises(KeyboardInterrupt):
            train_cell(spec, start, 0, tmp_path / "out", tmp_path / "folded")
        done = len(list((tmp_path / "checkpoints/toy/baseline1/0").glob("fold*/newest.pt")))
        assert done == 1
        patch.setattr(loop, "train_step", lambda *args: steps.append(1) or real(*args))
        steps.clear()
        (done,) = (tmp_path / "checkpoints/toy/baseline1/0").glob("fold*/newest.pt")
        written = done.stat().st_mtime_ns
        train_cell(spec, start, 0, tmp_path / "out", tmp_path / "folded")
    assert done.stat().st_mtime_ns == written  # the finished fold is not written again
    forget(tmp_path / "checkpoints/toy/baseline1/0")
    assert len(steps) == 2 * 2 * 3  # two folds of two epochs of three batches
    assert content_of(tmp_path / "out") == content_of(tmp_path / "whole")
    assert not (tmp_path / "checkpoints/toy/baseline1/0").exists()
