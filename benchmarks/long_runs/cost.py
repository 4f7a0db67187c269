"""What a cell of some rows would cost, from a few steps on the real faces.

python benchmarks/long_runs/cost.py ferplus ran scan_cci_m1 poster_small:backbone=resnet18

In a clone with the dataset aligned; no start weights are needed, and `:option=value` changes a
row's model option. Prints, for each row, images a CPU second in training on one thread, the CPU
minutes of a cell with its predictions after every epoch, and the parameters. Each epoch is timed on
the same share of all three splits; the first one, which also compiles and allocates, is left out.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from tabulate import tabulate

from fer_bench import datasets, models, params
from fer_bench.records.spec import RowSpec
from fer_bench.specs.row_specs import row_spec
from fer_bench.stages import paths
from fer_bench.training.batches import Faces
from fer_bench.training.data import open_view, splits, with_fields
from fer_bench.training.image_targets import with_targets
from fer_bench.training.loop import fit
from fer_bench.training.recipe import Recipe
from fer_bench.training.setup import start
from fer_bench.training.streams import CellStreams

EPOCHS = 3
HEAD = ["row", "epochs", "parameters", "images a CPU second", "CPU minutes a cell"]


def some(faces: Faces, share: float) -> Faces:
    """A share of the faces, spread evenly over them; at least two."""
    count = max(2, round(len(faces) * share))
    keep = np.linspace(0, len(faces) - 1, count).astype(int)
    return replace(
        faces, rows=faces.rows[keep], labels=faces.labels[keep], sample_ids=faces.sample_ids[keep],
        folds=faces.folds[keep], fields={k: v[keep] for k, v in faces.fields.items()},
    )  # fmt: skip


def seconds_of(network: models.FERModel, spec: RowSpec, recipe: Recipe, parts: Any) -> list[float]:
    """CPU seconds of the steps of each epoch but the first, and of the whole epochs."""
    cell = CellStreams(spec.dataset, f"{spec.model}_cost", 0)
    fabric = start(spec.compute, cell)
    times: list[float] = []
    start_epoch = network.start_epoch

    def noted(epoch: int) -> None:
        times.append(time.process_time())
        start_epoch(epoch)

    network.start_epoch = noted  # type: ignore[method-assign]
    fit(
        fabric, spec.compute, network, parts.train, parts.val, parts.test,
        replace(recipe, epochs=EPOCHS + 1), cell, len(spec.classes), key="cost",
    )  # fmt: skip
    times.append(time.process_time())
    return np.diff(times)[1:].tolist()


def cost(dataset: str, row: str, changed: dict[str, Any], faces: int) -> list[Any]:
    """One line of the table."""
    spec = row_spec(params.load(), datasets.get_dataset(dataset), row)
    recipe, options = Recipe.of(spec.recipe), {**spec.options, **changed}
    pixels, manifest = open_view(spec.view, Path(paths.ALIGNED))
    parts = splits(pixels, manifest, recipe, dataset)
    network = models.build(spec.base, len(spec.classes), **options)
    parts = parts.map(lambda part: with_fields(part, manifest, network.fields))
    parts = replace(parts, train=with_targets(parts.train, manifest, network.targets, spec.classes))
    share = min(1.0, faces / len(parts.train))
    few = parts.map(lambda part: some(part, share))
    whole = seconds_of(network, spec, recipe, few)
    alone = seconds_of(network, spec, recipe, replace(few, val=None, test=None))
    rate = len(few.train) / statistics.median(alone)
    minutes = recipe.epochs * statistics.median(whole) / share / 60
    count = sum(parameter.numel() for parameter in network.parameters())
    return [row, recipe.epochs, f"{count:,}", f"{rate:.0f}", f"{minutes:.3g}"]


def main() -> None:
    """Read the arguments, time and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("dataset")
    parser.add_argument("rows", nargs="+", help="a row, or row:option=value,option=value")
    parser.add_argument("--faces", type=int, default=1280, help="training faces an epoch (1280)")
    given = parser.parse_args()
    os.environ["FER_BENCH_CHECKPOINT_SECONDS"] = "1e9"  # never
    torch.set_num_threads(1)
    lines = []
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["FER_BENCH_CHECKPOINTS"] = scratch
        for asked in given.rows:
            row, _, options = asked.partition(":")
            changed = yaml.safe_load("{" + options.replace("=", ": ") + "}")
            lines.append([asked, *cost(given.dataset, row, changed, given.faces)[1:]])
            print(tabulate(lines[-1:], tablefmt="plain"), file=sys.stderr)
    print(tabulate(lines, HEAD, tablefmt="github", disable_numparse=True))


if __name__ == "__main__":
    main()
