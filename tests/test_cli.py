import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fer_bench.cli import app

ROOT = Path(__file__).parents[1]


def run(*arguments: str):
    return CliRunner().invoke(app, list(arguments), terminal_width=200)


COMMANDS = [
    [], ["check"], ["pipelines"], ["specs"], ["align"], ["mask"], ["view"], ["identity"],
    ["starts"], ["train"], ["transfer"], ["evaluate"], ["score"], ["tables"], ["figures"],
    ["leaderboard"], ["data"], ["data", "add"], ["data", "status"], ["data", "verify"],
    ["data", "remove"], ["sweep"],
    ["weights"], ["weights", "add"], ["weights", "status"], ["models", "list"],
    ["models", "show"], ["faces", "sheet"], ["faces", "corruptions"],
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help(command):
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert len(result.output) > 100


def test_commands_a_person_types_teach_by_example():
    for command in COMMANDS:
        if len(command) == 2 or command in (
            ["check"],
            ["align"],
            ["train"],
            ["evaluate"],
            ["sweep"],
        ):
            shown = run(*command, "--help").output
            assert "Example" in shown or command[1:] == ["status"], command


def test_models_show_lists_options():
    out = run("models", "show", "scan_cci").output
    for word in ("lam: 0.2", "m: 25", "vggface2"):
        assert word in out


def test_status_names_every_source(monkeypatch):
    monkeypatch.chdir(ROOT)
    out = run("data", "status").output
    assert "facial_expressions" in out
    assert "synthetic" in out


def command_line(cwd: Path, *arguments: str) -> subprocess.CompletedProcess:
    code = "from fer_bench.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=cwd, capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def test_an_error_is_one_message_without_a_traceback(tmp_path):
    done = command_line(tmp_path, "check")
    assert done.returncode == 1
    assert done.stderr.startswith("fer-bench: params.yaml not found")
    assert "Traceback" not in done.stderr


def test_stage_before_its_inputs_says_what_to_run(tmp_path):
    shutil.copy(ROOT / "params.yaml", tmp_path)
    for arguments in (["align", "synthetic"], ["train", "synthetic", "scan_cci", "0"]):
        done = command_line(tmp_path, *arguments)
        assert done.returncode == 1
        assert "dvc repro" in done.stderr
        assert "Traceback" not in done.stderr
