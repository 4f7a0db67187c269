"""Jobs in forked processes: how they end, and that nothing stays."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import psutil
import pytest
from tiny import wait_for

from fer_bench.sweep import local
from fer_bench.sweep.dvc_repo import TreeChanged
from fer_bench.sweep.forked import Forked
from fer_bench.sweep.local import LocalPlaces, how_many
from fer_bench.sweep.worker import Work

# Without the server's imports, which these jobs do not need.
CONTEXT = multiprocessing.get_context("spawn")


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    started = []

    def start(*commands, env=None):
        job = Forked(CONTEXT, commands, tmp_path / "a.log", (), tmp_path, env or {})
        started.append(job)
        return job

    yield start
    for job in started:
        job.stop()


def ended(job):
    return wait_for(lambda: (look := job.look()).state != "running" and look)


def test_commands_run_in_turn_and_what_they_say_is_logged(run, tmp_path):
    job = run("echo one > order", "echo $WHO >> order; echo said", env={"WHO": "two"})
    assert ended(job).state == "done"
    assert (tmp_path / "order").read_text() == "one\ntwo\n"
    assert "> echo one > order\n" in (tmp_path / "a.log").read_text()
    assert "said\n" in (tmp_path / "a.log").read_text()


def test_our_own_commands_run_in_the_same_process(run, tmp_path):
    look = ended(run("fer-bench compare synthetic a b", "touch never"))
    assert look.state == "failed"
    assert "params.yaml not found" in look.words
    assert not (tmp_path / "never").exists()


def test_a_failing_command_ends_the_job_with_its_log(run):
    look = ended(run("echo before; exit 3"))
    assert look.state == "failed"
    assert "before\n" in look.words


def test_a_killed_job_takes_its_children_along(run, tmp_path):
    job = run("sleep 1234 & echo $! > child; wait")
    child = int(
        wait_for(lambda: (tmp_path / "child").is_file() and (tmp_path / "child").read_text())
    )
    os.kill(job.pid, signal.SIGKILL)
    look = ended(job)
    assert look.state == "failed"
    assert "ended by signal 9" in look.words
    wait_for(lambda: not psutil.pid_exists(child))


def test_stopping_leaves_nothing(run, tmp_path):
    job = run("sleep 1234 & echo $! > child; wait")
    child = int(
        wait_for(lambda: (tmp_path / "child").is_file() and (tmp_path / "child").read_text())
    )
    job.stop()
    wait_for(lambda: not psutil.pid_exists(child) and not psutil.pid_exists(job.pid))


SWEEP = """
import multiprocessing, sys, time
from pathlib import Path
from fer_bench.sweep.forked import Forked

if __name__ == "__main__":
    here = Path(sys.argv[1])
    context = multiprocessing.get_context("forkserver")
    job = Forked(context, ["sleep 1234 & echo $! > child; wait"], here / "a.log", (), here, {})
    (here / "pid").write_text(str(job.pid))
    time.sleep(1234)
