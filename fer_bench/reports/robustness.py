"""The page about robustness: accuracy under corruptions, and answers that small changes turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tabulate import tabulate

from fer_bench.reports import describe
from fer_bench.reports.formatting import count, mean_std, percent
from fer_bench.reports.robustness_results import Curve, Robust, Robustness
from fer_bench.reports.table_csv import summary_columns, text_of
from fer_bench.statistics.summary import Summary

INTRODUCTION = """\
# Robustness

How much accuracy is left when faces are covered, blurred, noisy, dark or cut out badly, and how
often does an answer change when hardly anything changes?

All numbers are percent, of the `last` epoch on the dataset's own test faces; mean ± sample standard
deviation (n − 1) over seeds. Every model and seed is shown the same corrupted pixels.

- **Clean** is the accuracy on the faces as they are. Each corruption has five severities, as in
  ImageNet-C (Hendrycks & Dietterich 2019) and RAF-DB-C (Greco et al. 2022); its column is the mean
  over the five. **Mean corruption** is the mean over corruptions, higher is better. **Kept** is
  mean corruption divided by clean: a weak model may keep much of little, so read both.
- **Flip rate** is the share of faces whose answer is not the one given to the clean face, under
  five changes that a person hardly sees, as in ImageNet-P; lower is better. It does not ask whether
  the answer is right.
- The mean over corruptions weighs them as we chose them. Compare models within a dataset; between
  datasets crops differ in size, and parameters are scaled with it where they can be.
- Shift, scale and rotation act on the crop: what lies outside of it is not known, so the border is
  repeated. Masks are drawn on the crop too. Accuracy differences below the spread over seeds, or
  below the sampling error of this many faces, show nothing.

