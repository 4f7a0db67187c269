"""Figure 2: how channels answer to something before the face."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from fer_bench.reports.explained import Pictures
from fer_bench.reports.figures.faces import MAP, TITLES, clear, layer
from fer_bench.reports.figures.style import page


def channel_response(pictures: Pictures) -> Figure:
    """Figure 2: a covered face, and how eight channels' response changes where."""
    model = next((m for m in pictures.columns if m.startswith("baseline")), None)
    model = model or next(iter(pictures.columns))
    arrays = pictures.columns[model]
    maps = arrays["channel_response"].astype(np.float32)
    top = float(np.quantile(maps, 0.99)) or 1.0
    caption = (
        f"{model}, trained on {pictures.dataset}, seed {pictures.seed}: median over "
        f"{int(arrays['measured'])} faces of {pictures.set} of the change at the output of "
        f"{layer(arrays)} when the dashed part is covered, relative to the channel's mean "
        "response. Eight channels, from the weakest answer inside the covered part to the "
        "strongest."
    )
    figure = page(TITLES["figure02"], caption, height=3.6)
    axes = figure.subplots(2, 5)
    clear(axes.ravel())
    shown = [*axes[0], *axes[1, 1:]]
    shown[0].imshow(arrays["channel_example"])
    shown[0].set_title("a covered face")
    for axis, channel, values in zip(shown[1:], arrays["channels"], maps, strict=False):
        axis.imshow(values, cmap=MAP, vmin=0, vmax=top)
        _outline_patch(axis, arrays["channel_patch"], len(values))
        axis.set_title(f"channel {channel}")
    bar = figure.colorbar(ScalarMappable(Normalize(0, top), MAP), ax=axes, shrink=0.7, extend="max")
    bar.set_label("median |change| / mean response")
    return figure


def _outline_patch(axis: Axes, patch: np.ndarray, side: int) -> None:
    """A dashed square where the face was covered, on a map of `side` positions."""
    x0, y0, x1, y1 = patch * side
    for colour, dashes in (("black", "-"), ("white", "--")):
        square = Rectangle((x0 - 0.5, y0 - 0.5), x1 - x0, y1 - y0, fill=False, ec=colour, ls=dashes)
        axis.add_patch(square)
