"""A section of a table as a Markdown grid."""

from __future__ import annotations

from tabulate import tabulate

from fer_bench.evaluation.statistics import Summary
from fer_bench.reports import describe
from fer_bench.reports.formatting import NOTHING, count, maximum, mean_std, percent
from fer_bench.reports.lines import Line
from fer_bench.reports.sections import Section
from fer_bench.reports.table_spec import TableSpec, subset_title

WORDS = ("Model", "Trained on", "Pre-trained on", "Faces")


def grid(spec: TableSpec, section: Section) -> str:
    """The section's lines; columns that say the same in every line are left out."""
    head = _head(spec, section)
    body = [[_cells(line)[name] for name in head] for line in section.lines]
    align = ["left" if name in WORDS else "right" for name in head]
    return tabulate(body, head, tablefmt="github", colalign=align, disable_numparse=True)


def _head(spec: TableSpec, section: Section) -> list[str]:
    statistics = {s for line in section.lines for s in line.paper}
    folded = any(line.row.folded for line in section.lines if line.row)
    head = ["Faces", "n"] if len({line.subset for line in section.lines}) > 1 else []
    head += ["Model"]
    head += ["Trained on"] if spec.sets else []
    head += ["Pre-trained on"]
    head += ["Parameters"] if spec.parameters else []
    head += ["Seeds", "Accuracy", "Max"]
    head += ["Mean over folds", "Std over folds"] if folded else []
    head += ["Balanced", "Macro-F1", "`best_on_test`", "`best_on_test` max"]
    head += ["`best_on_test` mean over folds"] if folded else []
    head += ["Paper mean ± std"] if "mean_std" in statistics else []
    head += ["Paper max"] if "max" in statistics else []
    return head


def _cells(line: Line) -> dict[str, str]:
    """Everything a line can show, by column heading."""

    def over_seeds(metric: str, selection: str = "last") -> Summary | None:
        if line.row is None:
            return None
        return line.row.summary(metric, line.set, line.subset, selection)

    row = line.row
    folds = row if line.subset == "all" else None  # folds of a part are not in the scores
    sizes = row.sizes(line.set, line.subset) if row else []
    return {
        "Faces": subset_title(line.subset),
        "n": ", ".join(map(count, sizes)) or NOTHING,
        "Model": line.label,
        "Trained on": _trained_on(line),
        "Pre-trained on": describe.pretrained(row),
        "Parameters": describe.parameters(row),
        "Seeds": describe.seeds(row),
        "Accuracy": mean_std(over_seeds("accuracy")),
        "Max": maximum(over_seeds("accuracy")),
        "Mean over folds": mean_std(folds.fold_mean() if folds else None),
        "Std over folds": percent(folds.fold_std() if folds else None),
        "Balanced": mean_std(over_seeds("balanced_accuracy")),
        "Macro-F1": mean_std(over_seeds("macro_f1")),
        "`best_on_test`": mean_std(over_seeds("accuracy", "best_on_test")),
        "`best_on_test` max": maximum(over_seeds("accuracy", "best_on_test")),
        "`best_on_test` mean over folds": mean_std(
            folds.fold_mean("best_on_test") if folds else None
        ),
        "Paper mean ± std": line.paper.get("mean_std", NOTHING),
        "Paper max": line.paper.get("max", NOTHING),
    }


def _trained_on(line: Line) -> str:
    if line.row:
        return describe.trained_on(line.row)
    return line.dataset if line.model else NOTHING
