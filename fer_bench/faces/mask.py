"""The masked twin of a pack: the same faces with masks worn, cut out exactly as before.

The mask goes on the source image, before the crop (so that the chin's part is not lost), and the
crop uses the unmasked face's landmarks from the base pack's manifest: faces are not detected again.

Packs aligned with `pixels: official` or `resize` have no landmarks. The detector then only finds
where the mask belongs (`small_faces`); the crop stays the base pack's box.
"""

from __future__ import annotations

import shutil
from collections import Counter
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
from fer_bench.faces.align import WORK, read_index, work_folder
from fer_bench.faces.align_job import (
    DLIB_LIKE,
    AlignOptions,
    best_device,
    grouped,
    pixels_sha256,
    read_image,
)
from fer_bench.faces.chunks import Arrays, ChunkJob, Rows
from fer_bench.faces.detect import Detector
from fer_bench.faces.geometry import cut_out
from fer_bench.faces.small_faces import find_landmarks
from fer_bench.faces.wear_mask import STYLES, FindPoints, wear_mask
from fer_bench.files import check_room, sha256_file

COLUMNS_LAST = ("mask_status", "mask_kind")


def mask(
    spec: Mapping[str, Any],
    base_pack: Path,
    out: Path,
    workers: int | None = None,
    work: Path = WORK,
) -> dict[str, int]:
    """Make the masked pack `out` from a source's images and the pack aligned from them.

    Resumable, and independent of `workers`, as `align` is.

    Args:
        spec: as for `align`, with `mask_style` set to `blue` or `mixed`.
        base_pack: the unmasked pack's folder.
        out: the masked pack's folder; replaced when it exists.
        workers: processes; None takes one a core.
        work: where finished chunks wait; removed when done.

    Returns:
        How many faces have each `mask_status` (see `wear_mask.Worn`).

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
    device = best_device() if options.pixels != "mtcnn" else "cpu"
    if device != "cpu":
        workers = workers or 1
    keyed = {**spec, "base": sha256_file(Path(base_pack) / "manifest.parquet"), "device": device}
    job = MaskJob(
        source, Path(spec["root"]), dict(spec["source_options"]), options, str(style), device
    )
    folder = work_folder(work, "mask", keyed, index)
    check_room(work, chunks.bytes_to_write(folder, len(index), options.size), "putting masks on")
    paths = chunks.run_chunks(job, table, folder, workers, f"mask {spec['pack']}")
    counts: Counter[str] = Counter()

    def manifest(arrays: Arrays) -> pd.DataFrame:
        counts.update(arrays["mask_status"].tolist())
        return base.manifest.assign(**{c: arrays[c].astype(str) for c in COLUMNS_LAST})

    chunks.assemble(paths, Path(out), len(table), manifest)
    shutil.rmtree(folder)
    print(f"{spec['pack']}: " + ", ".join(f"{n} {status}" for status, n in sorted(counts.items())))
    return dict(counts)


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
    options: AlignOptions
    style: str
    device: str = "cpu"
    _detector: Detector | None = None
    _find: FindPoints | None = None

    def prepare(self) -> None:
        """Load the detector where the base pack has no landmarks, with one thread of torch."""
        o = self.options
        if o.pixels != "mtcnn" or o.masks == DLIB_LIKE:
            import torch

            torch.set_num_threads(1)
        if o.pixels != "mtcnn":
            self._detector = Detector(o.thresholds, o.min_face, o.factor, self.device)
        if o.masks == DLIB_LIKE:
            from fer_bench.faces.face_landmarks import FaceLandmarks

            self._find = FaceLandmarks().find

    def run(self, rows: Rows) -> Arrays:
        """Masked faces, and each one's status and kind."""
        parts, done = [], 0
        for images in grouped(self._read(row) for row in rows):
            parts.append(self._some(rows[done : done + len(images)], images))
            done += len(images)
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _some(self, rows: Rows, images: list[np.ndarray]) -> Arrays:
        size = self.options.size
        faces = np.empty((len(rows), size, size, 3), np.uint8)
        status, kind = [], []
        seen = find_landmarks(self._detector, images) if self._detector else [None] * len(rows)
        for i, (row, image) in enumerate(zip(rows, images, strict=True)):
            flat = row["base_landmarks"]
            landmarks = None if flat is None else np.asarray(flat, np.float64).reshape(5, 2)
            x0, y0, x1, y1 = (float(v) for v in row["base_box"])
            where = seen[i] if landmarks is None else landmarks
            box, sample = (x0, y0, x1, y1), str(row["sample_id"])
            worn = wear_mask(image, where, box, sample, self.style, self._find)
            faces[i] = cut_out(worn.image, landmarks, box, size)
            status.append(worn.status)
            kind.append(worn.kind)
        return {"faces": faces, "mask_status": np.array(status), "mask_kind": np.array(kind)}

    def _read(self, row: Mapping[str, Any]) -> np.ndarray:
        image = read_image(self.source, self.root, row, self.source_options)
        if pixels_sha256(image) != row["base_source_sha256"]:
            raise FerBenchError(
                f"sample {row['sample_id']!r} of {self.source.name} has changed since it was "
                "aligned. Align the source again (`fer-bench sweep` does), then make the masks."
            )
        return image
