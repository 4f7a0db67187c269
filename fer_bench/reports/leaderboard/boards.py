"""From scores and reported numbers to the boards that the pages show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from fer_bench.evaluation.score import SELECTIONS
from fer_bench.model_texts import ModelTexts
from fer_bench.reports import describe
from fer_bench.reports.leaderboard.beside import beside
from fer_bench.reports.leaderboard.extras import Extras
from fer_bench.reports.leaderboard.face_intervals import Intervals
from fer_bench.reports.leaderboard.ranking import accuracy, ranked
from fer_bench.reports.leaderboard.tracks import GROUPS, Board, RankedRow, Ranking
from fer_bench.reports.reported import Reported
from fer_bench.reports.row import Row
from fer_bench.reports.scores import Scores


def boards(
    scores: Scores,
    reported: Sequence[Reported],
    extras: Extras,
    texts: ModelTexts,
    intervals: Intervals,
    external: Sequence[Row] = (),
) -> list[Board]:
    """Every board, by `GROUPS`, then in the order of params and of the registry."""
    places = list(_places(scores))
    parts = [(d, s, p) for d, s in places for p in _parts(scores, d, s)]
    intervals.find(parts)
    found = [_measured(d, s, scores, reported, extras, texts, intervals) for d, s in places]
    measured = {b.set for b in found if b.own}
    others = [*(r.dataset for r in (*scores.apart, *external)), *(r.dataset for r in reported)]
    shown = {b.set for b in found}
    for name in dict.fromkeys(others):
        beside_rows = any(r.dataset == name for r in (*scores.apart, *external))
        if name not in (measured if beside_rows else shown):
            found.append(Board(name, name, (), tuple(r for r in reported if r.dataset == name)))
    found = [_with_beside(b, scores, external) for b in found]
    return sorted(found, key=lambda b: GROUPS.index(b.group))


def _with_beside(board: Board, scores: Scores, external: Sequence[Row]) -> Board:
    rows = beside(external, board.dataset, board.set, scores.protocol)
    return replace(
        board,
        apart=beside(scores.apart, board.dataset, board.set, scores.protocol),
        external=tuple(row for row in rows if not row.off_the_shelf),
        off_the_shelf=tuple(row for row in rows if row.off_the_shelf),
    )


def _places(scores: Scores) -> Iterator[tuple[str, str]]:
    for dataset in scores.datasets():
        sets = dict.fromkeys(s for row in scores.of(dataset) for s in row.scored_on)
        yield from ((dataset, s) for s in sets)


def _parts(scores: Scores, dataset: str, set_: str) -> list[str]:
    return list(dict.fromkeys(p for row in scores.of(dataset) for p in row.subsets(set_)))


def _measured(
    dataset: str,
    set_: str,
    scores: Scores,
    reported: Sequence[Reported],
    extras: Extras,
    texts: ModelTexts,
    intervals: Intervals,
) -> Board:
    rows = [row for row in scores.of(dataset) if row.has(set_)]
    own = dataset == set_
    error = intervals.sampling_error(rows, set_)
    about = [
        describe.place(rows).replace("**", ""),
        f"Test faces: {describe.class_counts(rows[0], set_)}.",
        error,
        describe.setup(rows),
    ]
    warnings = describe.warnings(rows, [set_], scores)
    warnings += describe.did_not_train(scores.collapsed(dataset)) if own else []
    found = []
    # Other test faces are shown for the last epoch alone: nobody chooses an epoch on them.
    for selection in SELECTIONS if own else ("last",):
        scored = [r for r in rows if r.summary("accuracy", set_, selection=selection)]
        if scored:
            places = ranked(scored, set_, selection)
            entries = [_entry(rank, row, set_, selection, extras, texts, intervals)
                       for rank, row in places]  # fmt: skip
            found.append(Ranking(dataset, set_, selection, tuple(entries)))
    return Board(
        dataset,
        set_,
        tuple(found),
        tuple(r for r in reported if r.dataset == set_),
        about=tuple(about),
        warnings=tuple(w.replace("`", "") for w in warnings),
        sampling_error=error,
    )


def _entry(
    rank: int,
    row: Row,
    set_: str,
    selection: str,
    extras: Extras,
    texts: ModelTexts,
    intervals: Intervals,
) -> RankedRow:
    card = row.card or {}
    stated = card.get("pretraining", "none")
    robust = extras.robustness(row) if set_ == row.dataset and selection == "last" else None
    return RankedRow(
        rank=rank,
        row=row,
        accuracy=accuracy(row, set_, selection),
        interval=intervals.of(row, set_, selection),
        balanced=row.summary("balanced_accuracy", set_, selection=selection),
        macro_f1=row.summary("macro_f1", set_, selection=selection),
        robustness=robust,
        seeds=tuple(row.values("accuracy", set_, selection=selection)),
        backbone=" or ".join(map(str, row.said("backbone"))),
        pretrained=describe.pretrained(row) if stated == "none" else stated,
        extra_data=row.init_from or card.get("extra_data", "none"),
        year=texts.family(row).year,
        notes=tuple(_notes(row, set_)),
    )


def _notes(row: Row, set_: str) -> Iterator[str]:
    """Short marks beside a model's name; the sentences stand above the table."""
    if row.partial(set_):
        yield "partial data"
    if row.elsewhere:
        yield "measured elsewhere"
    if len(row.cells) < row.wanted:
        yield f"{len(row.cells)} of {row.wanted} seeds"
    if len({cell.training.spec_sha256 for cell in row.cells}) > 1:
        yield "seeds with different settings"
