"""Checkpoints go only when DVC has recorded what they led to."""

import hashlib

import pytest
import yaml

from fer_bench.stages.recorded import forget_if_recorded, is_recorded

OUT = "runs/d/m/0/train"


@pytest.fixture
def lock(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FER_BENCH_CHECKPOINTS", raising=False)
    (tmp_path / "spec.json").write_text("{}")
    (tmp_path / "pack").mkdir()
    path = tmp_path / "benchmarks/d/dvc.lock"
    path.parent.mkdir(parents=True)
    md5 = hashlib.md5(b"{}").hexdigest()
    deps = [{"path": "spec.json", "md5": md5}, {"path": "pack", "md5": "0.dir"}]
    path.write_text(yaml.safe_dump({"stages": {"train@m-0": {
        "deps": deps, "outs": [{"path": OUT, "md5": "1.dir"}]}}}))  # fmt: skip
    return path


def test_what_was_made_from_the_files_that_are_there_is_recorded(lock):
    assert is_recorded(OUT, lock)
    assert not is_recorded("runs/d/m/1/train", lock)


def test_another_spec_or_no_lock_is_not(lock, tmp_path):
    assert not is_recorded(OUT, tmp_path / "none.lock")
    (tmp_path / "spec.json").write_text("{ }")
    assert not is_recorded(OUT, lock)
    (tmp_path / "spec.json").unlink()
    assert not is_recorded(OUT, lock)


def test_a_lock_file_that_dvc_is_writing_records_what_is_whole_in_it(lock):
    first, second = "stages:\n  ä@0:\n    outs:\n    - path: a\n      md5: b\n", lock.read_text()
    text = (first + second.removeprefix("stages:\n")).encode()
    began, ended = text.index(b"path: a"), text.rindex(OUT.encode()) + len(OUT)
    for end in range(len(text)):
        lock.write_bytes(text[:end])
        assert not is_recorded("a", lock) or end > began, text[:end]
        assert is_recorded(OUT, lock) == (end >= ended), text[:end]
    lock.write_bytes(first.encode())
    assert is_recorded("a", lock)


def test_checkpoints_stay_until_then(lock, tmp_path):
    cell = tmp_path / "runs/.checkpoints/d/m/0"
    cell.mkdir(parents=True)
    (cell / "newest.pt").write_bytes(b"x")
    (tmp_path / "spec.json").write_text("{ }")
    forget_if_recorded(OUT, "d", "d/m/0")
    assert (cell / "newest.pt").is_file()
    (tmp_path / "spec.json").write_text("{}")
    forget_if_recorded(OUT, "d", "d/m/0")
    assert not cell.exists()
