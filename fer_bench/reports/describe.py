"""What a reader must know beside the numbers: where, on what, and from which start."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from fer_bench.datasets import datasets
from fer_bench.reports.formatting import NOTHING, count
from fer_bench.reports.scores import Row

TRAIN_ON = {
    "train_minus_val": "the train split without validation",
    "all": "the whole train split",
}


def title(dataset: str) -> str:
    """`name` or `name: Title`, as the registry knows it."""
    known = datasets().get(dataset)
    return f"{dataset}: {known.title}" if known and known.title else dataset


def place(elsewhere: bool) -> str:
    """Whether `dvc repro` here makes these numbers."""
    if elsewhere:
        return (
            "**Measured elsewhere**: read from committed scores, because this dataset is not "
            "enabled here."
        )
    return "Measured here: `dvc repro` makes these numbers again."


def pretrained(row: Row | None) -> str:
    """What the row's weights had learned before; `nothing` for a random start.

    A transferred row names both steps: `identity(synthetic), then synthetic`.
    """
    if row is None:
        return NOTHING
    starts = ["nothing" if v is None else str(v) for v in row.said("pretrained")]
    sources = [str(v) for v in row.said("init_from") if v is not None]
    return ", then ".join([" or ".join(starts), *sources])


def parameters(row: Row | None) -> str:
    """The trained network's parameter count."""
    return NOTHING if row is None else ", ".join(count(v) for v in row.said("parameters"))


def seeds(row: Row | None) -> str:
    """How many runs stand behind a row; `1 of 2` while some are missing."""
    if row is None:
        return NOTHING
    done = len(row.cells)
    return str(done) if done == row.wanted else f"{done} of {row.wanted}"


def setup(rows: Iterable[Row]) -> str:
    """Sizes, network and device of the rows, in one line; several values where rows differ."""
    rows = list(rows)
    train_on = [TRAIN_ON.get(v, str(v)) for v in _all(rows, "train_on")]
    sizes = " or ".join(f"{n['train']:,}" for n in _all(rows, "n"))
    device = dict.fromkeys(str(c["environment"].get("device", "?")) for r in rows for c in r.cells)
    return (
        f"Trained on {' or '.join(train_on)} ({sizes} faces); backbone "
        f"{' or '.join(_all(rows, 'backbone'))} at {' or '.join(map(str, _all(rows, 'size')))} px; "
        f"{' or '.join(map(str, _all(rows, 'epochs')))} epochs; device {' or '.join(device)}."
    )


def class_counts(row: Row, set_: str) -> str:
    """The test set's size, in all and by class."""
    part = row.parts(set_)[0]
    # The classes' own order: JSON keys come back sorted by name.
    by_class = ", ".join(f"{c} {part['n_per_class'][c]:,}" for c in row.cells[0]["classes"])
    return f"n = {part['n']:,} ({by_class})"


def warnings(rows: Sequence[Row], sets: Sequence[str]) -> list[str]:
    """What makes a comparison of these rows less than it seems."""
    found = []
    if any(cell["partial"] for row in rows for cell in row.cells):
        found.append("Partial: images of the source are missing, so these are not its full splits.")
    for row in rows:
        if len({cell["spec_sha256"] for cell in row.cells}) > 1:
            found.append(
                f"`{row.dataset}/{row.model}`: its seeds were run with different settings."
            )
        for name in sets:
            if len(sizes := row.sizes(name)) > 1:
                found.append(
                    f"`{row.dataset}/{row.model}` on {name}: its seeds were scored on different "
                    f"numbers of faces ({', '.join(map(str, sizes))})."
                )
    return list(dict.fromkeys(found))


def _all(rows: Iterable[Row], key: str) -> list[Any]:
    found: list[Any] = []
    for row in rows:
        found += [v for v in row.said(key) if v not in found]
    return found
