"""What was seen before: pre-training and shipped tools against test sets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fer_bench.model_texts import ModelTexts
from fer_bench.reports import columns
from fer_bench.reports.columns import Columns, plain
from fer_bench.reports.formatting import fold
from fer_bench.reports.grid import github
from fer_bench.reports.relations import masked_base, rendered, share_images
from fer_bench.reports.row import Row
from fer_bench.reports.scores import Scores
from fer_bench.reports.seen_before import home_of

TITLE = "Contamination"
SHOWS = "What pre-training and shipped tools may have seen of each test set."
INTRODUCTION = """\
# Contamination

May pre-training, training or a tool off the shelf have seen a set's test faces, or their people?

**known**: some were seen; **possible**: both are from the web and nobody published a comparison;
**none**: checked, or drawn by this project; empty: not scored. Masked sets
are their unmasked ones."""
TOOLS = {"yes": "known", "no": "none", "unknown": "possible"}


@dataclass(frozen=True)
class Overlap:
    """One pair.

    Attributes:
        seen: the pre-training, training or tool.
        set: whose test faces.
        overlap: `known`, `possible` or `none`.
        why: the source of that.
    """

    seen: str
    set: str
    overlap: str
    why: str


def overlaps(scores: Scores, external: Sequence[Row], texts: ModelTexts) -> list[Overlap]:
    """Every pair that was scored, once."""
    found: dict[tuple[str, str], Overlap] = {}
    for row in scores:
        for set_ in row.scored_on if row.cells else ():
            if not masked_base(set_):
                for one in _of_row(row, set_, texts):
                    found.setdefault((one.seen, one.set), one)
    for row in external:
        card = row.card or {}
        said = TOOLS.get(str(card.get("may_have_seen")), "possible")
        why = f"trained on: {card.get('trained_on') or card.get('extra_data') or 'not stated'}"
        one = Overlap(f"`{row.model}`, trained elsewhere", row.dataset, said, why)
        found.setdefault((one.seen, one.set), one)
    return list(found.values())


def _of_row(row: Row, set_: str, texts: ModelTexts) -> Iterator[Overlap]:
    for name, weights in texts.starts(row):
        if name != "nothing":
            yield Overlap(f"pre-training: {weights.title if not home_of(name) else name}", set_,
                          *_started(home_of(name), set_, weights.overlap))  # fmt: skip
    for source in dict.fromkeys([row.dataset, *map(str, filter(None, row.said("init_from")))]):
        yield Overlap(f"training on {source}", set_, *_trained(row, source, set_))


def _started(home: str | None, set_: str, stated: str) -> tuple[str, str]:
    if rendered(set_) or (home and rendered(home)):
        return "none", "one of them is drawn by this project"
    if home and share_images(home, set_):
        return "none", "train people only; training stops where one is a test person"
    return "possible", "two sources of the web, not compared" if home else stated.rstrip(".")


def _trained(row: Row, source: str, set_: str) -> tuple[str, str]:
    if source == set_ and row.has(set_, "without_duplicates"):
        whole, rest = (max(row.sizes(set_, part)) for part in ("all", "without_duplicates"))
        copies = f"{whole - rest:,} of {whole:,} test faces are copies of others"
        return "known", f"{copies} (results/audit/{set_}.md)"
    if rendered(set_) or rendered(source):
        return "none", "one of them is drawn by this project"
    if share_images(source, set_):
        return "none", f"a face keeps its split (results/audit/{set_}.md)"
    return "possible", "two sources of the web, not compared"


def markdown(scores: Scores, external: Sequence[Row], texts: ModelTexts) -> str:
    """The matrix, then the source of each entry."""
    found = overlaps(scores, external, texts)
    sets = list(dict.fromkeys(one.set for one in found))
    of = {(one.seen, one.set): one.overlap for one in found}
    body = [[seen, *(of.get((seen, name), "") for name in sets)]
            for seen in dict.fromkeys(one.seen for one in found)]  # fmt: skip
    why = [f"- {one.seen}, `{one.set}`: {one.overlap}; {one.why}." for one in found]
    if not found:
        return f"{INTRODUCTION}\n\nNothing is measured for this page yet.\n"
    grid = github(["Seen before", *(f"`{name}`" for name in sets)], body, [0])
    sources = fold("Sources", "\n".join(why))
    return f"{INTRODUCTION}\n\n{grid}\n\n{sources}\n"


def csv_text(scores: Scores, external: Sequence[Row], texts: ModelTexts) -> str:
    """Every pair on a line, with its source."""
    return columns.csv_text(COLUMNS, overlaps(scores, external, texts))


COLUMNS: Columns[Overlap] = (
    plain("seen", lambda one: one.seen.replace("`", "")),
    plain("set", lambda one: one.set),
    plain("overlap", lambda one: one.overlap),
    plain("why", lambda one: one.why),
)
