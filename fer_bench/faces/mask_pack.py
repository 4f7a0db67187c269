"""The masked twin of a pack: the same faces with masks worn, cut out exactly as before.

The mask goes on the source image, before the crop (so that the chin's part is not lost), and the
crop uses the unmasked face's landmarks from the base pack's manifest: faces are not detected again.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_bench.datasets.base import Source
from fer_bench.datasets.pack import Pack
from fer_bench.errors import FerBenchError
from fer_bench.faces import chunks
from fer_bench.faces.align import (
    WORK,
    AlignOptions,
    pixels_sha256,
    read_image,
    read_index,
    work_folder,
)
from fer_bench.faces.chunks import Arrays, ChunkJob, Rows
from fer_bench.faces.geometry import cut_out
from fer_bench.faces.wear_mask import STYLES, wear_mask
from fer_bench.files import sha256_file

COLUMNS_LAST = ("mask_status", "mask_kind")


def mask(
    spec: Mapping[str, Any],
    base_pack: Path,
    out: Path,
    workers: int | None = None,
    work: Path = WORK,
) -> None:
    """Make the masked pack `out` from a source's images and the pack aligned from them.

    Resumable, and independent of `workers`, as `align` is.

    Args:
        spec: as for `align`, with `mask_style` set to `blue` or `mixed`.
        base_pack: the unmasked pack's folder.
        out: the masked pack's folder; replaced when it exists.
        workers: processes; None takes one a core.
        work: where finished chunks wait; removed when done.

    Raises:
        FerBenchError: when the style is unknown, the base pack is missing or was made from other
            images, or an image cannot be read.
    """
    style = spec.get("mask_style")
    if style not in STYLES:
        raise FerBenchError(
            f"pack {spec['pack']}: mask_style is {style!r} but must be one of {', '.join(STYLES)}."
        )
    options = AlignOptions.parse(spec["options"])
    source, index = read_index(spec)
    base = Pack.open(base_pack)
    if base.faces.shape[1] != options.size:
        raise FerBenchError(
            f"{base_pack} holds faces of {base.faces.shape[1]} pixels but pack {spec['pack']} asks "
            f"for {options.size}: align the source again with the same size."
        )
    table = _with_base(index, base.manifest, spec)
    keyed = {**spec, "base": sha256_file(Path(base_pack) / "manifest.parquet")}
    job = MaskJob(source, Path(spec["root"]), dict(spec["source_options"]), options.size, style)
    folder = work_folder(work, "mask", keyed, index)
    paths = chunks.run_chunks(job, table, folder, workers, f"mask {spec['pack']}")

    def manifest(arrays: Arrays) -> pd.DataFrame:
        return base.manifest.assign(**{c: arrays[c].astype(str) for c in COLUMNS_LAST})

    chunks.assemble(paths, Path(out), len(table), manifest)
    shutil.rmtree(folder)


def _with_base(
    index: pd.DataFrame, manifest: pd.DataFrame, spec: Mapping[str, Any]
) -> pd.DataFrame:
    """The source's index, with box, landmarks and pixel hash from the base pack."""
    if list(index["sample_id"]) != list(manifest["sample_id"]):
        raise FerBenchError(
            f"pack {spec['pack']}: the base pack does not hold the images the source now lists "
            f"({len(manifest)} and {len(index)}). Align source {spec['source']} again."
        )
    # prefixed: a source may have columns of its own with these names
    taken = manifest[["box", "landmarks", "source_sha256"]].add_prefix("base_")
    return pd.concat([index, taken], axis=1)


@dataclass
class MaskJob(ChunkJob):
    """Put masks on the faces of a chunk and cut them out."""

    source: Source
    root: Path
    source_options: dict[str, Any]
    size: int
    style: str

    def run(self, rows: Rows) -> Arrays:
        """Masked faces, and each one's status and kind."""
        faces = np.empty((len(rows), self.size, self.size, 3), np.uint8)
        status, kind = [], []
        for i, row in enumerate(rows):
            image = read_image(self.source, self.root, row, self.source_options)
            if pixels_sha256(image) != row["base_source_sha256"]:
                raise FerBenchError(
                    f"sample {row['sample_id']!r} of {self.source.name} has changed since it was "
                    "aligned. Align the source again (`dvc repro` does), then make the masks."
                )
            flat = row["base_landmarks"]
            landmarks = None if flat is None else np.asarray(flat, np.float64).reshape(5, 2)
            x0, y0, x1, y1 = (float(v) for v in row["base_box"])
            worn = wear_mask(image, landmarks, (x0, y0, x1, y1), str(row["sample_id"]), self.style)
            faces[i] = cut_out(worn.image, landmarks, (x0, y0, x1, y1), self.size)
            status.append(worn.status)
            kind.append(worn.kind)
        return {"faces": faces, "mask_status": np.array(status), "mask_kind": np.array(kind)}
