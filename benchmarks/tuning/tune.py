"""A small search over learning rates, the same for every model, on validation faces alone.

python benchmarks/tuning/tune.py ferplus scan_cci      the trials of one model that are not done
python benchmarks/tuning/tune.py ferplus               of every model of the grid

In the project's folder, the dataset aligned, and `fer-bench sweep
benchmarks/ferplus/dvc.yaml:starts` done with the models enabled. Trials and their
order stand in `grid.yaml`, which must be committed.
The test split is given to no training; what ranks is the validation accuracy after the last epoch.
Each trial is written to `results/tuning/<dataset>/<model>.json` as it ends, so that the same
command goes on after an interruption, with the trial that was cut off from its beginning.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml
from safetensors.torch import load_file

from fer_bench import datasets, models, params
from fer_bench.errors import FerBenchError
from fer_bench.files import read_json, sha256_file, sha256_json, write_json
from fer_bench.records.base import to_json
from fer_bench.records.spec import RowSpec
from fer_bench.specs.row_specs import row_spec
from fer_bench.stages import paths
from fer_bench.training.data import open_view, splits, with_fields
from fer_bench.training.loop import fit
from fer_bench.training.recipe import Recipe
from fer_bench.training.setup import start
from fer_bench.training.streams import CellStreams

GRID = Path(__file__).with_name("grid.yaml")
RESULTS = Path("results/tuning")
DIGITS = 6


def recipes_of(grid: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The recipe keys of each trial, in the grid's order."""
    epochs = grid["epochs"]
    for heads_lr in grid["heads_lr"]:
        for ratio in grid["ratio"]:
            yield {
                "heads_lr": heads_lr,
                "backbone_lr": round(heads_lr * ratio, 10),
                "epochs": epochs,
                "decay": round(grid["final"] ** (1 / epochs), 4),
            }


def chosen(trials: list[dict[str, Any]]) -> dict[str, Any]:
    """The recipe with the highest validation accuracy; the earlier one where two are equal."""
    best: dict[str, Any] = max(trials, key=lambda trial: trial["val_accuracy"])  # the first of them
    return best["recipe"]


def read_grid(dataset: str) -> dict[str, Any]:
    """A dataset's grid.

    Raises:
        FerBenchError: it has none, or grid.yaml holds what is not committed.
    """
    grids = yaml.safe_load(GRID.read_text())
    if dataset not in grids:
        raise FerBenchError(f"{GRID} has no grid for {dataset}; it has {', '.join(grids)}")
    asked = ["git", "status", "--porcelain", "--", str(GRID)]
    if subprocess.run(asked, capture_output=True, text=True, check=True).stdout:
        raise FerBenchError(f"{GRID} is not committed; commit it before the first trial")
    found: dict[str, Any] = grids[dataset]
    return found


def tune(dataset: str, model: str, grid: dict[str, Any], results: Path = RESULTS) -> None:
    """Run a model's trials that are not done, each written as it ends.

    Raises:
        FerBenchError: the trials that are there were made with another grid.
    """
    file = results / dataset / f"{model}.json"
    searched = _searched(grid)
    record = read_json(file) if file.is_file() else {"grid": searched, "trials": []}
    if _searched(record["grid"]) != searched:
        raise FerBenchError(f"{file} holds trials of another grid; remove it to search again")
    wanted = list(recipes_of(grid))
    for recipe in wanted[len(record["trials"]) :]:
        record["trials"].append(trial(dataset, model, grid["seed"], recipe))
        done = len(record["trials"]) == len(wanted)
        found = {"chosen": chosen(record["trials"])} if done else {}
        write_json(file, {"dataset": dataset, "model": model, **record, **found})


def _searched(grid: dict[str, Any]) -> dict[str, Any]:
    """A grid without its models, whose list may grow."""
    return {key: value for key, value in grid.items() if key != "models"}


def spec_of(dataset: str, model: str) -> RowSpec:
    """The row as params.yaml has it; the trials replace some keys of its recipe."""
    return row_spec(params.load(), datasets.get_dataset(dataset), model)


def trial(dataset: str, model: str, seed: int, recipe_keys: dict[str, Any]) -> dict[str, Any]:
    """Train once without the test faces; what it cost and reached on validation."""
    began, cpu = time.perf_counter(), time.process_time()
    spec = spec_of(dataset, model)
    recipe = Recipe.of(spec.recipe | recipe_keys)
    cell = CellStreams(dataset, f"{model}_trial", seed)
    fabric = start(spec.compute, cell)
    classes = len(spec.classes)
    pixels, manifest = open_view(spec.view, Path(paths.ALIGNED))
    parts = splits(pixels, manifest, recipe, dataset)
    network = models.build(spec.base, classes, **spec.options)
    begin = _load_start(network, dataset, model, spec)
    train = with_fields(parts.train, manifest, network.fields)
    val = with_fields(parts.val, manifest, network.fields) if parts.val else None
    result = fit(
        fabric, spec.compute, network, train, val, None, recipe, cell, classes,
        key=sha256_json([to_json(spec), recipe.to_json()]),
    )  # fmt: skip
    by_epoch = [round(row["val_accuracy"], DIGITS) for row in result.history]
    return {
        "recipe": recipe_keys,
        "val_accuracy": by_epoch[-1],
        "val_accuracy_by_epoch": by_epoch,
        "train_loss_by_epoch": [round(row["train_loss"], DIGITS) for row in result.history],
        "faces": {"train": len(train), "val": len(val) if val else 0},
        "cost": {
            "seconds": round(time.perf_counter() - began, 1),
            "cpu_seconds": round(time.process_time() - cpu, 1),
            "epochs": recipe.epochs,
        },
        "start": begin,
        "spec_sha256": spec.sha256,
        "batch_size": recipe.batch_size,
        "versions": {**spec.versions, "fer_bench": version("fer_bench")},
        "python": platform.python_version(),
        "commit": _commit(),
    }


def _load_start(
    network: models.FERModel, dataset: str, model: str, spec: RowSpec
) -> dict[str, Any] | None:
    """Load what the row starts from; its label and hash."""
    if spec.start is None:
        return None
    begin = read_json(paths.start(dataset, model))
    if begin["pretrained"] != spec.pretrained or sha256_file(begin["file"]) != begin["sha256"]:
        raise FerBenchError(
            f"{paths.start(dataset, model)} is not what params.yaml asks for: run "
            f"`fer-bench sweep benchmarks/{dataset}/dvc.yaml:starts`"
        )
    models.load_pretrained(network, load_file(begin["file"]))
    return {"pretrained": begin["pretrained"], "sha256": begin["sha256"]}


def _commit() -> str:
    asked = ["git", "rev-parse", "HEAD"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("dataset")
    parser.add_argument("models", nargs="*")
    given = parser.parse_args()
    os.environ["FER_BENCH_CHECKPOINT_SECONDS"] = "1e9"  # or a trial's cost could not be told
    try:
        grid = read_grid(given.dataset)
        for model in given.models or grid["models"]:
            if model not in grid["models"]:
                raise FerBenchError(f"{model} is not in {GRID}, whose models have equal chances")
            tune(given.dataset, model, grid)
    except FerBenchError as error:
        raise SystemExit(f"Error: {error}") from error


if __name__ == "__main__":
    main()
