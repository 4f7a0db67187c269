"""The table of `engine.py`: medians of its runs, ratios, and whether targets are met."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

Run = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """One line.

    Attributes:
        what: was measured.
        part: of the script.
        key: of a run: `wall_s`, `cpu_s`, `first_table_s` or `peak_mib`.
        unit: of the value.
        least: how many times less the new build must need; None without such a target.
        most: what the new build may need at most, in the unit; None without such a target.
        share: at most this share of what the old build needs; None without such a target.
        busy: the value is a busy run's over the median of the quiet ones.
        case: of runs; None for all.
    """

    what: str
    part: str
    key: str
    unit: str = "s"
    least: float | None = None
    most: float | None = None
    share: float | None = None
    busy: bool = False
    case: str | None = None

    def values(self, runs: list[Run], build: str) -> list[float]:
        """One a run of the build."""
        mine = [r for r in runs if (r["part"], r["build"]) == (self.part, build)]
        if self.busy:
            quiet = [r[self.key] for r in mine if r["case"] == "quiet"]
            return [r[self.key] / median(quiet) for r in mine if r["case"] == "busy" and quiet]
        return [
            r[self.key]
            for r in mine
            if r.get(self.key) is not None and self.case in (None, r.get("case"))
        ]


LOOPS = "one cell beside four busy loops"
ROWS = (
    Row("`make demo` after the install, wall", "demo", "wall_s", least=3),
    Row("`make demo`, CPU", "demo", "cpu_s", least=2),
    Row("the first table", "demo", "first_table_s", most=120),
    Row("`make test`, wall", "tests", "wall_s", least=3),
    Row("`make test`, CPU", "tests", "cpu_s"),
    Row("one cell alone, wall", "busy", "wall_s", case="quiet"),
    Row("one cell alone, CPU", "busy", "cpu_s", case="quiet"),
    Row(f"{LOOPS}, wall over alone", "busy", "wall_s", "times", most=3.2, busy=True),
    Row(f"{LOOPS}, CPU over alone", "busy", "cpu_s", "times", most=1.2, busy=True),
    Row("all reports after one score changed", "reports", "wall_s", least=2),
    Row("`dvc repro` with nothing to do", "noop", "wall_s", least=2, most=3),
    Row(
        "memory (PSS): one cell before, two side by side after", "memory", "peak_mib", "MiB",
        share=1.5,
    ),
)  # fmt: skip


def table(runs: list[Run]) -> list[str]:
    """Markdown lines of the rows that have runs, what the tests said, what failed or left files."""
    lines = ["| what | before | after | before / after | target | |", "|---|---|---|---|---|---|"]
    lines += [_line(row, runs) for row in ROWS if any(r["part"] == row.part for r in runs)]
    demos = [r for r in runs if r["part"] == "demo"]
    for build in dict.fromkeys(r["build"] for r in demos):
        clean = all(not r["changed"] for r in demos if r["build"] == build)
        lines += ["", f"* git after `make demo`, {build}: {'clean' if clean else '**not clean**'}"]
    said = {r["build"]: r["said"] for r in runs if r["part"] == "tests" and r.get("said")}
    for build, words in said.items():
        lines += ["", f"* `make test`, {build}: {words.strip('= ')}"]
    failed = [f"`{r['part']}` {r['build']}, turn {r['turn'] + 1}" for r in runs if r.get("failed")]
    if failed:
        lines += ["", f"* **ended with an error**, their times count all the same: {failed}"]
    return lines


def targets(runs: list[Run]) -> dict[str, bool]:
    """Which targets are met, by what they are about; where what they compare was measured."""
    found = {}
    for row in ROWS:
        before, after = row.values(runs, "before"), row.values(runs, "after")
        compares = row.least is not None or row.share is not None
        if after and (before or not compares) and (tests := _tests(row)):
            old, new = median(before or [0.0]), median(after)
            found[row.what] = all(test(old, new) for test in tests)
    return found


def _line(row: Row, runs: list[Run]) -> str:
    before, after = row.values(runs, "before"), row.values(runs, "after")
    ratio = f"{median(before) / median(after):.2f}" if before and after else "–"
    met = {True: "met", False: "**missed**", None: ""}[targets(runs).get(row.what)]
    shown = [_shown(values, row.unit) for values in (before, after)]
    return f"| {row.what} | {shown[0]} | {shown[1]} | {ratio} | {_target(row)} | {met} |"


def _shown(values: list[float], unit: str) -> str:
    if not values:
        return "–"
    middle = f"{median(values):.3g} {unit}" if max(values) < 1e3 else f"{median(values):.0f} {unit}"
    spread = f" ({min(values):.4g} to {max(values):.4g}, {len(values)} runs)"
    return middle + spread * (len(values) > 1)


def _target(row: Row) -> str:
    parts = [
        f"≥ {row.least:g} times less" if row.least else "",
        f"≤ {row.most:g} {row.unit}" if row.most else "",
        f"≤ {row.share:g} times" if row.share else "",
    ]
    return " and ".join(filter(None, parts)) or "–"


def _tests(row: Row) -> list[Callable[[float, float], bool]]:
    tests: list[Callable[[float, float], bool]] = []
    if (least := row.least) is not None:
        tests.append(lambda old, new: old >= least * new)
    if (most := row.most) is not None:
        tests.append(lambda old, new: new <= most)
    if (share := row.share) is not None:
        tests.append(lambda old, new: new <= share * old)
    return tests
