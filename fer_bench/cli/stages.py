"""The commands that DVC stages call. Each reads its spec and writes its out, nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fer_bench.cli.log import logged
from fer_bench.rows import split_transferred, transferred

SPECS, ALIGNED = Path("runs/specs"), Path("data/aligned")
PANEL = "Pipeline stages (called by `dvc repro`)"

Dataset = Annotated[str, typer.Argument(help="A dataset of params.yaml, e.g. synthetic.")]
Model = Annotated[str, typer.Argument(help="A model or variant, e.g. scan_cci.")]
Seed = Annotated[int, typer.Argument(help="The seed of the cell.")]


def add_to(app: typer.Typer) -> None:
    """Add every stage command to `app`, in pipeline order."""
    app.command(rich_help_panel="Set-up")(check)
    app.command(rich_help_panel="Set-up")(pipelines)
    for command in (
        specs, align, mask, view, audit, audit_paper, identity, starts, train, transfer, evaluate,
        robustness, explain, score,
    ):  # fmt: skip
        app.command(rich_help_panel=PANEL)(command)


def check() -> None:
    """Validate params.yaml: every key, value and name, and that each enabled model can be built.

    Example: fer-bench check
    """
    from fer_bench import params, specs
    from fer_bench.protocol import read_protocol
    from fer_bench.receiving import empty_classes

    loaded = params.load()
    specs.resolve(loaded)
    protocol = read_protocol()
    print(f"protocol: version {protocol.version}, {protocol.sha256}")
    for name, cells in loaded.enabled.items():
        count = len(cells.seeds) * (
            len(cells.models) + len(cells.init_from) * len(cells.transfer_models)
        )
        print(f"{name}: {count} cells" if count else f"{name}: disabled")
        for sentence in empty_classes(name) if count else ():
            print(f"{name}: {sentence}")


def pipelines() -> None:
    """Write dvc.yaml, benchmarks/*/dvc.yaml and README's dataset table, as the registries say.

    Needed after adding a dataset, table, page or figure.

    Example: fer-bench pipelines
    """
    from fer_bench.pipelines import write_pipelines
    from fer_bench.report_stages import write_root
    from fer_bench.reports.dataset_table import update_readme

    for path in (write_root(), *write_pipelines()):
        print(path)
    if update_readme(Path("README.md")):
        print("README.md")


def specs() -> None:
    """Resolve params.yaml into one spec a stage, runs/specs/**.json."""
    from fer_bench import params
    from fer_bench.specs import write_specs

    write_specs(params.load(), SPECS)


def align(pack: Annotated[str, typer.Argument(help="A pack, e.g. synthetic.")]) -> None:
    """Detect, align and pack the faces of a source.

    Example: fer-bench align facial_expressions
    """
    from fer_bench.faces.align import align as run
    from fer_bench.files import read_json

    with logged(f"packs/{pack}"):
        run(read_json(SPECS / "packs" / f"{pack}.json"), ALIGNED / pack)


def mask(pack: Annotated[str, typer.Argument(help="A masked pack.")]) -> None:
    """Put face masks on a source's images and pack them with the unmasked faces' landmarks.

    Example: fer-bench mask synthetic_masked
    """
    from fer_bench.faces.mask_pack import mask as run
    from fer_bench.files import read_json

    spec = read_json(SPECS / "packs" / f"{pack}.json")
    with logged(f"packs/{pack}"):
        run(spec, ALIGNED / spec["source"], ALIGNED / pack)


def view(dataset: Dataset) -> None:
    """Write runs/views/<dataset>.json: its packs, classes and the hashes of its faces."""
    from fer_bench.views import write_view

    write_view(SPECS / "views" / f"{dataset}.json", ALIGNED, Path(f"runs/views/{dataset}.json"))


def audit(dataset: Dataset) -> None:
    """Look for duplicates, label conflicts, shared people, undetected faces and wrong counts.

    Writes results/audit/<dataset>.md to read, and runs/audit/<dataset>.json for scoring.

    Example: fer-bench audit synthetic
    """
    from fer_bench.audit.dataset import audit_dataset
    from fer_bench.files import read_json

    audit_dataset(
        read_json(SPECS / "audit" / f"{dataset}.json"),
        packs_root=ALIGNED,
        receipts_root=Path("benchmarks"),
        lists_root=Path("data/raw/challenge_lists"),
        page=Path(f"results/audit/{dataset}.md"),
        record=Path(f"runs/audit/{dataset}.json"),
    )


def audit_paper() -> None:
    """Check the paper's printed numbers: possible as k/N?, and its claims against its tables."""
    from fer_bench.audit.paper import audit_paper as run

    run(Path("benchmarks/paper"), Path("results/audit/paper.md"))


def identity(dataset: Dataset) -> None:
    """Pre-train the backbones that rows start from to tell the dataset's train people apart."""
    from fer_bench.training.identity import train_identity

    with logged(f"{dataset}/identity"):
        train_identity(
            SPECS / "identity" / f"{dataset}.json", Path(f"runs/{dataset}/identity"), ALIGNED
        )


def starts(dataset: Dataset) -> None:
    """Write what each row's weights start from, runs/<dataset>/starts/<row>.json."""
    from fer_bench import params
    from fer_bench.starts import write_starts

    rows = params.load().enabled[dataset].models
    write_starts(SPECS / dataset, rows, Path(f"runs/{dataset}/starts"))


def train(dataset: Dataset, model: Model, seed: Seed) -> None:
    """Train one cell and save its predictions, history and weights.

    Example: dvc repro benchmarks/synthetic/dvc.yaml:train@scan_cci-0
    """
    _train(dataset, model, seed, Path(f"runs/{dataset}/starts/{model}.json"))


def transfer(
    dataset: Dataset,
    model: Model,
    source: Annotated[str, typer.Argument(help="The dataset whose cell it starts from.")],
    seed: Seed,
) -> None:
    """Train one cell from the weights of another dataset's cell (same model, same seed)."""
    weights = Path(f"runs/{source}/{model}/{seed}/train/weights/last.safetensors")
    _train(dataset, transferred(model, source), seed, weights)


def _train(dataset: str, row: str, seed: int, start: Path) -> None:
    from fer_bench.training.run import train_cell

    out = Path(f"runs/{dataset}/{row}/{seed}/train")
    with logged(f"{dataset}/{row}/{seed}/train"):
        train_cell(_spec(dataset, row), start, seed, out, ALIGNED)


def _spec(dataset: str, row: str) -> Path:
    """A row's spec, its model registered: one of another file or package is not found by itself."""
    from fer_bench.files import read_json
    from fer_bench.models import outside

    path = SPECS / dataset / f"{row}.json"
    outside.prepare(read_json(path))
    return path


def evaluate(
    dataset: Dataset,
    model: Model,
    seed: Seed,
    on: Annotated[str, typer.Argument(help="The set to predict, e.g. synthetic_masked.")],
) -> None:
    """Apply a trained cell to another set's test faces; a new set never retrains.

    Example: dvc repro benchmarks/synthetic/dvc.yaml:evaluate@scan_cci-0-synthetic_masked
    """
    from fer_bench.evaluation.predict import evaluate_cell

    run = Path(f"runs/{dataset}/{model}/{seed}")
    evaluate_cell(
        _spec(dataset, model),
        Path(f"runs/views/{on}.json"),
        Path(f"runs/audit/{on}.json"),
        run / "train" / "weights",
        run / f"on_{on}",
        ALIGNED,
    )


def robustness(dataset: Dataset, model: Model, seed: Seed) -> None:
    """Test a trained cell on corrupted, occluded and misaligned faces of its own test split.

    Example: dvc repro benchmarks/synthetic/dvc.yaml:robustness@scan_cci-0
    """
    from fer_bench.evaluation.robustness import robustness_cell

    robustness_cell(
        _spec(dataset, model),
        Path(f"runs/views/{dataset}.json"),
        Path(f"runs/{dataset}/{model}/{seed}/train/weights"),
        Path(f"results/robustness/{dataset}/{model}/{seed}.json"),
        ALIGNED,
    )


def explain(dataset: Dataset, model: Model, seed: Seed) -> None:
    """Draw Grad-CAM maps of a trained cell and measure how faithful they are.

    It looks at the cell's own test faces and at each set it is evaluated on. Numbers go to
    results/explain, maps and faces to runs/explain.

    Example: dvc repro benchmarks/synthetic/dvc.yaml:explain@scan_cci-0
    """
    from fer_bench.evaluation.explain import explain_cell
    from fer_bench.files import read_json, replacing_folder

    how = read_json(SPECS / "explain" / f"{dataset}.json")
    spec = _spec(dataset, model)
    base = read_json(spec)["base"]
    cell = Path(dataset, model, str(seed))
    with (
        replacing_folder(Path("runs/explain") / cell) as arrays,
        replacing_folder(Path("results/explain") / cell) as numbers,
    ):
        for on in how["sets"]:
            explain_cell(
                spec,
                Path(f"runs/views/{on}.json"),
                Path("runs") / cell / "train" / "weights",
                numbers / f"{on}.json",
                arrays / on,
                ALIGNED,
                layer=how["layers"].get(model, how["layers"].get(base)),
                source_options=how["source_options"],
            )


def score(dataset: Dataset, model: Model, seed: Seed) -> None:
    """Turn a cell's predictions into results/scores/<dataset>/<model>/<seed>.json."""
    from fer_bench.evaluation.score import score_cell
    from fer_bench.files import read_json
    from fer_bench.receiving import is_partial

    how = read_json(SPECS / "scores" / f"{dataset}.json")
    sets = how["sets"]
    moved = split_transferred(model)[1] is not None  # only cells of `models` are evaluated
    evaluated = [] if moved else [name for name in sets if name != dataset]
    score_cell(
        Path(f"runs/{dataset}/{model}/{seed}"),
        dataset,
        model,
        seed,
        Path(f"results/scores/{dataset}/{model}/{seed}.json"),
        audit=Path(f"runs/audit/{dataset}.json"),
        protocol=how["protocol"],
        card=read_json(SPECS / "cards" / f"{model}.json")["card"],
        sets=evaluated,
        packs_root=ALIGNED,
        partial=[name for name in sets if is_partial(name)],
    )
