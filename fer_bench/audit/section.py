"""What every part of an audit page has: a heading, a text, and what to worry about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from tabulate import tabulate

from fer_bench.datasets.base import SPLITS


@dataclass(frozen=True)
class Section:
    """One part of the page.

    Attributes:
        title: heading.
        text: Markdown.
        worries: sentences for the top of the page, worst first; none when all is well.
    """

    title: str
    text: str
    worries: tuple[str, ...] = ()


@dataclass(frozen=True)
class AuditedFaces:
    """The faces a dataset takes, and what keeps its test faces apart from those it trains on.

    Attributes:
        rows: the view's manifest rows (`view_rows`), indexed 0..N-1.
        folds: whether it is cross-validated: every face is a test face once.
    """

    rows: pd.DataFrame
    folds: bool

    @property
    def test(self) -> np.ndarray:
        """(N,) bool: the test faces."""
        return (self.rows["split"] == "test").to_numpy(dtype=bool)

    @property
    def places(self) -> pd.Series:
        """Each face's split, or its fold where the set is cross-validated."""
        if not self.folds:
            return self.rows["split"]
        return self.rows["fold"].map(str, na_action="ignore").fillna("none")

    @property
    def splits(self) -> list[str]:
        """The splits that have faces, in order."""
        return [split for split in SPLITS if (self.rows["split"] == split).any()]

    @property
    def place(self) -> str:
        """What a place is called."""
        return "fold" if self.folds else "split"


def table(head: Sequence[str], body: Iterable[Sequence[object]], left: Sequence[int] = (0,)) -> str:
    """A Markdown table, columns `left` to the left, others right; counts with thousands marked."""
    shown = [[_cell(value) for value in line] for line in body]
    align = ["left" if i in left else "right" for i in range(len(head))]
    return tabulate(shown, head, tablefmt="github", colalign=align, disable_numparse=True)


def _cell(value: object) -> str:
    if isinstance(value, int | np.integer):
        return f"{value:,}"
    return "–" if value is None else str(value)


def share(part: int, whole: int) -> str:
    """`1,234 of 5,678 (21.7 %)`."""
    percent = f" ({100 * part / whole:.1f} %)" if whole else ""
    return f"{part:,} of {whole:,}{percent}"


def plural(number: int, noun: str, many: str | None = None) -> str:
    """`1 face`, `2 faces`."""
    return f"{number:,} {noun if number == 1 else many or noun + 's'}"
