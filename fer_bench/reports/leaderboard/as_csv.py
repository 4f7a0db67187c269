"""`leaderboard.csv`: every ranked row of every track, and what stands beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from fer_bench.reports.columns import Columns, csv_text, over_seeds, plain, share
from fer_bench.reports.leaderboard.beside import Beside
from fer_bench.reports.leaderboard.tracks import Board, RankedRow


class Placed(NamedTuple):
    """A row on a board.

    Attributes:
        kind: `measured`, `external`, `off the shelf` or `other rules`; the last three are unranked.
        board: where it stands.
        selection: of its numbers.
        entry: the row.
    """

    kind: str
    board: Board
    selection: str
    entry: RankedRow | Beside

    @property
    def rank(self) -> int | str:
        """Among the rows of its track; empty for one that is not ranked."""
        return self.entry.rank if isinstance(self.entry, RankedRow) else ""

    @property
    def pretraining(self) -> str:
        """What its weights had seen before."""
        entry = self.entry
        return entry.pretrained if isinstance(entry, RankedRow) else entry.pretraining


COLUMNS: Columns[Placed] = (
    plain("kind", lambda p: p.kind),
    plain("dataset", lambda p: p.board.dataset),
    plain("set", lambda p: p.board.set),
    plain("selection", lambda p: p.selection),
    plain("rank", lambda p: p.rank),
    plain("model", lambda p: p.entry.row.model),
    over_seeds("accuracy", lambda p: p.entry.accuracy),
    share("accuracy_low", lambda p: p.entry.interval.low),
    share("accuracy_high", lambda p: p.entry.interval.high),
    over_seeds("balanced_accuracy", lambda p: p.entry.balanced),
    over_seeds("macro_f1", lambda p: p.entry.macro_f1),
    plain("seeds", lambda p: len(p.entry.row.cells)),
    plain("faces", lambda p: " ".join(map(str, p.entry.row.sizes(p.board.set)))),
    plain("parameters", lambda p: " ".join(str(n) for n in p.entry.row.said("parameters") if n)),
    plain("backbone", lambda p: p.entry.backbone),
    plain("pretraining", lambda p: p.pretraining),
    plain("extra_data", lambda p: p.entry.extra_data),
    plain("year", lambda p: p.entry.year or ""),
    plain("measured", lambda p: p.entry.row.measured),
)
"""Accuracies are in percent; low and high end the 95 % interval."""


def leaderboard_csv(boards: Sequence[Board]) -> str:
    """The file's text, in the order of the pages."""
    return csv_text(COLUMNS, (placed for board in boards for placed in _placed(board)))


def _placed(board: Board) -> Iterator[Placed]:
    for track in board.tracks:
        yield from (Placed("measured", board, track.selection, entry) for entry in track.entries)
    for kind, rows in (
        ("off the shelf", board.off_the_shelf), ("external", board.external),
        ("other rules", board.apart),
    ):  # fmt: skip
        yield from (Placed(kind, board, "last", row) for row in rows)
