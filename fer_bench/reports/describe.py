"""What a reader must know beside the numbers: where, on what, and from which start."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from fer_bench.datasets import datasets
from fer_bench.datasets.empty_classes import sentences
from fer_bench.reports.collapse import why_collapsed
from fer_bench.reports.formatting import NOTHING, count, percent
from fer_bench.reports.row import Row, classes_of
from fer_bench.reports.scores import Scores
from fer_bench.statistics.units import Units

TRAIN_ON = {
    "train_minus_val": "the train split without validation",
    "all": "the whole train split",
}

AS_LISTED = "_as_listed"
SUBSET_TITLES = {
    "all": "all",
    "occluded": "occluded",
    "pose_gt_30": "pose > 30°",
    "pose_gt_45": "pose > 45°",
}


def title(dataset: str) -> str:
    """`name` or `name: Title`, as the registry knows it."""
    known = datasets().get(dataset)
    return f"{dataset}: {known.title}" if known and known.title else dataset


def subset_title(subset: str) -> str:
    """How a part of a set is called in a table."""
    if subset.endswith(AS_LISTED):
        return f"{subset_title(subset.removesuffix(AS_LISTED))}, as listed"
    return SUBSET_TITLES.get(subset, subset.replace("_", " "))


def place(rows: Iterable[Row]) -> str:
    """Whether `dvc repro` here makes these rows' numbers."""
    rows = list(rows)
    elsewhere = list(dict.fromkeys(row.dataset for row in rows if row.elsewhere))
    if not elsewhere:
        return "Measured here."
    if all(row.elsewhere for row in rows):
        return "**Measured elsewhere**: committed scores of a dataset that is not enabled here."
    return f"Rows trained on {_names(elsewhere)} were **measured elsewhere** (committed scores)."


def trained_on(row: Row) -> str:
    """The datasets a row saw, in order; for a row that starts from another dataset's cell, both."""
    source = row.init_from
    return f"{source}, then {row.dataset}" if source else row.dataset


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
    if row.collapsed:
        return f"{len(row.cells)} ({len(row.collapsed)} did not train)"
    done = len(row.cells)
    return str(done) if done == row.wanted else f"{done} of {row.wanted}"


def setup(rows: Iterable[Row]) -> str:
    """Sizes, network and device of the rows, in one line; several values where rows differ."""
    rows = list(rows)
    folds = sorted({len(folds) for row in rows for folds in row.folds()})
    train_on = [TRAIN_ON.get(v, str(v)) for v in _all(rows, "train_on")]
    sizes = " or ".join(f"{n['train']:,}" for n in _all(rows, "n"))
    device = dict.fromkeys(
        str(c.training.environment.get("device", "?")) for r in rows for c in r.cells
    )
    return (
        f"Trained on {' or '.join(train_on)} ({sizes} faces{' a fold' if folds else ''}); backbone "
        f"{' or '.join(_all(rows, 'backbone'))} at {' or '.join(map(str, _all(rows, 'size')))} px; "
        f"{' or '.join(map(str, _all(rows, 'epochs')))} epochs; device {' or '.join(device)}."
    ) + _cross_validated(folds)


def _cross_validated(folds: Sequence[int]) -> str:
    if not folds:
        return ""
    return (
        f" Cross-validated over {' or '.join(map(str, folds))} folds, every face tested once; ± is "
        "over seeds, not over folds."
    )


def people(units: Units | None) -> str:
    """Whose faces these are, to stand behind their number: ` of 30 people`."""
    if units is None or units.people is None:
        return ", people not known"
    if not units.unknown:
        return f" of {count(units.people)} people"
    return f", {count(units.n - units.unknown)} of them of {count(units.people)} known people"


def people_count(row: Row | None, set_: str, subset: str = "all") -> int | None:
    """How many known people are on the faces; None where nobody knows."""
    units = row.units(set_, subset) if row else None
    return units.people if units else None


def class_counts(row: Row, set_: str, subset: str = "all") -> str:
    """The test set's size in faces and people, and by class.

    Scores may be of another table of faces than the set's, or name none, as early ones.
    """
    part = row.parts(set_, subset)[0]
    by_class = ", ".join(f"{c} {part['n_per_class'][c]:,}" for c in classes_of(part))
    units, table = row.units(set_, subset), row.faces and row.faces.table(set_)
    whose = ", people not known to these scores" if table and units is None else people(units)
    return f"n = {part['n']:,} faces{whose} ({by_class})"


def faces(row: Row, set_: str, subset: str = "all") -> str:
    """`300 faces of 30 people`, or only how many faces; several sizes where seeds differ."""
    sizes = " or ".join(f"{n:,}" for n in row.sizes(set_, subset))
    units = row.units(set_, subset)
    return f"{sizes} faces{people(units) if units and units.people else ''}"


