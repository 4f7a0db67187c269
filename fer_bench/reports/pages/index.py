"""`results/tables/README.md`: what every table and page shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fer_bench.reports import describe
from fer_bench.reports.formatting import NOTHING
from fer_bench.reports.grid import github
from fer_bench.reports.paper import Printed
from fer_bench.reports.scores import Scores
from fer_bench.reports.tables import table_s2
from fer_bench.reports.tables.sections import sections
from fer_bench.reports.tables.spec import TableSpec

HEAD = """\
# Tables

Written by `fer-bench sweep`; every number follows from the score files in `results/scores`. Each
table is there to read (`.md`), for programs (`.csv`) and for papers (`.tex`), each page as `.md`
and `.csv`.
Rows are ranked by the `last` epoch only."""
RULES = "All numbers follow {} (`docs/protocol.md`)."
APART = "Left out, because their numbers were made by other rules and cannot be compared:\n"
TABLES_HEAD = ("Table", "Shows", "Files", "Measured on")
PAGES_HEAD = ("Page", "Shows", "Files")


def markdown(
    printed: Mapping[TableSpec, Sequence[Printed]],
    pages: Mapping[str, tuple[str, str]],
    scores: Scores,
    timed: Sequence[str],
) -> str:
    """The index.

    Args:
        printed: the declared tables with the paper's places.
        pages: name -> (title, one line on what it shows).
        scores: what was measured.
        timed: the devices that inference was timed on.
    """
    body = []
    for spec, places in printed.items():
        found, _ = sections(spec, scores, places)
        sets = ", ".join(dict.fromkeys(section.set for section in found)) or NOTHING
        title = f"[{spec.number}. {spec.title}]({spec.stem}.md)"
        body.append([title, spec.shows, _files(spec.stem, "csv", "tex"), sets])
    stem = table_s2.STEM
    body.append(
        [f"[S2. {table_s2.TITLE}]({stem}.md)", table_s2.SHOWS,
         _files(stem, "csv", "tex"), ", ".join(timed) or NOTHING]
    )  # fmt: skip
    others = [
        [f"[{title}]({name}.md)", shows, _files(name, "csv")]
        for name, (title, shows) in pages.items()
    ]
    apart = [
        f"- `{row.dataset}/{row.model}`: {describe.rules(row.protocol)}" for row in scores.apart
    ]
    rules = [RULES.format(describe.rules(scores.protocol))] if scores.protocol else []
    if apart:
        rules.append("\n".join([APART, *apart]))
    tables, beside = github(TABLES_HEAD, body, None), github(PAGES_HEAD, others, None)
    parts = [HEAD, *rules, tables, "## Pages that the paper has no table for", beside]
    return "\n\n".join(parts) + "\n"


def _files(stem: str, *suffixes: str) -> str:
    return ", ".join(f"[{suffix}]({stem}.{suffix})" for suffix in suffixes)
