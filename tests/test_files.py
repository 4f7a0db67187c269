"""Whole or absent, also after a kill."""

import multiprocessing
import os
import stat
import subprocess
import sys

import pytest
import torch
from safetensors.torch import save_file

from fer_bench.files import replacing, replacing_folder, write_json, write_text

KILLED = """
import os, signal, sys
from fer_bench.files import replacing, replacing_folder

with replacing_folder(sys.argv[1] + "/out") as folder, replacing(sys.argv[1] + "/a.json") as file:
    (folder / "half").write_text("x")
    file.write_text("x")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_kill_left_half_written_goes_with_the_next_try(tmp_path):
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert len(list(tmp_path.iterdir())) == 2
    assert not (tmp_path / "out").exists()
    with replacing_folder(tmp_path / "out") as folder:
        (folder / "whole").write_text("x")
    write_text(tmp_path / "a.json", "x")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.json", "out"]


def test_what_a_living_process_writes_stays(tmp_path):
    begun = multiprocessing.get_context("spawn").Process(target=_write_slowly, args=(tmp_path,))
    begun.start()
    try:
        while not list(tmp_path.glob(".out.*")):
            pass
        (theirs,) = tmp_path.glob(".out.*")
        with replacing_folder(tmp_path / "out") as folder:
            (folder / "whole").write_text("x")
        assert theirs.is_dir()
    finally:
        begun.kill()
        begun.join()


def _write_slowly(folder):
    import time

    with replacing_folder(folder / "out"):
        time.sleep(60)


def test_others_may_read_what_was_moved_into_place(tmp_path):
    write_json(tmp_path / "a.json", {})
    with replacing_folder(tmp_path / "out"):
        pass
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE((tmp_path / "a.json").stat().st_mode) == 0o666 & ~umask
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o777 & ~umask


def test_an_error_leaves_the_old_one(tmp_path):
    write_text(tmp_path / "a", "old")
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "a") as file:
        file.write_text((tmp_path / "none").read_text())
    assert (tmp_path / "a").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


@pytest.mark.skipif(os.name != "posix", reason="rights of POSIX")
def test_colleagues_can_read_what_is_put_in_place(tmp_path):
    old = os.umask(0o022)
    try:
        with replacing_folder(tmp_path / "out") as folder:
            (folder / "weights").mkdir(mode=0o700)
            save_file({"x": torch.zeros(2)}, folder / "weights/last.safetensors")
            os.chmod(folder / "weights/last.safetensors", 0o600)  # as safetensors 0.8 does itself
        with replacing(tmp_path / "one.safetensors") as file:
            save_file({"x": torch.zeros(2)}, file)
    finally:
        os.umask(old)
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in tmp_path.rglob("*")}
    assert modes == {
        "out": 0o755, "weights": 0o755, "last.safetensors": 0o644, "one.safetensors": 0o644,
    }  # fmt: skip
