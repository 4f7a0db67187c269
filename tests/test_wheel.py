"""Installed instead of cloned: all files are there, and what needs the project's folder says so."""

from __future__ import annotations

import fnmatch
import tomllib
from pathlib import Path

import pytest

from fer_bench import cli

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_the_wheel_holds_every_file_of_the_package():
    patterns = PROJECT["tool"]["setuptools"]["package-data"]["fer_bench"]
    package = ROOT / "fer_bench"
    files = (p for p in package.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    for name in (p.relative_to(package).as_posix() for p in files if p.suffix != ".py"):
        assert any(fnmatch.fnmatch(name, pattern) for pattern in patterns), name


@pytest.mark.parametrize(
    "command",
    ["check", "status", "sweep", "pipelines", "data status", "specs", "leaderboard", "cost",
     "train synthetic scan_cci 0", "align synthetic", "compare synthetic a b", "weights add x",
     "submit x.csv --model a --dataset synthetic", "predict x.png --run synthetic/scan_cci/0",
     "audit-checkpoint x.pth --model baseline1 --faces synthetic", "faces sheet synthetic"],
)  # fmt: skip
def test_outside_the_projects_folder_one_message_says_so(tmp_path, monkeypatch, capsys, command):
    monkeypatch.chdir(tmp_path)
    assert cli.run(command.split()) in (1, 2)
    said = capsys.readouterr().err
    assert said.startswith("fer-bench: ")
    assert len(said.splitlines()) < 12
    assert not list(tmp_path.rglob("*.yaml")), "nothing is written"


def test_models_are_listed_and_begun_anywhere(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.run(["models", "new", "my_net"]) == 0
    assert (tmp_path / "my_net.py").is_file()
    assert cli.run(["models", "show", "scan_cci"]) == 0
    assert "scan_cci" in capsys.readouterr().out
