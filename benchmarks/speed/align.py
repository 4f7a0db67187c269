"""Images per second of the align stage against facenet-pytorch called image by image.

    python benchmarks/speed/align.py [--source synthetic|facial_expressions|both] [--images N]
                                     [--rounds R] [--stream N]

Both are measured in one run, in turns, and the median of the rounds' ratios is reported:

* stage: reading, detecting (the second look at faces on the border included), cutting out, hashing
  and packing with one process a core, as `fer-bench align` does, against reading and detecting with
  the reference in a fresh process, once with torch's own number of threads and once with one: the
  ratio is to the faster (on a busy machine several threads wait for each other). Start-up of the
  processes is given apart.
* detector: the cascade on images in memory against the reference, both with one thread.

Agreement: each face that the reference finds in an image as it is against the nearest of the
cascade's; and, where the reference's largest central face lies inside the image, the landmarks the
stage recorded. `--stream N` also aligns N images of 350 x 350 and reports every process's peak
memory. Writes results/speed/align_<device>.md. Rendered faces are drawn before the clock starts.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
import torch

sys.path.insert(0, str(Path(__file__).parent))
from image_sources import Folder, folder_of
from memory import Memory, measure_stream
from reference_align import Found, Reference
from report_align import device_name, write_report

from fer_bench.cores import cores
from fer_bench.datasets.photograph import read_rgb
from fer_bench.faces import chunks
from fer_bench.faces.align_job import AlignJob, AlignOptions, best_device, grouped, manifest
from fer_bench.faces.cascade import Cascade, Faces
from fer_bench.faces.detect import most_central
from fer_bench.faces.proposals import Look

OPTIONS = AlignOptions(size=80)


@dataclass
class Result:
    """What was measured of one source; seconds an image, one entry a round."""

    source: str
    images: int
    stage: list[float] = field(default_factory=list)
    startup: list[float] = field(default_factory=list)
    reference: list[float] = field(default_factory=list)
    one_thread: list[float] = field(default_factory=list)
    cascade: list[float] = field(default_factory=list)
    reference_detector: list[float] = field(default_factory=list)
    faces: int = 0
    boxes_agree: int = 0
    landmarks_agree: int = 0
    extra: int = 0
    inside: int = 0
    recorded_agree: int = 0
    failed: int = 0


def main() -> None:
    """Measure, print and write the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", default="both")
    parser.add_argument("--images", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--stream", type=int, default=0)
    given = parser.parse_args()
    names = ("synthetic", "facial_expressions") if given.source == "both" else (given.source,)
    memory: Memory | None = None
    with tempfile.TemporaryDirectory() as scratch:
        if given.stream:
            memory = measure_stream(given.stream, Path(scratch))
        results = [measure(name, given.images, given.rounds, Path(scratch)) for name in names]
    out = Path("results/speed") / f"align_{device_name(best_device())}.md"
    print(write_report(out, results, memory, best_device()))


def measure(source: str, images: int, rounds: int, scratch: Path) -> Result:
    """Measure one source."""
    root = folder_of(source, images, scratch)
    table = Folder().index(root, {})
    table = table.sample(min(images, len(table)), random_state=0).reset_index(drop=True)
    device = best_device()
    reference = Reference(OPTIONS.thresholds, OPTIONS.min_face, OPTIONS.factor, device)
    result = Result(source, len(table))
    pictures = [read_rgb(root / path) for path in table["path"][: min(256, images)]]
    for number in range(rounds):
        found, seconds = time_reference(root, table, device, None)
        result.reference.append(seconds)
        result.one_thread.append(time_reference(root, table.head(512), device, 1)[1])
        numbers = time_stage(result, root, table, device, scratch / f"{source}_{number}")
        time_detectors(result, reference, pictures, device)
        faster = min(result.reference[-1], result.one_thread[-1])
        print(f"{source}, round {number + 1}: {faster / result.stage[-1]:.2f} times")
    compare(result, found, root, table, numbers, device)
    return result


def time_reference(
    root: Path, table: pd.DataFrame, device: str, threads: int | None
) -> tuple[list[Found | None], float]:
    """Read and detect image by image in a fresh process; what was found, and seconds an image.

    A process of its own, because one that changes torch's number of threads is slower afterwards.
    """
    files = [root / path for path in table["path"]]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(run_reference, files, device, threads).result()


def run_reference(
    files: list[Path], device: str, threads: int | None
) -> tuple[list[Found | None], float]:
    """What the fresh process does; `threads` None leaves torch's own number."""
    if threads is not None:
        torch.set_num_threads(threads)
    reference = Reference(OPTIONS.thresholds, OPTIONS.min_face, OPTIONS.factor, device)
    for file in files[: min(256, len(files))]:  # warm up: the first seconds are slower
        reference.detect(read_rgb(file))
    started = time.perf_counter()
    found = [reference.detect(read_rgb(file)) for file in files]
    return found, (time.perf_counter() - started) / len(files)


def time_stage(
    result: Result, root: Path, table: pd.DataFrame, device: str, scratch: Path
) -> np.ndarray:
    """Align the images as the stage does; returns what it recorded of each, (n, 16)."""
    workers = 1 if device != "cpu" else cores()
    job = AlignJob(Folder(), root, {}, OPTIONS, device)
    started = time.time()
    paths = chunks.run_chunks(job, table, scratch / "work", workers, "align")
    done = sorted(path.stat().st_mtime for path in paths)
    packing = time.perf_counter()
    chunks.assemble(
        paths, scratch / "pack", len(table), lambda arrays: manifest(table, arrays, OPTIONS.size)
    )
    packing = time.perf_counter() - packing
    first = done[workers - 1]  # by now every process has started and done about one chunk
    running = (done[-1] - first) / max(1, len(table) - workers * chunks.CHUNK)
    result.stage.append(running + packing / len(table))
    result.startup.append(max(0.0, first - started - running * workers * chunks.CHUNK))
    return np.concatenate([np.load(path)["numbers"] for path in paths])


def time_detectors(
    result: Result, reference: Reference, pictures: list[np.ndarray], device: str
) -> None:
    """The detectors alone, one thread each, on images in memory."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    cascade = Cascade(OPTIONS.thresholds, OPTIONS.factor, device)
    search(cascade, pictures[:32])
    started = time.perf_counter()
    search(cascade, pictures)
    result.cascade.append((time.perf_counter() - started) / len(pictures))
    started = time.perf_counter()
    for picture in pictures:
        reference.detect(picture)
    result.reference_detector.append((time.perf_counter() - started) / len(pictures))
    torch.set_num_threads(threads)


def search(cascade: Cascade, pictures: list[np.ndarray]) -> list[Faces]:
    """The cascade on images as they are, in the stage's groups."""
    found: list[Faces] = []
    for start in range(0, len(pictures), chunks.CHUNK):
        for group in grouped(pictures[start : start + chunks.CHUNK]):
            looks = [Look(cascade.areas(picture), OPTIONS.min_face) for picture in group]
            found += cascade.find(looks)
    return found


def compare(
    result: Result,
    found: list[Found | None],
    root: Path,
    table: pd.DataFrame,
    numbers: np.ndarray,
    device: str,
) -> None:
    """Count the reference's faces that the cascade finds within one pixel."""
    torch.set_num_threads(1)
    cascade = Cascade(OPTIONS.thresholds, OPTIONS.factor, device)
    for start in range(0, len(table), chunks.CHUNK):
        some = slice(start, start + chunks.CHUNK)
        pictures = [read_rgb(root / path) for path in table["path"][some]]
        ours = search(cascade, pictures)
        for picture, expected, faces, recorded in zip(
            pictures, found[some], ours, numbers[some], strict=True
        ):
            if expected is None:
                result.failed += 1
            else:
                _compare_one(result, picture, expected, faces, recorded)


def _compare_one(
    result: Result, picture: np.ndarray, expected: Found, faces: Faces, recorded: np.ndarray
) -> None:
    result.faces += len(expected.boxes)
    result.extra += max(0, len(faces) - len(expected.boxes))
    if not len(expected.boxes):
        return
    for box, landmarks in zip(expected.boxes, expected.landmarks, strict=True):
        if len(faces):
            far = np.abs(faces.boxes - box).max(axis=1)
            result.boxes_agree += bool(far.min() < 1)
            nearest = int(far.argmin())
            result.landmarks_agree += bool(np.abs(faces.landmarks[nearest] - landmarks).max() < 1)
    height, width = picture.shape[:2]
    best = most_central(expected.boxes, width, height)
    x0, y0, x1, y1 = expected.boxes[best]
    if x0 >= 0 and y0 >= 0 and x1 <= width and y1 <= height:
        result.inside += 1
        apart = np.abs(recorded[4:14].reshape(5, 2) - expected.landmarks[best]).max()
        result.recorded_agree += bool(apart < 1)


if __name__ == "__main__":
    main()
