"""Columns of a page and of its CSV, each declared once.

`page_table` shows the columns that have a heading, `csv_text` writes those that have a name; both
keep the order of the declaration.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fer_bench.reports.formatting import mean_std, percent, rounded
from fer_bench.reports.grid import Grid, grid
from fer_bench.reports.row import Row
from fer_bench.statistics.summary import Summary

T = TypeVar("T")
STATISTICS = ("mean", "std", "max")


@dataclass(frozen=True)
class Column(Generic[T]):
    """One column.

    Attributes:
        head: what stands over it on the page; empty for one that only the CSV has.
        text: what the page shows of an item.
        names: its names in the CSV; none for one that only the page has.
        cells: what the CSV holds of an item, a value a name.
        left: whether it holds words, set left.
    """

    head: str
    text: Callable[[T], str]
    names: tuple[str, ...] = ()
    cells: Callable[[T], Sequence[Any]] = lambda _: ()
    left: bool = False


Columns = Sequence[Column[T]]


def shown(head: str, text: Callable[[T], str], *, left: bool = False) -> Column[T]:
    """A column that only the page has."""
    return Column(head, text, left=left)


def plain(
    name: str,
    value: Callable[[T], Any],
    head: str = "",
    text: Callable[[T], str] | None = None,
    *,
    left: bool = False,
) -> Column[T]:
    """A value that the CSV holds as it is; the page shows it as text unless told how."""
    return Column(
        head, text or (lambda item: str(value(item))), (name,), lambda i: (value(i),), left
    )


def share(
    name: str,
    value: Callable[[T], float | None],
    head: str = "",
    text: Callable[[float | None], str] = percent,
    scale: float = 100,
) -> Column[T]:
    """A fraction; in the CSV with four decimals and in percent unless `scale` says otherwise."""
    return Column(
        head, lambda i: text(value(i)), (name,), lambda i: (cell(value(i), scale),)
    )  # fmt: skip


def over_seeds(
    name: str,
    value: Callable[[T], Summary | None],
    head: str = "",
    text: Callable[[Summary | None], str] = mean_std,
    scale: float = 100,
) -> Column[T]:
    """A metric over seeds: mean ± std on the page, `<name>_mean`, `_std` and `_max` in the CSV."""
    return Column(
        head,
        lambda i: text(value(i)),
        tuple(f"{name}_{key}" for key in STATISTICS),
        lambda i: [cell(getattr(value(i), key, None), scale) for key in STATISTICS],
    )


def of_row(
    row: Callable[[T], Row], tested: Callable[[T], str], *, named: bool = True
) -> tuple[Column[T], ...]:
    """What every page says of a row first: whose it is, where it was measured, on all images.

    Args:
        row: of an item.
        tested: the set the item is about.
        named: whether the set stands in the CSV; not on a page about own test faces.
    """
    set_ = (plain("set", tested),) if named else ()
    return (
        plain("dataset", lambda i: row(i).dataset),
        *set_,
        plain("model", lambda i: row(i).model, "Model", lambda i: f"`{row(i).model}`", left=True),
        plain("measured", lambda i: row(i).measured),
        plain("partial", lambda i: row(i).partial(tested(i))),
    )


def page_table(columns: Columns[T], items: Iterable[T], *more: Sequence[str]) -> str:
    """The page's grid as Markdown: a line an item, then `more` lines as they are."""
    return page_grid(columns, items, more).markdown()


def page_grid(
    columns: Columns[T],
    items: Iterable[T],
    more: Iterable[Sequence[str]] = (),
    blocks: Sequence[int] = (),
) -> Grid:
    """The page's grid, as `grid.Grid` describes it."""
    on_page = [column for column in columns if column.head]
    body = [[column.text(item) for column in on_page] for item in items]
    words = [column.head for column in on_page if column.left]
    return grid([column.head for column in on_page], [*body, *more], words, blocks)


def names_of(columns: Columns[T]) -> list[str]:
    """The header of the CSV."""
    return [name for column in columns for name in column.names]


def csv_text(columns: Columns[T], items: Iterable[T]) -> str:
    """The page's CSV with Unix line ends: a line an item; only the header where there is none."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names_of(columns))
    writer.writerows(
        [value for c in columns for _, value in zip(c.names, c.cells(item), strict=True)]
        for item in items
    )
    return text.getvalue()


def cell(value: float | None, scale: float = 100) -> str:
    """A number with four decimals, in percent by default; empty for None."""
    return "" if value is None else rounded(value * scale, 4)
