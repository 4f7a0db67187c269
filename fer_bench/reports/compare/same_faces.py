"""From rows to tracks of `fer_bench.statistics`: who answered the same faces, and how sure that is.

Everything is of the `last` epoch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import combinations
from pathlib import Path
from typing import Any

from fer_bench.reports.describe import subset_title
from fer_bench.reports.equal_chances import reservations
from fer_bench.reports.formatting import rounded
from fer_bench.reports.row import Row
from fer_bench.statistics import class_mix
from fer_bench.statistics import row_intervals as of_rows
from fer_bench.statistics.corrections import holm
from fer_bench.statistics.intervals import wilson
from fer_bench.statistics.pairs import Comparison, compare
from fer_bench.statistics.track import Track, tracks
from fer_bench.statistics.wording import Judged, gap_sentence

Pair = tuple[str, str]
Labels = Mapping[str, str] | None


def row_key(row: Row) -> str:
    """What a row is called in pairs: `<dataset it was trained on>/<model>`."""
    return f"{row.dataset}/{row.model}"


def labels_of(rows: Sequence[Row], labels: Labels = None) -> dict[str, str]:
    """What the reader sees, by row key: by default the model, with its dataset if they differ."""
    one_dataset = len({row.dataset for row in rows}) == 1
    found = {
        row_key(row): row.model if one_dataset else f"{row.model} ({row.dataset})" for row in rows
    }
    return found | dict(labels or {})


def tracks_of(
    rows: Sequence[Row], set_: str, part: str = "all"
) -> tuple[list[Track], dict[str, str]]:
    """Measured rows by the faces they answered, and why some are in no track."""
    parts, units = {}, {}
    for row in rows:
        if row.has(set_, part):
            parts[row_key(row)] = list(row.scored(set_, part))
            if (known := row.units(set_, part)) is not None:
                units[row_key(row)] = known
    return tracks(parts, f"set {set_}, part {part}", units)


def judged(
    rows: Sequence[Row],
    set_: str,
    part: str,
    pairs: Iterable[Pair] | None,
    margin: float,
    cache: Path | None,
    family: str = "",
) -> list[Judged]:
    """The pairs that share faces, with p corrected over them, in the order asked.

    Args:
        rows: the rows that pairs name.
        set_: the set they were scored on.
        part: the part of the set.
        pairs: row keys; None: each row with each.
        margin: of equivalence, as a fraction.
        cache: a folder for results, or None.
        family: what these pairs are called together.
    """
    found = comparisons(rows, set_, part, pairs, cache)
    return corrected([found], rows, margin, family)[0]


def comparisons(
    rows: Sequence[Row], set_: str, part: str, pairs: Iterable[Pair] | None, cache: Path | None
) -> list[Comparison]:
    """The pairs that share faces, in the order asked; arguments as of `judged`."""
    found = tracks_of(rows, set_, part)[0]
    if pairs is None:
        wanted = [pair for track in found for pair in combinations(track.rows, 2)]
    else:
        wanted = list(dict.fromkeys(pairs))
    done: dict[Pair, Comparison] = {}
    for track in found:
        if inside := [pair for pair in wanted if all(name in track.rows for name in pair)]:
            done |= {(c.one, c.other): c for c in compare(track, inside, cache)}
    return [done[pair] for pair in wanted if pair in done]


def corrected(
    groups: Sequence[Sequence[Comparison]], rows: Iterable[Row], margin: float, family: str = ""
) -> list[list[Judged]]:
    """Groups of comparisons, such as a table's sections, with p corrected over all of them.

    Args:
        groups: together they are one family of comparisons.
        rows: those that the comparisons name.
        margin: of equivalence, as a fraction.
        family: what they are called, `{}` standing for their number, as in `the {} of Table 7`.
    """
    ps = holm([c.main.p for group in groups for c in group])
    each = iter(ps)
    named = family.format("1 pair" if len(ps) == 1 else f"{len(ps)} pairs")
    of = {row_key(row): row for row in rows}
    return [
        [
            Judged(c, next(each), len(ps), margin, named, reservations(of[c.one], of[c.other]))
            for c in group
        ]
        for group in groups
    ]


def left_out(rows: Sequence[Row], set_: str, part: str = "all") -> list[str]:
    """Sentences on measured rows that have no or only some other rows to be compared with."""
    found, left = tracks_of(rows, set_, part)
    called = labels_of(rows)
    said = []
    for reason in dict.fromkeys(left.values()):
        names = [called[key] for key, why in left.items() if why == reason]
        said.append(f"Not compared, {reason}: {', '.join(names)}.")
    for track in found[1:]:
        names = [called[key] for key in track.rows]
        said.append(
            "Compared among themselves only, scored on other faces than the rest: "
            f"{', '.join(names)}."
        )
    return said


def untested(
    rows: Sequence[Row], pairs: Sequence[Pair], set_: str, part: str, labels: Labels = None
) -> list[str]:
    """Sentences on measured pairs that were not compared."""
    left = tracks_of(rows, set_, part)[1]
    called = labels_of(rows, labels)
    reasons: dict[str, list[str]] = {}
    for pair in pairs:
        why = next((left[name] for name in pair if name in left), "scored on different faces")
        reasons.setdefault(why, []).append(" and ".join(called[name] for name in pair))
    return [f"Not compared, {why}: {'; '.join(who)}." for why, who in reasons.items()]


def row_intervals(
    rows: Sequence[Row],
    set_: str,
    part: str = "all",
    *,
    cache: Path | None = None,
    metrics: Sequence[str] = of_rows.METRICS,
) -> dict[str, dict[str, of_rows.Interval]]:
    """By row key and metric, the 95 % interval over faces: see `statistics.row_intervals`.

    Rows without single answers are absent.
    """
    found: dict[str, dict[str, of_rows.Interval]] = {}
    for track in tracks_of(rows, set_, part)[0]:
        found |= of_rows.row_intervals(track, cache, metrics)
    return found


def model_intervals(rows: Sequence[Row], set_: str) -> dict[str, tuple[float, float]]:
    """By row key, the 95 % interval over people and seeds: see `statistics.row_intervals`.

    Rows with few seeds or without single answers are absent.
    """
    found = {
        name: of_rows.of_model(runs, track.units)
        for track in tracks_of(rows, set_)[0]
        for name, runs in track.rows.items()
    }
    return {name: ends for name, ends in found.items() if ends}


def slice_interval(
    row: Row, set_: str, column: str, value: str, cache: Path | None = None
) -> of_rows.Interval | None:
    """The 95 % interval of a row's accuracy on a group of faces, over its people.

    Returns:
        As `statistics.row_intervals`; None where answers or people are not known.
    """
    found = tracks_of([row], set_)[0]
    mask = row.of_slice(set_, column, value)
    if not found or mask is None or not mask.any():
        return None
    track = found[0].of_faces(mask)
    return of_rows.row_intervals(track, cache, ("accuracy",))[row_key(row)]["accuracy"]


def sampling_error(rows: Sequence[Row], set_: str, cache: Path | None = None) -> str:
    """How much one accuracy on this set may be off because it has few people, or faces."""
    found = row_intervals(rows, set_, cache=cache, metrics=("accuracy",))
    ends = [(e["low"], e["high"]) for e in (i["accuracy"] for i in found.values())]
    for row in rows:  # scored before answers were kept
        if row_key(row) not in found and (mean := row.summary("accuracy", set_)):
            ends.append(wilson(mean.mean, row.sizes(set_)[0]))
    halves = [(high - low) / 2 for low, high in ends]
    about = dict.fromkeys(f"±{rounded(100 * half, 1)}" for half in (min(halves), max(halves)))
    who = "people" if any(i["accuracy"]["people"] for i in found.values()) else "faces"
    return f"One accuracy on so many {who} is known to about {' to '.join(about)} points (95 %)."


def subset_gap(row: Row, set_: str, part: str, *, full: str = "all") -> dict[str, Any] | None:
    """A row's accuracy on a part against the whole set, with the whole set's class mix.

    Args:
        row: the row.
        set_: the set it was scored on.
        part: a part of it.
        full: the part that holds it.

    Returns:
        None where answers are missing or `part` is no part of `full`; else the attributes of
        `statistics.class_mix.SubsetGap` with `part`, `gap` and `sentence`.
    """
    whole, some = (tracks_of([row], set_, name)[0] for name in (full, part))
    if not whole or not some:
        return None
    gap = class_mix.subset_gap(row_key(row), whole[0], some[0])
    if gap is None:
        return None
    said = gap_sentence(gap, row.model, subset_title(part))
    values = asdict(gap) | {"missing": list(gap.missing), "thin": list(gap.thin)}
    return {"part": part, **values, "gap": gap.gap, "sentence": said}
