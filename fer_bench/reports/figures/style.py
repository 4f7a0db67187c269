"""How figures look and are saved: for readers in greyscale, and with bytes that never vary.

Every figure is a page of one width with its title on top and a caption below, so that its text is
large enough where a README shows it 900 pixels wide, and so that it says itself how it is read.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from contextlib import AbstractContextManager
from math import ceil
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from fer_bench.files import replacing

WIDTH = 9.0
"""Every figure's width in inches."""

_STYLE: Any = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same glyphs on every machine
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "pdf.fonttype": 42,
    "figure.dpi": 150,
    "savefig.dpi": 150,
    "svg.hashsalt": "fer_bench",
}
# Okabe-Ito's colours without yellow, which is too faint on white, ordered so that neighbours differ
# in grey too, then others far from all of them; dashes and markers repeat what the colour says.
_COLOURS = (
    "#000000", "#56B4E9", "#0072B2", "#D55E00", "#E69F00", "#009E73", "#CC79A7", "#882255",
    "#808000", "#5D3FD3", "#7A4A1E", "#888888", "#2ECC40", "#E600B8", "#E0115F", "#1F1FFF",
)  # fmt: skip
_DASHES = ((1, 0), (4, 1.5), (1, 1), (1, 0), (4, 1, 1, 1), (2, 2))
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "*", "h", "d", "H", "8", "1")
MOST_LINES = len(_COLOURS)
"""How many lines one figure can draw, no two of one colour."""

_TITLE, _LEGEND_ROW, _CAPTION_ROW, _EDGE = 0.34, 0.19, 0.145, 0.08  # inches
_CAPTION_LETTERS = 160  # as many of 7.5 points as stand in WIDTH
_NO_METADATA: dict[str, Any] = {
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def style() -> AbstractContextManager[None]:
    """The settings under which every figure is drawn and saved, from matplotlib's defaults."""
    return mpl.rc_context({**mpl.rcParamsDefault, **_STYLE, "backend": "agg"})


def look(i: int) -> dict[str, Any]:
    """Colour, dashes and marker of the i-th line, i from 0 to MOST_LINES - 1."""
    return {
        "color": _COLOURS[i],
        "dashes": _DASHES[i % len(_DASHES)],
        "marker": _MARKERS[i],
        "markersize": 4,
        "linewidth": 1.4,
    }


def page(title: str, caption: str = "", *, height: float, legend: Sequence[Artist] = ()) -> Figure:
    """An empty figure with title, shared legend and caption, to be filled in between.

    Args:
        title: what is shown, one line.
        caption: how to read it; wrapped here.
        height: of the part between legend and caption, in inches.
        legend: labelled artists that explain the lines of all panels.

    Returns:
        A figure of WIDTH; axes made in it share the free part by constrained layout.
    """
    lines = textwrap.wrap(caption, _CAPTION_LETTERS)
    columns = _columns(legend)
    head = _TITLE + _LEGEND_ROW * ceil(len(legend) / columns)
    foot = _EDGE + _CAPTION_ROW * len(lines)
    whole = head + height + foot
    figure = Figure(figsize=(WIDTH, whole), layout="constrained")
    engine: Any = figure.get_layout_engine()
    engine.set(rect=(0, foot / whole, 1, height / whole))
    left = _EDGE / WIDTH
    texts = [
        figure.text(left, 1 - _EDGE / whole, title, va="top", fontsize=10, fontweight="bold"),
        figure.text(
            left, _EDGE / whole, "\n".join(lines), va="bottom", fontsize=7.5, color="#333333",
            linespacing=1.25,
        ),
    ]  # fmt: skip
    for text in texts:
        text.set_in_layout(False)
    if legend:
        corner = (left, 1 - _TITLE / whole + 0.02 / whole)
        found = figure.legend(
            handles=list(legend), loc="upper left", bbox_to_anchor=corner, ncols=columns,
            borderpad=0, borderaxespad=0, labelspacing=0.3,
        )  # fmt: skip
        found.set_in_layout(False)
    return figure


def notice(title: str, sentence: str) -> Figure:
    """The page of a figure that has no data: its title stays, `sentence` says what would fill it.

    Args:
        title: as with data.
        sentence: what is missing and how it is obtained; wrapped here.
    """
    lines = textwrap.wrap(sentence, 140)
    figure = page(title, height=0.2 + 0.17 * len(lines))
    figure.text(
        _EDGE / WIDTH, 1 - (_TITLE + 0.1) / figure.get_figheight(), "\n".join(lines), va="top",
        linespacing=1.3,
    )  # fmt: skip
    return figure


def save(
    figure: Figure, stem: Path, kinds: Sequence[str] = ("png", "pdf"), dpi: int | None = None
) -> None:
    """Write `stem`.png and .pdf; their bytes hold no date and no program version.

    Args:
        figure: what to write.
        stem: the path without suffix.
        kinds: some of `png` and `pdf`.
        dpi: instead of the style's 150, for a picture of many faces.
    """
    FigureCanvasAgg(figure)
    if figure.axes and (engine := figure.get_layout_engine()) is not None:
        # Laid out once for both files: savefig would draw each of them twice. The second round
        # knows the tick labels that the first one's sizes bring.
        for _ in range(2):
            engine.execute(figure)
        figure.set_layout_engine(None)
        # The solver's last bits depend on where its variables lie in memory; without them two
        # drawings of a contour that runs between two pixels would differ.
        for axes in figure.axes:
            left, bottom, width, height = axes.get_position(original=True).bounds
            axes.set_position((round(left, 9), round(bottom, 9), round(width, 9), round(height, 9)))
    for kind in kinds:
        with replacing(stem.with_suffix(f".{kind}")) as temporary:
            figure.savefig(
                temporary, format=kind, dpi=dpi or mpl.rcParams["savefig.dpi"],
                metadata=_NO_METADATA[kind],
            )  # fmt: skip


def _columns(legend: Sequence[Artist]) -> int:
    """How many entries stand beside each other: as many as the longest label lets."""
    longest = max((len(str(handle.get_label())) for handle in legend), default=0)
    fit = int((WIDTH - 2 * _EDGE) // (0.55 + 0.065 * longest))
    return min(max(fit, 1), max(len(legend), 1))
