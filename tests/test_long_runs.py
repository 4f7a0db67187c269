"""The search and the blocks of the long runs: what they ask for can be trained, alike for all."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from fer_bench import params, specs
from fer_bench.errors import FerBenchError

ROOT = Path(__file__).parents[1]
for folder in ("tuning", "long_runs"):
    sys.path.insert(0, str(ROOT / "benchmarks" / folder))
import enable  # noqa: E402
import tune  # noqa: E402

BLOCKS = yaml.safe_load(enable.BLOCKS.read_text())
GRID = yaml.safe_load(tune.GRID.read_text())["ferplus"]


def test_trials_are_the_whole_grid_once_the_default_first():
    trials = list(tune.recipes_of(GRID))
    assert len({json.dumps(trial) for trial in trials}) == 6
    assert (trials[0]["heads_lr"], trials[0]["backbone_lr"]) == (0.05, 0.05)
    assert (trials[-1]["heads_lr"], trials[-1]["backbone_lr"]) == (0.01, 0.0001)
    for trial in trials:
        assert trial["decay"] ** trial["epochs"] == pytest.approx(GRID["final"], rel=0.01)


def test_the_default_of_the_search_is_the_datasets_recipe():
    known = params.load(ROOT / "params.yaml")
    recipe = known.datasets["ferplus"].recipe
    first = next(tune.recipes_of(GRID))
    assert {rate: recipe[rate] for rate in ("heads_lr", "backbone_lr")} == {
        rate: first[rate] for rate in ("heads_lr", "backbone_lr")
    }
    longer = known.variants["scan_cci_20_epochs"].recipe
    for one in (recipe, longer):  # both fall to the same share, so that they differ in length alone
        assert one["decay"] ** one["epochs"] == pytest.approx(0.007, abs=0.0005)


def test_ties_go_to_the_earlier_trial():
    trials = [{"val_accuracy": v, "recipe": {"n": n}} for n, v in enumerate((0.5, 0.7, 0.7, 0.6))]
    assert tune.chosen(trials) == {"n": 1}


def test_a_search_goes_on_after_the_trials_it_has_and_refuses_those_of_another_grid(
    tmp_path, monkeypatch
):
    asked = []

    def trial(dataset, model, seed, recipe):
        asked.append(recipe)
        if len(asked) == 3:
            raise KeyboardInterrupt
        return {"recipe": recipe, "val_accuracy": recipe["backbone_lr"]}

    monkeypatch.setattr(tune, "trial", trial)
    with pytest.raises(KeyboardInterrupt):
        tune.tune("ferplus", "scan_cci", GRID, tmp_path)
    file = tmp_path / "ferplus/scan_cci.json"
    assert len(json.loads(file.read_text())["trials"]) == 2
    assert "chosen" not in json.loads(file.read_text())
    tune.tune("ferplus", "scan_cci", GRID, tmp_path)
    found = json.loads(file.read_text())
    assert [t["recipe"] for t in found["trials"]] == list(tune.recipes_of(GRID))
    assert len(asked) == 7
    assert found["chosen"] == found["trials"][0]["recipe"]
    with pytest.raises(FerBenchError, match="another grid"):
        tune.tune("ferplus", "scan_cci", GRID | {"seed": 1}, tmp_path)


@pytest.mark.parametrize("name", BLOCKS)
def test_every_block_can_be_trained_and_leaves_the_rest_of_params_alone(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    text = (ROOT / "params.yaml").read_text()
    changed = enable.with_block(text, BLOCKS[name])
    before, after = yaml.safe_load(text), yaml.safe_load(changed)
    assert {k: v for k, v in before.items() if k != "enabled"} == {
        k: v for k, v in after.items() if k != "enabled"
    }
    assert before["enabled"].keys() == after["enabled"].keys()
    specs.resolve(params.Params.model_validate(after))
    on = {n for n, cells in after["enabled"].items() if cells["models"] or cells["transfer_models"]}
    assert on == set(BLOCKS[name])
    on_sets = {
        tuple(cells.get("evaluate_on", ())) for n, cells in BLOCKS[name].items() if n == "ferplus"
    }
    assert on_sets <= {("ferplus_masked", "facial_expressions")}  # or scores would differ by block
    assert sum(len(c["seeds"]) for c in after["enabled"].values()) > 0


def test_a_block_that_is_not_there_is_named():
    given = [sys.executable, ROOT / "benchmarks/long_runs/enable.py", "frist_line_1"]
    done = subprocess.run(given, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 1
    assert "'first_line_1'" in done.stderr
