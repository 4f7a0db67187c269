"""What is refused, what is planned, how places are counted."""

import io
import subprocess
from dataclasses import dataclass, replace
from types import SimpleNamespace

import pytest
from rich.console import Console
from tiny import CELLS, TARGET, checkout

from fer_bench.errors import FerBenchError
from fer_bench.sweep import sweep
from fer_bench.sweep.dvc_repo import needed, opened
from fer_bench.sweep.guard import clean_commit
from fer_bench.sweep.local import LocalPlaces, gpu_environment
from fer_bench.sweep.on_ray import RayPlaces, _room
from fer_bench.sweep.plan import Plan, _owners, _watch, make_plan, without_waiting
from fer_bench.sweep.schedule import Job
from fer_bench.sweep.worker import Home, Work, Worker

SYNTHETIC = "benchmarks/synthetic/dvc.yaml"


@dataclass(frozen=True, eq=False)
class Stage:
    """What the plan looks at of one of DVC's stages."""

    name: str
    path: str
    repo: SimpleNamespace
    outs: tuple[SimpleNamespace, ...]


@pytest.fixture
def repository(tmp_path):
    def git(*arguments):
        author = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        subprocess.run(["git", *author, *arguments], cwd=tmp_path, check=True, capture_output=True)

    git("init", "-q")
    (tmp_path / ".gitignore").write_text("ignored\n")
    (tmp_path / "code.py").write_text("1\n")
    (tmp_path / "results").mkdir()
    (tmp_path / "results/table.md").write_text("1\n")
    (tmp_path / "dvc.lock").write_text("1\n")
    git("add", "-A")
    git("commit", "-qm", "first")
    return tmp_path


def test_a_clean_tree_gives_its_commit(repository):
    assert len(clean_commit(repository, [])) == 40


def test_what_the_pipeline_writes_and_git_ignores_may_differ(repository):
    (repository / "results/table.md").write_text("2\n")
    (repository / "results/new.md").write_text("2\n")
    (repository / "dvc.lock").write_text("2\n")
    (repository / "ignored").write_text("2\n")
    clean_commit(repository, ["results"])
    with pytest.raises(FerBenchError, match=r"results/new\.md"):
        clean_commit(repository, ["results/table.md"])


@pytest.mark.parametrize("name", ["code.py", "a folder/néw.py", "results/table.md"])
def test_what_workers_would_not_see_is_refused_by_name(repository, name):
    (repository / name).parent.mkdir(exist_ok=True)
    (repository / name).write_text("2\n")
    with pytest.raises(FerBenchError) as caught:
        clean_commit(repository, ["results/other.md"])
    assert "the tree is dirty" in str(caught.value)
    assert f"\n  {name}\n" in str(caught.value)


def test_a_staged_or_deleted_file_is_refused_too(repository):
    (repository / "code.py").unlink()
    with pytest.raises(FerBenchError, match=r"code\.py"):
        clean_commit(repository, [])


def test_no_commit_is_refused(tmp_path):
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    with pytest.raises(FerBenchError, match="has no commit"):
        clean_commit(tmp_path, [])


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    made = checkout(tmp_path_factory.mktemp("fresh") / "main")
    made("fer-bench", "specs")
    return made


def planned(fresh, monkeypatch, target=TARGET, reports=True, wait=True):
    monkeypatch.chdir(fresh.folder)
    with opened(fresh.folder) as repo:
        graph = needed(repo, [target])
        return make_plan(graph if wait else without_waiting(graph), reports)


def test_cells_carry_their_stages_and_need_what_they_start_from(fresh, monkeypatch):
    jobs = {job.name: job for job in planned(fresh, monkeypatch).jobs}
    assert {name for name, job in jobs.items() if job.cell} == CELLS
    cell, moved = jobs["synthetic/scan_cci/0"], jobs["synthetic_masked/scan_cci_from_synthetic/0"]
    assert [t.partition(":")[2] for t in cell.targets] == [
        "train@scan_cci-0", "evaluate@scan_cci-0-synthetic_masked", "score@scan_cci-0"
    ]  # fmt: skip
    assert cell.commands[0] == "fer-bench train synthetic scan_cci 0"
    assert "synthetic/scan_cci/0" in moved.needs
    assert "synthetic/baseline1/0" not in moved.needs
    assert cell.watch == ("synthetic/scan_cci/0",)


def test_a_row_from_scratch_waits_for_no_pre_training(fresh, monkeypatch):
    jobs = {job.name: job.needs for job in planned(fresh, monkeypatch, wait=False).jobs}
    before = {"synthetic:identity", "synthetic:starts"}
    assert "synthetic:align" in jobs["synthetic/baseline1/0"]
    assert before.isdisjoint(jobs["synthetic/baseline1/0"])
    assert before < jobs["synthetic/scan_cci/0"]
    alone = planned(fresh, monkeypatch, f"{SYNTHETIC}:train@baseline1-0", wait=False).jobs
    assert {job.name for job in alone}.isdisjoint(before)
    other = planned(fresh, monkeypatch, f"{SYNTHETIC}:train@scan_cci-0", wait=False).jobs
    assert {job.name for job in other} > before


def test_a_students_training_is_one_and_its_score_is_of_its_cell():
    def stage(name, row):
        out = SimpleNamespace(fs_path=f"/p/runs/synthetic/{row}/0/train")
        return Stage(name, "dvc.yaml", SimpleNamespace(root_dir="/p"), (out,))

    big, small = stage("train@big-0", "big"), stage("taught_small@0", "small")
    score = stage("score_small@0", "none")
    owners = _owners({big: set(), small: {big}, score: {small, big}})
    assert [owners[s] for s in (big, small, score)] == [
        "synthetic/big/0", "synthetic/small/0", "synthetic/small/0",
    ]  # fmt: skip
    assert _watch(small) == ["synthetic/small/0"]


