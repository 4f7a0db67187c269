"""A copy of the project to run the pipeline in."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import Result
from typer.testing import CliRunner

from fer_bench.cli import app

ROOT = Path(__file__).parents[1]
SMOKE = ROOT / "tests/smoke/params.yaml"


class Checkout:
    """A copy of the project with a git history and a DVC cache of its own.

    Args:
        folder: where it goes.
        message: of its one commit.
        params: the params.yaml it gets.
    """

    def __init__(self, folder: Path, message: str, params: Path = SMOKE) -> None:
        self.folder = folder
        listed = self._run("git", "ls-files", "-co", "--exclude-standard", cwd=ROOT).splitlines()
        for name in listed:
            if (ROOT / name).is_file() and not name.endswith("dvc.lock"):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)
        shutil.copy(params, folder / "params.yaml")
        self._run("git", "init", "-q")
        self._run("git", "add", "-A")
        author = ("-c", "user.name=test", "-c", "user.email=test@example.org")
        self._run("git", *author, "commit", "-qm", message)

    def __call__(self, *command: str) -> str:
        return self._run(*command)

    def refused(self, *command: str) -> str:
        """What a command that must fail says."""
        done = self._start(*command)
        assert done.returncode == 1, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
        return done.stderr

    def here(self, *arguments: str) -> Result:
        """What `fer-bench` does in it, in this process: where its code is ours, none is started."""
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            return CliRunner().invoke(app, arguments, terminal_width=200)

    def locked(self) -> dict[str, dict]:
        """What the lock files say of every stage that has run, by `<dataset>/dvc.yaml:<stage>`."""
        found = {}
        for path in self.folder.glob("benchmarks/*/dvc.lock"):
            for stage, entry in yaml.safe_load(path.read_text())["stages"].items():
                found[f"{path.parent.name}/dvc.yaml:{stage}"] = entry
        return found

    def stale(self) -> set[str]:
        """The stages that have run and that the current code and params make stale."""
        self("fer-bench", "specs")
        ran = sorted(self.folder.glob("benchmarks/*/dvc.lock"))
        names = [path.with_suffix(".yaml").relative_to(self.folder).as_posix() for path in ran]
        changed = json.loads(self("dvc", "status", "--json", *names))
        return {name.removeprefix("benchmarks/") for name in changed} & set(self.locked())

    def _run(self, *command: str, cwd: Path | None = None) -> str:
        done = self._start(*command, cwd=cwd)
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def _start(self, *command: str, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
        bin_folder = str(Path(sys.executable).parent)
        env = os.environ | {
            "PYTHONPATH": str(self.folder),
            "PATH": bin_folder + os.pathsep + os.environ["PATH"],
        }
        return subprocess.run(
            command, cwd=cwd or self.folder, env=env, capture_output=True, text=True, check=False
        )
