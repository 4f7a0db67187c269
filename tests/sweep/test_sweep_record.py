"""What ran is written into DVC's lock file whole, or not at all."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from fer_bench.errors import FerBenchError
from fer_bench.sweep.dvc_repo import Recorder, needed, opened, reproduce

STAGES = {name: {"cmd": f"echo {name} > {name}", "outs": [name]} for name in ("a", "b")}


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    dvc = Path(sys.executable).parent / "dvc"
    subprocess.run([dvc, "init", "-q", "--no-scm"], check=True)
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump({"stages": STAGES}))
    for name in STAGES:
        (tmp_path / name).write_text(f"{name}\n")
    return tmp_path


def recorded(project: Path) -> list[str]:
    return list(yaml.safe_load((project / "dvc.lock").read_text())["stages"])


def test_stages_are_recorded_one_after_the_other(project):
    with opened(project) as repo:
        records = Recorder(needed(repo, []))
    for names in (["a"], ["a", "b"]):
        records.record(names[-1:])
        assert recorded(project) == names
    with opened(project) as repo:
        assert Recorder(needed(repo, [])).left(["a", "b"]) == []
    assert not list(project.glob(".dvc.*"))


def test_a_write_that_is_cut_short_loses_no_earlier_record(project, monkeypatch):
    with opened(project) as repo:
        records = Recorder(needed(repo, []))
    records.record(["a"])
    before = (project / "dvc.lock").read_bytes()

    def full(data, stream):
        stream.write("schema: '2.0'\nstag")
        stream.flush()
        assert (project / "dvc.lock").read_bytes() == before  # what others see meanwhile
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("dvc.utils.serialize._yaml._dump", full)
    with pytest.raises((FerBenchError, OSError)):
        records.record(["b"])
    assert (project / "dvc.lock").read_bytes() == before
    assert not list(project.glob(".dvc.*"))


def test_a_folder_that_links_to_another_disk_is_refused_with_what_may_be_a_link(
    tmp_path, tmp_path_factory, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").symlink_to(tmp_path_factory.mktemp("disk"))
    stage = {"cmd": "echo > data/faces", "outs": ["data/faces"]}
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"align": stage}}))
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run([Path(sys.executable).parent / "dvc", "init", "-q"], check=True)
    with pytest.raises(FerBenchError, match="only data/raw may be one"), opened(tmp_path) as repo:
        reproduce(repo, needed(repo, []))
