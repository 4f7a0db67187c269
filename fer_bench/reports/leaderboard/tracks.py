"""Tracks: a dataset's test faces under one selection, with its ranked entries."""

from __future__ import annotations

from dataclasses import dataclass

from fer_bench.datasets import datasets
from fer_bench.reports.leaderboard.beside import Beside
from fer_bench.reports.leaderboard.face_intervals import Interval
from fer_bench.reports.reported import Reported
from fer_bench.reports.robustness_results import Robust
from fer_bench.reports.row import Row
from fer_bench.statistics.summary import Summary

SELECTION_LABELS = {
    "last": "Measured: last epoch",
    "best_on_val": "Measured: epoch chosen on validation faces",
    "best_on_test": "Measured: epoch chosen on the test set, too optimistic",
}


@dataclass(frozen=True)
class RankedRow:
    """One measured row in a track; `rank` is among the track's own means."""

    rank: int
    row: Row
    accuracy: Summary
    interval: Interval
    balanced: Summary | None
    macro_f1: Summary | None
    robustness: Robust | None
    seeds: tuple[float, ...]
    backbone: str
    pretrained: str
    extra_data: str
    year: int | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Ranking:
    """Everything measured on one set of test faces by rows trained on one dataset."""

    dataset: str
    set: str
    selection: str
    entries: tuple[RankedRow, ...]

    @property
    def label(self) -> str:
        """What the selection is called."""
        return SELECTION_LABELS[self.selection]


@dataclass(frozen=True)
class Board:
    """One pair of training dataset and test faces: its tracks and what papers report there.

    Attributes:
        dataset: where the rows were trained; for a board without measured rows, the test faces'.
        set: the test faces.
        tracks: one a selection that was measured; none where only reported numbers exist.
        reported: numbers of papers on these faces.
        apart: rows of other protocol versions.
        external: predictions made elsewhere and scored here.
        off_the_shelf: those of trained tools that people install.
        about: sentences on sizes, set-up and sampling error.
        warnings: what makes the comparison less than it seems.
        sampling_error: how sure one accuracy is.
    """

    dataset: str
    set: str
    tracks: tuple[Ranking, ...]
    reported: tuple[Reported, ...]
    apart: tuple[Beside, ...] = ()
    external: tuple[Beside, ...] = ()
    off_the_shelf: tuple[Beside, ...] = ()
    about: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    sampling_error: str = ""

    @property
    def key(self) -> str:
        """Its name in links: `synthetic`, or `synthetic:synthetic_masked` for other test faces."""
        return self.set if self.set == self.dataset else f"{self.dataset}:{self.set}"

    @property
    def own(self) -> bool:
        """Whether the rows were trained on the train faces of the same dataset."""
        return self.set == self.dataset

    @property
    def elsewhere(self) -> bool:
        """Whether its scores are committed ones of a dataset that is not enabled here."""
        return any(e.row.elsewhere for t in self.tracks for e in t.entries)

    @property
    def title(self) -> str:
        """What a reader sees."""
        known = datasets().get(self.set)
        name = known.title if known and known.title else self.set
        return name if self.own else f"{name}, trained on {self.dataset}"

    @property
    def beside(self) -> tuple[Beside, ...]:
        """All rows that are measured and never ranked."""
        return (*self.off_the_shelf, *self.external, *self.apart)

    @property
    def group(self) -> str:
        """Under which heading of the track list it stands."""
        if not self.tracks and not self.beside:
            return "Reported only, nothing measured here"
        if not self.own:
            return "Other test faces"
        return "Measured here" if self.tracks and not self.elsewhere else "Measured elsewhere"


GROUPS = (
    "Measured here", "Measured elsewhere", "Other test faces",
    "Reported only, nothing measured here",
)  # fmt: skip
