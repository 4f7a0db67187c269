"""`fer-bench predict`: a trained run looks at pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DRAWN = Path("results/galleries/predicted")


def add_to(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(rich_help_panel="Look and measure")(predict)


def predict(
    images: Annotated[list[Path], typer.Argument(help="Pictures.")],
    run: Annotated[str, typer.Option(help="e.g. synthetic/scan_cci/0, or a run's folder.")],
    selection: Annotated[str, typer.Option(help="last, best_on_val or best_on_test.")] = "last",
    out: Annotated[Path, typer.Option(help="Where annotated pictures go.")] = DRAWN,
    cut: Annotated[
        bool, typer.Option("--cut", help="They are faces cut out already: look for none.")
    ] = False,
    device: Annotated[str | None, typer.Option(help="cpu or cuda.")] = None,
) -> None:
    """Find the face of each picture, align it as in training, and say what a trained run sees.

    Prints a table and draws each picture with the face and every class's probability. Git ignores
    the default folder; share such pictures only where their licence lets you.

    Example: fer-bench predict me.jpg you.png --run synthetic/scan_cci/0
    """
    from tabulate import tabulate

    from fer_bench.inference.annotate import annotate
    from fer_bench.inference.trained import load

    network = load(run, selection, device)
    found = network.predict(images, cut=cut)
    rows = []
    for number, prediction in enumerate(found, 1):
        annotate(prediction, out / f"{number:03d}_{images[number - 1].stem}.png")
        face = prediction.detection
        seen = "as it is" if cut else "none: centre"
        if face:
            seen = f"{face.probability:.2f}" + f", of {face.faces_found}" * (face.faces_found > 1)
        shares = [f"{100 * p:.0f}" for p in prediction.probabilities.values()]
        rows.append([images[number - 1].name, seen, prediction.answer, *shares])
    print(tabulate(rows, ["picture", "face", "answer", *(f"{c} %" for c in network.classes)]))
    pixels = network.run.spec.align["pixels"]
    if pixels != "mtcnn" and not cut:
        print(f"\nThis run was trained on faces cut out otherwise ({pixels}): expect it to do "
              "worse here; --cut takes pictures that are cut out like its own.")  # fmt: skip
    print(f"\n{network.run.name}, {selection}; pictures in {out}/. The answer is how people would "
          "probably label the face, not what the person feels.")  # fmt: skip
