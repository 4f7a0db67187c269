"""Each accuracy the paper prints, with the sizes it may be a fraction of."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from claims import EMPTY
from possible import Fit, fit

from fer_bench.errors import FerBenchError
from fer_bench.reports.paper import Printed, load_paper

FOLDED = "5"
"""The table of ten-fold means, which are not fractions of one count."""


@dataclass(frozen=True)
class Size:
    """One line of sizes.csv: how many faces a part of a set has.

    Attributes:
        set, subset: as in the tables' files.
        tables: the one table it is about, or empty.
        kind: `stated` by the paper, or `actual`: what the files or the released logs have.
        n: faces.
        what: of which kind.
        source: how it is known.
    """

    set: str
    subset: str
    tables: str
    kind: str
    n: int
    what: str
    source: str


@dataclass(frozen=True)
class Number:
    """One printed accuracy of a part of a set, with every place it is printed at.

    Attributes:
        set, subset: what it is measured on.
        printed: the characters.
        tables: where.
        own: whether the authors measured it, or report it of another paper.
        stated, actual: the sizes it may be a fraction of.
    """

    set: str
    subset: str
    printed: str
    tables: tuple[str, ...]
    own: bool
    stated: tuple[int, ...]
    actual: tuple[int, ...]

    @property
    def folded(self) -> bool:
        """Whether it is a mean over folds."""
        return self.tables == (FOLDED,)

    @property
    def differ(self) -> bool:
        """Whether files or logs have another size than the one stated."""
        return bool(self.actual) and set(self.stated) != set(self.actual)

    @property
    def faces(self) -> str:
        """The set whose test faces it is measured on, with or without masks."""
        return self.set.removesuffix("_masked")

    @property
    def reading(self) -> str:
        """Which sizes it fits."""
        stated, actual = any(fits(self.printed, self.stated)), any(fits(self.printed, self.actual))
        if not self.differ:
            return "fits" if stated else "impossible"
        return {
            (True, True): "fits both",
            (True, False): "only the stated N",
            (False, True): "**only an actual N**",
            (False, False): "impossible",
        }[stated, actual]


def fits(printed: str, sizes: Iterable[int]) -> list[Fit | None]:
    """`fit` for each size."""
    return [fit(printed, n) for n in sizes]


def load_tables(paper_dir: Path) -> dict[str, list[Printed]]:
    """Every table of the paper by number, as printed."""
    numbers = sorted(int(path.stem[5:]) for path in paper_dir.glob("table[0-9][0-9].csv"))
    if not numbers:
        raise FerBenchError(f"{paper_dir} has no table*.csv: restore it with `git checkout`")
    return {str(number): load_paper(paper_dir, number) for number in numbers}


def load_sizes(path: Path) -> list[Size]:
    """The lines of sizes.csv; raises FerBenchError when a line is malformed."""
    with open(path, encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        if reader.fieldnames != [field.name for field in fields(Size)]:
            raise FerBenchError(f"{path}: its first line must name the fields of a Size")
        lines = list(reader)
    for line in lines:
        if line["kind"] not in ("stated", "actual") or not line["n"].isdigit():
            raise FerBenchError(f"{path}: cannot read the line of {line['set']} {line['subset']}")
    return [Size(n=int(line.pop("n")), **line) for line in lines]


def collect(
    tables: dict[str, list[Printed]], sizes: Sequence[Size], text: Sequence[tuple[str, str, str]]
) -> list[Number]:
    """Every accuracy once, in order of set and part.

    Args:
        tables: as printed; empty places and means of runs (no fractions) are left out.
        sizes: of the sets.
        text: (section, set, printed) of accuracies that stand in the text only.
    """
    found: dict[tuple[object, ...], Number] = {}

    def add(set_: str, subset: str, printed: str, where: str, own: bool) -> None:
        known = [s for s in sizes if (s.set, s.subset) == (set_, subset)]
        known = [s for s in known if s.tables in ("", where)]
        if not known:
            raise FerBenchError(
                f"sizes.csv has no line for {set_} {subset} in table {where}: add one"
            )
        stated, actual = (
            tuple(s.n for s in known if s.kind == kind) for kind in ("stated", "actual")
        )
        key = (set_, subset, printed, own, stated, actual)
        number = found.get(key, Number(set_, subset, printed, (), own, stated, actual))
        found[key] = replace(number, tables=tuple(dict.fromkeys([*number.tables, where])))

    for places in tables.values():
        for place in places:
            if place.statistic == "max" and place.printed != EMPTY:
                own = not place.others or place.set.endswith("_masked")
                add(place.set, place.subset, place.printed, place.table, own)
    for section, set_, printed in text:
        add(set_, "all", printed, section, True)
    order = list(dict.fromkeys((s.set, s.subset) for s in sizes))
    return sorted(found.values(), key=lambda number: order.index((number.set, number.subset)))
