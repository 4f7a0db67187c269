"""The search and the blocks of the long runs: what they ask for can be trained, alike for all."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from rendered_pack import rendered, write_pack

from fer_bench import params, specs
from fer_bench.errors import FerBenchError
from fer_bench.training.batches import Faces

ROOT = Path(__file__).parents[1]
for folder in ("tuning", "long_runs"):
    sys.path.insert(0, str(ROOT / "benchmarks" / folder))
import cost  # noqa: E402
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
    assert sum(len(c["seeds"]) for c in after["enabled"].values()) > 0


def test_a_row_is_evaluated_on_the_same_sets_in_every_block():
    sets = {}
    for block in BLOCKS.values():
        for dataset, cells in block.items():
            for row in cells["models"]:
                on = tuple(cells.get("evaluate_on", ()))
                assert sets.setdefault((dataset, row), on) == on, f"{dataset}/{row}: stale scores"
    assert sets["ferplus", "scan_cci"] == ("ferplus_masked", "facial_expressions")


def test_a_block_that_is_not_there_is_named():
    given = [sys.executable, ROOT / "benchmarks/long_runs/enable.py", "frist_line_1"]
    done = subprocess.run(given, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 1
    assert "'first_line_1'" in done.stderr


def test_a_share_of_faces_keeps_each_ones_label_and_fields():
    rows = np.arange(100, 150)
    faces = Faces(np.zeros((150, 2, 2, 3), np.uint8), rows, rows % 7, rows.astype(str), rows % 5,
                  {"points": rows * 2})  # fmt: skip
    few = cost.some(faces, 0.2)
    assert (len(few), few.rows[0], few.rows[-1]) == (10, 100, 149)
    np.testing.assert_array_equal(few.labels, few.rows % 7)
    np.testing.assert_array_equal(few.fields["points"], few.rows * 2)
    assert len(cost.some(faces, 0.0)) == 2


def test_what_a_cell_costs_is_that_of_its_epochs_on_all_faces(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shutil.copyfile(ROOT / "params.yaml", "params.yaml")
    write_pack(Path("data/aligned/synthetic"), *rendered(80, identities_train=4))
    for key in ("CHECKPOINTS", "CHECKPOINT_SECONDS"):  # which main() sets: put back after the test
        monkeypatch.setitem(os.environ, f"FER_BENCH_{key}", "0")
    asked = ["synthetic", "scan_cci", "scan_cci:m=1", "--faces", "14"]
    monkeypatch.setattr(sys, "argv", ["cost.py", *asked])
    cost.main()
    lines = [line.split("|")[1:-1] for line in capsys.readouterr().out.splitlines()[2:]]
    table = {line[0].strip(): [float(c.replace(",", "")) for c in line[1:]] for line in lines}
    assert list(table) == asked[1:3]
    (epochs, count, rate, minutes), (_, fewer, _, _) = table.values()
    assert (epochs, count) == (10, 492_854)
    assert fewer < count
    assert minutes * 60 >= 0.5 * epochs * 20 / rate  # the steps of all training faces
    assert minutes < 5
