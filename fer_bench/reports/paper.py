"""The paper's printed numbers, one printed place a line of `benchmarks/paper`.

`table01.csv` to `table11.csv` and `table_s1.csv`, `table_s2.csv` (the supplement's Tables 1 and 2)
have the columns: table, row and column as printed; printed (the characters, `–` for an empty
place); dataset, model, set, subset, selection, statistic: which cell of ours fills the place (no
model: a row the paper only reports; the same holds as long as no model of that name is here, so
that writing one fills its rows); note: what is known to be odd about it.

`text.csv` holds the numbers of the running text: section and words; printed; place: what the
sentence is about; dataset to statistic as above; against: what the model is compared with (see
`TextNumber`); note.

`claims.csv` holds what the paper claims of two models: section; claim, in our words; one and other,
the models; way: whether one is `better`, `as_good` or the `same`; on: its `own` test faces, or
`masked` ones (see `Claim`).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from fer_bench.errors import FerBenchError
from fer_bench.model_texts import load_texts

STATISTICS = ("max", "mean_std", "seconds")
SAID = ("max", "difference", "best", "easiest", "hardest", "confused")
WAYS = ("better", "as_good", "same")
ON = ("own", "masked")
OWN = ("scan_cci", "baseline")
"""How names of the models begin that the paper trained."""


def of_others(model: str) -> bool:
    """Whether a model is another paper's, whose numbers the paper cites."""
    return not model.startswith(OWN)


@dataclass(frozen=True)
class Printed:
    """One place of a printed table; attributes as the file's columns, `model` empty if not here."""

    table: str
    row: str
    column: str
    printed: str
    dataset: str
    model: str
    set: str
    subset: str
    selection: str
    statistic: str
    note: str

    @property
    def others(self) -> bool:
        """Whether it is the number of another paper's method."""
        return of_others(self.model)


@dataclass(frozen=True)
class TextNumber:
    """One number of the running text; attributes as the file's columns.

    `statistic` says what fills it: `max` over seeds; the `difference` of two such maxima; which of
    several models is the `best`; which class has the best recall (`easiest`) or the worst
    (`hardest`) of `every class`; or for which class `against` is `confused` most often. Else
    `against` names the others: models of the same dataset, or `dataset/model` on that dataset's own
    test faces, or a number the paper reports of another method. `max` or `min` before several
    models takes the best or the worst of them.
    """

    section: str
    says: str
    printed: str
    place: str
    dataset: str
    model: str
    set: str
    subset: str
    selection: str
    statistic: str
    against: str
    note: str


@dataclass(frozen=True)
class Claim:
    """What the paper claims of two models; attributes as the file's columns.

    A model is a row's name, or several with `|` between, of which the first that was measured
    counts. On masked faces `_fine_tuned` behind a name stands for the row that starts from the
    unmasked set's cell, `_not_fine_tuned` for that cell itself; other rows saw masked faces alone.
    """

    section: str
    claim: str
    one: str
    other: str
    way: str
    on: str


def table_file(number: int | str) -> str:
    """`table01` for table 1, `table_s1` for the supplement's."""
    return f"table{number:02}" if isinstance(number, int) else f"table_{number.lower()}"


def load_paper(paper_dir: Path, number: int | str) -> list[Printed]:
    """The places of one table in printed order; raises FerBenchError if the file is malformed."""
    path = paper_dir / f"{table_file(number)}.csv"
    places = [_here(Printed(**line)) for line in _lines(path, Printed)]
    for place in places:
        if place.table != str(number) or place.statistic not in STATISTICS:
            raise FerBenchError(
                f"{path}: {place.row} / {place.column} has table {place.table!r} and statistic "
                f"{place.statistic!r}; expected {number} and one of {', '.join(STATISTICS)}"
            )
    return places


def _here(place: Printed) -> Printed:
    known = place.model and load_texts().family_of(place.model)
    return place if known else replace(place, model="")


def load_said(paper_dir: Path) -> list[TextNumber]:
    """The numbers of the running text, in its order; raises FerBenchError as `load_paper` does."""
    path = paper_dir / "text.csv"
    found = [TextNumber(**line) for line in _lines(path, TextNumber)]
    for said in found:
        if said.statistic not in SAID or (said.statistic != "max") != bool(said.against):
            raise FerBenchError(
                f"{path}: {said.section}, {said.place} has the statistic {said.statistic!r} and is "
                f"against {said.against!r}; expected one of {', '.join(SAID)}, and something to "
                "compare with for all but max"
            )
    return found


def load_claims(paper_dir: Path) -> list[Claim]:
    """What the paper claims, in its order; raises FerBenchError as `load_paper` does."""
    path = paper_dir / "claims.csv"
    found = [Claim(**line) for line in _lines(path, Claim)]
    for claim in found:
        if claim.way not in WAYS or claim.on not in ON:
            raise FerBenchError(
                f"{path}: {claim.claim!r} has the way {claim.way!r} on {claim.on!r}; expected one "
                f"of {', '.join(WAYS)} on {' or '.join(ON)}"
            )
    return found


def _lines(path: Path, kind: type[Any]) -> list[dict[str, str]]:
    if not path.is_file():
        raise FerBenchError(f"{path} is missing: restore it with `git checkout -- {path.parent}`")
    with open(path, encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        names = [f.name for f in fields(kind)]
        if reader.fieldnames != names:
            raise FerBenchError(f"{path}: the first line must be {','.join(names)}")
        lines = list(reader)
    if any(set(line) != set(names) or None in line.values() for line in lines):
        raise FerBenchError(f"{path}: every line must have {len(names)} columns")
    return lines
