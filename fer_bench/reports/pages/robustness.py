"""The page about robustness: accuracy under corruptions, and answers that small changes turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from fer_bench.reports import columns, describe
from fer_bench.reports.columns import Columns, over_seeds, page_table, plain, shown
from fer_bench.reports.formatting import count, mean_std, opening, percent, value_text
from fer_bench.reports.grid import github
from fer_bench.reports.robustness_results import Curve, Robust, Robustness
from fer_bench.statistics.summary import Summary

TITLE = "Robustness"
SHOWS = "Accuracy on covered, blurred, dark or badly cut faces, and flipped answers."
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
    "params.yaml and run `fer-bench sweep`."
)
FACE_GROUPS = ("occlusion", "misalignment")


class RobustnessRecord(NamedTuple):
    """A line of the CSV: a severity, a corruption's mean, a perturbation, or a mean of those."""

    row: Robust
    kind: str
    name: str
    accuracy: Summary | None
    flips: Summary | None = None
    balanced: Summary | None = None
    severity: int | str = ""
    value: float | str = ""
    group: str = ""
    unit: str = ""


def markdown(results: Robustness) -> str:
    """The page: a section a dataset."""
    parts = [opening(INTRODUCTION)]
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
        page_table(OVERVIEW, rows),
    ]
    for title, kinds in (
        ("Accuracy when the face is covered or cut out badly", face),
        ("Accuracy when the image is spoilt", image),
    ):
        if kinds:
            head = ("Model", *(_upper(sample[name].title) for name in kinds))
            body = [[f"`{row.model}`", *_means(curves[row.model], kinds)] for row in rows]
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
    return "Measured here: `fer-bench sweep` makes these numbers again."


def _faces(rows: Sequence[Robust]) -> str:
    """How many faces, and how their masks were placed."""
    cells = [cell for row in rows for cell in row.cells]
    sizes = " or ".join(count(n) for n in sorted({cell.n for cell in cells}))
    said = f"Test faces: n = {sizes}."
    for worn in _different([cell.worn for cell in cells]):
        if worn.left_out:
            said += f" Without masks ({worn.left_out}): their columns are not in the mean."
        elif worn.by_mean_face:
            said += (
                f" Masks sit by the landmarks of {count(worn.by_landmarks)} faces; "
                f"{count(worn.by_mean_face)} without any wear theirs as a mean face would."
            )
    return said


def _different(values: Sequence[Any]) -> list[Any]:
    return [value for i, value in enumerate(values) if value not in values[:i]]


def _seeds(row: Robust) -> str:
    done = len(row.cells)
    return str(done) if done == row.wanted else f"{done} of {row.wanted}"


def _weakest(row: Robust) -> str:
    worst = min(row.curves(), key=lambda curve: curve.accuracy.mean)
    return f"{worst.title} ({percent(worst.accuracy.mean)})"


OVERVIEW: Columns[Robust] = (
    shown("Model", lambda r: f"`{r.model}`", left=True),
    shown("Seeds", _seeds),
    shown("Clean", lambda r: mean_std(r.clean)),
    shown("Mean corruption", lambda r: mean_std(r.mean_corruption_accuracy)),
    shown("Kept", lambda r: mean_std(r.kept)),
    shown("Flip rate", lambda r: mean_std(r.flip_rate)),
    shown("Weakest at", _weakest),
)


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


def _upper(title: str) -> str:
    return "JPEG" if title == "jpeg" else title[:1].upper() + title[1:]


def _grid(head: Sequence[str], body: Sequence[Sequence[str]], left: int = 1) -> str:
    return github(head, body, range(left))


def csv_text(results: Robustness) -> str:
    """A line a severity, a corruption's mean, a perturbation; numbers in percent, four decimals."""
    return columns.csv_text(COLUMNS, [line for row in results for line in _lines(row)])


def _lines(row: Robust) -> Iterator[RobustnessRecord]:
    yield RobustnessRecord(row, "clean", "clean", row.clean)
    yield RobustnessRecord(row, "mean", "mean_corruption", row.mean_corruption_accuracy)
    for curve in row.curves():
        of = partial(
            RobustnessRecord, row, "corruption", curve.name, group=curve.group, unit=curve.unit
        )
        for point in curve.points:
            yield of(
                accuracy=point.accuracy, flips=point.flip_rate, balanced=point.balanced_accuracy,
                severity=point.level, value=point.value,
            )  # fmt: skip
        yield of(accuracy=curve.accuracy, flips=curve.flip_rate, severity="mean")
    for name, (value, flips) in row.perturbations.items():
        yield RobustnessRecord(row, "perturbation", name, None, flips, value=value)
    yield RobustnessRecord(row, "mean", "flip_rate", None, row.flip_rate)


COLUMNS: Columns[RobustnessRecord] = (
    plain("dataset", lambda x: x.row.dataset),
    plain("model", lambda x: x.row.model),
    plain("measured", lambda x: x.row.measured),
    plain("seeds", lambda x: len(x.row.cells)),
    plain("n", lambda x: " ".join(map(str, sorted({cell.n for cell in x.row.cells})))),
    plain("kind", lambda x: x.kind),
    plain("name", lambda x: x.name),
    plain("group", lambda x: x.group),
    plain("severity", lambda x: x.severity),
    plain("value", lambda x: x.value),
    plain("unit", lambda x: x.unit),
    over_seeds("accuracy", lambda x: x.accuracy),
    over_seeds("balanced_accuracy", lambda x: x.balanced),
    over_seeds("flip_rate", lambda x: x.flips),
)
