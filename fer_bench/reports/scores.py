"""Score files as rows: one row a (dataset, model), holding its seeds.

What is read is what `enabled` finds. Numbers that do not compare with those of the newest rules
among them stand apart.
"""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from fer_bench.files import read_json
from fer_bench.records.reliability import load_reliability
from fer_bench.records.score import Score
from fer_bench.reports.collapse import why_collapsed
from fer_bench.reports.enabled import Enabled, found
from fer_bench.reports.face_tables import FaceTables
from fer_bench.reports.row import Row
from fer_bench.statistics.ratings import bracket


class Scores:
    """Every row that reports may show, in the order of params, then measured elsewhere by name.

    Attributes:
        protocol: the newest version of the rules, with whose numbers all rows' compare; 0: none.
        external: names of what was predicted elsewhere by them, for `get` alone: it is no row.
        apart: rows of other versions, which no table compares with the rest.
        possible: by set, between what the best possible accuracy lies, where its labels were given
            twice (`statistics.ratings.bracket`, in the test set's mix).
    """

    def __init__(
        self,
        rows: Sequence[Row],
        external: Sequence[Row] = (),
        possible: Mapping[str, tuple[float, float]] | None = None,
    ) -> None:
        self.possible = possible or {}
        cells = [cell for row in rows for cell in row.cells]
        versions = {comparable(cell) for cell in cells}
        newest = max(versions, default=0)
        self.protocol = max((version(c) for c in cells if comparable(c) == newest), default=0)
        rows = [without_collapsed(row) for row in rows]
        self._rows = {(row.dataset, row.model): of_version(row, newest) for row in rows}
        older = sorted(versions - {newest}, reverse=True)
        parts = [of_version(row, number) for number in older for row in rows]
        mine = [row for row in external if any(comparable(c) == newest for c in row.cells)]
        self._external = {(row.dataset, row.model): row for row in mine}
        self.apart = tuple(replace(part, wanted=len(part.cells)) for part in parts if part.cells)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows.values())

    def get(self, dataset: str, model: str) -> Row | None:
        """The row of this cell, if any seed of it was measured; else the external one."""
        row = self._rows.get((dataset, model))
        return row if row is not None and row.cells else self._external.get((dataset, model))

    def collapsed(
        self,
        dataset: str | None = None,
        models: Collection[str] | None = None,
        rows: Collection[str] | None = None,
    ) -> list[Row]:
        """The rows of which a seed did not train.

        Args:
            dataset: only those trained on it.
            models: only those of these methods.
            rows: only those of these names.
        """
        return [
            row
            for row in self
            if row.collapsed and dataset in (None, row.dataset)
            if models is None or row.method in models
            if rows is None or row.model in rows
        ]

    def main(self, dataset: str, model: str) -> Row | None:
        """The model's row, or a transferred one where only that was measured (SFEW, in-lab)."""
        others = [row for row in self.of(dataset) if row.method == model]
        return self.get(dataset, model) or next(iter(others), None)

    def of(self, dataset: str) -> list[Row]:
        """The measured rows of a dataset."""
        return [row for row in self if row.dataset == dataset and row.cells]

    def datasets(self) -> list[str]:
        """The datasets with at least one measured row."""
        return list(dict.fromkeys(row.dataset for row in self if row.cells))

    def tested(self) -> list[tuple[str, str]]:
        """Each dataset with each set that one of its rows was scored on, own sets first."""
        places = [(d, s) for d in self.datasets() for row in self.of(d) for s in row.scored_on]
        return sorted(dict.fromkeys(places), key=lambda place: place[0] != place[1])

    def elsewhere(self, dataset: str) -> bool:
        """Whether the dataset's rows come from committed scores, not from this checkout's grid."""
        return any(row.elsewhere for row in self.of(dataset))

    def missing(self, models: Collection[str] | None = None) -> list[str]:
        """Enabled cells without a score, as `dataset/model: 1 of 2 seeds`.

        Args:
            models: only cells of these, wherever they start from; None: of all.
        """
        return [
            f"{row.dataset}/{row.model}: {len(row.cells)} of {row.wanted} seeds"
            for row in self
            if len(row.cells) + len(row.collapsed) < row.wanted
            if models is None or row.method in models
        ]


