"""Is it the published set? Counts by class and split, expected beside found."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import indent

import pandas as pd
from tabulate import tabulate

from fer_bench.datasets.base import SPLITS
from fer_bench.datasets.receivable import Inventory, Receivable
from fer_bench.errors import FerBenchError
from fer_bench.labels import Expression

ALL = "all"

Counts = Mapping[str, Mapping[str, int]]
"""Images by split and class; `all` stands for every split or class."""

SHOWN = 5


def counted(index: pd.DataFrame, like: Counts) -> dict[str, dict[str, int]]:
    """The rows of an index by split and class, summed over where `like` says `all`."""
    if ALL in like:
        parts = {ALL: index}
    else:
        parts = {s: index[index["split"] == s] for s in SPLITS if s in like or _has(index, s)}
    whole = any(ALL in classes for classes in like.values())
    return {
        split: {ALL: len(rows)}
        if whole
        else {
            label.name: int((rows["label"] == label).sum())
            for label in Expression
            if label.name in like.get(split, {}) or (rows["label"] == label).any()
        }
        for split, rows in parts.items()
    }


def differing(expected: Counts, found: Counts) -> list[tuple[str, str, int]]:
    """(split, class, found less expected) wherever these differ."""
    places = dict.fromkeys(
        (split, name) for counts in (expected, found) for split in counts for name in counts[split]
    )
    gaps = [
        (split, name, found.get(split, {}).get(name, 0) - expected.get(split, {}).get(name, 0))
        for split, name in places
    ]
    return [gap for gap in gaps if gap[2]]


def side_by_side(
    expected: Counts, found: Counts, heads: tuple[str, str] = ("expected", "found")
) -> str:
    """A table of classes and splits; empty when neither is known."""
    splits = list(dict.fromkeys([*expected, *found]))
    names = dict.fromkeys(name for c in (expected, found) for s in c for name in c[s])
    if list(names) == [ALL] and splits == [ALL]:
        return ""
    gaps = {(split, name): gap for split, name, gap in differing(expected, found)}
    rows = []
    for name in sorted(names, key=_class_order):
        row = [name]
        for split in splits:
            row += [f"{c.get(split, {}).get(name, 0):,}" for c in (expected, found)]
        off = [f"{split} {gaps[split, name]:+,}" for split in splits if (split, name) in gaps]
        rows.append([*row, ", ".join(off)])
    titles = [""]
    for split in splits:
        titles += [f"{split}\n{heads[0]}", f"\n{heads[1]}"]
    aligned = ("left", *["right"] * (2 * len(splits)), "left")
    return tabulate(
        rows, [*titles, "\ndifference"], tablefmt="simple", colalign=aligned, disable_numparse=True
    )


def check_complete(
    receivable: Receivable,
    inventory: Inventory,
    found: Counts,
    faults: list[str],
    kind: str,
    allow_partial: bool,
) -> bool:
    """Whether it is only a part of the published set.

    Args:
        receivable: what is received.
        inventory: its counts.
        found: its counts by split and class, shaped like `expected`.
        faults: what else is not as published.
        kind: how it came; what was fetched has to be whole.
        allow_partial: admit it as it is.

    Raises:
        FerBenchError: it is not the published set and that was not allowed; a table says where.
    """
    # Without published counts, a set of one's own, there is nothing to compare with.
    gaps = differing(receivable.expected, found) if receivable.expected else []
    if not gaps and not faults:
        return False
    too_many = any(gap > 0 for *_, gap in gaps)
    subset = receivable.accepts_subset and kind != "commit" and not too_many and not faults
    if allow_partial or subset:
        return True
    raise FerBenchError(_what_differs(receivable, inventory, found, faults, gaps))


def _what_differs(
    receivable: Receivable,
    inventory: Inventory,
    found: Counts,
    faults: list[str],
    gaps: list[tuple[str, str, int]],
) -> str:
    item = receivable.item
    fewer, more = (any(gap * sign > 0 for *_, gap in gaps) for sign in (-1, 1))
    first = "it is incomplete." if fewer and not more else "it is not as published."
    lines = [
        first,
        f"  expected: {receivable.published:,} {item}s",
        f"  found:    {sum(n for c in found.values() for n in c.values()):,} "
        f"(of {inventory.listed:,} that are listed)",
    ]
    if gaps and (table := side_by_side(receivable.expected, found)):
        lines += ["", indent(table, "  "), ""]
    lines += [f"  {fault}" for fault in faults[:SHOWN]]
    if len(faults) > SHOWN:
        lines.append(f"  ... and {len(faults) - SHOWN} more")
    if more:
        lines.append("Take out what does not belong to it: another copy, or images added later.")
    if fewer and receivable.archives:
        lines.append(f"Have you given all of it? It comes as {', '.join(receivable.archives)}.")
    say = "every table will say so" if item == "image" else "its receipt will say so"
    lines.append(f"Get the set as published, or admit it as it is with --allow-partial: {say}.")
    return "\n".join(lines)


def _has(index: pd.DataFrame, split: str) -> bool:
    return bool((index["split"] == split).any())


def _class_order(name: str) -> int:
    return Expression[name].value if name in Expression.__members__ else len(Expression)
