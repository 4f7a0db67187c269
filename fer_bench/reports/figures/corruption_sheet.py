"""One rendered face under every corruption, a row a corruption and a column a severity."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_bench.datasets import get_pack, get_source, packs
from fer_bench.datasets.pack import Pack
from fer_bench.errors import FerBenchError
from fer_bench.evaluation.corruptions import CORRUPTIONS, SEVERITIES, Corruption
from fer_bench.faces.crop_landmarks import crop_landmarks
from fer_bench.reports.figures.style import page
from fer_bench.reports.formatting import value_text

SIDE = 0.78
"""Inches that a face takes."""


def corruption_sheet(pack_folder: Path | str, sample_id: str | None = None) -> Figure:
    """Draw one face of a pack of rendered faces under each corruption and severity.

    Args:
        pack_folder: e.g. `data/aligned/synthetic`; its last part is the pack's name.
        sample_id: which face; by default the brightest test face that is seen from the front with
            nothing before it.

    Raises:
        FerBenchError: the pack is not of rendered faces (photographs may not be shown), or has no
            such face.
    """
    folder = Path(pack_folder)
    if folder.name not in packs() or not get_source(get_pack(folder.name).source).rendered:
        raise FerBenchError(
            f"{folder} is no pack of rendered faces: only those may be shown. Give the folder of "
            "a synthetic pack, e.g. data/aligned/synthetic"
        )
    pack = Pack.open(folder)
    row = _row(pack, folder, sample_id)
    size = pack.faces.shape[1]
    places, _ = crop_landmarks([pack.manifest["landmarks"].iloc[row]], size)
    face = np.asarray(pack.faces[row : row + 1])
    sample = [str(pack.manifest["sample_id"].iloc[row])]
    figure = page(
        "Corruptions at five severities",
        f"A rendered face of {size} × {size} pixels. The number under a face is the parameter; "
        "left, what it measures. Kinds of mask have no order.",
        height=SIDE * 1.28 * len(CORRUPTIONS),
    )
    grid: Any = figure.subplots(len(CORRUPTIONS), len(SEVERITIES) + 1, squeeze=False)
    for axes, corruption in zip(grid, CORRUPTIONS.values(), strict=True):
        _show(axes[0], face[0], "clean")
        _name(axes[0], corruption)
        for axis, value in zip(axes[1:], corruption.values_at(size), strict=True):
            _show(axis, corruption.apply(face, value, sample, places)[0], value_text(value))
    for axis, level in zip(grid[0, 1:], SEVERITIES, strict=True):
        axis.set_title(f"severity {level}")
    return figure


def _row(pack: Pack, folder: Path, sample_id: str | None) -> int:
    manifest = pack.manifest
    if sample_id is not None:
        fits = manifest["sample_id"] == sample_id
    else:
        fits = (manifest["split"] == "test") & manifest["landmarks"].notna()
        if "yaw" in manifest and "occluder" in manifest:
            fits &= (manifest["yaw"].abs() < 8) & (manifest["occluder"] == "none")
    found = np.flatnonzero(fits.to_numpy(dtype=bool))
    if not len(found):
        wanted = f"face {sample_id!r}" if sample_id else "test face seen from the front"
        raise FerBenchError(f"{folder} has no {wanted}; name another sample_id")
    if sample_id is None:
        found = found[np.argsort([-float(pack.faces[i].mean()) for i in found], kind="stable")]
    return int(found[0])


def _show(axis: Axes, face: np.ndarray, caption: str) -> None:
    axis.imshow(face)
    axis.set(xticks=[], yticks=[])
    axis.set_xlabel(caption, fontsize=7, labelpad=1)
    for spine in axis.spines.values():
        spine.set_visible(False)


def _name(axis: Axes, corruption: Corruption) -> None:
    unit = textwrap.fill(corruption.unit, 26)
    axis.set_ylabel(
        f"$\\bf{{{corruption.title.replace(' ', '~')}}}$\n{unit}",
        rotation=0, ha="right", va="center", fontsize=7, labelpad=4,
    )  # fmt: skip
