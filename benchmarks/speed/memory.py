"""Peak resident memory of aligning many images, in processes of their own."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parent))
from image_sources import Stream, rendered, table

from fer_bench.cores import cores
from fer_bench.faces import chunks
from fer_bench.faces.align_job import AlignJob, AlignOptions, manifest

AFFECTNET = 290_000


@dataclass(frozen=True)
class Memory:
    """Peaks in MiB.

    Attributes:
        images: how many were aligned.
        main: the process that hands out the work, and then packs.
        worker: the largest of its workers.
        manifest: the first again, after making and writing a manifest of 290,000 rows.
    """

    images: int
    main: float
    worker: float
    manifest: float

    def said(self) -> dict[str, str]:
        """As the report's `found` has it."""
        stream = f"peak memory, aligning {self.images:,} images of 350 x 350 to 224 x 224"
        return {
            f"{stream}, main process": f"{self.main:.0f} MiB",
            f"{stream}, largest worker": f"{self.worker:.0f} MiB",
            f"the same, main process after a manifest of {AFFECTNET:,} rows": (
                f"{self.manifest:.0f} MiB"
            ),
        }


def measure_stream(images: int, scratch: Path, device: str) -> Memory:
    """Align a stream of images in a fresh process and ask for its peaks."""
    command = [sys.executable, __file__, str(images), str(scratch), device]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Memory(**json.loads(done.stdout.splitlines()[-1]))


def _peak(who: int) -> float:
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(who).ru_maxrss / unit


def _align(images: int, scratch: Path, device: str) -> Memory:
    files = sorted(path.name for path in rendered(40, scratch).iterdir())
    index = table([files[i % len(files)] for i in range(images)])
    job = AlignJob(Stream(), scratch / "synthetic", {}, AlignOptions(size=224), device)
    workers = 1 if device != "cpu" else max(2, cores())
    paths = chunks.run_chunks(job, index, scratch / "stream", workers, "stream")
    chunks.assemble(paths, scratch / "pack", images, lambda arrays: manifest(index, arrays, 224))
    main = _peak(resource.RUSAGE_SELF)
    _affectnet(scratch)
    return Memory(images, main, _peak(resource.RUSAGE_CHILDREN), _peak(resource.RUSAGE_SELF))


def _affectnet(scratch: Path) -> None:
    """The index, its hashing form and the manifest of as many rows as AffectNet has."""
    index = table(["some/folder/with/a/name.jpg"] * AFFECTNET)
    index.to_json(orient="split", double_precision=15)
    numbers = np.random.default_rng(0).random((AFFECTNET, 16))
    hashes = np.array([f"{i:064x}" for i in range(AFFECTNET)])
    made: pd.DataFrame = manifest(index, {"numbers": numbers, "source_sha256": hashes}, 224)
    made.to_parquet(scratch / "manifest.parquet", index=False)


if __name__ == "__main__":
    print(json.dumps(asdict(_align(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))))
