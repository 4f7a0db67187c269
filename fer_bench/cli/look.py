"""Commands for looking at what is there: models and faces."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

models_app = typer.Typer(no_args_is_help=True, help="The models that can be trained.")
faces_app = typer.Typer(no_args_is_help=True, help="Look at aligned or masked faces.")


@models_app.command("list")
def list_models() -> None:
    """List every model: parameters at its default options, pre-training, summary.

    Example: fer-bench models list
    """
    import torch
    from tabulate import tabulate

    from fer_bench import models

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


@models_app.command("show")
def show_model(
    name: Annotated[str, typer.Argument(help="A model, e.g. scan_cci.")],
) -> None:
    """Show one model's options with their defaults; any can be set in params.yaml.

    Example: fer-bench models show scan_cci
    """
    from fer_bench import models

    preset = models.preset(name)
    print(f"{name}: {preset.summary}\nfile: {preset.module}")
    print(f"starts from: {preset.pretrained or 'random weights'}")
    for key, value in preset.defaults.items():
        print(f"  {key}: {value}")
    for key, value in preset.recipe.items():
        print(f"  recipe {key}: {value}")


@faces_app.command("sheet")
def sheet(
    pack: Annotated[str, typer.Argument(help="A pack that has been aligned, e.g. synthetic.")],
    count: Annotated[int, typer.Option("-n", min=1, max=400, help="How many faces.")] = 40,
    out: Annotated[Path | None, typer.Option(help="The PNG to write.")] = None,
) -> None:
    """Draw a contact sheet of a pack into the git-ignored folder results/galleries.

    Example: fer-bench faces sheet synthetic_masked -n 40
    """
    from fer_bench.faces.sheet import contact_sheet

    path = out or Path(f"results/galleries/{pack}.png")
    contact_sheet(Path("data/aligned") / pack, path, count)
    print(path)


@faces_app.command("corruptions")
def corruptions(
    pack: Annotated[str, typer.Argument(help="An aligned pack of rendered faces.")] = "synthetic",
    face: Annotated[str | None, typer.Option(help="A sample_id; by default a frontal one.")] = None,
    out: Annotated[Path, typer.Option(help="The PNG to write.")] = Path("docs/corruptions.png"),
) -> None:
    """Draw one rendered face under every corruption at its five severities.

    Example: fer-bench faces corruptions synthetic
    """
    from fer_bench.reports.figure_style import save, style
    from fer_bench.reports.robustness_sheet import corruption_sheet

    with style():
        sheet_of = corruption_sheet(Path("data/aligned") / pack, face)
        save(sheet_of, out.with_suffix(""), ("png",), dpi=100)
    print(out.with_suffix(".png"))
