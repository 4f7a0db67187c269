"""What two forms of FERPlus say of each other: labels against labels, pixels against pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fer_bench.datasets.ferplus_files import FER2013_LABELS, read_pixels
from fer_bench.datasets.ferplus_join import OVERWRITTEN, PIXELS, FerplusFace, images
from fer_bench.datasets.ferplus_votes import UNLABELLED
from fer_bench.datasets.photograph import read_rgb
from fer_bench.labels import EIGHT

BLOCK, FEWEST = 1_000, 50
LEAST_AGREEMENT = 0.4
"""FER2013's own label is FERPlus's for two faces of three, and for 64 % or more in every thousand
(measured, see the datasheet of `fer2013`); rows that do not belong together agree in about one of
five, by the sizes of the classes alone."""


def rows_apart(faces: list[FerplusFace], labels: np.ndarray) -> list[str]:
    """Runs of rows whose own labels do not fit FERPlus's, which rows in another order have.

    The join is by row. Neither the number of rows nor their Usage changes when pixels are shuffled
    within a split, but FER2013's own labels, which move with the pixels, then agree with FERPlus's
    by chance only.

    Args:
        faces: in the order of `fer2013.csv`.
        labels: (N,) FERPlus labels of them.
    """
    both = [
        (face.row, face.fer2013_label == EIGHT[label])
        for face, label in zip(faces, labels, strict=True)
        if label != UNLABELLED and face.fer2013_label and EIGHT[label] in FER2013_LABELS
    ]
    if len(both) < FEWEST:
        return []
    found = []
    for block in np.array_split(np.array(both, dtype=np.int64), max(1, len(both) // BLOCK)):
        agreement = float(block[:, 1].mean())
        if agreement < LEAST_AGREEMENT:
            found.append(
                f"lines {block[0, 0] + 2:,} to {block[-1, 0] + 2:,} of fer2013.csv: FER2013's own "
                f"label is FERPlus's in only {100 * agreement:.0f} % of the faces (two of three "
                "are usual), so its rows are in another order than those of fer2013new.csv"
            )
    return found


def pictures_apart(root: Path, faces: list[FerplusFace]) -> list[str]:
    """PNG that lie beside `fer2013.csv` and do not show the pixels of their row.

    Args:
        root: the source's folder.
        faces: in the order of `fer2013.csv`.
    """
    there = images(root)
    wrong = [
        face.row
        for face in faces
        if face.name in there
        and face.name not in OVERWRITTEN
        and face.row is not None
        and face.offset is not None
        and not np.array_equal(
            read_rgb(root / there[face.name][1])[..., 0],
            read_pixels(root / PIXELS, face.offset, face.row),
        )
    ]
    if not wrong:
        return []
    return [
        f"{len(wrong):,} of {len(there):,} PNG differ from fer2013.csv, the first from its line "
        f"{wrong[0] + 2:,}: one of the two is no original, give only the right one"
    ]