robustness.csv has every severity, with balanced accuracy and flip rates.
"""
NOTHING_MEASURED = (
    "Nothing was measured for this page yet: list models under `enabled.<dataset>.robustness` in "
    "params.yaml and run `dvc repro`."
)
FACE_GROUPS = ("occlusion", "misalignment")
COLUMNS = (
    "dataset", "model", "measured", "seeds", "n", "kind", "name", "group", "severity", "value",
    "unit",
    "accuracy_mean", "accuracy_std", "accuracy_max",
    "balanced_accuracy_mean", "balanced_accuracy_std", "balanced_accuracy_max",
    "flip_rate_mean", "flip_rate_std", "flip_rate_max",
)  # fmt: skip


def markdown(results: Robustness) -> str:
    """The page: a section a dataset."""
    parts = [INTRODUCTION.strip()]
    for dataset in results.datasets():
        parts += _section(dataset, results.of(dataset))
    if not results.datasets():
        parts.append(NOTHING_MEASURED)
    return "\n\n".join(parts) + "\n"


def _section(dataset: str, rows: list[Robust]) -> list[str]:
    names = list(dict.fromkeys(name for row in rows for name in row.corruptions))
    curves = {row.model: {curve.name: curve for curve in row.curves()} for row in rows}
    sample = {c.name: c for found in curves.values() for c in found.values()}
    face = [name for name in names if sample[name].group in FACE_GROUPS]
    image = [name for name in names if name not in face]
    parts = [
        f"## {describe.title(dataset)}",
        f"{_place(rows)} {_faces(rows)}",
        _grid(
            ("Model", "Seeds", "Clean", "Mean corruption", "Kept", "Flip rate", "Weakest at"),
            [_overview(row, curves[row.model]) for row in rows],
        ),
    ]
    for title, columns in (
        ("Accuracy when the face is covered or cut out badly", face),
        ("Accuracy when the image is spoilt", image),
    ):
        if columns:
            head = ("Model", *(_upper(sample[name].title) for name in columns))
            body = [[f"`{row.model}`", *_means(curves[row.model], columns)] for row in rows]
            parts += [f"### {title}", _grid(head, body)]
    parts += ["### Flip rate under small changes", _flips(rows)]
    parts += ["### Severities", _severities([sample[name] for name in names])]
    return parts


def _place(rows: Sequence[Robust]) -> str:
    if all(row.elsewhere for row in rows):
        return (
            "**Measured elsewhere**: read from committed results, because this dataset is not "
            "enabled here."
        )
    return "Measured here: `dvc repro` makes these numbers again."


def _faces(rows: Sequence[Robust]) -> str:
    """How many faces, and how their masks were placed."""
    cells = [cell for row in rows for cell in row.cells]
    sizes = " or ".join(count(n) for n in sorted({cell["n"] for cell in cells}))
    said = f"Test faces: n = {sizes}."
    for worn in _different([cell["worn"] for cell in cells]):
        if worn["left_out"]:
            said += f" Without masks ({worn['left_out']}): their columns are not in the mean."
        elif worn["by_mean_face"]:
            said += (
                f" Masks sit by the landmarks of {count(worn['by_landmarks'])} faces; "
                f"{count(worn['by_mean_face'])} without any wear theirs as a mean face would."
            )
    return said


def _different(values: Sequence[Any]) -> list[Any]:
    return [value for i, value in enumerate(values) if value not in values[:i]]


def _overview(row: Robust, curves: dict[str, Curve]) -> list[str]:
    worst = min(curves.values(), key=lambda curve: curve.accuracy.mean)
    seeds = str(len(row.cells))
    return [
        f"`{row.model}`",
        seeds if len(row.cells) == row.wanted else f"{seeds} of {row.wanted}",
        mean_std(row.clean),
        mean_std(row.mean_corruption_accuracy),
        mean_std(row.kept),
        mean_std(row.flip_rate),
        f"{worst.title} ({percent(worst.accuracy.mean)})",
    ]


def _means(curves: dict[str, Curve], names: Sequence[str]) -> list[str]:
    return [mean_std(curves[name].accuracy if name in curves else None) for name in names]


def _flips(rows: Sequence[Robust]) -> str:
    found = {row.model: row.perturbations for row in rows}
    sizes = {name: value for flips in found.values() for name, (value, _) in flips.items()}
    body = [
        [f"`{model}`", *(mean_std(flips[name][1] if name in flips else None) for name in sizes)]
        for model, flips in found.items()
    ]
    head = ("Model", *(f"{_upper(name.split('_')[0])}, {value}" for name, value in sizes.items()))
    return _grid(head, body)


def _severities(curves: Sequence[Curve]) -> str:
    """What the severities are in numbers, at the size of these crops."""
    body = [
        [_upper(c.title), c.unit, *(value_text(point.value) for point in c.points)] for c in curves
    ]
    return _grid(("Corruption", "Measured in", "1", "2", "3", "4", "5"), body, left=2)


def value_text(value: float | str) -> str:
    """A parameter for a table, a tick or a caption: at most three digits, or a kind in words."""
    return value.replace("_", " ") if isinstance(value, str) else f"{value:.3g}"


def _upper(title: str) -> str:
    return "JPEG" if title == "jpeg" else title[:1].upper() + title[1:]


def _grid(head: Sequence[str], body: Sequence[Sequence[str]], left: int = 1) -> str:
    align = ["left"] * left + ["right"] * (len(head) - left)
    return tabulate(body, head, tablefmt="github", colalign=align, disable_numparse=True)


def csv_text(results: Robustness) -> str:
    """A line a severity, a corruption's mean, a perturbation; numbers in percent, four decimals."""
    return text_of([record for row in results for record in _records(row)], COLUMNS)


def _records(row: Robust) -> list[dict[str, Any]]:
    clean = _record(row, "clean", "clean", row.clean)
    records = [clean, _record(row, "mean", "mean_corruption", row.mean_corruption_accuracy)]
    for curve in row.curves():
        known = {"group": curve.group, "unit": curve.unit}
        for point in curve.points:
            records.append(
                _record(row, "corruption", curve.name, point.accuracy, point.flip_rate)
                | summary_columns("balanced_accuracy", point.balanced_accuracy)
                | {"severity": point.level, "value": point.value, **known}
            )
        whole = _record(row, "corruption", curve.name, curve.accuracy, curve.flip_rate)
        records.append(whole | {"severity": "mean", **known})
    for name, (value, flips) in row.perturbations.items():
        records.append(_record(row, "perturbation", name, None, flips) | {"value": value})
    records.append(_record(row, "mean", "flip_rate", None, row.flip_rate))
    return records


def _record(
    row: Robust, kind: str, name: str, accuracy: Summary | None, flips: Summary | None = None
) -> dict[str, Any]:
    return {
        "dataset": row.dataset,
        "model": row.model,
        "measured": "elsewhere" if row.elsewhere else "here",
        "seeds": len(row.cells),
        "n": " ".join(str(n) for n in sorted({cell["n"] for cell in row.cells})),
        "kind": kind,
        "name": name,
        **summary_columns("accuracy", accuracy),
        **summary_columns("flip_rate", flips),
    }
