"""`fer-bench submit`: predictions of a model that is not trained here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fer_bench.row_names import MOST_SEED
from fer_bench.stages import paths

ALIGNED = Path(paths.ALIGNED)


def submit(
    predictions: Annotated[Path, typer.Argument(help="The CSV of predictions.")],
    model: Annotated[str, typer.Option(help="What the row is called: a-z, 0-9 and _.")],
    dataset: Annotated[str, typer.Option(help="Whose test faces were predicted.")],
    card: Annotated[
        Path | None,
        typer.Option(help="YAML that states data, paper, code; the CSV's name with .yaml if left."),
    ] = None,
    run: Annotated[
        int, typer.Option(help="Tells apart several trainings.", min=0, max=MOST_SEED)
    ] = 0,
    template: Annotated[
        bool, typer.Option("--template", help="Write both files, to be filled in.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="An earlier submission of this name and run.")
    ] = False,
    faces: Annotated[
        Path | None,
        typer.Option(help="With --template: also write the faces as <sample_id>.png here."),
    ] = None,
) -> None:
    """Score predictions made elsewhere (closed models); shown as external, never ranked.

    The file is refused, with every reason, unless it covers each test face once, has a number for
    each class, and was made by the protocol in force.

    Examples:

      fer-bench submit closed.csv --model closed_net --dataset synthetic --template --faces faces/

      fer-bench submit closed.csv --model closed_net --dataset synthetic
    """
    from fer_bench.errors import FerBenchError
    from fer_bench.evaluation.submission import score_submission, write_template
    from fer_bench.receiving import is_partial
    from fer_bench.rules import read_protocol

    stated = card or predictions.with_suffix(".yaml")
    if stated == predictions:
        raise FerBenchError(
            f"{predictions} would be both the predictions and the card: call the predictions .csv"
        )
    if template:
        count = write_template(predictions, stated, dataset, read_protocol(), ALIGNED)
        print(f"{predictions}: {count} faces to predict; {stated}: what a reader must know.")
        if faces is not None:
            from fer_bench.faces.export import write_faces

            print(f"{write_faces(dataset, ALIGNED, faces)} faces in {faces}: pass none of them on.")
        return
    _check_name(model, dataset)
    place = Path(dataset, model)
    out = Path("results/external") / place / f"{run}.json"
    if out.exists() and not replace:
        raise FerBenchError(
            f"{out} holds an earlier submission: give another --run, or --replace it"
        )
    score = score_submission(
        predictions,
        stated,
        dataset,
        model,
        run,
        protocol=read_protocol(),
        out=out,
        kept=Path("runs/external") / place / f"{run}.parquet",
        table=Path(paths.faces(dataset)),
        lists=Path(paths.lists(dataset)),
        packs_root=ALIGNED,
        partial=[dataset] if is_partial(dataset) else [],
    )
    whole = score.sets[dataset]["last"]["all"]
    print(f"{model} on {dataset}: accuracy {100 * whole['accuracy']:.2f} % of {whole['n']} faces, "
          f"balanced {100 * whole['balanced_accuracy']:.2f} %")  # fmt: skip
    print(f"results/external/{place.as_posix()}/{run}.json holds all of it, for git; "
          "`fer-bench leaderboard` shows it")  # fmt: skip


def _check_name(model: str, dataset: str) -> None:
    """A row that is trained here may not be mistaken for one that is not."""
    from fer_bench import params
    from fer_bench.errors import FerBenchError
    from fer_bench.reports.enabled import row_names

    loaded = params.load()
    cells = loaded.enabled.get(dataset)
    rows = row_names(cells.model_dump()) if cells else []
    if (
        model in {*rows, *loaded.every_variant}
        or Path(f"results/scores/{dataset}/{model}").is_dir()
    ):
        raise FerBenchError(
            f"{model} is a row of {dataset} that is trained here: give the submission another name"
        )
