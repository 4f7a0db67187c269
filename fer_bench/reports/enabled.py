"""Which result files reports read: what params enable, then what is committed of other datasets.

A file of an enabled dataset that params do not name is left over from another grid and ignored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from fer_bench.row_names import transferred

Enabled = Mapping[str, Mapping[str, Sequence[Any]]]
"""params.yaml's `enabled`: dataset -> models, seeds, evaluate_on, init_from, transfer_models."""


class FoundRow(NamedTuple):
    """A row's results.

    Attributes:
        dataset, model: the row.
        method: its model or variant.
        init_from: the dataset whose cell it starts from, if any. Of rows measured elsewhere their
            scores say both.
        elsewhere: whether its dataset is not enabled here, so that committed files are read.
        wanted: how many seeds params ask for; as many as there are, if measured elsewhere.
        places: the file of each seed that there is, by rising seed.
    """

    dataset: str
    model: str
    method: str
    init_from: str | None
    elsewhere: bool
    wanted: int
    places: tuple[Path, ...]


def found(
    folder: Path | None, enabled: Enabled, key: str | None = None, suffix: str = ".json"
) -> Iterator[FoundRow]:
    """The rows that params enable, measured or not, then those measured elsewhere by name.

    Args:
        folder: holds `<dataset>/<model>/<seed><suffix>`; it need not exist, None holds nothing.
        enabled: params.yaml's `enabled`.
        key: the list that names the rows, e.g. `robustness`; None: models and transfers.
        suffix: empty where a seed has a folder.
    """
    if folder is None:
        return
    for dataset, lists in enabled.items():
        seeds = sorted(lists.get("seeds", ()))
        named = rows_of(lists) if key is None else {m: (m, None) for m in lists.get(key, ())}
        for model, (method, init_from) in named.items():
            places = [folder / dataset / model / f"{seed}{suffix}" for seed in seeds]
            there = tuple(place for place in places if place.exists())
            yield FoundRow(dataset, model, method, init_from, False, len(seeds), there)
    for home in sorted(p for p in folder.glob("*/*") if p.is_dir()):
        dataset, model = home.parent.name, home.name
        if not row_names(enabled.get(dataset, {})):
            there = tuple(sorted(home.glob(f"*{suffix}"), key=lambda p: (len(p.stem), p.stem)))
            yield FoundRow(dataset, model, model, None, True, len(there), there)


def measured(elsewhere: bool) -> str:
    """Where numbers were made, as pages and their CSV call it."""
    return "elsewhere" if elsewhere else "here"


def rows_of(lists: Mapping[str, Sequence[Any]]) -> dict[str, tuple[str, str | None]]:
    """The rows one dataset's enabled lists ask for: its models, students, transferred ones.

    Returns:
        By the row's name its model or variant, and the dataset whose cell it starts from, if any.
    """
    trained = (*lists.get("models", ()), *lists.get("students", ()))
    found: dict[str, tuple[str, str | None]] = {m: (m, None) for m in trained}
    for source in lists.get("init_from", ()):
        for model in lists.get("transfer_models", ()):
            found[transferred(model, source)] = model, source
    return found


def row_names(lists: Mapping[str, Sequence[Any]]) -> list[str]:
    """The names of these rows."""
    return list(rows_of(lists))
