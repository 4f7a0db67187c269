"""Figure 6: one masked face of each expression."""

from __future__ import annotations

from matplotlib.figure import Figure

from fer_bench.reports.explained import Pictures
from fer_bench.reports.figures.faces import TITLES, clear, face
from fer_bench.reports.figures.style import WIDTH, page


def masked_faces(pictures: Pictures) -> Figure:
    """Figure 6: one masked face of each expression."""
    first, classes = pictures.first, pictures.first["classes"]
    side = WIDTH / len(classes)
    figure = page(TITLES["figure06"], f"Faces of {pictures.set}.", height=side + 0.25)
    axes = figure.subplots(1, len(classes), squeeze=False)[0]
    clear(axes)
    for k, axis in enumerate(axes):
        axis.set_xlabel(str(classes[k]))
        for i in face(first, k, 0):
            axis.imshow(first["faces"][i])
    return figure
