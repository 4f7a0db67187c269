"""What the compare page shows: every two models of a track, precomputed as one small JSON value."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from fer_bench.reports.compare.blocks import OTHER_MACHINES
from fer_bench.reports.compare.in_words import THIS_PAIR
from fer_bench.reports.compare.same_faces import comparisons, corrected, left_out, row_key
from fer_bench.reports.formatting import rounded
from fer_bench.reports.leaderboard.naming import page_of
from fer_bench.reports.leaderboard.tracks import Board
from fer_bench.reports.machines import differences
from fer_bench.reports.parallel import in_parallel
from fer_bench.reports.scores import Scores
from fer_bench.statistics.corrections import MARGIN
from fer_bench.statistics.wording import VERDICTS, Judged, sentence


def comparison(boards: Sequence[Board], scores: Scores, cache: Path | None) -> dict[str, Any]:
    """The page's data.

    Returns:
        `models`: `[name, page]`, by name; `tracks`: one a board with measured rows, with

        - `key`, `title`, `tested`: whether its pairs were tested (rows trained on the same
          dataset as the test faces: tests of other faces are not made, to keep the page small);
        - `entries`: by index into `models`, `[mean, low, high, seeds]` of accuracy in percent;
        - `pairs`: by `"i,j"`, numbers of i − j: see `_pair`;
        - `left_out`: sentences on rows that could not be compared.
    """
    names = sorted({e.row.model for b in boards for t in b.tracks for e in t.entries})
    index = {name: i for i, name in enumerate(names)}
    measured = [board for board in boards if board.tracks]
    tracks = in_parallel([partial(_track, b, index, scores, cache) for b in measured])
    return {"models": [[name, page_of(name)] for name in names], "tracks": tracks}


def _track(board: Board, index: dict[str, int], scores: Scores, cache: Path | None) -> Any:
    entries = {
        str(index[e.row.model]): [
            _points(e.accuracy.mean), _points(e.interval.low), _points(e.interval.high),
            len(e.seeds),
        ]
        for e in board.tracks[0].entries
    }  # fmt: skip
    pairs, missing = {}, []
    if board.own:
        rows = [row for row in scores.of(board.dataset) if row.has(board.set)]
        of = {row_key(row): index[row.model] for row in rows}
        labels = {row_key(row): row.model for row in rows}
        by_key = {row_key(row): row for row in rows}
        for c in comparisons(rows, board.set, "all", None, cache):
            ((found,),) = corrected([[c]], rows, MARGIN, THIS_PAIR)
            said = sentence(found, labels[c.one], labels[c.other])
            if apart := differences(by_key[c.one], by_key[c.other]):
                said += f" {OTHER_MACHINES} {'; '.join(apart)}."
            pairs[f"{of[c.one]},{of[c.other]}"] = _pair(found, said)
        missing = left_out(rows, board.set)
    return {
        "key": board.key,
        "title": board.title,
        "tested": board.own,
        "entries": entries,
        "pairs": pairs,
        "left_out": missing,
    }


def _pair(found: Judged, said: str) -> list[Any]:
    """A pair as a list, to stay small.

    Difference, low, high (points), p (not corrected: a reader asks for one pair), people or None,
    McNemar's p by seed, verdict (index into VERDICTS), faces, what the interval is over, and the
    sentence.
    """
    c = found.comparison
    over = "people" if c.people else "faces"
    return [
        _points(c.difference), _points(c.main.low), _points(c.main.high),
        _p(c.main.p), c.people, [[t.seed, _p(t.p)] for t in c.mcnemar],
        VERDICTS.index(found.verdict), c.n, over + (" and seeds" if c.both else ""), said,
    ]  # fmt: skip


def _points(fraction: float | None) -> float | None:
    return None if fraction is None else float(rounded(100 * fraction, 2))


def _p(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.3g}")
