"""How figures look and are saved: for readers in greyscale, and with bytes that never vary."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from fer_bench.files import replacing

_STYLE: Any = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same glyphs on every machine
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "pdf.fonttype": 42,
    "savefig.dpi": 130,
    "svg.hashsalt": "fer_bench",
}
# Okabe-Ito's colours, ordered so that neighbours differ in grey too; dashes and markers repeat it.
_COLOURS = ("#000000", "#56B4E9", "#0072B2", "#D55E00", "#E69F00", "#009E73")
_DASHES = ((1, 0), (4, 1.5), (1, 1), (1, 0), (4, 1, 1, 1), (2, 2))
_MARKERS = ("o", "s", "^", "D", "v", "P")
_NO_METADATA: dict[str, Any] = {
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def style() -> AbstractContextManager[None]:
    """The settings under which every figure is drawn and saved, from matplotlib's defaults."""
    return mpl.rc_context({**mpl.rcParamsDefault, **_STYLE, "backend": "agg"})


def look(i: int) -> dict[str, Any]:
    """Colour, dashes and marker of the i-th line (there are six)."""
    return {
        "color": _COLOURS[i],
        "dashes": _DASHES[i],
        "marker": _MARKERS[i],
        "markersize": 4,
        "linewidth": 1.4,
    }


def empty() -> Figure:
    """A page that says so, where there is nothing to draw yet."""
    figure = Figure(figsize=(5, 1.2))
    figure.text(0.5, 0.5, "nothing measured yet", ha="center", va="center")
    return figure


def save(figure: Figure, stem: Path) -> None:
    """Write `stem`.png and .pdf; their bytes hold no date and no program version."""
    FigureCanvasAgg(figure)
    for kind, metadata in _NO_METADATA.items():
        with replacing(stem.with_suffix(f".{kind}")) as temporary:
            figure.savefig(temporary, format=kind, metadata=metadata)