def test_every_other_stage_is_a_job_that_waits_for_what_it_needs(fresh, monkeypatch):
    jobs = {job.name: job for job in planned(fresh, monkeypatch).jobs}
    others = {job.targets[0].rpartition(":")[2]: job for job in jobs.values() if not job.cell}
    assert all(len(job.targets) == 1 for job in others.values())
    assert {"specs", "align", "mask_blue", "identity", "starts", "view", "audit"} <= set(others)
    assert "audit_paper" not in others
    for name in CELLS:
        assert "synthetic:align" in jobs[name].needs
        assert name in others["table01"].needs
    assert others["identity"].watch == ("synthetic/identity_*/*",)


def test_two_graphs_of_one_repository_share_their_stages(fresh, monkeypatch):
    # What one plan records, the next one must know.
    monkeypatch.chdir(fresh.folder)
    with opened(fresh.folder) as repo:
        one, other = needed(repo, ["specs"]), needed(repo, [TARGET])
    (specs,) = (stage for stage in one if stage.name == "specs")
    assert any(stage is specs for stage in other)


def test_workers_elsewhere_make_no_reports(fresh, monkeypatch):
    jobs = planned(fresh, monkeypatch, reports=False).jobs
    assert "table01" not in {job.name for job in jobs}
    assert {job.name for job in jobs if job.cell} == CELLS


def test_a_target_is_all_that_is_planned(fresh, monkeypatch):
    plan = planned(fresh, monkeypatch, f"{SYNTHETIC}:train@baseline1-0")
    (cell,) = (job for job in plan.jobs if job.cell)
    assert cell.targets == (f"{SYNTHETIC}:train@baseline1-0",)


def test_an_unknown_target_is_one_message(fresh, monkeypatch):
    with pytest.raises(FerBenchError, match="nonsense"):
        planned(fresh, monkeypatch, "nonsense")


def test_a_node_has_room_for_what_fits():
    node = {"CPU": 8.0, "GPU": 2.0, "memory": 1e9}
    assert _room(node, {"CPU": 2, "GPU": 0}) == 4
    assert _room(node, {"CPU": 1, "GPU": 0.25}) == 8
    assert _room(node, {"CPU": 1, "GPU": 0.1}) == 8
    assert _room(node, {"CPU": 0.1, "GPU": 0.1}) == 20
    assert _room({"CPU": 8.0}, {"CPU": 1, "GPU": 1}) == 0


def test_neighbours_get_different_gpus_and_share_when_there_are_too_few():
    devices = ["0", "1", "2", "3"]
    given = [gpu_environment(i, 1, devices)["CUDA_VISIBLE_DEVICES"] for i in range(5)]
    assert given == ["0", "1", "2", "3", "0"]
    given = [gpu_environment(i, 2, devices)["CUDA_VISIBLE_DEVICES"] for i in range(3)]
    assert given == ["0,1", "2,3", "0,1"]
    assert gpu_environment(0, 0, devices) == {}


def test_more_gpus_than_there_are_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5")
    with pytest.raises(FerBenchError, match="sees 1 GPUs"):
        LocalPlaces(None, 1, tmp_path, tmp_path, gpus=2)


def test_gpus_for_cells_that_would_use_the_cpu_are_refused():
    params = SimpleNamespace(compute=SimpleNamespace(device="cpu"))
    sweep._check_device(params, 0)
    sweep._check_device(SimpleNamespace(compute=SimpleNamespace(device="auto")), 1)
    with pytest.raises(FerBenchError, match=r"compute\.device is cpu"):
        sweep._check_device(params, 1)


def test_where_what_is_up_to_date_lies_is_said():
    outs = tuple(SimpleNamespace(exists=exists) for exists in (True, False))
    plan = Plan([], [SimpleNamespace(outs=outs), SimpleNamespace(outs=outs[:1])], [], {})
    said = io.StringIO()
    console = Console(file=said, width=200)
    sweep._say_missing(plan, ["table01"], console)
    sweep._say_missing(plan, [], console)
    sweep._say_missing(replace(plan, stages=plan.stages[1:]), [], console)
    sweep._say_missing(replace(plan, jobs=[Job("a/b/0", ("a",))]), [], console)
    assert said.getvalue().splitlines() == [
        "not here but in DVC's cache: 1 output; fetch: dvc checkout --with-deps table01",
        "not here but in DVC's cache: 1 output; fetch: dvc checkout",
    ]


def test_no_cluster_is_one_message():
    home = Home(commit="0", source="x", folder="x", config="")
    with pytest.raises(FerBenchError, match="no Ray cluster answers"):
        RayPlaces(home, "127.0.0.1:1")


def test_a_worker_that_cannot_see_the_cache_says_what_to_do(tmp_path):
    home = Home(commit="0" * 40, source="x", folder=str(tmp_path), config="", cache="/nowhere")
    worker = Worker(home, "0")
    worker.start(Work(("a",), ("a",), (), "a.log"))
    assert worker.look().state == "failed"
    assert "--remote NAME" in worker.look().words


def test_a_worker_that_cannot_clone_says_why(tmp_path):
    home = Home("0" * 40, str(tmp_path / "none"), str(tmp_path / "home"), "", str(tmp_path))
    worker = Worker(home, "0")
    worker.start(Work(("a",), ("a",), (), "a.log"))
    assert "does not exist" in worker.look().words
