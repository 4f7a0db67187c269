"""Sweeps on this machine, for real."""

import re
import signal
import subprocess
from pathlib import Path

import pytest
from tiny import (
    TARGET,
    broken_objects,
    copy,
    processes,
    results,
    sweep,
    swept,
    trains,
    wait_for,
)

SYNTHETIC = "benchmarks/synthetic/dvc.yaml"

# Real pipelines in clones, 20 to 90 s each on two cores; the first test also waits for the serial
# run that all are compared with, about 70 s.
pytestmark = pytest.mark.slow


def ran_here(said: str) -> list[str]:
    """The stages that ran in the main checkout, without `specs`, which tells what is stale."""
    return [name for name in re.findall(r"^  ran (.+)$", said, re.MULTILINE) if name != "specs"]


def all_linked(made) -> bool:
    """Whether workers' faces are links into the cache, not copies of it."""
    faces = list((made.folder / "runs/.sweep/workers").glob("*/data/aligned/synthetic/faces.npy"))
    assert len(faces) == 2
    to = ["cp", "--reflink=always", str(faces[0]), str(made.folder / "runs/reflink")]
    reflinks = subprocess.run(to, capture_output=True, check=False).returncode == 0
    return reflinks or all(path.stat().st_nlink > 1 for path in faces)


def test_two_workers_and_a_failing_cell_end_with_the_bytes_of_a_serial_run(serial, tmp_path):
    made = copy(serial.aligned, tmp_path / "main")
    said = swept(
        made, TARGET, "--jobs", "2", "--retries", "0", status=1,
        FER_BENCH_TEST_FAIL="synthetic/scan_cci/0",
    )  # fmt: skip
    failed = re.search(r"^failed: synthetic/scan_cci/0; log: (\S+)$", said, re.MULTILINE)
    assert failed, said
    assert "made to fail" in Path(failed[1]).read_text()
    assert "skipped: synthetic_masked/scan_cci_from_synthetic/0; needs synthetic/scan_cci/0" in said
    assert "done synthetic/baseline1/0\n" in said
    assert ran_here(said) == []
    assert (made.folder / "results/scores/synthetic/baseline1/0.json").is_file()

    said = swept(made, TARGET, "--jobs", "2")
    assert "2 stale cells" in said
    assert "2 cells done" in said
    assert ran_here(said) == [TARGET]
    assert results(made) == results(serial.whole)
    assert all_linked(made)
    assert broken_objects(made) == []
    assert "Running stage" not in made("dvc", "repro", TARGET)
    assert "every cell is up to date" in swept(made, TARGET)


def test_killed_and_interrupted_sweeps_go_on(serial, tmp_path):
    made = copy(serial.begun, tmp_path / "main")
    cell, target = "synthetic/scan_cci/0", f"{SYNTHETIC}:train@scan_cci-0"
    workers = made.folder / "runs/.sweep/workers"

    process = sweep(made, target, FER_BENCH_TEST_PAUSE="0.15")
    wait_for(lambda: trains(made, cell))
    process.kill()
    process.communicate()
    wait_for(lambda: not processes(workers))
    assert trains(made, cell)

    process = sweep(made, target, FER_BENCH_TEST_PAUSE="0.15")
    log = made.folder / "runs/.sweep/logs/synthetic_scan_cci_0.log"
    wait_for(lambda: processes(workers) and "goes on from epoch" in log.read_text())
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 130, said
    assert "stopped: 0 cells done, 1 to do" in said
    assert processes(workers) == []
    assert trains(made, cell)

    swept(made, target)
    assert "goes on from epoch" in log.read_text()
    ours = {name: value for name, value in results(made).items() if "/scan_cci/0/train/" in name}
    assert len(ours) > 3
    assert ours.items() <= results(serial.whole).items()


def test_a_remote_takes_the_place_of_a_shared_folder(serial, tmp_path):
    made = copy(serial.begun, tmp_path / "main")
    made("dvc", "remote", "add", "store", str(tmp_path / "store"), "--local")
    said = swept(
        made, f"{SYNTHETIC}:score@baseline1-0", "--remote", "store", "--folder",
        str(tmp_path / "elsewhere"),
    )  # fmt: skip
    assert ran_here(said) == []
    assert not (made.folder / "runs/.sweep/workers").exists()
    assert (tmp_path / "elsewhere/workers/0/.dvc/cache").is_dir()
    score = made.folder / "results/scores/synthetic/baseline1/0.json"
    name = score.relative_to(made.folder)
    assert score.read_bytes() == (serial.whole.folder / name).read_bytes()


def test_a_dirty_tree_is_refused(serial, tmp_path):
    made = copy(serial.begun, tmp_path / "main")
    (made.folder / "fer_bench/models/new.py").write_text("x = 1\n")
    said = swept(made, status=1)
    assert "the tree is dirty" in said
    assert "  fer_bench/models/new.py" in said
    assert "dvc.lock" not in said
