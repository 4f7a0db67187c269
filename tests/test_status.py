"""`fer-bench status` names what changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from fer_bench import params, status
from fer_bench.files import read_json, write_json
from fer_bench.specs import resolve

TEXT = """
datasets:
  synthetic: {model: {backbone: resnet18_slim}, recipe: {epochs: 3}}
enabled:
  synthetic: {models: [baseline1, baseline1_tuned], seeds: [0, 1], evaluate_on: [], init_from: [],
              transfer_models: [], robustness: [], explain: []}
"""


@pytest.fixture
def loaded(tmp_path: Path) -> params.Params:
    (tmp_path / "params.yaml").write_text(TEXT)
    return params.load(tmp_path / "params.yaml")


def test_what_changed_is_said_with_the_time_it_takes(tmp_path: Path, loaded) -> None:
    specs = resolve(loaded)
    for row in ("baseline1", "baseline1_tuned"):
        for seed in (0, 1):
            made = tmp_path / f"runs/synthetic/{row}/{seed}/train/spec.json"
            write_json(made, specs[f"synthetic/{row}"])
            write_json(tmp_path / f"results/scores/synthetic/{row}/{seed}.json", {})
            write_json(tmp_path / f"runs/.log/synthetic/{row}/{seed}/train.json", {"seconds": 30})
    assert status.pending(loaded, tmp_path) == []

    made = tmp_path / "runs/synthetic/baseline1/1/train/spec.json"
    old = read_json(made)
    old["recipe"]["epochs"], old["code"], old["versions"]["torch"] = 2, "other", "1.0"
    write_json(made, old)
    (tmp_path / "runs/synthetic/baseline1_tuned/0/train/spec.json").unlink()
    (tmp_path / "results/scores/synthetic/baseline1_tuned/1.json").unlink()
    first, never, unscored = status.pending(loaded, tmp_path)
    torch = specs["synthetic/baseline1"]["versions"]["torch"]
    assert (first.row, first.seeds, first.seconds) == ("baseline1", (1,), 30.0)
    assert set(first.why) == {
        "recipe.epochs: 2 → 3", "code that trains it", f"versions.torch: 1.0 → {torch}",
    }  # fmt: skip
    assert (never.seeds, never.why) == ((0,), (status.NEVER,))
    assert (unscored.seeds, unscored.why, unscored.seconds) == ((1,), (status.UNSCORED,), 0.0)


def test_without_a_training_here_no_time_is_said(tmp_path: Path, loaded) -> None:
    every = status.pending(loaded, tmp_path)
    assert {one.why for one in every} == {(status.NEVER,)}
    assert {one.seconds for one in every} == {None}


def test_a_new_or_lost_key_is_told() -> None:
    said = list(status.changes({"a": 1, "b": {"c": 2}}, {"b": {"c": 2, "d": None}, "e": "x" * 50}))
    assert said == ["a: 1 → none", f"e: none → {'x' * 37}..."]
