"""`results/figures/README.md`: what every figure shows."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from fer_bench.reports.grid import github

HEAD = """\
# Figures

Written by `fer-bench sweep`, each as PNG and PDF. `fer-bench figure` draws chosen rows at a
journal's width, `fer_bench.results()` gives the numbers for figures of your own."""


def markdown(figures: Mapping[str, Callable[..., Any]]) -> str:
    """The index: by file, the first line of what the function that draws it says."""
    lines = [
        (f"[{name}]({name}.png)", _shows(draw), f"[pdf]({name}.pdf)")
        for name, draw in sorted(figures.items())
    ]
    return f"{HEAD}\n\n{github(('Figure', 'Shows', 'For papers'), lines, None)}\n"


def _shows(draw: Callable[..., Any]) -> str:
    if isinstance(draw, partial):  # one function for several datasets
        return f"Confusion on occluded and turned faces of {draw.args[1]}."
    return (inspect.getdoc(draw) or "").partition("\n")[0]
