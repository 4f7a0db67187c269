"""Columns declared once: what the page shows of them, and what the CSV holds."""

from __future__ import annotations

from typing import NamedTuple

from fer_bench.reports.columns import (
    Columns,
    csv_text,
    names_of,
    over_seeds,
    page_table,
    plain,
    share,
    shown,
)
from fer_bench.statistics.summary import Summary, summarise


class Item(NamedTuple):
    name: str
    n: int
    rate: float | None
    accuracy: Summary | None


COLUMNS: Columns[Item] = (
    plain("model", lambda i: i.name, "Model", lambda i: f"`{i.name}`", left=True),
    plain("n", lambda i: i.n, "Faces"),
    share("rate", lambda i: i.rate, "Rate"),
    over_seeds("accuracy", lambda i: i.accuracy, "Accuracy"),
    over_seeds("loss", lambda i: i.accuracy, scale=1),
    shown("Best", lambda i: "yes"),
)
ITEMS = [
    Item("a, b", 3, 0.28685, summarise([0.5, 0.6])),
    Item("c", 12, None, None),
]


def test_the_page_shows_columns_with_a_heading() -> None:
    head, rule, *body = page_table(COLUMNS, ITEMS, ["**all**", "15", "", "", ""]).splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in (head, *body)]
    assert cells == [
        ["Model", "Faces", "Rate", "Accuracy", "Best"],
        ["`a, b`", "3", "28.69", "55.00 ± 7.07", "yes"],
        ["`c`", "12", "–", "–", "yes"],
        ["**all**", "15", "", "", ""],
    ]
    assert set(rule) == {"|", "-"}
    assert body[0].startswith("| `a, b`  |")  # words are set left, numbers right
    assert "|       3 |" in body[0]


def test_the_csv_holds_columns_with_a_name() -> None:
    lines = csv_text(COLUMNS, ITEMS).splitlines()
    assert (
        lines[0]
        == ",".join(names_of(COLUMNS))
        == ("model,n,rate,accuracy_mean,accuracy_std,accuracy_max,loss_mean,loss_std,loss_max")
    )
    assert lines[1:] == [
        '"a, b",3,28.6850,55.0000,7.0711,60.0000,0.5500,0.0707,0.6000',
        "c,12,,,,,,,",
    ]
    assert csv_text(COLUMNS, []) == lines[0] + "\n"