"""


def test_jobs_end_when_the_sweep_is_killed(tmp_path):
    (tmp_path / "sweep.py").write_text(SWEEP)
    sweep = subprocess.Popen([sys.executable, "sweep.py", str(tmp_path)], cwd=tmp_path)
    try:
        child = int(wait_for(lambda: (tmp_path / "child").is_file() and
                             (tmp_path / "child").read_text()))  # fmt: skip
        job = int(wait_for(lambda: (tmp_path / "pid").is_file() and (tmp_path / "pid").read_text()))
    finally:
        sweep.kill()
        sweep.wait()
    wait_for(lambda: not psutil.pid_exists(child) and not psutil.pid_exists(job))


WARM = """
import sys, threading
import fer_bench.sweep.warm
import torch
print(threading.active_count(), torch.cuda.is_initialized(), *sys.modules)
"""


def test_the_server_imports_what_cells_need_and_may_be_forked():
    said = subprocess.run(
        [sys.executable, "-c", WARM], capture_output=True, text=True, check=True
    ).stdout.split()
    assert said[:2] == ["1", "False"]  # no thread beside its own, no device
    assert {"lightning_fabric", "fer_bench.training.train", "fer_bench.models.scan_cci",
            "fer_bench.datasets.synthetic", "fer_bench.evaluation.score"} <= set(said)  # fmt: skip


class Recorded:
    """Records in memory; `error` is raised instead."""

    def __init__(self, up_to_date=(), error=None, not_made=()):
        self.up_to_date, self.error, self.recorded = set(up_to_date), error, []
        self.not_made = list(not_made)

    def missing(self, targets):
        return self.not_made

    def left(self, targets):
        return [t for t in targets if t not in self.up_to_date]

    def record(self, targets):
        if self.error:
            raise self.error
        self.recorded += targets


@pytest.fixture
def places(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(local, "start_server", lambda: CONTEXT)
    made = []

    def make(records, jobs=1):
        made.append(LocalPlaces(records, jobs, tmp_path / "logs", tmp_path / "checkpoints"))
        return made[-1]

    yield make
    for one in made:
        one.close()


def last(places):
    return wait_for(lambda: next(
        (look for look in places.look().values() if look.state != "running"), None))  # fmt: skip


WORK = Work(("first", "second"), ("touch 1", "touch 2"), ("d/m/0",), "a.log")


def test_what_is_done_is_recorded_and_then_its_checkpoints_go(places, tmp_path):
    cell = tmp_path / "checkpoints/d/m/0"
    cell.mkdir(parents=True)
    (cell / "newest.pt").write_bytes(b"x")
    records = Recorded(up_to_date=["first"])
    here = places(records)
    here.start("0", WORK)
    assert last(here).ran == ("second",)
    assert records.recorded == ["second"]
    assert not (tmp_path / "1").exists()
    assert (tmp_path / "2").exists()
    assert not cell.exists()


def test_several_are_recorded_at_once_and_the_rest_at_the_end(places, monkeypatch):
    records = Recorded()
    here = places(records, jobs=2)
    here._recorded = time.monotonic()
    here.start("0", Work(("a",), ("true",), (), "a.log"))
    here.start("1", Work(("b",), ("sleep 60",), (), "b.log"))
    assert last(here).state == "done"
    assert records.recorded == []  # the other one still runs, and seconds have not passed
    here.close()
    assert records.recorded == ["a"]


def test_what_the_cache_holds_starts_no_process(places):
    here = places(Recorded(up_to_date=WORK.targets))
    here.start("0", WORK)
    assert here.look() == {"0": local.Look("done", ran=())}
    assert here.look() == {}


def test_an_out_that_is_not_there_fails_its_job_and_keeps_checkpoints(places, tmp_path):
    cell = tmp_path / "checkpoints/d/m/0"
    cell.mkdir(parents=True)
    (cell / "newest.pt").write_bytes(b"x")
    here = places(Recorded(not_made=["runs/x"]))
    here.start("0", WORK)
    look = last(here)
    assert look.state == "failed"
    assert "did not write runs/x" in look.words
    assert (cell / "newest.pt").is_file()


def test_a_changed_tree_ends_the_sweep(places):
    here = places(Recorded(error=TreeChanged("fer_bench changed")))
    here.start("0", WORK)
    with pytest.raises(TreeChanged):
        last(here)
    here.close()  # there is nothing to record


def test_no_further_job_starts_while_memory_is_short(places, monkeypatch):
    here = places(Recorded(), jobs=2)
    assert set(here.nodes()) == {"0", "1"}
    monkeypatch.setattr(local, "free_memory", lambda: 0.5)
    assert set(here.nodes()) == {"0", "1"}  # one job may always run
    here.start("1", Work(("a",), ("sleep 60",), (), "b.log"))
    assert set(here.nodes()) == {"1"}
    monkeypatch.setattr(local, "free_memory", lambda: 100.0)
    assert set(here.nodes()) == {"0", "1"}


def test_how_many_run_is_said_with_the_reason(monkeypatch):
    monkeypatch.setattr(local, "cores", lambda: 8)
    monkeypatch.setattr(local, "psutil", SimpleNamespace(
        virtual_memory=lambda: SimpleNamespace(available=3 * 2**30)))  # fmt: skip
    assert how_many(None, 2) == (
        4,
        "4 at a time (8 cores, 2 threads a cell, 3.0 GiB of memory free)",
    )
    assert how_many(3, 1)[0] == 3
    assert how_many(None, 16)[0] == 1


def test_memory_counts_children(run):
    job = run(f"{sys.executable} -c 'x = bytearray(300 << 20); import time; time.sleep(60)'")
    assert wait_for(lambda: local.memory(job.pid) > 0.29, 30)
    job.stop()
    time.sleep(0.1)
    assert local.memory(job.pid) == 0.0


STAGE = """
import os, time
from fer_bench.sweep.lifeline import hold

hold()
open("stage", "w").write(str(os.getpid()))
time.sleep(1234)
"""


def test_a_stage_ends_with_the_dvc_that_started_it(tmp_path):
    (tmp_path / "stage.py").write_text(STAGE)
    env = os.environ | {"DVC_STAGE": "train"}
    dvc = subprocess.Popen(["sh", "-c", f"{sys.executable} stage.py; true"], cwd=tmp_path, env=env)
    stage = int(wait_for(lambda: (tmp_path / "stage").is_file() and
                         (tmp_path / "stage").read_text()))  # fmt: skip
    dvc.kill()
    dvc.wait()
    wait_for(lambda: not psutil.pid_exists(stage))


SERVER = """
import multiprocessing, os, signal, sys, time
from multiprocessing import forkserver
from pathlib import Path
from fer_bench.sweep.forked import Forked, stop_server

def ended(job):
    while (look := job.look()).state == "running":
        time.sleep(0.05)
    return look

if __name__ == "__main__":
    here = Path(sys.argv[1])
    context = multiprocessing.get_context("forkserver")
    job = Forked(context, ["sleep 1234 & echo $! > child; wait"], here / "a.log", (), here, {})
    while not ((here / "child").is_file() and (here / "child").read_text()):
        time.sleep(0.05)
    os.kill(forkserver._forkserver._forkserver_pid, signal.SIGKILL)
    print(ended(job).state)
    print(ended(Forked(context, ["true"], here / "b.log", (), here, {})).state)
    stop_server()
    print(forkserver._forkserver._forkserver_pid)
"""


def test_a_killed_server_takes_its_jobs_along_and_another_one_starts(tmp_path):
    (tmp_path / "sweep.py").write_text(SERVER)
    done = subprocess.run(
        [sys.executable, "sweep.py", str(tmp_path)], cwd=tmp_path, capture_output=True, text=True,
        check=True, timeout=120,
    )  # fmt: skip
    assert done.stdout.split() == ["failed", "done", "None"]
    child = int((tmp_path / "child").read_text())
    wait_for(lambda: not psutil.pid_exists(child))
