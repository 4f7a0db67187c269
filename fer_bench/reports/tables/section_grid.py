"""A section of a table as a grid."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from fer_bench.reports import describe
from fer_bench.reports.describe import subset_title
from fer_bench.reports.formatting import NOTHING, count, maximum, mean_std, percent
from fer_bench.reports.grid import Grid, grid
from fer_bench.reports.tables.beside_paper import difference, over_seeds
from fer_bench.reports.tables.lines import Line
from fer_bench.reports.tables.sections import TableSection
from fer_bench.reports.tables.spec import TableSpec
from fer_bench.statistics.summary import Summary

PRETRAINED = "Pre-trained on"
WORDS = ("Model", "Trained on", PRETRAINED, "Faces")


def section_grid(spec: TableSpec, section: TableSection) -> Grid:
    """The section's lines; columns that say the same in every line are left out."""
    head = _head(spec, section)
    bold = best(section)
    body = [[_cells(line, line.key in bold)[name] for name in head] for line in section.lines]
    subsets = [line.subset for line in section.lines]
    blocks = [i for i in range(1, len(subsets)) if subsets[i] != subsets[i - 1]]
    return grid(head, body, WORDS, blocks)


def best(section: TableSection) -> set[tuple[str, str, str, str]]:
    """The keys of the lines with the best accuracy of `last`, by part of the section's set.

    None where fewer than two rows were measured. Numbers that are printed alike are equally good.
    """
    found = set()
    for subset in dict.fromkeys(line.subset for line in section.lines):
        accuracies = {
            line.key: Decimal(percent(summary.mean))
            for line in section.lines
            if (line.set, line.subset) == (section.set, subset)
            if (summary := _of_last(line)) is not None
        }
        if len(accuracies) > 1:
            most = max(accuracies.values())
            found |= {key for key, accuracy in accuracies.items() if accuracy == most}
    return found


def _of_last(line: Line) -> Summary | None:
    return line.row.summary("accuracy", line.set, line.subset) if line.row else None


def _head(spec: TableSpec, section: TableSection) -> list[str]:
    statistics = {s for line in section.lines for s in line.paper}
    compared = any(line.model and line.paper for line in section.lines)
    folded = any(line.row.folded for line in section.lines if line.row)
    pretrained = {describe.pretrained(line.row) for line in section.lines if line.row}
    head = ["Faces", "n", "People"] if len({line.subset for line in section.lines}) > 1 else []
    head += ["Model"]
    head += ["Trained on"] if spec.sets else []
    head += [PRETRAINED] if len(pretrained) > 1 else []
    head += ["Parameters"] if spec.parameters else []
    head += ["Seeds", "Accuracy", "Max"]
    head += ["Mean over folds", "Std over folds"] if folded else []
    head += ["Balanced", "Macro-F1", "`best_on_test`", "`best_on_test` max"]
    head += ["`best_on_test` mean over folds"] if folded else []
    head += ["Paper mean ± std"] if "mean_std" in statistics else []
    head += ["Paper max"] if "max" in statistics else []
    head += ["Ours − paper"] if compared else []
    return head


def _cells(line: Line, bold: bool) -> dict[str, str]:
    """Everything a line can show, by column heading."""

    def of(metric: str, selection: str = "last") -> Summary | None:
        if line.row is None:
            return None
        return line.row.summary(metric, line.set, line.subset, selection)

    row = line.row
    folds = row if line.subset == "all" else None  # folds of a part are not in the scores
    sizes = row.sizes(line.set, line.subset) if row else []
    accuracy = mean_std(of("accuracy"))
    return {
        "Faces": subset_title(line.subset),
        "n": ", ".join(map(count, sizes)) or NOTHING,
        "People": count(describe.people_count(row, line.set, line.subset)),
        "Model": line.label,
        "Trained on": _trained_on(line),
        PRETRAINED: describe.pretrained(row),
        "Parameters": describe.parameters(row),
        "Seeds": describe.seeds(row),
        "Accuracy": f"**{accuracy}**" if bold else accuracy,
        "Max": maximum(of("accuracy")),
        "Mean over folds": mean_std(folds.fold_mean() if folds else None),
        "Std over folds": percent(folds.fold_std() if folds else None),
        "Balanced": mean_std(of("balanced_accuracy")),
        "Macro-F1": mean_std(of("macro_f1")),
        "`best_on_test`": mean_std(of("accuracy", "best_on_test")),
        "`best_on_test` max": maximum(of("accuracy", "best_on_test")),
        "`best_on_test` mean over folds": mean_std(
            folds.fold_mean("best_on_test") if folds else None
        ),
        "Paper mean ± std": line.paper.get("mean_std", NOTHING),
        "Paper max": line.paper.get("max", NOTHING),
        "Ours − paper": _difference(line),
    }


def _difference(line: Line) -> str:
    """Of the means where the paper prints one, else of the maxima."""
    statistic = next((s for s in ("mean_std", "max") if s in line.paper), None)
    if line.row is None or statistic is None:
        return NOTHING
    summary = over_seeds(line.row, line.set, line.subset, "best_on_test")
    found = difference(summary, line.paper[statistic], statistic)
    return found.text if found else NOTHING


def _trained_on(line: Line) -> str:
    if line.row:
        return describe.trained_on(line.row)
    return line.dataset if line.model else NOTHING


def measured_subsets(lines: Sequence[Line]) -> list[str]:
    """The parts that any of the lines was measured on."""
    return list(dict.fromkeys(line.subset for line in lines if line.measured))
