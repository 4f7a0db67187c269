"""Numbers that papers and repositories report: `benchmarks/reported/<dataset>.csv`, one a line.

Nothing here was run by us. The columns are explained in `benchmarks/reported/README.md`. SCAN-CCI's
own numbers are not written a second time: they come from `benchmarks/paper/table02.csv`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from decimal import Decimal
from pathlib import Path

from fer_bench.datasets import datasets
from fer_bench.errors import FerBenchError, nearest
from fer_bench.row_names import split_transferred

SELECTIONS = {  # what the epoch was chosen on
    "last": "nothing: the last one",
    "best_on_val": "validation faces",
    "best_on_test": "the test set",
    "not_stated": "not stated",
}
EVIDENCE = {
    "verified": "read in the authors' code, logs or public result page",
    "printed": "printed in a paper",
    "recalled": "from memory, check before citing",
    "disputed": "claimed, but others found a fault or could not repeat it: the note names where",
}
NOT_STATED = "not stated"
CHALLENGES = ("occluded", "pose_gt_30", "pose_gt_45")


@dataclass(frozen=True)
class Reported:
    """One reported accuracy.

    Attributes:
        dataset: the test faces' dataset, the file's name.
        model: as its authors call it.
        subset: `all`, or a part of the test faces.
        accuracy: percent, with the digits that were printed.
        selection: which epoch, one of `SELECTIONS`.
        backbone: empty where it is not known.
        pretraining: the same.
        extra_data: the same; `none` where it is known that there is none.
        year: of the first publication.
        evidence: one of `EVIDENCE`.
        source: where the number stands.
        note: what a reader must know of it, or nothing.
    """

    dataset: str
    model: str
    subset: str
    accuracy: str
    selection: str
    backbone: str
    pretraining: str
    extra_data: str
    year: int
    evidence: str
    source: str
    note: str

    @property
    def percent(self) -> float:
        """The accuracy as a number, in percent."""
        return float(self.accuracy)


COLUMNS = tuple(f.name for f in fields(Reported) if f.name != "dataset")


def load_reported(reported_dir: Path | None, paper_dir: Path | None = None) -> list[Reported]:
    """Every reported number: by dataset in the registry's order, year and model.

    Args:
        reported_dir: `benchmarks/reported`; nothing is read where it does not exist.
        paper_dir: `benchmarks/paper`, for SCAN-CCI's own row of Table 2.

    Raises:
        FerBenchError: a file is malformed; names the file, the line and the column.
    """
    found: list[Reported] = []
    files = sorted(reported_dir.glob("*.csv")) if reported_dir else []
    for file in files:
        found += _read(file)
    if paper_dir is not None:
        found += _of_the_paper(paper_dir)
    order = {name: i for i, name in enumerate(datasets())}
    return sorted(found, key=lambda r: (order[r.dataset], r.year, r.model.lower(), r.selection))


def _read(file: Path) -> Iterator[Reported]:
    if file.stem not in datasets():
        raise FerBenchError(
            f"{file}: a file of reported numbers is named after its dataset; no dataset is called "
            f"{file.stem!r}, {nearest(file.stem, datasets())}"
        )
    seen: dict[tuple[str, str, str], int] = {}
    for line, values in _lines(file):
        row = _checked(file, line, values)
        first = seen.setdefault((row.model, row.subset, row.selection), line)
        if first != line:
            raise FerBenchError(
                f"{file}, line {line}: {row.model!r} on {row.subset!r} by {row.selection} stands "
                f"on line {first} already; keep one number"
            )
        yield row


def _lines(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Line numbers and cells by column; a line has as many cells as the head."""
    try:
        with open(file, encoding="utf-8", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            head = next(reader, [])
            if tuple(head) != COLUMNS:
                raise FerBenchError(f"{file}, line 1: the columns must be {','.join(COLUMNS)}")
            for cells in reader:
                if len(cells) != len(COLUMNS):
                    raise FerBenchError(
                        f"{file}, line {reader.line_num}: {len(cells)} cells, expected "
                        f"{len(COLUMNS)}; put a text with commas in double quotes"
                    )
                yield reader.line_num, dict(zip(COLUMNS, cells, strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        raise FerBenchError(f"{file} is no CSV file in UTF-8 ({error}): write it again") from error


def _checked(file: Path, line: int, values: dict[str, str]) -> Reported:
    def wrong(column: str, expected: str) -> FerBenchError:
        return FerBenchError(
            f"{file}, line {line}, column {column}: {values[column]!r}, expected {expected}"
        )

    for column, value in values.items():
        if value != value.strip() or not value.isprintable():
            raise wrong(column, "a text without spaces at its ends and without line breaks")
    for column in ("model", "source"):
        if not values[column]:
            raise wrong(column, "a text: it may not be empty")
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,4})?", values["accuracy"]) or (
        Decimal(values["accuracy"]) > 100
    ):
        raise wrong("accuracy", "percent from 0 to 100 as printed, such as 88.50")
    if not re.fullmatch(r"(19|20)[0-9]{2}", values["year"]):
        raise wrong("year", "four digits")
    known = datasets()[file.stem]
    subsets = ["all", *known.subsets, *known.restrictions, *(CHALLENGES if known.challenge else ())]
    for column, allowed in (
        ("subset", subsets), ("selection", SELECTIONS), ("evidence", EVIDENCE),
    ):  # fmt: skip
        if values[column] not in allowed:
            raise wrong(column, "one of " + ", ".join(allowed))
    if values["evidence"] == "disputed" and not re.search(r"issue|page", values["note"]):
        raise wrong("note", "the public issue or page that disputes the number")
    texts = {k: v for k, v in values.items() if k != "year"}
    return Reported(dataset=file.stem, year=int(values["year"]), **texts)


def _of_the_paper(paper_dir: Path) -> Iterator[Reported]:
    """SCAN-CCI's own row of the paper's Table 2."""
    from fer_bench.reports.paper import load_paper

    for place in load_paper(paper_dir, 2):
        model, source = split_transferred(place.model)
        if model != "scan_cci" or not re.fullmatch(r"[0-9.]+", place.printed):
            continue
        yield Reported(
            dataset=place.set,
            model="SCAN-CCI",
            subset=place.subset,
            accuracy=place.printed,
            selection="best_on_test",
            backbone="ResNet-50",
            pretraining="VGGFace2 (paper); the released scripts load a file named for MS-Celeb-1M",
            extra_data=source or "none beyond the pre-training",
            year=2020,
            evidence="printed",
            source="the SCAN-CCI paper, Table 2",
            note=place.note or "the released code picks the epoch on the test faces",
        )
