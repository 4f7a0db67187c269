"""What changed in scores against another git revision: a short Markdown table for a pull request.

Both sides are read alike: the score files of the revision and those of the working tree, each
filtered by its own params.yaml as reports filter them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fer_bench.errors import FerBenchError
from fer_bench.files import parse_yaml
from fer_bench.reports.columns import Columns, page_table, shown
from fer_bench.reports.compare.changes import Change, robustness_table, score_table
from fer_bench.reports.compare.git_files import Revision
from fer_bench.reports.enabled import Enabled
from fer_bench.reports.formatting import NOTHING, gap, mean_std

LINES = 30
"""Rows of the table; a comment that nobody reads to its end helps nobody."""


def diff_markdown(
    repo: Path,
    base: str,
    scores_dir: Path,
    enabled: Enabled,
    *,
    robustness_dir: Path | None = None,
    params: Path | None = None,
    lines: int = LINES,
) -> str:
    """Markdown of what changed in scores between a revision and the working tree.

    Args:
        repo: a folder of the git repository.
        base: the revision, e.g. `origin/main`.
        scores_dir: `results/scores`.
        enabled: params.yaml's `enabled`, as it is now.
        robustness_dir: `results/robustness`, compared too if given.
        params: the path of params.yaml, to know what the revision had enabled; None for
            `<repo>/params.yaml`.
        lines: rows of a table; the rest is counted.

    Raises:
        FerBenchError: no repository, an unknown revision, or a broken score file here.
    """
    revision = Revision(repo, base)
    was_enabled = _enabled_at(revision, params or repo / "params.yaml")
    parts, unreadable = [], 0
    compared = [("accuracy of the `last` epoch", scores_dir, score_table)]
    if robustness_dir is not None:
        compared.append(("mean accuracy on corrupted faces", robustness_dir, robustness_table))
    changes: list[Change] = []
    for title, folder, read in compared:
        before, broken = read(revision.read(folder, ".json"), was_enabled)
        after, wrong = read(_here(folder), enabled)
        if wrong:
            raise FerBenchError(
                f"{folder / wrong[0]} is no result file: delete it and run `fer-bench sweep`"
            )
        unreadable += len(broken)
        found = [
            Change(row, before.get(row, {}), after.get(row, {}))
            for row in dict.fromkeys([*after, *before])
        ]
        changes += found
        parts += _section(title, found, lines)
    return _page(revision, parts, changes, unreadable)


def _page(revision: Revision, parts: list[str], changes: Sequence[Change], unreadable: int) -> str:
    same = sum(change.kind == "same" for change in changes)
    other = sum(change.kind == "content" for change in changes)
    said = []
    if other:
        said.append(
            f"In {_count(other, 'row')} accuracy and predictions are the same and other content of "
            "the files differs, for example a new metric."
        )
    if unreadable:
        said.append(
            f"{_count(unreadable, 'file')} of the revision could not be read and count as absent."
        )
    if not parts:
        if not said:
            return f"No score changed against {revision}: {_count(same, 'row')} compared.\n"
        return " ".join([f"No accuracy changed against {revision}.", *said]) + "\n"
    head = f"### Scores against {revision}"
    said = [f"{_count(same, 'row')} unchanged.", *said]
    return "\n\n".join([head, *parts, " ".join(said)]) + "\n"


def _section(title: str, changes: Sequence[Change], lines: int) -> list[str]:
    """A table and its legend; nothing where nothing is worth a line."""
    order = {"changed": 0, "new": 1, "removed": 2, "predictions": 3}
    found = [change for change in changes if change.kind in order]
    if not found:
        return []
    found.sort(key=lambda c: (not c.outside, order[c.kind], -abs(c.difference), c.row))
    table = page_table(COLUMNS, found[:lines])
    parts = [f"**{title[0].upper()}{title[1:]}**, percent: {_counts(found)}.", table]
    if rest := found[lines:]:
        parts.append(f"… and {_count(len(rest), 'more row')}: {_counts(rest)}.")
    parts.append(
        "± is the sample standard deviation over seeds. ▲ and ▼: the means differ by more than two "
        "of the larger one. Without a mark a difference may be chance; one seed on both sides "
        "(± –) cannot tell."
    )
    return parts


def _row(change: Change) -> str:
    dataset, model, set_ = change.row
    where = dataset if set_ == dataset else f"{dataset} → {set_}"
    return f"{where} / `{model}`"


def _difference(change: Change) -> str:
    if not change.before or not change.after:
        return NOTHING
    text = gap(change.difference)
    mark = "▲" if change.difference > 0 else "▼"
    return f"**{text}** {mark}" if change.outside else text


def _note(change: Change) -> str:
    if change.outside:
        return "outside 2 std"
    notes = {"predictions": "other predictions, equal accuracy", "changed": ""}
    return notes.get(change.kind, change.kind)


def _seeds(change: Change) -> str:
    before, after = sorted(change.before), sorted(change.after)
    if before == after or not before or not after:
        return str(len(after or before))
    if len(before) == len(after):
        return f"{len(after)}, others"
    return f"{len(before)} → {len(after)}"


COLUMNS: Columns[Change] = (
    shown("Row", _row, left=True),
    shown("Before", lambda c: mean_std(c.summary_before)),
    shown("After", lambda c: mean_std(c.summary_after)),
    shown("Difference", _difference),
    shown("Seeds", _seeds),
    shown("Note", _note, left=True),
)


def _counts(changes: Sequence[Change]) -> str:
    kinds = [change.kind for change in changes]
    outside = sum(change.outside for change in changes)
    found = []
    if changed := kinds.count("changed"):
        found.append(f"{changed} changed" + (f" ({outside} outside 2 std)" if outside else ""))
    found += [f"{kinds.count(kind)} {kind}" for kind in ("new", "removed") if kind in kinds]
    if predictions := kinds.count("predictions"):
        found.append(f"{predictions} with other predictions and equal accuracy")
    return ", ".join(found)


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _here(folder: Path) -> dict[str, bytes]:
    files = sorted(folder.glob("*/*/*.json"))
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def _enabled_at(revision: Revision, params: Path) -> Enabled:
    """What the revision's params.yaml enabled; nothing, so that all counts, if it cannot be read.

    Not validated: an older params.yaml may have other keys.
    """
    try:
        content = parse_yaml(next(iter(revision.read(params).values()), b"").decode(), str(params))
        lists = content["enabled"]
        return {name: {k: list(v or ()) for k, v in one.items()} for name, one in lists.items()}
    except (FerBenchError, UnicodeDecodeError, KeyError, TypeError, AttributeError):
        return {}
