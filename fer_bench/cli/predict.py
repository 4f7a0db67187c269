"""`fer-bench predict`: a trained run looks at pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DRAWN = Path("results/galleries/predicted")


def predict(
    images: Annotated[list[Path], typer.Argument(help="Pictures.")],
    run: Annotated[
        str | None,
        typer.Option(help="e.g. synthetic/scan_cci/0, or a run's folder; none: the package's own."),
    ] = None,
    selection: Annotated[str, typer.Option(help="last, best_on_val or best_on_test.")] = "last",
    out: Annotated[Path, typer.Option(help="Where annotated pictures go.")] = DRAWN,
    cut: Annotated[
        bool, typer.Option("--cut", help="They are faces cut out already: look for none.")
    ] = False,
    device: Annotated[str | None, typer.Option(help="cpu or cuda.")] = None,
) -> None:
    """Find the face of each picture, align it as in training, and say what a trained run sees.

    Prints a table and draws each picture with the face and every class's probability. Git ignores
    the default folder; share such pictures only where their licence lets you. Without --run a small
    network answers that comes with the package and was trained on rendered faces.

    Examples:

      fer-bench predict me.jpg

      fer-bench predict me.jpg you.png --run synthetic/scan_cci/0
    """
    from tabulate import tabulate

    from fer_bench.errors import FerBenchError
    from fer_bench.inference.annotate import annotate
    from fer_bench.inference.shipped import what_it_reaches
    from fer_bench.inference.trained import load

    network = load(run, selection, device)
    rows, unread = [], []
    for number, image in enumerate(images, 1):
        try:
            prediction = network.look(image, cut=cut)
        except FerBenchError as error:
            unread.append(str(error))
            continue
        annotate(prediction, out / f"{number:03d}_{image.stem}.png")
        face = prediction.detection
        seen = "as it is" if cut else "none: centre"
        if face:
            seen = f"{face.probability:.2f}" + f", of {face.faces_found}" * (face.faces_found > 1)
        shares = [f"{100 * p:.0f}" for p in prediction.probabilities.values()]
        rows.append([image.name, seen, prediction.answer, *shares])
    if rows:
        head = ["picture", "face", "answer", *(f"{c} %" for c in network.classes)]
        print(tabulate(rows, head))
        pixels = network.run.spec.align["pixels"]
        if pixels != "mtcnn" and not cut:
            print(f"\nThis run was trained on faces cut out otherwise ({pixels}): expect it to do "
                  "worse here; --cut takes pictures that are cut out like its own.")  # fmt: skip
        print(f"\n{network.run.name}, {selection}; pictures in {out}/. The answer is how people "
              "would probably label the face, not what the person feels.")  # fmt: skip
        if run is None:
            print(f"\n{what_it_reaches()}")
    if unread:
        many = f"{len(unread)} of {len(images)} pictures have no answer:\n- "
        raise FerBenchError(many + "\n- ".join(unread) if len(images) > 1 else unread[0])
