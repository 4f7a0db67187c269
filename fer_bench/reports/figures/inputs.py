"""What a figure is drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fer_bench.reports.enabled import Enabled
from fer_bench.reports.paper import Said
from fer_bench.reports.scores import Scores


@dataclass(frozen=True)
class Inputs:
    """Everything that figures read.

    Attributes:
        scores: the measured rows.
        robustness: the folder with the robustness stage's files; None where there is none.
        said: the numbers of the paper's running text.
        enabled: params.yaml's `enabled`.
    """

    scores: Scores
    robustness: Path | None = None
    said: Sequence[Said] = ()
    enabled: Enabled = field(default_factory=dict)
