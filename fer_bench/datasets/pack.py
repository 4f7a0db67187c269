"""Packs: aligned faces as one memory-mapped array and a Parquet manifest.

`data/aligned/<pack>/faces.npy` is (N, H, W, 3) uint8 RGB; row i of `manifest.parquet` describes
face i. Readers go through `Pack`, so the encoding can change without anything above noticing, and
what a disk or a copy damaged is noticed: the manifest's column `crc32` holds each face's checksum.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_bench.errors import FerBenchError
from fer_bench.files import replacing
from fer_bench.reading import read_array, read_table

REQUIRED = (
    "sample_id", "label", "split", "subject", "fold",
    "box", "landmarks", "detection", "source_sha256",
)  # fmt: skip
CRC = "crc32"


class StoredFaces:
    """A pack's faces, memory-mapped; each is compared with its checksum when it is first read.

    Args:
        faces: (N, H, W, 3) uint8.
        crc32: (N,) what `crc32` gave when they were written; None where nobody kept it.
        file: named in the message.
    """

    def __init__(self, faces: np.ndarray, crc32: np.ndarray | None, file: Path) -> None:
        self._faces, self._crc32, self._file = faces, crc32, file
        self._unread = np.full(len(faces), crc32 is not None)
        self.shape = faces.shape

    def __len__(self) -> int:
        return len(self._faces)

    def __getitem__(self, rows: Any) -> np.ndarray:
        """Faces `rows`, as indexing the array gives them.

        Raises:
            FerBenchError: one of them is not what was written.
        """
        found: np.ndarray = self._faces[rows]
        if self._crc32 is not None and self._unread[rows].any():
            places = np.atleast_1d(np.arange(len(self))[rows])
            for place, face in zip(places, found.reshape(-1, *self.shape[1:]), strict=True):
                if self._unread[place] and zlib.crc32(face.tobytes()) != self._crc32[place]:
                    raise FerBenchError(
                        f"{self._file}: face {place} is not what was written, a disk or a copy "
                        "damaged the file. Delete its folder and have it made again; where DVC's "
                        "cache holds the damaged copy too, docs/when_something_goes_wrong.md helps."
                    )
            self._unread[places] = False
        return found


def crc32(faces: np.ndarray) -> np.ndarray:
    """The checksums (N,) of faces (N, H, W, 3)."""
    return np.array([zlib.crc32(face.tobytes()) for face in faces], np.uint32)


@dataclass(frozen=True)
class Pack:
    """Aligned faces and what is known about each.

    Attributes:
        faces: (N, H, W, 3) uint8 RGB.
        manifest: N rows; `box` is (x0, y0, x1, y1) and `landmarks` ten numbers
            (left eye, right eye, nose, left and right mouth corner as x, y; image left first),
            both in pixels of the source image; `detection` is the detector's probability, null
            where no face was found and the centre of the image was taken.
    """

    faces: StoredFaces
    manifest: pd.DataFrame

    @staticmethod
    def open(folder: Path | str) -> Pack:
        """Open `folder`; raises FerBenchError when it is missing or its two files disagree."""
        folder = Path(folder)
        faces_path, manifest_path = folder / "faces.npy", folder / "manifest.parquet"
        for path in (faces_path, manifest_path):
            if not path.is_file():
                raise FerBenchError(
                    f"{path} is missing: the faces have not been aligned yet. "
                    f"Run `fer-bench sweep` (or only this pack: `fer-bench align {folder.name}`)."
                )
        again = (
            "delete its folder, then `dvc checkout` brings it back, "
            "or `fer-bench sweep` makes it anew"
        )
        faces = read_array(faces_path, again)
        manifest = read_table(manifest_path, ("sample_id", "label", "split"), again)
        if (
            faces.dtype != np.uint8
            or faces.ndim != 4
            or faces.shape[3] != 3
            or len(faces) != len(manifest)
        ):
            raise FerBenchError(
                f"{folder}: faces.npy holds {faces.dtype} of shape {faces.shape} but "
                f"manifest.parquet has {len(manifest)} rows. Delete the folder and align again."
            )
        kept = manifest[CRC].to_numpy() if CRC in manifest else None  # packs of before have none
        return Pack(StoredFaces(faces, kept, faces_path), manifest)


class JoinedFaces:
    """The faces of several packs as if they were one array; only rows asked for are read.

    Args:
        arrays: each (N, H, W, 3) uint8 of one size.
    """

    def __init__(self, arrays: Sequence[np.ndarray | StoredFaces]) -> None:
        self._arrays = arrays
        self._ends = np.cumsum([len(a) for a in arrays])
        self.shape = (int(self._ends[-1]), *arrays[0].shape[1:])

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        """Faces `rows` (B,) as (B, H, W, 3) uint8."""
        faces = np.empty((len(rows), *self.shape[1:]), np.uint8)
        which = np.searchsorted(self._ends, rows, side="right")
        for i in np.unique(which):
            here = which == i
            start = self._ends[i] - len(self._arrays[i])
            faces[here] = self._arrays[i][rows[here] - start]
        return faces


Pixels = np.ndarray | StoredFaces | JoinedFaces


def join(faces: Mapping[str, np.ndarray | StoredFaces]) -> tuple[Pixels, dict[str, int]]:
    """The faces of several packs in one, and the row at which each pack begins.

    Raises:
        FerBenchError: the packs are of different sizes.
    """
    sizes = {name: array.shape[1] for name, array in faces.items()}
    if len(set(sizes.values())) > 1:
        said = ", ".join(f"{name} {size} px" for name, size in sizes.items())
        raise FerBenchError(
            f"these packs cannot be used together, their faces differ in size ({said}): set their "
            "align.<source>.size alike."
        )
    lengths = np.cumsum([0, *(len(array) for array in faces.values())])
    first = dict(zip(faces, lengths.tolist(), strict=False))
    arrays = list(faces.values())
    return (arrays[0] if len(arrays) == 1 else JoinedFaces(arrays)), first


def write_manifest(path: Path | str, manifest: pd.DataFrame) -> None:
    """Write a manifest whole; raises FerBenchError when a required column is missing."""
    missing = [c for c in REQUIRED if c not in manifest.columns]
    if missing:
        raise FerBenchError(f"{path}: the manifest lacks the columns {', '.join(missing)}")
    duplicated = manifest["sample_id"][manifest["sample_id"].duplicated()]
    if len(duplicated):
        raise FerBenchError(f"{path}: {len(duplicated)} sample ids occur twice")
    with replacing(path) as temporary:
        manifest.to_parquet(temporary, index=False)
