"""fer_bench: a reproducible benchmark suite for facial expression recognition.

>>> import fer_bench
>>> network = fer_bench.load("synthetic/scan_cci/0")  # doctest: +SKIP
>>> network.predict(["me.jpg"])[0].answer  # doctest: +SKIP
'happiness'
>>> fer_bench.results().query("metric == 'accuracy' and subset == 'all'")  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from fer_bench.inference.trained import Trained

__version__ = "0.2.0"


def load(
    run: str | Path | None = None, selection: str = "last", device: str | None = None
) -> Trained:
    """Open a trained run, or the package's own; see `fer_bench.inference.trained.load`."""
    from fer_bench.inference.trained import load as opened  # torch only when it is asked for

    return opened(run, selection, device)


def results(*folders: str | Path) -> pd.DataFrame:
    """Every score as a tidy frame; see `fer_bench.records.frame`."""
    from fer_bench.records.frame import results as framed

    return framed(*folders)
