"""docs/add_a_model.md is followed: from a file to a paper's table, with its own commands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml
from checkout import Checkout

from fer_bench import cli
from fer_bench.model_card import KEYS

# A clone, six tiny cells, a smoke run and the reports: most of a minute of CPU time.
pytestmark = pytest.mark.slow
GUIDE = (Path(__file__).parents[1] / "docs/add_a_model.md").read_text(encoding="utf-8")


def commands(having: str) -> list[list[str]]:
    """The commands of the guide's block that holds a text."""
    blocks = re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
    (block,) = (b for b in blocks if having in b)
    return [shlex.split(line, comments=True) for line in block.splitlines()]


def told(text: str) -> str:
    """What the guide says to add to params.yaml, its rows listed and baseline1 run here too."""
    (said,) = re.findall(r"```yaml\n(model_files.*?)```", GUIDE, re.DOTALL)
    given, own = yaml.safe_load(text), yaml.safe_load(said)
    given["variants"] = own.pop("variants")
    given |= own
    cells = given["enabled"]["synthetic"]
    cells |= {key: [] for key in ("evaluate_on", "robustness", "explain")}
    cells["models"] = ["baseline1", "my_net", "my_net_wide"]
    given["enabled"]["synthetic_masked"] |= {"init_from": [], "transfer_models": []}
    return yaml.safe_dump(given)


@pytest.fixture
def checkout(tmp_path, monkeypatch, own_registry):
    """A clone, in which this process may register models of its own."""
    made = Checkout(tmp_path / "clone", "clone")
    monkeypatch.chdir(made.folder)
    return made


@pytest.fixture
def run(checkout, capsys):
    """Runs a command and returns what it says: here, where imports are done, if it can be."""

    def command(words: list[str]) -> str:
        if "sweep" in words or "smoke" in words:  # they go elsewhere, or start others
            return checkout(*words)
        assert cli.run(words[1:]) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    return command


def test_the_guide_leads_to_a_table_of_ones_own(checkout, run):
    for command in commands("models new"):
        said = run(command)
    assert "trained, scored and shown" in said
    params = checkout.folder / "params.yaml"
    params.write_text(told(params.read_text()))
    said = {}
    for command in commands("fer-bench status"):
        if command[1] == "sweep":  # of a clone's baseline1 the scores are there, on other faces
            command += [f"benchmarks/synthetic/dvc.yaml:score@baseline1-{s}" for s in (0, 1)]
        said[command[1]] = run(command)
    assert "synthetic/my_net, seeds 0, 1:\n  not trained yet" in said["status"]
    assert "my_net minus baseline1" in said["compare"]
    results = checkout.folder / "results"
    table = (results / "tables/table02.md").read_text()
    assert "| my_net − baseline1 " in table
    assert "| my_net_wide − baseline1 " in table
    tex = (checkout.folder / "mine.tex").read_text()
    assert re.search(r"my\\_net & [\d.]+ \$\\pm\$ [\d.]+ & .* & 0\.10 & 0\.0\d+ \\\\", tex)
    assert r"my\_net\_wide & " in tex
    assert (checkout.folder / "confusion.pdf").read_bytes().startswith(b"%PDF")
    board = pd.read_csv(results / "leaderboard/leaderboard.csv")
    assert {"my_net", "my_net_wide", "baseline1"} <= set(board["model"])
    elsewhere(checkout, run)


def elsewhere(checkout: Checkout, run: Callable[[list[str]], str]) -> None:
    """Faces are handed out, answers to them come back, are scored and compared."""
    for command in commands("fer-bench export"):
        run(command)
    learned = pd.read_csv(checkout.folder / "faces/train/faces.csv")
    assert set(learned.columns) == {"sample_id", "label"}
    answers, card = checkout.folder / "closed.csv", checkout.folder / "closed.yaml"
    first = answers.read_text().partition("\n")[0]
    frame = pd.read_csv(answers, comment="#")
    frame.iloc[:, 1:] = 0.1
    frame["probability_happiness"] = 0.4
    answers.write_text(f"{first}\n{frame.to_csv(index=False)}")
    stated = dict.fromkeys(KEYS, "none") | {"year": 2026}
    card.write_text(yaml.safe_dump(stated))
    scored, compared = (run(command) for command in commands("my_net closed_net"))
    assert "closed_net on synthetic: accuracy 14.29 % of 21 faces" in scored
    assert "closed_net (external)" in compared
