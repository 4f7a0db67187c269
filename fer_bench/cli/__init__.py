"""The command line: `fer-bench --help`."""

from __future__ import annotations

import errno
import io
import logging
import os
import sys
from typing import Annotated

import typer

import fer_bench
from fer_bench.cli import (
    audit_checkpoint,
    check,
    compare,
    cost,
    data,
    doctor,
    export,
    faces,
    figure,
    keep,
    models,
    pipelines,
    plan,
    predict,
    report,
    stages,
    status,
    submit,
    sweep,
    weights,
)  # fmt: skip
from fer_bench.errors import FerBenchError
from fer_bench.sweep.lifeline import hold

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="""
A reproducible benchmark suite for facial expression recognition.

Most days need one command: [bold]fer-bench sweep[/bold]. It runs what params.yaml enables and is
stale, and writes results/tables, results/figures and results/leaderboard/index.html.

[bold]Examples[/bold]

  fer-bench check                                  is params.yaml right?
  fer-bench doctor                                 what is missing, and how to get it
  fer-bench status                                 what is stale, why, and how long it takes
  fer-bench models list                            what can be trained
  fer-bench models new my_net                      a model of your own, in one file
  fer-bench data status                            which datasets you hold, how to get the rest
  fer-bench data add facial_expressions FOLDER     take in a dataset
  fer-bench sweep                                  all that is stale, on every core
  dvc --wait-for-lock repro benchmarks/synthetic/dvc.yaml:train@scan_cci-0     one cell
  dvc --wait-for-lock repro table08                  one table of the paper
  fer-bench compare synthetic scan_cci baseline1   is one better, and how sure is that?
  fer-bench table --models my_net,scan_cci         rows of your choice, as LaTeX
  fer-bench predict me.jpg --run synthetic/scan_cci/0          what a trained run sees
  fer-bench audit-checkpoint best.pth --model baseline2 --faces rafdb     why is it worse here?
  dvc metrics show                                 the numbers, flat
""",
)
for group, of in {"data": data, "weights": weights, "models": models, "faces": faces}.items():
    app.add_typer(of.app, name=group)
for setting_up in (check.check, status.status, pipelines.pipelines, doctor.doctor):
    app.command(rich_help_panel="Set-up")(setting_up)
stages.add_to(app)
by_hand = (compare.compare, plan.plan, report.report, cost.cost, predict.predict, keep.keep,
           figure.figure, audit_checkpoint.audit_checkpoint)  # fmt: skip
for looked in by_hand:
    app.command(rich_help_panel="Look and measure")(looked)
app.command(rich_help_panel="Run")(sweep.sweep)
for elsewhere in (submit.submit, export.export):
    app.command(rich_help_panel="Your own model")(elsewhere)

REMEDIES = {
    errno.ENOSPC: "make room on that disk",
    errno.EDQUOT: "make room, your share of that disk is used up",
    errno.EFBIG: "the file is larger than the disk or a limit (`ulimit -f`) allows",
    errno.EROFS: "the disk cannot be written to; work in another folder",
    errno.EACCES: "you may not write there; work in a folder of your own",
    errno.EPERM: "you may not write there; work in a folder of your own",
    errno.ENAMETOOLONG: "the name is too long; use a shorter one",
    errno.EISDIR: "a folder stands in its place; move it away",
    errno.ENOTDIR: "a file stands where a folder is to be; move it away",
    errno.EEXIST: "a file stands where a folder is to be; move it away",
    errno.EIO: "the disk does not work as it should; look at it first",
}
"""What to do when something cannot be written."""


def _version(asked: bool) -> None:
    if asked:
        print(f"fer_bench {fer_bench.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    """Options before any command; without it, the text above is the help."""


def main() -> None:
    """The console script."""
    hold()
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command; a FerBenchError becomes one message. Returns the exit status."""
    # Threads that spin long while they wait make training many times slower on a busy machine,
    # threads that never spin twice slower on a quiet one; it counts only before torch is imported.
    os.environ.setdefault("GOMP_SPINCOUNT", "100000")
    logging.basicConfig(format="%(message)s")  # to stderr; libraries warn only
    logging.getLogger("fer_bench").setLevel(logging.INFO)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # terminals that do not know every sign
            stream.reconfigure(errors="replace")
    try:
        app(arguments)
    except FerBenchError as error:
        print(f"fer-bench: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        if error.errno not in REMEDIES:
            raise
        where = f" at {error.filename}" if error.filename else ""
        remedy = f"{REMEDIES[error.errno]}, then run the same command again"
        print(f"fer-bench: cannot write{where} ({error.strerror}): {remedy}", file=sys.stderr)
        return 1
    except SystemExit as ended:  # how click returns
        return ended.code if isinstance(ended.code, int) else 1 if ended.code else 0
    return 0
