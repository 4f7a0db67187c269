"""Contact sheets: many faces of a pack in one picture, for a person to look at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from fer_bench.datasets.pack import Pack
from fer_bench.errors import FerBenchError
from fer_bench.files import replacing

COLUMNS = 8
CELL = 128
"""Side of a drawn face in pixels."""

CAPTION = 14


def contact_sheet(pack_folder: Path | str, out_png: Path | str, n: int = 40) -> None:
    """Draw `n` faces, spread evenly over a pack, into one PNG.

    Each is captioned with its mask's kind where it wears one; a mark shows where no face was
    detected (`centre`) or a mask's geometry is approximate (`steep`). The sheet shows pixels of
    the data: share it only where the data's licence lets you.

    Args:
        pack_folder: a pack's folder, e.g. `data/aligned/synthetic_masked_mixed`.
        out_png: the picture to write.
        n: how many faces; all of them when the pack holds fewer.

    Raises:
        FerBenchError: when the pack is missing or `n` is below 1.
    """
    if n < 1:
        raise FerBenchError(f"a contact sheet needs at least one face, not {n}.")
    pack = Pack.open(pack_folder)
    n = min(n, len(pack.faces))
    columns = min(COLUMNS, n)
    rows = -(-n // columns)
    sheet = Image.new("RGB", (columns * CELL, rows * (CELL + CAPTION)), "white")
    pen = ImageDraw.Draw(sheet)
    for place, i in enumerate(np.linspace(0, len(pack.faces) - 1, n).round().astype(int)):
        x, y = place % columns * CELL, place // columns * (CELL + CAPTION)
        face = Image.fromarray(np.asarray(pack.faces[i]))
        sheet.paste(face.resize((CELL, CELL), Image.Resampling.LANCZOS), (x, y))
        pen.text((x + 3, y + CELL + 1), _caption(pack, int(i)), fill="black")
    with replacing(out_png) as temporary:
        sheet.save(temporary, format="PNG")


def _caption(pack: Pack, i: int) -> str:
    row = pack.manifest.iloc[i]
    words = [str(row["mask_kind"])] if "mask_kind" in pack.manifest else []
    if np.isnan(row["detection"]):
        words.append("centre")
    elif row.get("mask_status") == "worn_steep_yaw":
        words.append("steep")
    return " ".join(words) or "face"
