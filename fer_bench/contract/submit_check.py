"""What a pull request with a row must hold before its numbers stand beside others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.files import sha256_file
from fer_bench.records.predictions import FILE
from fer_bench.records.score import Score
from fer_bench.reports.collapse import why_collapsed
from fer_bench.reports.relations import rendered
from fer_bench.rules import read_protocol
from fer_bench.stages import paths
from fer_bench.statistics.pairs import SEEDS_NEEDED


def submit_check(row: str, root: Path = Path()) -> dict[str, list[str]]:
    """By dataset on which the row was scored, what is missing, each with the next step.

    Args:
        row: a model or variant.
        root: the project's folder.

    Raises:
        FerBenchError: the row has no score.
    """
    found: dict[str, list[str]] = {}
    for folder in sorted((root / paths.SCORES).glob(f"*/{row}")):
        files = sorted(folder.glob("*.json"), key=lambda file: int(file.stem))
        if scores := [Score.read(file) for file in files]:
            found[folder.parent.name] = list(_faults(scores, root))
    if not found:
        raise FerBenchError(
            f"{row!r} has no score below {root / paths.SCORES}: run its cells first"
        )
    return found


def _faults(scores: list[Score], root: Path) -> Iterator[str]:
    cell, protocol = scores[-1].training, read_protocol(root / "docs/protocol.md")
    if cell.base not in models.names() and not scores[-1].card:
        yield "no card: write CARD in the model's file, and score again"
    if any(not score.training.recipe for score in scores):
        yield "no recipe is recorded: train again, an older version scored this"
    if len({score.training.spec_sha256 for score in scores}) > 1:
        yield "its seeds were run with different settings: `fer-bench status` says which are stale"
    if any(score.rules is None or score.rules.version != protocol.version for score in scores):
        yield f"not all by the rules in force, version {protocol.version}: score again"
    for score in scores:
        if why := why_collapsed(score):
            yield f"seed {score.training.seed} did not train: {why}; no mean counts it"
    if rendered(cell.dataset):
        return  # drawn faces: anybody makes the predictions again, and they carry no verdict
    if len(scores) < SEEDS_NEEDED:
        yield (
            f"{len(scores)} of {SEEDS_NEEDED} seeds, too few for a verdict: more in "
            f"enabled.{cell.dataset}.seeds"
        )
    kept = root / paths.PREDICTIONS / cell.dataset / cell.model
    for score in scores:
        file = kept / str(score.training.seed) / "train" / FILE
        if not file.is_file():
            yield f"{file} is missing: `fer-bench keep {cell.dataset}`, and commit it"
        elif sha256_file(file) != score.predictions_sha256.get("test"):
            yield f"{file} is not what was scored: `fer-bench keep {cell.dataset}` again"
