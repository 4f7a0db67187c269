"""Commands for looking at faces."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Look at aligned or masked faces.")


@app.command("sheet")
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


@app.command("corruptions")
def corruptions(
    pack: Annotated[str, typer.Argument(help="An aligned pack of rendered faces.")] = "synthetic",
    face: Annotated[str | None, typer.Option(help="A sample_id; by default a frontal one.")] = None,
    out: Annotated[Path, typer.Option(help="The PNG to write.")] = Path("docs/corruptions.png"),
) -> None:
    """Draw one rendered face under every corruption at its five severities.

    Example: fer-bench faces corruptions synthetic
    """
    from fer_bench.reports.figures.corruption_sheet import corruption_sheet
    from fer_bench.reports.figures.style import save, style

    with style():
        sheet_of = corruption_sheet(Path("data/aligned") / pack, face)
        save(sheet_of, out.with_suffix(""), ("png",), dpi=100)
    print(out.with_suffix(".png"))
