"""What was measured before and now, row by row, from the contents of result files.

Only what all versions of the score format have is read, so that an older revision can be compared.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fer_bench.reports.enabled import Enabled, row_names
from fer_bench.statistics.summary import Summary, summarise

Files = Mapping[str, bytes]
"""`<dataset>/<model>/<seed>.json` -> content."""


@dataclass(frozen=True)
class Value:
    """One seed's result on one set.

    Attributes:
        number: the compared number, 0 to 1.
        predictions: identifies the predictions behind it; None where the file does not say.
        file: hash of the whole file's content.
    """

    number: float
    predictions: Any
    file: str


Key = tuple[str, str, str]
"""Dataset, model and the set it was tested on."""
Table = dict[Key, dict[int, Value]]


@dataclass(frozen=True)
class Change:
    """A row of the comparison.

    Attributes:
        row: what was measured.
        before: its values by seed at the revision.
        after: its values by seed now.
    """

    row: Key
    before: Mapping[int, Value]
    after: Mapping[int, Value]

    @property
    def kind(self) -> str:
        """`new`, `removed`, `changed`, `predictions`, `content` or `same`."""
        if not self.before or not self.after:
            return "removed" if self.before else "new"
        if self.before == self.after:
            return "same"
        if _numbers(self.before) != _numbers(self.after):
            return "changed"
        if any(self.before[s].predictions != self.after[s].predictions for s in self.before):
            return "predictions"
        return "content"

    @property
    def summary_before(self) -> Summary | None:
        """The revision's values over seeds."""
        return summarise(value.number for value in self.before.values())

    @property
    def summary_after(self) -> Summary | None:
        """The values over seeds now."""
        return summarise(value.number for value in self.after.values())

    @property
    def difference(self) -> float:
        """Mean now minus mean before."""
        before, after = self.summary_before, self.summary_after
        return after.mean - before.mean if before and after else 0.0

    @property
    def outside(self) -> bool:
        """Whether the means differ by more than two standard deviations over seeds.

        Of the larger of the two known ones; never where both sides have one seed. Rounded, so that
        the last bits of a mean do not decide.
        """
        if self.kind != "changed":
            return False
        stds = [s.std for s in (self.summary_before, self.summary_after) if s]
        known = [std for std in stds if std is not None]
        return bool(known) and round(abs(self.difference) - 2 * max(known), 12) > 0


def _numbers(values: Mapping[int, Value]) -> dict[int, float]:
    return {seed: value.number for seed, value in values.items()}


def score_table(files: Files, enabled: Enabled) -> tuple[Table, list[str]]:
    """Accuracy of `last` on every set; and the files that are no score files."""
    table: Table = {}
    broken = []
    for name, content in _wanted(files, enabled):
        dataset, model, seed = name.removesuffix(".json").split("/")
        sets = {dataset, *enabled.get(dataset, {}).get("evaluate_on", ())}
        every = not row_names(enabled.get(dataset, {}))
        try:
            cell = json.loads(content)
            for set_, selections in cell["sets"].items():
                accuracy = selections["last"]["all"]["accuracy"]
                if accuracy is not None and (every or set_ in sets):
                    key = "test" if set_ == dataset else f"on_{set_}"
                    hashes = cell.get("predictions_sha256", {})
                    value = Value(float(accuracy), hashes.get(key), _hash(content))
                    table.setdefault((dataset, model, set_), {})[int(seed)] = value
        except (ValueError, KeyError, TypeError, AttributeError):
            broken.append(name)
    return table, broken


def robustness_table(files: Files, enabled: Enabled) -> tuple[Table, list[str]]:
    """Mean accuracy over corruptions, with the flip rate as what else may differ."""
    table: Table = {}
    broken = []
    for name, content in _wanted(files, enabled, "robustness"):
        dataset, model, seed = name.removesuffix(".json").split("/")
        try:
            cell = json.loads(content)
            mean, flips = cell["mean_corruption_accuracy"], cell.get("flip_rate")
            value = Value(float(mean), flips, _hash(content))
            table.setdefault((dataset, model, dataset), {})[int(seed)] = value
        except (ValueError, KeyError, TypeError, AttributeError):
            broken.append(name)
    return table, broken


def _wanted(files: Files, enabled: Enabled, key: str = "") -> Iterator[tuple[str, bytes]]:
    """The files that reports read: of an enabled dataset only the rows and seeds it names."""
    for name, content in files.items():
        if not re.fullmatch(r"[a-z0-9_]+/[a-z0-9_]+/[0-9]+\.json", name):
            continue
        place = name.removesuffix(".json").split("/")
        lists = enabled.get(place[0], {})
        rows = lists.get(key, ()) if key in lists else row_names(lists)
        seeds = {str(seed) for seed in lists.get("seeds", ())}
        if not row_names(lists) or (place[1] in rows and place[2] in seeds):
            yield name, content


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
