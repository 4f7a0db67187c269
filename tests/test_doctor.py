"""`fer-bench doctor`: what is missing is named with the way to get it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from fer_bench import doctor
from fer_bench.files import write_json

ROOT = Path(__file__).parents[1]
OFF = "seeds: [0], evaluate_on: [], init_from: [], transfer_models: [], robustness: [], explain: []"


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    for name in ("docs/protocol.md", "benchmarks/weights.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}")
    return tmp_path


def examined(project: Path, text: str) -> dict[str, doctor.Finding]:
    (project / "params.yaml").write_text(text)
    return {finding.about: finding for finding in doctor.examine()}


def test_the_embedded_set_needs_nothing(project):
    found = examined(project, f"enabled:\n  synthetic: {{models: [baseline1], {OFF}}}\n")
    assert {f.about for f in found.values() if f.state == "missing"} == set()
    assert found["data: synthetic"].state == "ok"
    assert "1 cells" in found["params.yaml"].said
    assert "rafdb" in found["data: others"].said


def test_data_and_weights_that_enabled_rows_need_are_missing(project):
    text = f"enabled:\n  rafdb: {{models: [baseline2, baseline3], {OFF}}}\n"
    found = examined(project, text)
    assert found["data: rafdb"].state == "missing"
    assert "fer-bench data add rafdb" in found["data: rafdb"].then
    for kind, row in (("imagenet", "baseline2"), ("vggface2", "baseline3")):
        finding = found[f"weights: {kind}_resnet50"]
        assert (finding.state, finding.said) == ("missing", f"for rafdb/{row}")
        assert f"fer-bench weights add {kind}_resnet50" in finding.then
    assert found["weights: imagenet_resnet18"].state == "optional"
    stand_in = "datasets: {rafdb: {weights: {vggface2: identity, imagenet: identity}}}\n"
    found = examined(project, stand_in + text)
    assert found["weights: vggface2_resnet50"].state == "optional"


def test_faces_that_only_fine_tuned_rows_read_are_asked_for(project):
    tuned = OFF.replace("init_from: []", "init_from: [synthetic]").replace(
        "transfer_models: []", "transfer_models: [baseline1]"
    )
    found = examined(
        project,
        f"enabled:\n  synthetic: {{models: [baseline1], {OFF}}}\n"
        f"  rafdb: {{models: [], {tuned}}}\n",
    )
    assert found["data: rafdb"].state == "missing"
    assert "2 cells" in found["params.yaml"].said


def test_a_students_weights_and_those_of_a_landmark_network_are_missing_too(project):
    pair = "models: [baseline1], students: {ma_net: baseline1}"
    found = examined(project, f"enabled:\n  rafdb: {{{pair}, {OFF}}}\n")
    finding = found["weights: msceleb_resnet18"]
    assert (finding.state, finding.said) == ("missing", "for rafdb/ma_net")
    assert found["weights: face_landmark_68"].state == "optional"
    align = "align: {synthetic: {points: face_landmark_68}}\n"
    finding = examined(project, align + ONE)["weights: face_landmark_68"]
    assert (finding.state, finding.said) == ("missing", "for align.synthetic")


def test_weights_that_nobody_publishes_are_named(project):
    text = (
        "datasets: {synthetic: {model: {backbone: resnet18_slim}}}\n"
        f"enabled:\n  synthetic: {{models: [scan_cci], {OFF}}}\n"
    )
    found = examined(project, text)
    assert found["weights: vggface2_resnet18_slim"].state == "missing"
    assert "{vggface2: identity}" in found["weights: vggface2_resnet18_slim"].then
    assert "enabled.synthetic.scan_cci" in found["params.yaml"].said


def test_a_full_disk_is_told_before_the_work(project, monkeypatch):
    write_json(project / "benchmarks/rafdb/source.json", {
        "source": "rafdb", "partial": False, "images": {"present": 100_000},
    })  # fmt: skip
    monkeypatch.setattr(doctor, "read_receipt", lambda *_: {"images": {"present": 100_000}})
    usage = shutil.disk_usage(project)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=2**33))
    text = f"enabled:\n  rafdb: {{models: [baseline1], {OFF}}}\n"
    found = examined(project, text)
    assert found["disk"].state == "missing"
    assert "8.0 GiB free, about 14." in found["disk"].said  # 100,000 faces of 224 px are 14.0 GiB
    small = examined(project, "align: {rafdb: {size: 80}}\n" + text)
    assert small["disk"].state == "ok"


def test_a_folder_that_may_not_be_written_is_told_before_the_work(project, monkeypatch):
    (project / "results").mkdir()
    monkeypatch.setattr(os, "access", lambda path, _: path != Path("results"))
    found = examined(project, f"enabled:\n  synthetic: {{models: [baseline1], {OFF}}}\n")["disk"]
    assert (found.state, found.said) == ("missing", "results cannot be written to")


def test_a_gpu_that_is_asked_for_must_be_there(project, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    text = f"enabled:\n  synthetic: {{models: [baseline1], {OFF}}}\n"
    assert examined(project, text)["GPU"].state == "optional"
    assert examined(project, "compute: {device: cuda}\n" + text)["GPU"].state == "missing"


def test_tools_off_the_path_and_broken_params_are_said(project, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    found = examined(project, "enabled: [\n")
    assert found["dvc"].state == "missing"
    assert "activate" in found["dvc"].then
    assert found["browser"].state == "optional"
    assert "not valid YAML" in found["params.yaml"].said


ONE = f"enabled:\n  synthetic: {{models: [baseline1], {OFF}}}\n"
LOCK = "benchmarks/synthetic/dvc.lock"


def finished(project: Path, lock: str = "schema: '2.0'\nstages: {}\n") -> None:
    """A training that ended, and a lock file."""
    for place in (
        "runs/specs/synthetic/baseline1.json",
        "runs/synthetic/baseline1/0/train/spec.json",
    ):
        write_json(project / place, {"row": 1})
    (project / LOCK).parent.mkdir(parents=True, exist_ok=True)
    (project / LOCK).write_text(lock)
    (project / ".dvc/cache/files").mkdir(parents=True)


def test_a_finished_training_that_dvc_does_not_know_is_told_with_its_command(project):
    finished(project)
    found = examined(project, ONE)["DVC's record"]
    assert (found.state, found.said) == ("missing", "1 finished trainings are not in it")
    assert "`dvc commit -f benchmarks/synthetic/dvc.yaml:train@baseline1-0`" in found.then
    out = "outs: [{path: runs/synthetic/baseline1/0/train}]"
    (project / LOCK).write_text(f"stages: {{train@baseline1-0: {{{out}}}}}\n")
    assert "DVC's record" not in examined(project, ONE)
    (project / LOCK).write_text("stages: {}\n")
    write_json(project / "runs/specs/synthetic/baseline1.json", {"row": 2})
    assert "DVC's record" not in examined(project, ONE), "another spec's training is stale"


def test_a_students_finished_training_has_the_command_of_its_own_stage(project):
    finished(project)
    pair = "models: [scan_cci], students: {baseline1: scan_cci}"
    found = examined(project, f"enabled:\n  synthetic: {{{pair}, {OFF}}}\n")["DVC's record"]
    assert "`dvc commit -f benchmarks/synthetic/dvc.yaml:taught_baseline1@0`" in found.then


def test_conflict_markers_and_an_emptied_cache_are_told(project):
    finished(project, "stages:\n<<<<<<< ours\n  a: {}\n=======\n  b: {}\n>>>>>>> theirs\n")
    found = examined(project, ONE)
    assert LOCK in found["DVC's record"].said
    assert "--theirs" in found["DVC's record"].then
    for text in ("", "stages:\n  a:\n    outs:\n    - path: 'b"):
        (project / LOCK).write_text(text)
        found = examined(project, ONE)["DVC's record"]
        assert found.said.startswith(f"{LOCK}: cut off")
        assert found.then.startswith("Take it from git, or remove it")
    (project / LOCK).write_text("stages: {}\n")
    assert "`dvc commit -f`" in examined(project, ONE)["DVC's cache"].then
    (project / ".dvc/cache/files/00").touch()
    assert "DVC's cache" not in examined(project, ONE)


@pytest.mark.parametrize("name", ["data", "data/aligned", "runs"])
def test_a_link_out_of_the_project_is_named_before_dvc_refuses_it(project, tmp_path_factory, name):
    text = f"enabled:\n  synthetic: {{models: [baseline1], {OFF}}}\n"
    other = tmp_path_factory.mktemp("disk")
    (project / "data").mkdir()
    (project / "data/raw").symlink_to(other)  # this one may
    assert "links" not in examined(project, text)
    if name == "data":
        shutil.rmtree(project / "data")
    (project / name).symlink_to(other)
    found = examined(project, text)["links"]
    assert (found.state, found.said.split()[0]) == ("missing", name)
    assert "data/raw" in found.then
