"""benchmarks/speed/paired_seeds.py: trainings in pairs, and what they show."""

import json
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks/speed/paired_seeds.py"


@pytest.fixture(scope="module")
def compare():
    return runpy.run_path(str(SCRIPT))["compare"]


def pairs(differences) -> np.ndarray:
    first = np.linspace(70, 80, len(differences))
    return np.stack([first, first + differences], 1)


def test_the_interval_is_the_paired_t(compare):
    found = compare(pairs([0.5, -0.5, 1.0, 0.0, -0.25, 0.75, 0.25, -0.75, 0.5, 0.5]))
    spread = np.std([0.5, -0.5, 1.0, 0.0, -0.25, 0.75, 0.25, -0.75, 0.5, 0.5], ddof=1)
    half = 1.833 * spread / np.sqrt(10)  # t, 95 %, 9 degrees of freedom, from a printed table
    assert found["difference"] == pytest.approx(0.2)
    assert found["interval_90"] == pytest.approx([0.2 - half, 0.2 + half], abs=1e-3)
    assert found["shown"]


@pytest.mark.parametrize(
    "differences",
    [
        [1.2, 1.1, 1.3, 1.2, 1.15, 1.25],  # another accuracy, and exactly known
        [-1.2, -1.1, -1.3, -1.2, -1.15, -1.25],
        [4.0, -4.0, 3.0, -3.0],  # the same mean, but far from known
    ],
)
def test_what_is_outside_a_point_or_unknown_is_not_shown(compare, differences):
    assert not compare(pairs(differences))["shown"]


@pytest.mark.slow  # four small trainings, in a process of their own
def test_each_seed_is_trained_both_ways_and_kept(aligned, make_spec, tmp_path):
    spec, start = make_spec("baseline1", {"epochs": 1})
    for source, place in (
        (spec, "runs/specs/toy/baseline1.json"),
        (start, "runs/toy/starts/baseline1.json"),
    ):
        (tmp_path / place).parent.mkdir(parents=True)
        shutil.move(source, tmp_path / place)
    (tmp_path / "data").mkdir()
    aligned.rename(tmp_path / "data/aligned")
    options = ["--dataset", "toy", "--model", "baseline1", "--seeds", "2", "--threads", "1"]
    command = [sys.executable, SCRIPT, *options, "--device", "cpu", "--out", "out"]
    written = []
    for _ in range(2):  # the second time nothing is trained
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
        (file,) = (tmp_path / "out").glob("*.json")
        written.append(json.loads(file.read_text()))
    assert "Mixed Precision" not in done.stderr
    first, second = written
    assert first["accuracy"] == second["accuracy"]
    assert np.shape(first["accuracy"]) == (2, 2)
    assert [c["precision"] for c in first["compute"]] == ["32-true", "bf16-mixed"]
    assert "precision bf16-mixed" in file.with_suffix(".md").read_text()
    assert not list((tmp_path / "runs").rglob("*.pt"))
