"""`fer-bench models`: what can be trained, and adding a model of your own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The models that can be trained, and adding yours.")
PARAMS = Path("params.yaml")


@app.command("list")
def list_models() -> None:
    """List every model: parameters at its default options, pre-training, summary.

    Yours are among them, from the files that params.yaml names and from installed packages.

    Example: fer-bench models list
    """
    import torch
    from tabulate import tabulate

    from fer_bench import models

    register()
    rows = []
    for name in models.names():
        preset = models.preset(name)
        with torch.device("meta"):
            model = models.build(name, 8)
        count = sum(p.numel() for p in model.parameters())
        rows.append([name, f"{count:,}", preset.pretrained or "none", preset.summary])
    print(
        tabulate(rows, ["model", "parameters (8 classes)", "starts from", "what it is"],
                 colalign=("left", "right", "left", "left"))
    )  # fmt: skip


@app.command("show")
def show_model(
    name: Annotated[str, typer.Argument(help="A model, e.g. scan_cci.")],
) -> None:
    """Show one model's options with their defaults; any can be set in params.yaml.

    Example: fer-bench models show scan_cci
    """
    from fer_bench import models
    from fer_bench.models import outside

    register()
    preset = models.preset(name)
    where = outside.recorded(name).get("outside", {"module": preset.module})
    print(f"{name}: {preset.summary}\n{' '.join(f'{k}: {v}' for k, v in where.items())}")
    print(f"starts from: {preset.pretrained or 'random weights'}")
    for key, value in preset.defaults.items():
        print(f"  {key}: {value}")
    for key, value in preset.recipe.items():
        print(f"  recipe {key}: {value}")


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Its name: a-z, 0-9 and _, e.g. my_net.")],
    folder: Annotated[Path, typer.Option(help="Where the file goes.")] = Path("."),
    plain: Annotated[
        bool, typer.Option("--plain", help="A network of its own with two heads, no backbone.")
    ] = False,
) -> None:
    """Write a commented model file that already trains, and say what to do with it.

    Examples: fer-bench models new my_net; fer-bench models new my_net --plain
    """
    from fer_bench.contract.new import write_model

    register()
    path = write_model(name, folder, plain)
    print(f"""{path} is a small network that trains; make it yours. Then

  fer-bench models check {path}

and, to train it on the rendered faces, in params.yaml:

  model_files: [{path}]
  enabled: ... synthetic: ... models: [..., {name}]

  dvc --wait-for-lock repro benchmarks/synthetic/dvc.yaml:score@{name}-0""")


@app.command()
def check(
    model: Annotated[str, typer.Argument(help="A file of yours, or a model's name.")],
) -> None:
    """Say whether a model keeps what the benchmark asks of one, in under a minute.

    What it does not keep is explained, with the next step; then the command ends with status 1.

    Examples: fer-bench models check my_net.py; fer-bench models check scan_cci
    """
    from fer_bench import params
    from fer_bench.contract.check_model import check_model
    from fer_bench.errors import FerBenchError
    from fer_bench.models import outside

    loaded = params.load(PARAMS) if PARAMS.is_file() else params.Params(enabled={})
    register()
    path = Path(model)
    is_file = path.suffix == ".py" or path.is_dir() or len(path.parts) > 1
    broken, unchecked = 0, list[str]()
    for name in outside.register_file(path) if is_file else [model]:
        print(f"{name}\n")
        for result in check_model(name, loaded):
            broken += result.outcome == "broken"
            unchecked += [result.part] if result.outcome == "not checked" else []
            print(f"  {result.outcome:11}  {result.part}: {result.said} ({result.seconds:.1f} s)")
            if result.then:
                print(f"               asked: {result.asked}\n               next:  {result.then}")
        print()
    if broken:
        raise FerBenchError(f"{broken} broken; put the first right, then check again")
    left = f" as far as it was checked; not checked: {', '.join(unchecked)}" if unchecked else ""
    print(f"It keeps the contract{left}.")


@app.command()
def smoke(
    file: Annotated[Path, typer.Argument(help="A model file of yours.")],
    out: Annotated[
        Path | None, typer.Option(help="Keep what it makes here, e.g. as CI's artifact.")
    ] = None,
) -> None:
    """Train a model file for 2 epochs, score it and make its page, in a folder apart; for CI.

    Results, runs and params.yaml are left alone. It takes about a minute and ends with status 1
    where the model fails on the way; whether it is any good shows elsewhere.

    Examples: fer-bench models smoke my_net.py; fer-bench models smoke my_net.py --out smoke
    """
    import tempfile

    from fer_bench.contract.smoke import smoke as run
    from fer_bench.cores import one_thread

    one_thread()
    with tempfile.TemporaryDirectory() as folder:
        found = run(file, out or Path(folder) / "smoke")
    for name, accuracy in found.items():
        print(f"{name}: trained, scored and shown; {100 * accuracy:.1f} % of 28 test faces, which "
              "says nothing about the model")  # fmt: skip
    if out is not None:
        print(f"{out}/results/leaderboard/index.html")


@app.command("submit-check")
def submit_check(
    row: Annotated[str, typer.Argument(help="A model or variant that was scored here.")],
) -> None:
    """Say what a pull request with this row still lacks: card, recipe, seeds, predictions.

    Ends with status 1 where anything is missing.

    Example: fer-bench models submit-check my_net
    """
    from fer_bench.contract.submit_check import submit_check as checked
    from fer_bench.errors import FerBenchError

    found = checked(row)
    for dataset, missing in found.items():
        print(f"{dataset}/{row}: {'complete' if not missing else ''}")
        print("".join(f"  {text}\n" for text in missing), end="")
    if count := sum(map(len, found.values())):
        raise FerBenchError(f"{count} missing; see docs/add_a_model.md, In the leaderboard")


def register() -> None:
    """Register the models of params.yaml, where there is one, and of installed packages."""
    from fer_bench import params
    from fer_bench.models import outside

    outside.register_everything(params.load(PARAMS).model_files if PARAMS.is_file() else ())
