"""From a source's images to a pack of aligned faces.

`pixels: mtcnn` finds the face and warps its five landmarks onto the reference. An image without a
detected face is not dropped: the centre square is taken, `detection` and `landmarks` are null and
`faces_found` is 0. `pixels: resize` takes the centre square of every image without looking for a
face; `pixels: official` takes images their owner has already aligned, resized whole. Both leave
`detection` and `landmarks` null, also where `points: detected` looks for landmarks in them.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

import fer_bench
from fer_bench.datasets import get_source
from fer_bench.datasets.base import Source
from fer_bench.datasets.kept_files import check_received
from fer_bench.datasets.receivable import Receivable
from fer_bench.errors import FerBenchError
from fer_bench.faces import chunks
from fer_bench.faces.align_job import (
    LANDMARKS_FOUND,
    POINTS_FROM,
    AlignJob,
    AlignOptions,
    best_device,
    manifest,
)
from fer_bench.faces.face_points import NETWORK
from fer_bench.files import check_room, sha256_file, sha256_json

WORK = Path("runs/.align")
"""Where finished chunks wait: outside every DVC output, which DVC deletes before a stage runs."""


def align(
    spec: Mapping[str, Any], out: Path, workers: int | None = None, work: Path = WORK
) -> None:
    """Align a whole source into the pack folder `out` (`faces.npy`, `manifest.parquet`).

    Resumable: run the same command again after any interruption and only the missing images are
    done. The bytes do not depend on `workers`.

    Args:
        spec: `pack`, `source`, `root`, `source_options`, `options` (see `AlignOptions`), and
            `receipt`, where the source's files are recorded that were received.
        out: the pack's folder; replaced when it exists.
        workers: processes; None takes one a core, or one in all when there is a GPU to look for
            faces.
        work: where finished chunks wait; removed when done.

    Raises:
        FerBenchError: for an unknown source or option, files that are no longer what was received,
            or an image that cannot be read.
    """
    options = AlignOptions.parse(spec["options"])
    source, index = read_index(spec)
    device = best_device() if options.detects else "cpu"
    if device != "cpu":
        workers = workers or 1
    job = AlignJob(source, Path(spec["root"]), dict(spec["source_options"]), options, device)
    folder = work_folder(work, "align", {**spec, "device": device}, index)
    check_room(work, chunks.bytes_to_write(folder, len(index), options.size), "aligning")
    paths = chunks.run_chunks(job, index, folder, workers, f"align {spec['pack']}")
    chunks.assemble(
        paths, Path(out), len(index), lambda arrays: manifest(index, arrays, options.size)
    )
    shutil.rmtree(folder)
    if said := _points_said(pd.read_parquet(Path(out) / "manifest.parquet")):
        print(f"{spec['pack']}: {said}")


def _points_said(faces: pd.DataFrame) -> str:
    """On how many faces landmarks were found, and how many have the network's points."""
    counted = {}
    if LANDMARKS_FOUND in faces:
        counted["landmarks found"] = faces[LANDMARKS_FOUND].astype(bool)
    if POINTS_FROM in faces:
        counted["points of the network"] = faces[POINTS_FROM] == NETWORK
    return "; ".join(
        f"{what} on {which.sum()} of {len(which)} faces ({which.mean():.1%})"
        for what, which in counted.items()
    )


def read_index(spec: Mapping[str, Any]) -> tuple[Source, pd.DataFrame]:
    """The source a spec names and its index.

    Raises:
        FerBenchError: it was not added, its files are not those received, or it has no images.
    """
    source = get_source(spec["source"])
    if isinstance(source, Receivable) and not Path(spec["root"]).is_dir():
        raise FerBenchError(
            f"{source.name} was not added ({spec['root']} does not exist): `fer-bench data add "
            f"{source.name}`. How to get it: {source.how_to_get}"
        )
    if "receipt" in spec:
        check_received(source.name, Path(spec["root"]), Path(spec["receipt"]))
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
        p for part in ("datasets", "faces", "rendering") for p in base.glob(f"{part}/**/*.py")
    )
    return sha256_json([[p.relative_to(base).as_posix(), sha256_file(p)] for p in files])
