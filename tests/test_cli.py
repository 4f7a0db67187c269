import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import fer_bench
from fer_bench import cli
from fer_bench.cli import app, log
from fer_bench.contract import check_model
from fer_bench.contract.check_model import Result
from fer_bench.errors import FerBenchError

ROOT = Path(__file__).parents[1]


def run(*arguments: str):
    return CliRunner().invoke(app, list(arguments), terminal_width=200)


COMMANDS = [
    [], ["check"], ["pipelines"], ["specs"], ["align"], ["mask"], ["view"], ["identity"],
    ["starts"], ["train"], ["transfer"], ["evaluate"], ["score"], ["tables"], ["figures"],
    ["leaderboard"], ["doctor"], ["predict"], ["submit"], ["sweep"],
    ["data"], ["data", "add"], ["data", "status"], ["data", "verify"], ["data", "remove"],
    ["weights"], ["weights", "add"], ["weights", "status"], ["models", "list"],
    ["models", "show"], ["models", "new"], ["models", "check"], ["faces", "sheet"],
    ["faces", "corruptions"], ["audit-checkpoint"],
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
            ["doctor"],
            ["predict"],
            ["submit"],
            ["audit-checkpoint"],
        ):
            shown = run(*command, "--help").output
            assert "Example" in shown or command[1:] == ["status"], command


def test_check_says_which_classes_have_no_faces_of_every_set_that_is_used(tmp_path, monkeypatch):
    text = (ROOT / "tests/smoke/params.yaml").read_text()
    assert "init_from: [synthetic]" in text
    only_tested_on = text.replace("init_from: [synthetic]", "init_from: []")
    (tmp_path / "params.yaml").write_text(
        only_tested_on.replace("[scan_cci]\n    rob", "[]\n    rob")
    )
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "docs/protocol.md", tmp_path / "docs")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("fer_bench.receiving.empty_classes", lambda name: ["Some have no faces."])
    said = run("check").output.splitlines()
    assert "synthetic_masked: disabled" in said
    assert [line for line in said if "no faces" in line] == [
        "synthetic: Some have no faces.", "synthetic_masked: Some have no faces.",
    ]  # fmt: skip


def test_models_show_lists_options():
    out = run("models", "show", "scan_cci").output
    for word in ("lam: 0.2", "m: 25", "vggface2"):
        assert word in out


@pytest.fixture
def inside(tmp_path, monkeypatch, own_registry):
    """An empty folder as the current one; models registered there are forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_model_file_is_written_checked_and_listed(inside):
    assert "models check my_net.py" in run("models", "new", "my_net").output
    done = run("models", "check", "my_net.py")
    assert done.exit_code == 0, done.output
    assert done.output.strip().endswith("It keeps the contract.")
    (inside / "params.yaml").write_text("model_files: [my_net.py]\nenabled: {}\n")
    assert "my_net " in run("models", "list").output
    assert "file: my_net.py" in run("models", "show", "my_net").output


def test_a_broken_part_of_a_model_file_ends_with_status_1(inside, monkeypatch):
    run("models", "new", "my_net")
    file = inside / "my_net.py"
    file.write_text(file.read_text().replace('"code": "closed"', '"code": ""'))
    monkeypatch.setattr(check_model, "CONTRACT", {"metadata": check_model.CONTRACT["metadata"]})
    done = run("models", "check", "my_net.py")
    assert "broken       metadata" in done.output
    assert isinstance(done.exception, FerBenchError)  # which `main` prints, ending with status 1


def test_a_part_that_was_not_checked_is_named_at_the_end(monkeypatch):
    results = [
        Result("loss", "asked", "ok", "1.9"),
        Result("spec", "asked", "not checked", "no weights"),
    ]
    monkeypatch.setattr("fer_bench.contract.check_model.check_model", lambda name, loaded: results)
    shown = run("models", "check", "scan_cci").output
    assert "It keeps the contract as far as it was checked; not checked: spec." in shown


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


def test_stage_before_its_inputs_says_what_to_run(inside):
    shutil.copy(ROOT / "params.yaml", inside)
    for arguments in (["align", "synthetic"], ["train", "synthetic", "scan_cci", "0"]):
        done = run(*arguments)
        assert isinstance(done.exception, FerBenchError)
        assert "fer-bench sweep" in str(done.exception)


@pytest.mark.parametrize("number", sorted(cli.REMEDIES))
def test_what_cannot_be_written_is_one_line_with_place_and_remedy(number, monkeypatch, capsys):
    def full(*_: object) -> None:
        raise OSError(number, os.strerror(number), "results/tables/x.md")

    monkeypatch.setattr(cli, "app", full)
    assert cli.run(["tables"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "results/tables/x.md" in line
    assert cli.REMEDIES[number] in line


def test_another_fault_of_the_system_is_not_hidden(monkeypatch):
    def missing(*_: object) -> None:
        raise FileNotFoundError(2, "No such file", "x")

    monkeypatch.setattr(cli, "app", missing)
    with pytest.raises(FileNotFoundError):
        cli.run(["tables"])


def test_a_terminal_that_lacks_signs_gets_the_rest():
    env = os.environ | {"PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-c", "from fer_bench.cli import main; main()", "models", "list"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "scan_cci" in done.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has it")
def test_an_output_that_takes_no_more_is_one_line_and_a_reader_that_left_is_none():
    command = [sys.executable, "-c", "from fer_bench.cli import main; main()", "--version"]
    read, write = os.pipe()
    os.close(read)
    for out, said in ((os.open("/dev/full", os.O_WRONLY), "No space left"), (write, None)):
        done = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, text=True, check=False)
        os.close(out)
        assert done.returncode == 1
        assert [said in line for line in done.stderr.splitlines()] == ([True] if said else [])


def test_a_stage_does_not_fail_over_its_log(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(log, "LOG", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))  # git is not there
    with log.logged("toy/net/0/train"):
        pass
    assert "toy/net/0/train.json cannot be written" in caplog.text


def test_pipelines_are_written_in_the_projects_folder_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("dvc.yaml").write_text("stages: {theirs: {cmd: true}}\n")
    done = CliRunner().invoke(app, ["pipelines"])
    assert isinstance(done.exception, FerBenchError)
    assert "is not the project's folder" in str(done.exception)
    assert "theirs" in Path("dvc.yaml").read_text()


def test_a_submission_overwrites_nothing_by_itself(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("fer_bench.cli.submit._check_name", lambda *_: None)
    asked = ["submit", "c.csv", "--model", "c", "--dataset", "synthetic"]
    kept = Path("results/external/synthetic/c/0.json")
    kept.parent.mkdir(parents=True)
    kept.write_text("an earlier one")
    said = CliRunner().invoke(app, asked)
    assert "holds an earlier submission" in str(said.exception)
    card = CliRunner().invoke(app, ["submit", "c.yaml", *asked[2:], "--template"])
    assert "both the predictions and the card" in str(card.exception)
    assert kept.read_text() == "an earlier one"


def test_versions_agree():
    import tomllib

    said = CliRunner().invoke(app, ["--version"])
    assert said.output.strip() == f"fer_bench {fer_bench.__version__}"
    root = Path(__file__).parents[1]
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    assert project["version"] == fer_bench.__version__
    changes = (root / "CHANGELOG.md").read_text().splitlines()
    assert next(line for line in changes if line.startswith("## ")).split()[1] == project["version"]
