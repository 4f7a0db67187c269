"""From a source's images to a pack of aligned faces.

`pixels: mtcnn` finds the face and warps its five landmarks onto the reference. An image without a
detected face is not dropped: the centre square is taken, `detection` and `landmarks` are null and
`faces_found` is 0. `pixels: resize` takes the centre square of every image without looking for a
face; `pixels: official` takes images their owner has already aligned, resized whole. Both leave
`detection` and `landmarks` null.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import fer_bench
from fer_bench.datasets import get_source
from fer_bench.datasets.base import Source
from fer_bench.errors import FerBenchError, nearest
from fer_bench.faces import chunks
from fer_bench.faces.chunks import Arrays, ChunkJob, Rows
from fer_bench.faces.detect import Detection, Detector, as_rgb
from fer_bench.faces.geometry import centre_square, cut_out
from fer_bench.files import sha256_file, sha256_json

WORK = Path("runs/.align")
"""Where finished chunks wait: outside every DVC output, which DVC deletes before a stage runs."""

PIXELS = ("mtcnn", "resize", "official")
OWN_COLUMNS = ("box", "landmarks", "detection", "faces_found", "source_sha256")
FIRST_COLUMNS = ("sample_id", "label", "split", "subject", "fold")


@dataclass(frozen=True)
class AlignOptions:
    """How faces are cut out; `params.yaml` gives it per source.

    Attributes:
        size: side of the aligned face in pixels.
        pixels: mtcnn, resize or official (see the module's docstring).
        thresholds, min_face, factor: the detector's options.
    """

    size: int = 224
    pixels: str = "mtcnn"
    thresholds: tuple[float, float, float] = (0.6, 0.7, 0.8)
    min_face: int = 20
    factor: float = 0.709

    @staticmethod
    def parse(options: Mapping[str, Any]) -> AlignOptions:
        """Check `options`; raises FerBenchError naming an unknown key or impossible value."""
        known = AlignOptions.__dataclass_fields__
        for key in options:
            if key not in known:
                raise FerBenchError(f"align option {key!r} is unknown: {nearest(key, known)}")
        values = dict(options)
        if "thresholds" in values:
            values["thresholds"] = tuple(values["thresholds"])
        parsed = AlignOptions(**values)
        if parsed.pixels not in PIXELS:
            raise FerBenchError(
                f"align option pixels is {parsed.pixels!r}: {nearest(parsed.pixels, PIXELS)}"
            )
        if parsed.size < 8:
            raise FerBenchError(f"align option size is {parsed.size}: at least 8 pixels.")
        return parsed


def align(
    spec: Mapping[str, Any], out: Path, workers: int | None = None, work: Path = WORK
) -> None:
    """Align a whole source into the pack folder `out` (`faces.npy`, `manifest.parquet`).

    Resumable: run the same command again after any interruption and only the missing images are
    done. The bytes do not depend on `workers`.

    Args:
        spec: `pack`, `source`, `root`, `source_options` and `options` (see `AlignOptions`).
        out: the pack's folder; replaced when it exists.
        workers: processes; None takes one a core.
        work: where finished chunks wait; removed when done.

    Raises:
        FerBenchError: for an unknown source or option, or an image that cannot be read.
    """
    options = AlignOptions.parse(spec["options"])
    source, index = read_index(spec)
    job = AlignJob(source, Path(spec["root"]), dict(spec["source_options"]), options)
    folder = work_folder(work, "align", spec, index)
    paths = chunks.run_chunks(job, index, folder, workers, f"align {spec['pack']}")
    chunks.assemble(paths, Path(out), len(index), lambda arrays: _manifest(index, arrays))
    shutil.rmtree(folder)


def read_index(spec: Mapping[str, Any]) -> tuple[Source, pd.DataFrame]:
    """The source a spec names and its index; raises FerBenchError when it lists no images."""
    source = get_source(spec["source"])
    index = source.index(Path(spec["root"]), spec["source_options"]).reset_index(drop=True)
    if index.empty:
        raise FerBenchError(
            f"source {source.name} lists no images in {spec['root']}. How to get it: "
            f"{source.how_to_get}"
        )
    repeated = index["sample_id"][index["sample_id"].duplicated()]
    if len(repeated):
        raise FerBenchError(
            f"source {source.name}: sample id {repeated.iloc[0]!r} occurs more than once."
        )
    return source, index


def read_image(
    source: Source, root: Path, row: Mapping[str, Any], options: Mapping[str, Any]
) -> np.ndarray:
    """The RGB image of an index row; raises FerBenchError naming the sample when unreadable."""
    try:
        return as_rgb(np.asarray(source.load(root, row, options)))
    except (OSError, ValueError, SyntaxError, EOFError, FerBenchError) as error:
        kind = "" if isinstance(error, FerBenchError) else f"{type(error).__name__}: "
        raise FerBenchError(
            f"source {source.name}: the image of sample {row['sample_id']!r} cannot be read "
            f"({kind}{error}). Restore the file under {root} (add the source "
            "again), then run the same command: finished images are kept."
        ) from error


def pixels_sha256(image: np.ndarray) -> str:
    """SHA-256 of the decoded RGB bytes of an image, as hex."""
    return hashlib.sha256(image.tobytes()).hexdigest()


@dataclass
class AlignJob(ChunkJob):
    """Detect and cut out the faces of a chunk."""

    source: Source
    root: Path
    source_options: dict[str, Any]
    options: AlignOptions
    _detector: Detector | None = None

    def prepare(self) -> None:
        """Load the detector, if these options need one, and keep torch to one thread."""
        if self.options.pixels == "mtcnn":
            import torch

            torch.set_num_threads(1)
            o = self.options
            self._detector = Detector(o.thresholds, o.min_face, o.factor)

    def run(self, rows: Rows) -> Arrays:
        """Faces, boxes, landmarks (NaN without detection) and the rest of the chunk."""
        size = self.options.size
        faces = np.empty((len(rows), size, size, 3), np.uint8)
        numbers = np.full((len(rows), 16), np.nan)  # box, landmarks, detection, faces_found
        hashes = []
        for i, row in enumerate(rows):
            image = read_image(self.source, self.root, row, self.source_options)
            found = self._detector.detect(image) if self._detector else None
            box = self._box(image, found)
            faces[i] = cut_out(image, found.landmarks if found else None, box, size)
            numbers[i, :4] = box
            numbers[i, 15] = 0
            if found:
                numbers[i, 4:14] = found.landmarks.ravel()
                numbers[i, 14:] = found.probability, found.faces_found
            hashes.append(pixels_sha256(image))
        return {"faces": faces, "numbers": numbers, "source_sha256": np.array(hashes)}

    def _box(self, image: np.ndarray, found: Detection | None) -> Sequence[float]:
        height, width = image.shape[:2]
        if found:
            return found.box
        if self.options.pixels == "official":
            return 0.0, 0.0, float(width), float(height)
        return centre_square(width, height)


def _manifest(index: pd.DataFrame, arrays: Arrays) -> pd.DataFrame:
    numbers = arrays["numbers"]
    seen = ~np.isnan(numbers[:, 14])
    own = pd.DataFrame(
        {
            "box": numbers[:, :4].tolist(),
            "landmarks": pd.Series(
                [n[4:14].tolist() if s else None for n, s in zip(numbers, seen, strict=True)],
                dtype=object,
            ),
            "detection": numbers[:, 14],
            "faces_found": numbers[:, 15].astype(np.int64),
            "source_sha256": arrays["source_sha256"].astype(str),
        }
    )
    rest = [c for c in index.columns if c not in (*FIRST_COLUMNS, *OWN_COLUMNS, "path")]
    first = index[list(FIRST_COLUMNS)].assign(fold=index["fold"].astype("Int64"))
    return pd.concat([first, own, index[rest]], axis=1)


def work_folder(work: Path, kind: str, spec: Mapping[str, Any], index: pd.DataFrame) -> Path:
    """The working folder of a job, keyed by all its results depend on.

    That is the spec, the source's index and receipt, the code that touches pixels and the versions
    of the libraries it calls. Folders of the same pack under another key are removed.
    """
    receipt = Path(spec["root"]) / "receipt.json"
    key = sha256_json(
        {
            "kind": kind,
            "spec": json.loads(json.dumps(dict(spec))),
            "index": hashlib.sha256(
                index.to_json(orient="split", double_precision=15).encode()
            ).hexdigest(),
            "receipt": sha256_file(receipt) if receipt.is_file() else None,
            "code": _code_sha256(),
            "versions": {p: importlib.metadata.version(p) for p in ("torch", "pillow", "numpy")},
        }
    )
    folder = work / f"{spec['pack']}-{key[:16]}"
    for stale in work.glob(f"{spec['pack']}-*"):
        if stale != folder:
            shutil.rmtree(stale, ignore_errors=True)
    return folder


def _code_sha256() -> str:
    base = Path(fer_bench.__file__).parent
    files = sorted(
        p for part in ("datasets", "faces", "rendering") for p in base.glob(f"{part}/*.py")
    )
    return sha256_json([[p.relative_to(base).as_posix(), sha256_file(p)] for p in files])