def version(cell: Score) -> int:
    """The version of the rules a score was made by; 0 from before they had one."""
    return cell.rules.version if cell.rules else 0


def comparable(cell: Score) -> int:
    """The oldest version whose numbers compare with the score's."""
    return (cell.rules.since or cell.rules.version) if cell.rules else 0


def of_version(row: Row, number: int) -> Row:
    """The row with those of its seeds whose numbers compare since one version of the rules."""
    cells = tuple(cell for cell in row.cells if comparable(cell) == number)
    collapsed = tuple(cell for cell in row.collapsed if comparable(cell) == number)
    newest = max(map(version, cells), default=number)
    return replace(row, cells=cells, collapsed=collapsed, protocol=newest)


def without_collapsed(row: Row) -> Row:
    """The row with the seeds that did not train set apart."""
    why = [why_collapsed(cell) for cell in row.cells]
    if not any(why):
        return row
    cells = tuple(cell for cell, said in zip(row.cells, why, strict=True) if not said)
    still = tuple(cell for cell, said in zip(row.cells, why, strict=True) if said)
    return replace(row, cells=cells, collapsed=still)


def load_scores(scores_dir: Path, enabled: Enabled, external_dir: Path | None = None) -> Scores:
    """Read `results/scores`, beside it logs of `results/tuning`, and `results/faces` when asked.

    Args:
        scores_dir: `results/scores`.
        enabled: params.yaml's.
        external_dir: `results/external`, where rows of it may be asked for by name.

    Raises:
        FerBenchError: a file is no score file, or is not the cell its path says.
    """
    with _without_collection():
        return _load(scores_dir, enabled, external_dir)


def load_external(folder: Path | None, faces: FaceTables | None = None) -> list[Row]:
    """The scores of submitted predictions, `results/external/<dataset>/<model>/<run>.json`.

    Raises:
        FerBenchError: a file is no score file, or is not the one its path says.
    """
    rows = []
    for place in sorted(folder.glob("*/*")) if folder else []:
        if not place.is_dir():
            continue
        cells = tuple(Score.read(file) for file in sorted(place.glob("*.json")))
        sets = frozenset(name for cell in cells for name in cell.sets)
        whole = Row(
            place.parent.name, place.name, place.name, None, False, len(cells), cells, sets,
            faces=faces,
        )  # fmt: skip
        for number in {comparable(cell) for cell in cells}:
            part = of_version(whole, number)
            rows.append(replace(part, wanted=len(part.cells)))
    return rows


def _load(scores_dir: Path, enabled: Enabled, external_dir: Path | None) -> Scores:
    rows = []
    faces = FaceTables(scores_dir.parent / "faces")
    for place in found(scores_dir, enabled):
        cells = tuple(Score.read(file) for file in place.places)
        if place.elsewhere:
            sets = frozenset(name for cell in cells for name in cell.sets)
        else:
            sets = frozenset({place.dataset, *enabled[place.dataset].get("evaluate_on", ())})
        said = cells[-1].training if cells else place
        rows.append(
            Row(
                place.dataset, place.model, said.method, said.init_from, place.elsewhere,
                place.wanted, cells, sets, faces=faces,
                tuning=_search(scores_dir.parent / "tuning", cells),
            )
        )  # fmt: skip
    possible = _possible(scores_dir.parent / "label_reliability")
    return Scores(rows, load_external(external_dir, faces), dict(possible))


def _possible(folder: Path) -> Iterator[tuple[str, tuple[float, float]]]:
    for record in load_reliability(folder):
        for line in record.agreement:
            if (line["file"], line["rule"], line["where"]) == ("label_csv", "majority", "all"):
                yield record.dataset, bracket(line["in_mix"]["value"])


def _search(folder: Path, cells: Sequence[Score]) -> Mapping[str, Any] | None:
    """The log of the search that chose the recipe of a row's last seed."""
    log = cells[-1].training.tuning if cells else None
    return {**read_json(folder / f"{log}.json"), "log": f"{log}.json"} if log else None


@contextmanager
def _without_collection() -> Iterator[None]:
    """Score files are a million small objects, which the collector of cycles need not walk.

    Not while they are read: with orjson, a thousand files take a quarter of a second instead of one
    and a half. Nor later: statsmodels collects in every correction, a second each time.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collecting:
            gc.enable()
