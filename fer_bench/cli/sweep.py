"""`fer-bench sweep`: everything that is stale, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def sweep(
    targets: Annotated[
        list[str] | None,
        typer.Argument(help="As `dvc repro` takes them: stages, dvc.yaml files. Default: all."),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs",
            "-j",
            min=1,
            show_default=False,
            help="At most so many at a time. Default: this machine's cores / compute.threads, "
            "fewer while memory is short; with --ray, what the cluster has room for.",
        ),
    ] = None,
    ray: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            show_default=False,
            help="Run on this Ray cluster: auto, HOST:PORT or ray://HOST:PORT.",
        ),
    ] = None,
    gpus: Annotated[
        float | None,
        typer.Option(
            min=0,
            show_default=False,
            help="GPUs a cell. With --ray: 1 by default where the cluster has GPUs; 0.25 puts four "
            "cells on one; 0 on clusters without. On this machine: a cell gets GPUs of its own.",
        ),
    ] = None,
    cpus: Annotated[
        float | None,
        typer.Option(
            min=0.01,
            show_default=False,
            help="CPUs a cell on a Ray cluster. Default: compute.threads.",
        ),
    ] = None,
    retries: Annotated[
        int,
        typer.Option(
            min=0,
            help="How often a cell that failed is tried again: after 5, 10, 20, ... seconds, on "
            "another node while there is one.",
        ),
    ] = 2,
    remote: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            show_default=False,
            help="With --ray: share data through this DVC remote instead of this checkout's "
            "cache, for machines that cannot see this folder.",
        ),
    ] = None,
    folder: Annotated[
        str | None,
        typer.Option(
            metavar="DIR",
            show_default=False,
            help="With --ray: where workers' clones go. Default: runs/.sweep; with --remote, a "
            "folder in ~/.cache of each machine.",
        ),
    ] = None,
    first: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ROW",
            show_default=False,
            help="A row to train before all others; their accuracies are shown as soon as they "
            "are there. May be given several times.",
        ),
    ] = None,
) -> None:
    """Run everything that is stale, side by side: here, or on a Ray cluster.

    It does what `dvc repro` does, with the same results to the bit and the same dvc.lock.
    Here, stages run in this checkout, each in a process forked from one that
    has imported everything; what is done is recorded within half a minute. Leave
    params.yaml and the code alone meanwhile: what ran while they changed is not
    recorded.

    With --ray, each worker is a git clone at this commit that shares DVC's cache
    and runs `dvc repro` on one cell at a time. Commit first: workers see nothing else.

    A cell that fails stops no other; it is listed with its log, and the exit
    status is 1. After Ctrl-C or a kill the same command goes on: what is done
    stays, what was running continues from its checkpoint.

    Examples:
      fer-bench sweep                             everything that is stale
      fer-bench sweep --jobs 1                    one at a time
      fer-bench sweep benchmarks/rafdb/dvc.yaml   one dataset
      fer-bench sweep --first baseline1 --first scan_cci   these rows first, and their table
      fer-bench sweep --ray auto                  on the cluster of this machine
      fer-bench sweep --ray HOST:6379 --gpus 0.5  two cells on each GPU
      fer-bench sweep --ray HOST:6379 --remote bucket   no shared folder needed
    """
    from rich.console import Console

    from fer_bench.sweep.sweep import SweepOptions
    from fer_bench.sweep.sweep import sweep as run

    options = SweepOptions(jobs, ray, gpus, cpus, retries, remote, folder, tuple(first or ()))
    status = run(Path(), targets or [], options, Console())
    raise typer.Exit(status)
