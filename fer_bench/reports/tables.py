"""The paper's tables with our numbers beside its own, as Markdown and CSV."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tabulate import tabulate

from fer_bench.evaluation.statistics import Summary
from fer_bench.files import write_text
from fer_bench.reports import describe
from fer_bench.reports.formatting import NOTHING, count, maximum, mean_std
from fer_bench.reports.paper import Printed, load_paper
from fer_bench.reports.scores import Enabled, Scores, load_scores
from fer_bench.reports.sections import Line, Section, sections, subset_title
from fer_bench.reports.specs import TABLES, TableSpec
from fer_bench.reports.table_csv import csv_text

LEGEND = """\
All numbers are percent of the test set; mean ± sample standard deviation (n − 1) over seeds, `–`
where nothing was measured. **Accuracy**, **max**, **balanced** (mean recall over classes) and
**macro-F1** are those of the `last` epoch, the only selection that ranks. `best_on_test` takes the
epoch with the best accuracy on the test set, as the paper does: it is too optimistic, and is shown
only for comparison with the paper's numbers. A difference smaller than the spread over seeds shows
nothing.
"""


def outputs(out_dir: Path) -> list[Path]:
    """Every file `build_tables` writes."""
    return [
        out_dir / f"table{spec.number:02}{suffix}" for spec in TABLES for suffix in (".md", ".csv")
    ]


def build_tables(scores_dir: Path, params_enabled: Enabled, paper_dir: Path, out_dir: Path) -> None:
    """Write `table<NN>.md` and `table<NN>.csv` for every declared table.

    Args:
        scores_dir: `results/scores`.
        params_enabled: params.yaml's `enabled`.
        paper_dir: `benchmarks/paper`.
        out_dir: `results/tables`.
    """
    scores = load_scores(scores_dir, params_enabled)
    for spec in TABLES:
        printed = load_paper(paper_dir, spec.number)
        stem = out_dir / f"table{spec.number:02}"
        write_text(stem.with_suffix(".md"), markdown(spec, scores, printed))
        write_text(stem.with_suffix(".csv"), csv_text(spec, scores, printed))


def markdown(spec: TableSpec, scores: Scores, printed: Sequence[Printed]) -> str:
    """One table as a page of Markdown."""
    found, bare = sections(spec, scores, printed)
    parts = [f"# Table {spec.number}. {spec.title}", spec.shows, LEGEND.strip()]
    parts += spec.notes
    for section in found:
        parts += _section(spec, section)
    if not found:
        parts.append("Nothing has been measured for this table yet.")
    if bare:
        parts.append(f"Left out, because too few of these rows were measured: {', '.join(bare)}.")
    if missing := scores.missing():
        parts.append("Not finished: " + "; ".join(missing) + ".")
    parts += _as_printed(scores, printed)
    return "\n\n".join(parts) + "\n"


def _section(spec: TableSpec, section: Section) -> list[str]:
    rows = [line.row for line in section.lines if line.row is not None]
    scored = next(line.row for line in section.lines if line.row and line.row.has(section.set))
    parts = [
        f"## {describe.title(section.set)}",
        f"{describe.place(section.elsewhere)} Test faces: "
        f"{describe.class_counts(scored, section.set)}. {describe.setup(rows)}",
    ]
    parts += describe.warnings(rows, [section.set])
    return [*parts, _grid(spec, section)]


def _grid(spec: TableSpec, section: Section) -> str:
    statistics = {s for line in section.lines for s in line.paper}
    head = ["Model", "Pre-trained on", "Seeds", "Accuracy", "Max", "Balanced", "Macro-F1"]
    head += ["`best_on_test`", "`best_on_test` max"]
    head += ["Paper mean ± std"] if "mean_std" in statistics else []
    head += ["Paper max"] if "max" in statistics else []
    if len(spec.subsets) > 1:
        head = ["Faces", "n", *head]
    if spec.parameters:
        head.insert(head.index("Seeds"), "Parameters")
    body = [[_cells(line)[name] for name in head] for line in section.lines]
    words = ("Model", "Pre-trained on", "Faces")
    align = ["left" if name in words else "right" for name in head]
    return tabulate(body, head, tablefmt="github", colalign=align, disable_numparse=True)


def _cells(line: Line) -> dict[str, str]:
    """Everything a line can show, by column heading."""

    def over_seeds(metric: str, selection: str = "last") -> Summary | None:
        if line.row is None:
            return None
        return line.row.summary(metric, line.set, line.subset, selection)

    sizes = line.row.sizes(line.set, line.subset) if line.row else []
    return {
        "Faces": subset_title(line.subset),
        "n": ", ".join(map(count, sizes)) or NOTHING,
        "Model": line.label,
        "Pre-trained on": describe.pretrained(line.row),
        "Parameters": describe.parameters(line.row),
        "Seeds": describe.seeds(line.row),
        "Accuracy": mean_std(over_seeds("accuracy")),
        "Max": maximum(over_seeds("accuracy")),
        "Balanced": mean_std(over_seeds("balanced_accuracy")),
        "Macro-F1": mean_std(over_seeds("macro_f1")),
        "`best_on_test`": mean_std(over_seeds("accuracy", "best_on_test")),
        "`best_on_test` max": maximum(over_seeds("accuracy", "best_on_test")),
        "Paper mean ± std": line.paper.get("mean_std", NOTHING),
        "Paper max": line.paper.get("max", NOTHING),
    }


def _as_printed(scores: Scores, printed: Sequence[Printed]) -> list[str]:
    """The paper's own table, each place as `printed / ours` with the same statistic."""
    columns = list(dict.fromkeys(p.column for p in printed))
    labels = list(dict.fromkeys(p.row for p in printed))
    places = {(p.row, p.column): p.printed + _ours(scores, p) for p in printed}
    body = [[label, *(places.get((label, c), NOTHING) for c in columns)] for label in labels]
    align = ["left", *("right" for _ in columns)]
    grid = tabulate(body, ["", *columns], tablefmt="github", colalign=align, disable_numparse=True)
    parts = [
        "## The paper's table",
        "Each place is *printed / ours*: the number as the paper prints it, then ours for the same "
        "dataset and model, also with the epoch chosen on the test set (`best_on_test`), as the "
        "paper's numbers are. Rows that the paper itself only reports have one number.",
        grid,
    ]
    if notes := _notes(printed):
        parts.append("\n".join(f"- {note}" for note in notes))
    return parts


def _notes(printed: Sequence[Printed]) -> list[str]:
    """What is odd about printed places, each once with the places it is about."""
    places: dict[str, dict[str, list[str]]] = {}
    for p in printed:
        if p.note:
            places.setdefault(p.note, {}).setdefault(p.row, []).append(p.column)
    return [
        "; ".join(f"{row} ({', '.join(columns)})" for row, columns in rows.items()) + f": {note}."
        for note, rows in places.items()
    ]


def _ours(scores: Scores, place: Printed) -> str:
    if not place.model:
        return ""
    row = scores.get(place.dataset, place.model)
    summary = row.summary("accuracy", place.set, place.subset, place.selection) if row else None
    return " / " + (mean_std(summary) if place.statistic == "mean_std" else maximum(summary))
