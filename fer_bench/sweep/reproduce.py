"""`dvc repro` as a sweep runs it, a process of its own: in a Ray worker's clone, or to restore.

It differs in one thing: rows from scratch wait for no identity pre-training.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path

from fer_bench.errors import FerBenchError
from fer_bench.sweep.dvc_repo import SPECS, fetch_runs, needed, offer, opened, reproduce
from fer_bench.sweep.lifeline import hold
from fer_bench.sweep.plan import begin_from_scratch, without_waiting


def bring_up_to_date(root: Path, targets: list[str], remote: str | None, offered: bool) -> None:
    """The stages that `targets` need (none: all of dvc.yaml), offered to others if `offered`.

    Args:
        root: the checkout.
        targets: as `dvc repro` takes them.
        remote: restore what this cache lacks from there, and push to it.
        offered: see `offer`.
    """
    os.chdir(root)
    with opened(root, remote) as repo:
        logging.getLogger("dvc").setLevel(logging.INFO)  # what runs is read from there
        if remote:
            fetch_runs(repo, remote)
        reproduce(repo, needed(repo, [SPECS]), remote)  # which rows start from nothing
        whole = needed(repo, targets)
        graph = whole.subgraph(without_waiting(whole))
        begin_from_scratch(graph)
        reproduce(repo, graph, remote)
        if offered:
            offer(repo, [s for s in graph if s.addressing in targets], remote)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--remote", help="a DVC remote to restore from and push to")
    parser.add_argument("--offer", action="store_true", help="offer what was made to other clones")
    parser.add_argument("targets", nargs="*", help="as `dvc repro` takes them")
    given = parser.parse_args()
    hold()
    try:
        bring_up_to_date(Path.cwd(), given.targets, given.remote, given.offer)
    except FerBenchError as error:
        print(f"fer-bench: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
