"""From boards to files: Jinja2 templates with autoescape, so that a name never becomes markup."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from fer_bench.files import write_text
from fer_bench.reports import describe
from fer_bench.reports.formatting import NOTHING, count, percent, rounded
from fer_bench.reports.leaderboard.charts import Axis, axis, bar
from fer_bench.reports.leaderboard.naming import anchor, page_of
from fer_bench.reports.leaderboard.tracks import SELECTION_LABELS, Board, RankedRow, Ranking
from fer_bench.reports.reported import EVIDENCE, NOT_STATED, SELECTIONS
from fer_bench.reports.scores import Scores

FILTERS = {
    "backbone": "Backbone", "pretraining": "Pre-training", "extra": "Extra data", "year": "Year",
}  # fmt: skip
STATIC = ("style.css", "page.js")
FAR = 0.3


def write_index(folder: Path, boards: Sequence[Board], scores: Scores) -> None:
    """Write `index.html`, `style.css` and `page.js`."""
    _write(
        folder / "index.html",
        "index.html.j2",
        page="index",
        root="",
        boards=boards,
        missing=scores.missing(),
        rules=describe.rules(scores.protocol) if scores.protocol else None,
        selections=SELECTION_LABELS,
        filters=FILTERS,
        choices=_choices(boards),
        axes={(b.key, t.selection): _axis(t) for b in boards for t in b.tracks},
        ranks={b.key: {e.row.model: e.rank for e in b.tracks[0].entries} for b in boards
               if b.tracks},
        epochs=SELECTIONS,
        evidence=EVIDENCE,
    )  # fmt: skip
    for name in STATIC:
        text = files(__package__).joinpath("static", name).read_text(encoding="utf-8")
        write_text(folder / name, text)


def write_compare(folder: Path, data: Mapping[str, Any]) -> None:
    """Write `compare.html` with its data inside."""
    _write(folder / "compare.html", "compare.html.j2", page="compare", root="", data=script(data))


def write_model(folder: Path, context: Mapping[str, Any]) -> None:
    """Write `models/<model>.html`."""
    file = folder / "models" / page_of(context["model"])
    _write(file, "model.html.j2", page="model", root="../", **context)


def script(value: Any) -> Markup:
    """JSON that no text in it can end: `<`, `>` and `&` are written as escapes."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _write(file: Path, template: str, **variables: Any) -> None:
    text = _environment().get_template(template).render(**variables)
    # Templates leave many blank lines; without them the files are smaller and differences shorter.
    write_text(file, re.sub(r"\n\s*\n+", "\n", text).strip() + "\n")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("fer_bench.reports.leaderboard"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": percent,
        "percent1": lambda share: NOTHING if share is None else rounded(100 * share, 1),
        "percent0": lambda share: NOTHING if share is None else rounded(100 * share, 0),
        "two": lambda share: rounded(share, 2),
        "three": lambda value: NOTHING if value is None else rounded(value, 3),
        "whole": lambda value: rounded(value, 0),
        "count": count,
        "breakable": breakable,
        "entry_bar": entry_bar,
        "seeds": describe.seeds,
        "parameters": describe.parameters,
        "groupby_group": lambda boards: [
            (name, list(items)) for name, items in groupby(boards, key=lambda b: b.group)
        ],
    }
    environment.globals |= {"anchor": anchor, "page_of": page_of}
    return environment


def breakable(name: str) -> Markup:
    """A name that may be broken after `_` and `(`, so that it fits a phone."""
    pieces = re.split(r"(?<=[_(])", name)
    return Markup("<wbr>").join(escape(piece) for piece in pieces)


def entry_bar(entry: RankedRow, scale: Axis) -> Markup:
    """The interval bar of an entry."""
    return bar(
        scale,
        100 * entry.interval.low,
        100 * entry.interval.high,
        100 * entry.accuracy.mean,
        [100 * value for value in entry.seeds],
    )


def _axis(track: Ranking) -> Axis:
    """A scale for all but models far below the best, which would make every other bar a dot."""
    best = max(e.accuracy.mean for e in track.entries)
    near = [e for e in track.entries if e.accuracy.mean > best - FAR]
    ends = [(e.interval.low, e.interval.high, *e.seeds) for e in near]
    return axis(100 * value for values in ends for value in values)


def _choices(boards: Iterable[Board]) -> dict[str, list[str]]:
    """What each filter offers: every value that stands in some row, `not stated` last."""
    found: dict[str, set[str]] = {key: set() for key in FILTERS}
    for board in boards:
        for entry in (e for t in board.tracks for e in t.entries):
            values = (entry.backbone, entry.pretrained, entry.extra_data, entry.year)
            for key, value in zip(FILTERS, values, strict=True):
                found[key].add(str(value or NOT_STATED))
        for b in board.beside:
            for key, text in zip(
                FILTERS, (b.backbone, b.pretraining, b.extra_data, b.year), strict=True
            ):
                found[key].add(text)
        for r in board.reported:
            given = (r.backbone, r.pretraining, r.extra_data, str(r.year))
            for key, text in zip(FILTERS, given, strict=True):
                found[key].add(text or NOT_STATED)
    return {k: sorted(v, key=lambda t: (t == NOT_STATED, t.lower())) for k, v in found.items()}
