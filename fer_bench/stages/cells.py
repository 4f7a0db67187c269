"""The stages of a cell: training, and what is done with what was trained."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from fer_bench.files import read_json, replacing_folder
from fer_bench.records.spec import RowSpec
from fer_bench.row_names import transferred
from fer_bench.stages import paths
from fer_bench.stages.base import Dataset, Model, Seed, Stage, aligned, receipts
from fer_bench.stages.recorded import forget_if_recorded


def train(dataset: Dataset, model: Model, seed: Seed) -> Stage:
    """Train one cell and save its predictions, history and weights.

    Example: dvc --wait-for-lock repro benchmarks/synthetic/dvc.yaml:train@scan_cci-0
    """
    command = f"train {dataset} {model} {seed}"
    return _training(command, dataset, model, seed, paths.start(dataset, model))


def transfer(
    dataset: Dataset,
    model: Model,
    source: Annotated[str, typer.Argument(help="The dataset whose cell it starts from.")],
    seed: Seed,
) -> Stage:
    """Train one cell from the weights of another dataset's cell (same model, same seed)."""
    command, row = f"transfer {dataset} {model} {source} {seed}", transferred(model, source)
    start = f"{paths.weights(source, model, seed)}/last.safetensors"
    return _training(command, dataset, row, seed, start)


def taught(dataset: str, model: str, teacher: str, seed: int) -> Stage:
    """`train` of a row that learns from another row's cell of the same seed."""
    stage = train(dataset, model, seed)
    return replace(stage, deps=[*stage.deps, paths.trained(dataset, teacher, seed)])


def _training(command: str, dataset: str, row: str, seed: int, start: str) -> Stage:
    spec, out = paths.spec(dataset, row), paths.trained(dataset, row, seed)

    def run() -> None:
        from fer_bench.training.starts import start_from_scratch
        from fer_bench.training.train import train_cell

        known = _known(spec)
        row = RowSpec.read(known)
        if row.start is None and row.init_from is None:
            start_from_scratch(Path(start))
        teacher = row.recipe.get("teacher")
        if teacher:
            _known(paths.spec(dataset, teacher))
        train_cell(
            known, Path(start), seed, Path(out), Path(paths.ALIGNED),
            Path(paths.trained(dataset, teacher, seed)) if teacher else None,
        )  # fmt: skip

    log = f"{paths.cell(dataset, row, seed)}/train"
    return Stage(command, [spec, start, *aligned(dataset)], [out], run, log=log)


def evaluate(
    dataset: Dataset,
    model: Model,
    seed: Seed,
    on: Annotated[str, typer.Argument(help="The set to predict, e.g. synthetic_masked.")],
) -> Stage:
    """Apply a trained cell to another set's test faces; a new set never retrains.

    Example:

      dvc --wait-for-lock repro benchmarks/synthetic/dvc.yaml:evaluate@scan_cci-0-synthetic_masked
    """
    spec, view, table = paths.spec(dataset, model), paths.view(on), paths.faces(on)
    weights, out = paths.weights(dataset, model, seed), paths.predicted(dataset, model, seed, on)

    def run() -> None:
        from fer_bench.evaluation.evaluate import evaluate_cell

        evaluate_cell(
            _known(spec), Path(view), Path(table), Path(weights), Path(out), Path(paths.ALIGNED)
        )

    deps = [spec, view, table, paths.lists(on), weights]
    return Stage(f"evaluate {dataset} {model} {seed} {on}", deps, [out], run)


def robustness(dataset: Dataset, model: Model, seed: Seed) -> Stage:
    """Test a trained cell on corrupted, occluded and misaligned faces of its own test split.

    Example: dvc --wait-for-lock repro benchmarks/synthetic/dvc.yaml:robustness@scan_cci-0
    """
    spec, view = paths.spec(dataset, model), paths.view(dataset)
    weights, page = paths.weights(dataset, model, seed), paths.robustness(dataset, model, seed)

    def run() -> None:
        from fer_bench.evaluation.robustness import robustness_cell

        inputs = (_known(spec), Path(view), Path(weights))
        robustness_cell(*inputs, Path(page), Path(paths.ALIGNED))

    deps = [spec, f"{paths.SPECS}/robustness.json", view, weights]
    return Stage(f"robustness {dataset} {model} {seed}", deps, [], run, results=[page])


def explain(dataset: Dataset, model: Model, seed: Seed) -> Stage:
    """Draw Grad-CAM maps of a trained cell and measure how faithful they are.

    It looks at the cell's own test faces and at each set it is evaluated on. Numbers go to
    results/explain, maps and faces to runs/explain.

    Example: dvc --wait-for-lock repro benchmarks/synthetic/dvc.yaml:explain@scan_cci-0
    """
    row, how = paths.spec(dataset, model), paths.spec("explain", dataset)
    weights = paths.weights(dataset, model, seed)
    maps, numbers = paths.maps(dataset, model, seed), paths.explained(dataset, model, seed)

    def run() -> None:
        from fer_bench.evaluation.explain import explain_cell

        asked, spec = read_json(how), _known(row)
        layers = asked["layers"]
        with replacing_folder(maps) as arrays, replacing_folder(numbers) as found:
            for on in asked["sets"]:
                explain_cell(
                    spec, Path(paths.view(on)), Path(weights), found / f"{on}.json", arrays / on,
                    Path(paths.ALIGNED),
                    layer=layers.get(model, layers.get(RowSpec.read(spec).base)),
                    source_options=asked["source_options"],
                )  # fmt: skip

    deps = [row, how, paths.view(dataset), paths.run(dataset, model, seed)]
    return Stage(f"explain {dataset} {model} {seed}", deps, [maps], run, results=[numbers])


def score(
    dataset: Dataset,
    row: Annotated[str, typer.Argument(help="A row, e.g. scan_cci.")],
    seed: Seed,
) -> Stage:
    """Turn a cell's predictions into results/scores/<dataset>/<row>/<seed>.json."""
    how, card = paths.spec("scores", dataset), paths.spec("cards", row)
    run_folder, table = paths.run(dataset, row, seed), paths.faces(dataset)
    cell, out = paths.cell(dataset, row, seed), paths.score(dataset, row, seed)

    def run() -> None:
        from fer_bench.evaluation.score import score_cell
        from fer_bench.receiving import is_partial

        asked = read_json(how)
        score_cell(
            Path(run_folder),
            (dataset, row, seed),
            Path(out),
            rules=asked["rules"],
            card=read_json(card)["card"],
            sets=[name for name in asked["sets"] if name != dataset],
            partial=[name for name in asked["sets"] if is_partial(name)],
        )
        forget_if_recorded(paths.trained(dataset, row, seed), dataset, cell)

    deps = [how, card, run_folder, table, paths.lists(dataset), *receipts(dataset)]
    return Stage(f"score {dataset} {row} {seed}", deps, [], run, results=[out])


def _known(spec: str) -> Path:
    """A row's spec, its model registered: one of another file or package is not found by itself."""
    from fer_bench.models import outside

    file = Path(spec)
    outside.prepare(RowSpec.read(file))
    return file
