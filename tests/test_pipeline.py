"""The pipeline through DVC, on the smoke grid: what runs, what goes stale, what stays the same."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from checkout import Checkout

from fer_bench.contract.new import write_model
from fer_bench.files import read_json

CELLS = [(m, s) for m in ("baseline1", "scan_cci") for s in (0, 1)]
SYNTHETIC = "benchmarks/synthetic/dvc.yaml"

# About a minute: the whole pipeline runs once for this file.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def grid(tmp_path_factory):
    checkout = Checkout(tmp_path_factory.mktemp("grid"), "first")
    checkout("fer-bench", "sweep")  # imports once what each stage of `dvc repro` would import
    return checkout


@pytest.fixture
def edit(grid):
    """Replace text in a file of the grid for one test."""
    kept: dict[Path, str | None] = {}

    def replace(name: str, old: str, new: str) -> None:
        path = grid.folder / name
        found = path.read_text() if path.is_file() else None
        kept.setdefault(path, found)
        text = found or ""
        assert old in text
        path.write_text(text.replace(old, new, 1) if old else text + new)

    yield replace
    for path, text in kept.items():
        path.unlink() if text is None else path.write_text(text)


def stages(kind: str, model: str = "", dataset: str = "synthetic") -> set[str]:
    names = {
        f"{dataset}/dvc.yaml:{kind}@{m}-{s}" + ("-synthetic_masked" if kind == "evaluate" else "")
        for m, s in CELLS
    }
    return {name for name in names if model in name}


def test_every_cell_is_a_stage_and_was_scored(grid):
    listed = grid("dvc", "stage", "list", "--name-only", SYNTHETIC).split()
    assert len([n for n in listed if ":train@" in n or n.startswith("train@")]) == len(CELLS)
    scores = {(p.parent.name, int(p.stem)) for p in
              (grid.folder / "results/scores/synthetic").glob("*/*.json")}  # fmt: skip
    assert scores >= set(CELLS)
    moved = grid.folder / "results/scores/synthetic_masked/scan_cci_from_synthetic/0.json"
    assert json.loads(moved.read_text())["training"]["init_from"] == "synthetic"
    for path in (
        "tables/table01.md",
        "tables/table_s1.tex",
        "figures/figure05.png",
        "figures/figure09.png",
        "leaderboard/index.html",
        "metrics.json",
    ):
        assert (grid.folder / "results" / path).stat().st_size > 0


def test_trained_weights_were_examined(grid):
    for seed in (0, 1):
        corrupted = read_json(grid.folder / f"results/robustness/synthetic/scan_cci/{seed}.json")
        assert corrupted["n"] == 21
        assert {"jpeg", "shift"} <= set(corrupted["corruptions"])
        maps = grid.folder / f"runs/explain/synthetic/scan_cci/{seed}"
        explained = grid.folder / f"results/explain/synthetic/scan_cci/{seed}"
        for name in ("synthetic", "synthetic_masked"):
            assert (maps / name / "arrays.npz").is_file()
            assert read_json(explained / f"{name}.json")["set"] == name


def test_one_table_is_one_stage(grid):
    (grid.folder / "results/tables/table08.tex").unlink()
    ran = re.findall(r"Running stage '([^']+)'", grid("dvc", "repro", "table08"))
    assert ran == ["table08"]
    assert (grid.folder / "results/tables/table08.tex").is_file()


def test_nothing_to_do_runs_nothing(grid):
    before = grid("git", "status", "--short")
    out = grid("dvc", "repro")
    assert "Running stage" not in out
    assert "Data and pipelines are up to date." in out
    assert grid("git", "status", "--short") == before


def test_what_changes_no_result_makes_no_stage_stale(grid, edit):
    edit("fer_bench/training/loop.py", '"""The one training loop', '"""The only training loop')
    edit(
        "params.yaml",
        "datasets:\n",
        "datasets:\n  facial_expressions: {recipe: {epochs: 7}}\n",
    )
    edit(  # a new model
        "fer_bench/models/brand_new.py",
        "",
        "from fer_bench.models import register\n"
        "from fer_bench.models.base import FERModel, ModelConfig\n"
        "from fer_bench.models.baseline import Baseline\n\n\n"
        "@register(ModelConfig())\n"
        "def brand_new(num_classes: int, config: ModelConfig) -> FERModel:\n"
        '    """New."""\n'
        "    return Baseline(num_classes, config)\n",
    )
    assert "brand_new" in grid("fer-bench", "models", "list")
    assert grid.stale() == set()


@pytest.fixture
def as_before(grid):
    """Set up before `edit`, so that it comes after its repairs: what lists rows is made again."""
    yield
    grid("dvc", "repro", f"{SYNTHETIC}:starts")


def test_a_model_file_of_ones_own_is_trained_and_followed(grid, as_before, edit, tmp_path):
    target = f"{SYNTHETIC}:score@my_net-0"

    def ran() -> set[str]:
        found = re.findall(r"Running stage '(?:benchmarks/)?(.*?)'", grid("dvc", "repro", target))
        return {name.removeprefix("synthetic/dvc.yaml:") for name in found}

    edit("my_net.py", "", write_model("my_net", tmp_path).read_text())
    edit("params.yaml", "model_files: []", "model_files: [my_net.py]")
    edit("params.yaml", "models: [baseline1, scan_cci]", "models: [baseline1, scan_cci, my_net]")
    assert grid.stale() <= {"synthetic/dvc.yaml:starts"}  # no cell: it writes a file a row
    mine = {"train@my_net-0", "score@my_net-0"}
    first = ran()
    assert {"model_file@my_net.py", "specs", *mine} <= first
    assert not {name for name in first if name.startswith(("train@", "score@"))} - mine
    assert ran() == set()
    edit("my_net.py", "dropout: float = 0.2", "dropout: float = 0.3")
    again = ran()
    assert mine <= again
    assert not {name for name in again if "baseline1" in name or "scan_cci" in name}
    edit("my_net.py", '"paper": "unpublished"', '"paper": "In press"')
    assert ran() & mine == {"score@my_net-0"}  # words about a model train nothing


def test_editing_a_models_file_makes_only_its_cells_stale(grid, edit):
    edit("fer_bench/models/scan_cci.py", "CONTEXT_WIDTH = 256", "CONTEXT_WIDTH = 128")
    stale = grid.stale()
    assert stages("train", "scan_cci") <= stale
    assert not {name for name in stale if "baseline1" in name}
    assert not {name for name in stale if "align" in name or "identity" in name}


def test_editing_a_models_option_makes_only_its_cells_stale(grid, edit):
    edit("params.yaml", "variants:", "models: {scan_cci: {lam: 0.3}}\n\nvariants:")
    stale = grid.stale()
    assert stages("train", "scan_cci") <= stale
    assert not {name for name in stale if "baseline1" in name}


def test_editing_the_loop_makes_every_training_stale(grid, edit):
    edit("fer_bench/training/loop.py", "schedule.step()", "schedule.step()\n        int()")
    stale = grid.stale()
    assert stages("train") <= stale
    assert "synthetic_masked/dvc.yaml:transfer@scan_cci-synthetic-0" in stale
    assert not {name for name in stale if "align" in name or ("mask" in name.split(":")[-1]
                and "evaluate" not in name)}  # fmt: skip


def test_editing_a_metric_makes_only_what_computes_it_stale(grid, edit):
    edit("fer_bench/evaluation/metrics.py", "\n\n\ndef ", "\n\nUNUSED = 1\n\n\ndef ")
    stale = grid.stale()
    assert stages("score") <= stale
    # The corruptions' results are accuracies too; nothing is trained, evaluated or explained again.
    assert all(":score" in name or ":robustness" in name for name in stale), stale


def test_one_cell_can_be_run_alone(grid, edit):
    edit(
        "params.yaml",
        "models: [baseline1, scan_cci]",
        "models: [baseline1, scan_cci, scan_cci_m16]",
    )
    out = grid("dvc", "repro", f"{SYNTHETIC}:train@scan_cci_m16-1")
    ran = re.findall(r"Running stage '(?:benchmarks/)?(.*?)'", out)
    assert "synthetic/dvc.yaml:train@scan_cci_m16-1" in ran
    assert not set(ran) & (stages("train") | {"synthetic/dvc.yaml:align"})
    assert (grid.folder / "runs/synthetic/scan_cci_m16/1/train/train.json").is_file()


def test_numbers_in_the_table_follow_from_the_saved_predictions(grid):
    accuracies = []
    for seed in (0, 1):
        frame = pd.read_parquet(
            grid.folder / f"runs/synthetic/scan_cci/{seed}/train/predictions.parquet"
        )
        last = frame[(frame["selection"] == "last") & (frame["split"] == "test")]
        logits = last.filter(like="logit_").to_numpy()
        accuracies.append(100 * np.mean(logits.argmax(1) == last["label"]))
    expected = f"{np.mean(accuracies):.2f} ± {np.std(accuracies, ddof=1):.2f}"
    leaderboard = (grid.folder / "results/leaderboard/README.md").read_text()
    section = leaderboard.split("\n## ")[1:]
    synthetic = next(s for s in section if s.startswith(("synthetic", "Rendered faces")))
    row = next(line for line in synthetic.splitlines() if "| scan_cci " in line.replace("`", ""))
    assert expected in row
    metrics = json.loads((grid.folder / "results/metrics.json").read_text())
    assert metrics["synthetic.scan_cci"] == pytest.approx(np.mean(accuracies), abs=0.005)


def test_dvcs_own_views_work(grid):
    assert "synthetic.scan_cci" in grid("dvc", "metrics", "show")
    assert "train@scan_cci-0" in grid("dvc", "dag")
    grid("dvc", "plots", "show", "-o", "plots")
    assert "scan_cci" in (grid.folder / "plots" / "index.html").read_text()
    shutil.rmtree(grid.folder / "plots")