def did_not_train(rows: Iterable[Row]) -> list[str]:
    """A sentence on each row of which seeds did not train."""
    said = []
    for row in rows:
        for why in dict.fromkeys(why_collapsed(cell) for cell in row.collapsed):
            cells = [cell for cell in row.collapsed if why_collapsed(cell) == why]
            numbers = " and ".join(str(cell.training.seed) for cell in cells)
            said.append(
                f"`{row.dataset}/{row.model}`, seed{'s' * (len(cells) > 1)} {numbers}: did not "
                f"train ({why}); left out of ranks, means and comparisons."
            )
    return said


def at_chance(rows: Sequence[Row], set_: str) -> list[str]:
    """A sentence on rows that are right no more often than one answer for all faces would be."""
    sizes = [row.parts(set_)[0]["n_per_class"].values() for row in rows]
    most = [max(counts) / sum(counts) for counts in sizes]
    found = [
        f"`{row.model}`"
        for row, share in zip(rows, most, strict=True)
        if (summary := row.summary("accuracy", set_)) and summary.mean <= share
    ]
    said = f"No better than always answering the largest class ({percent(max(most))} %): "
    return [f"{said}{', '.join(found)}."] if found else []


def warnings(rows: Sequence[Row], sets: Sequence[str], scores: Scores | None = None) -> list[str]:
    """What makes a comparison of these rows less than it seems.

    Args:
        rows: the compared rows.
        sets: the sets they are compared on.
        scores: where the cells are found that transferred rows start from.
    """
    found = []
    if partial := partial_names(rows, sets, scores):
        found.append(
            f"Partial: images of {_names(partial)} are missing, so these are not its full splits."
            if len(partial) == 1
            else f"Partial: images of {_names(partial)} are missing, so these are not their full "
            "splits."
        )
    found += empty_classes(rows, sets)
    for row in rows:
        if len({cell.training.spec_sha256 for cell in row.cells}) > 1:
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


def empty_classes(rows: Iterable[Row], sets: Sequence[str]) -> list[str]:
    """A sentence for each dataset that lacks faces of a class to train on, or to test on."""
    missing: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        for cell in row.cells:
            if names := list(cell.untrained_classes):
                missing.setdefault(row.dataset, {})["train"] = names
        for name in sets:
            if row.has(name):
                part, known = row.parts(name, "all")[0], datasets().get(name)
                wanted = [c for c in classes_of(part) if not known or c in known.classes]
                if names := [c for c in wanted if not part["n_per_class"][c]]:
                    missing.setdefault(name, {})["test"] = names
    return [f"`{name}`: {s}" for name, of in missing.items() for s in sentences(of)]


def rules(version: int) -> str:
    """A version of the protocol, in words."""
    return f"protocol version {version}" if version else "the rules from before protocol version 1"


def apart(scores: Scores, rows: Sequence[str], sets: Sequence[str]) -> list[str]:
    """A sentence on each row of another protocol version that was scored on one of the sets.

    Args:
        scores: where they are found.
        rows: the models asked about, wherever they start from.
        sets: test faces.
    """
    said = []
    for row in scores.apart:
        if row.method in rows:
            numbers = [f"{percent(s.mean)} on {name}, n = {s.n}" for name in sets
                       if (s := row.summary("accuracy", name))]  # fmt: skip
            if numbers:
                said.append(
                    f"`{row.dataset}/{row.model}` by {rules(row.protocol)}: {'; '.join(numbers)}."
                )
    if said:
        said.insert(0, f"Not compared, as only the rows above follow {rules(scores.protocol)}:")
    return said


def partial_names(
    rows: Iterable[Row], sets: Sequence[str], scores: Scores | None = None
) -> list[str]:
    """The datasets with missing images that rows were trained on, started from or scored on."""
    names = []
    for row in rows:
        names += [row.dataset for cell in row.cells if cell.partial]
        incomplete = {name for cell in row.cells for name in cell.partial_sets}
        names += [name for name in sets if name in incomplete and row.has(name)]
        start = scores.get(row.init_from, row.method) if scores and row.init_from else None
        if start and any(cell.partial for cell in start.cells):
            names.append(start.dataset)
    return list(dict.fromkeys(names))


def _names(names: Iterable[str]) -> str:
    return " and ".join(f"`{name}`" for name in names)


def _all(rows: Iterable[Row], key: str) -> list[Any]:
    found: list[Any] = []
    for row in rows:
        found += [v for v in row.said(key) if v not in found]
    return found
