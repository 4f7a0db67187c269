"""Sweeps on this machine, for real."""

import os
import re
import shutil
import signal
from pathlib import Path

import psutil
import pytest
from tiny import (
    TARGET,
    broken_objects,
    checkout,
    copy,
    processes,
    results,
    sweep,
    swept,
    trains,
    wait_for,
)

from fer_bench.errors import FerBenchError

SYNTHETIC = "benchmarks/synthetic/dvc.yaml"

# Real pipelines, 20 to 60 s each on two cores; the first test also waits for the serial run that
# all are compared with, about 60 s.
pytestmark = pytest.mark.slow


def test_side_by_side_with_a_failing_cell_ends_with_the_bytes_of_a_serial_run(serial, tmp_path):
    # Times, hosts, paths and commits must not reach any out: DVC stores their hashes. And what ran
    # side by side in forked processes is what a process a stage gives, one after the other.
    made = checkout(tmp_path / "other" / "place", "another commit")
    swept(made, f"{SYNTHETIC}:train@baseline1-0")  # from scratch: it waits for no pre-training
    assert (made.folder / "runs/synthetic/baseline1/0/train/weights/last.safetensors").is_file()
    assert not (made.folder / "runs/synthetic/identity").exists()
    said = swept(
        made, TARGET, "--jobs", "2", "--retries", "0", status=1,
        FER_BENCH_TEST_FAIL="synthetic/scan_cci/0",
    )  # fmt: skip
    failed = re.search(r"^failed: synthetic/scan_cci/0; log: (\S+)$", said, re.MULTILINE)
    assert failed, said
    assert "made to fail" in Path(failed[1]).read_text()
    assert "skipped: synthetic_masked/scan_cci_from_synthetic/0; needs synthetic/scan_cci/0" in said
    assert "done synthetic/baseline1/0\n" in said
    assert (made.folder / "results/scores/synthetic/baseline1/0.json").is_file()

    said = swept(made, TARGET, "--jobs", "2")
    assert "2 stale cells and 1 other stage" in said
    assert "2 at a time" in said
    assert "2 cells done" in said
    assert results(made) == results(serial.whole)
    ours, theirs = made.locked(), serial.whole.locked()  # that of `view` was asked for in addition
    kinds = {name.split(":")[1].split("@")[0] for name in ours}
    assert kinds >= {"align", "mask_blue", "view", "audit", "identity", "starts", "train",
                     "transfer", "evaluate", "score"}  # fmt: skip
    for name, entry in ours.items():
        assert entry == theirs[name], name
    assert broken_objects(made) == []
    assert "Running stage" not in made("dvc", "repro", TARGET)
    assert not (made.folder / "runs/.checkpoints").exists() or not any(
        (made.folder / "runs/.checkpoints").rglob("*.pt")
    )
    assert "everything is up to date" in swept(made, TARGET)


def test_one_at_a_time_gives_the_same_bytes_and_what_the_cache_holds_is_restored(serial, tmp_path):
    made = copy(serial.begun, tmp_path / "main")
    target = f"{SYNTHETIC}:score@baseline1-0"
    for kept in (
        "data/aligned/synthetic",
        "runs/synthetic/starts",
    ):  # up to date, in the cache alone
        shutil.rmtree(made.folder / kept)
    swept(made, target, "--jobs", "1")
    ours = {name: value for name, value in results(made).items() if "synthetic/baseline1/" in name}
    assert any(name.endswith("last.safetensors") for name in ours)
    assert ours.items() <= results(serial.whole).items()
    (made.folder / "runs/synthetic/baseline1/0/train/history.csv").unlink()
    (made.folder / "results/scores/synthetic/baseline1/0.json").unlink()
    assert "done synthetic/baseline1/0" in swept(made, target)
    assert ours.items() <= results(made).items()


def test_killed_and_interrupted_sweeps_go_on(serial, tmp_path):
    made = copy(serial.begun, tmp_path / "main")
    cell, target = "synthetic/scan_cci/0", f"{SYNTHETIC}:train@scan_cci-0"

    process = sweep(made, target, FER_BENCH_TEST_PAUSE="0.15")
    wait_for(lambda: trains(made, cell))
    process.kill()
    process.communicate()
    wait_for(lambda: not processes(made.folder))
    assert trains(made, cell)

    process = sweep(made, target, FER_BENCH_TEST_PAUSE="0.15")
    log = made.folder / "runs/.sweep/logs/synthetic_scan_cci_0.log"
    wait_for(lambda: log.is_file() and "goes on from epoch" in log.read_text())
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 130, said
    assert "stopped: 0 cells done, 1 to do" in said
    wait_for(lambda: not processes(made.folder))
    assert trains(made, cell)

    swept(made, target)
    assert "goes on from epoch" in log.read_text()
    ours = {name: value for name, value in results(made).items() if "/scan_cci/0/train/" in name}
    assert len(ours) > 3
    assert ours.items() <= results(serial.whole).items()


def test_a_crash_in_one_cell_touches_no_other_and_is_tried_again(serial, tmp_path):
    made = copy(serial.begun, tmp_path / "main")
    log = tmp_path / "said.txt"
    target = f"{SYNTHETIC}:train@scan_cci-0"
    process = sweep(made, target, to=log, FER_BENCH_TEST_PAUSE="0.15")
    wait_for(lambda: trains(made, "synthetic/scan_cci/0"))
    # The job's process leads a session of its own, unlike the sweep and its server.
    (leader,) = (p for p in processes(made.folder) if os.getsid(p) == p and p != process.pid)
    psutil.Process(leader).kill()
    assert process.wait(timeout=120) == 0, log.read_text()
    said = log.read_text()
    assert "failed synthetic/scan_cci/0 on here, again in 5 s" in said
    ours = {name: value for name, value in results(made).items() if "/scan_cci/0/train/" in name}
    assert ours.items() <= results(serial.whole).items()


def test_code_that_changes_under_a_sweep_is_refused(serial, tmp_path):
    made = copy(serial.begun, tmp_path / "main")
    process = sweep(made, f"{SYNTHETIC}:train@scan_cci-0", FER_BENCH_TEST_PAUSE="0.05")
    wait_for(lambda: trains(made, "synthetic/scan_cci/0"))
    (made.folder / "fer_bench/models/new.py").write_text('"""New."""\n')
    said = process.communicate(timeout=120)[0]
    assert process.returncode == 1, said
    assert "fer_bench changed while cells were running" in said
    assert "train@scan_cci-0" not in str(made.locked())


def test_a_remote_needs_a_cluster(serial):
    refused = serial.begun.here("sweep", "--remote", "store").exception
    assert isinstance(refused, FerBenchError)
    assert "it needs --ray" in str(refused)
