"""Figures S3 and S4: SCAN-CCI's confusion on datasets that it was not trained on, SFEW, FED-RO."""

from __future__ import annotations

from collections.abc import Iterator

from matplotlib.figure import Figure

from fer_bench.reports.figures.inputs import Inputs
from fer_bench.reports.figures.matrix import Panel, grid
from fer_bench.reports.figures.select import OURS, capped
from fer_bench.reports.figures.style import notice
from fer_bench.reports.row import Row
from fer_bench.reports.scores import Scores

CROSS = (
    ("affectnet7", "ckplus7"), ("affectnet7", "oulu_casia"), ("affectnet7", "ckplus7_first_last"),
)  # fmt: skip
"""The paper's cross-evaluation: trained on, tested on. It does not say which CK+7 it drew."""


FEDRO_TRAINED = ("affectnet7_rafdb", "affectnet7", "affectnet8_rafdb", "affectnet8")
"""What a model of the paper's Table 4 was trained on, else the nearest to it."""


def figure_s3(inputs: Inputs) -> Figure:
    """SCAN-CCI on the faces of datasets that it was not trained on."""
    title = "Figure S3: confusion on datasets that were not trained on"
    found = {f"{row.dataset} on {set_}": (row, set_) for row, set_ in _crossed(inputs.scores)}
    kept, left_out = capped(found)
    if not kept:
        return notice(
            title,
            "Nothing measured yet: the paper shows scan_cci trained on affectnet7 and tested on "
            "ckplus7 and oulu_casia. Enable affectnet7 in params.yaml with these in its "
            "evaluate_on, and run `dvc repro`.",
        )
    return grid(title, left_out, [Panel(*found[name]) for name in kept])


def figure_s4(inputs: Inputs) -> Figure:
    """SCAN-CCI on SFEW and FED-RO."""
    title = "Figure S4: confusion on SFEW and FED-RO"
    scores = inputs.scores
    panels = [
        Panel(scores.main("sfew", OURS), "sfew", missing=f"{OURS} on sfew:\nnot measured"),
        Panel(_on_fedro(scores), "fedro", missing=f"{OURS} on fedro:\nnot measured"),
    ]
    if not any(panel.filled for panel in panels):
        return notice(
            title,
            "Nothing measured yet: it needs scan_cci trained on sfew (in the paper started from "
            "affectnet7_rafdb), and scan_cci trained on affectnet7_rafdb with fedro in "
            "evaluate_on. Enable them in params.yaml and run `dvc repro`.",
        )
    return grid(title, "", panels)


def _crossed(scores: Scores) -> Iterator[tuple[Row, str]]:
    """SCAN-CCI's rows with each set they were tested on without training: the paper's first.

    FED-RO has its own figure.
    """
    rows = [row for d in scores.datasets() if (row := scores.get(d, OURS)) is not None]
    pairs = {(r.dataset, s): r for r in rows for s in r.scored_on if s not in (r.dataset, "fedro")}
    first = {pair: i for i, pair in enumerate(CROSS)}
    for pair in sorted(pairs, key=lambda pair: first.get(pair, len(first))):
        yield pairs[pair], pair[1]


def _on_fedro(scores: Scores) -> Row | None:
    known = [d for d in (*FEDRO_TRAINED, *scores.datasets()) if scores.get(d, OURS)]
    rows = [row for d in known if (row := scores.get(d, OURS)) is not None and row.has("fedro")]
    return rows[0] if rows else None
