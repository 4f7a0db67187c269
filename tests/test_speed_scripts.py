"""The speed scripts run anywhere, time what they say, and leave out with a reason what cannot run.

Slow, because each starts torch in a process of its own and times real training steps.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SPEED = Path(__file__).parents[1] / "benchmarks/speed"
SMALL = ["--device", "cpu", "--batch", "4", "--rounds", "2"]
STEP = [*SMALL, "--backbone", "resnet18_slim", "--size", "80", "--faces", "8", "--workers", "1"]
AGREE = ["--agree", "16"]
WITHOUT_HEAVY = """
import importlib.abc, runpy, sys
HEAVY = {"dvc", "pydantic", "facenet_pytorch", "lightning_fabric", "typer"}
class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in HEAVY:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Refuse())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def measured(name: str, out: Path, *options: str) -> tuple[dict, str]:
    """Run a script where only torch and its like can be imported; its JSON and its page."""
    command = [sys.executable, "-c", WITHOUT_HEAVY, SPEED / f"{name}.py", *options, "--out", out]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    (file,) = out.glob(f"{name}_*.json")
    return json.loads(file.read_text()), file.with_suffix(".md").read_text()


def rows_of(content: dict) -> tuple[dict, dict]:
    """The rows that were timed and those that were left out, by version."""
    rows = {row["version"]: row for row in content["rows"]}
    left_out = {name: row for name, row in rows.items() if "skipped" in row}
    return {name: row for name, row in rows.items() if name not in left_out}, left_out


def check(content: dict, page: str, rounds: int = 2) -> None:
    timed, left_out = rows_of(content)
    for name, row in timed.items():
        assert row["ms"]["n"] == rounds
        assert row["ms"]["median"] > 0
        assert f"| {name} |" in page
    for name, row in left_out.items():
        assert f"| {name} | – | – | – | – | – | {row['skipped']} |" in page
    assert content["device"]["label"] in page


@pytest.mark.slow  # torch starts in a process of its own
def test_scan(tmp_path):
    options = ["--channels", "256", "--side", "6", "--m", "4"]
    content, page = measured("scan", tmp_path, *SMALL, *options)
    check(content, page)
    timed, left_out = rows_of(content)
    assert list(timed) == [
        "one module a patch, float32",
        "one module a patch, channels last, float32",
        "the suite, float32",
        "always side by side, float32",
    ]
    assert len(left_out) == 5
    for row in timed.values():
        assert row["times_floor"] > 0.5
    assert content["peaks"]["bytes"] > 1e8


@pytest.mark.slow  # torch starts in a process of its own
def test_step(tmp_path):
    content, page = measured("step", tmp_path, *STEP, *AGREE, "--calls", "1", "--no-compile")
    check(content, page)
    timed, left_out = rows_of(content)
    assert next(iter(timed)) == "straightforward, float32"
    assert {"the suite, float32", "+ fused update", "+ bf16"} <= set(timed)
    assert left_out["+ compiled"]["skipped"] == "left out (--no-compile)"
    assert left_out["the suite, TF32"]["skipped"] == "timed on a CUDA device only"
    suite, layout = [float(value) for key, value in content["found"].items() if "patch" in key]
    assert 0 < layout < 1e-3
    assert 0 < suite < 10 * layout  # as far from the reference as that is from itself
    assert "batches of 16" in page
    assert "was **not shown**" in page


@pytest.mark.slow  # torch starts in a process of its own
def test_loader(tmp_path):
    content, page = measured("loader", tmp_path, *STEP, "--calls", "1")
    check(content, page)
    assert len(rows_of(content)[0]) == 6
    assert len(content["found"]) == 2


@pytest.mark.slow  # torch starts in a process of its own
def test_evaluate(tmp_path):
    content, page = measured("evaluate", tmp_path, *STEP, "--no-compile")
    check(content, page)
    assert set(rows_of(content)[0]) == {
        "straightforward, float32", "the suite, float32", "the suite, bf16",
    }  # fmt: skip


def test_a_device_that_is_not_there_ends_in_one_line():
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA device")
    command = [sys.executable, SPEED / "scan.py", "--device", "cuda"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert done.returncode == 1
    assert "torch sees no CUDA device" in done.stderr
    assert "Traceback" not in done.stderr
