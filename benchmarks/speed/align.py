"""Time the align stage and its detector against facenet-pytorch called image by image.

    python benchmarks/speed/align.py [--source synthetic|facial_expressions|both|FOLDER]
                                     [--images N] [--rounds R] [--stream N] [--threads T]
                                     [--device cpu|cuda] [--out FOLDER]

* stage: reading, detecting (the second look at faces on the border included), cutting out, hashing
  and packing with one process a thread, as `fer-bench align` does, against reading and detecting
  with the reference in a process of its own, once with all threads and once with one: the ratio is
  to the faster (on a busy machine several threads wait for each other). The start of the stage's
  processes is given apart.
* detector: the cascade on a quarter of the images, in memory, against the reference, both with one
  thread.

Agreement: each face that the reference finds in an image as it is against the nearest of the
cascade's; and, where the reference's largest central face lies inside the image, the landmarks the
stage recorded. `--stream N` also aligns N images of 350 x 350 and reports every process's peak
memory. Rendered faces are drawn before the clock starts. Both sides need facenet-pytorch, which has
the networks' weights; without it the rows say so. Writes results/speed/align_<device>.json and .md.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent))
from agreement_align import agreement
from image_sources import Folder, folder_of
from memory import measure_stream
from options import device_options, given_device
from reference_align import Found, Reference, ReferenceApart
from report import Page, write
from suite_align import Stage, search
from timed import Version, lacking, rows, skipped, time_versions

from fer_bench.datasets.photograph import read_rgb
from fer_bench.errors import FerBenchError
from fer_bench.faces import chunks
from fer_bench.faces.align_job import AlignOptions
from fer_bench.faces.cascade import Cascade

OPTIONS = AlignOptions(size=80)
BOTH = ("synthetic", "facial_expressions")
STAGE, OURS = "align stage, files", "the suite's detector, images in memory"
THEIRS = "facenet-pytorch, images in memory"
ABOUT = [
    "The reference is facenet-pytorch's MTCNN called image by image, same thresholds; all versions "
    "were timed in turns. The align stage also cuts out, hashes and packs, and takes a second look "
    "at faces on the border; its ratio is to the faster of the reference's rows that read files, "
    "too. In memory both detectors have one thread.",
    "Agreement is with the reference's faces in the images as they are, and, where its largest "
    "central face lies inside the image, with the landmarks the stage records (elsewhere the stage "
    "looks a second time).",
]


@dataclass
class Measured:
    """One source's images and versions.

    Attributes:
        source: its name in the report.
        versions: of the reference, one a number of threads; of the stage; and of the detectors.
        files: the images.
        stage: what aligns them; None where nothing can run.
        found: the reference's faces in each image.
    """

    source: str
    versions: list[Version]
    files: list[Path] = field(default_factory=list)
    stage: Stage | None = None
    found: list[Found | None] = field(default_factory=list)


def main() -> None:
    """Measure and write."""
    given = arguments()
    device = given_device(given)
    write(measure(given, device), device, given.out)


def measure(given: argparse.Namespace, device: torch.device) -> Page:
    """Time stage, detector and reference on every source."""
    why = lacking("facenet_pytorch")
    found: dict[str, str | int] = {}
    with ExitStack() as opened:
        scratch = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        if given.stream:
            found |= {} if why else measure_stream(given.stream, scratch, given.device).said()
        numbers = sorted({given.threads, 1}, reverse=True)
        apart = {
            threads: opened.enter_context(closing(ReferenceApart(OPTIONS, given.device, threads)))
            for threads in numbers
        }
        sources = [
            measured(name, given, apart, scratch, why)
            for name in (BOTH if given.source == "both" else (given.source,))
        ]
        torch.set_num_threads(1)  # the detectors; stage and reference have processes of their own
        versions = [version for source in sources for version in source.versions]
        time_versions(versions, given.rounds, 1, device, given.seconds)
        for source in sources:
            found |= concluded(source, given.device)
    torch.set_num_threads(given.threads)
    settings = {k: getattr(given, k) for k in ("images", "rounds", "stream")}
    packages = ("facenet-pytorch", "numpy", "pillow")
    return Page("align", "Speed of alignment", ABOUT, rows(versions), settings, found=found,
                packages=packages)  # fmt: skip


def measured(
    name: str, given: argparse.Namespace, apart: Mapping[int, ReferenceApart], scratch: Path,
    why: str,
) -> Measured:  # fmt: skip
    """The versions for one source; skipped where there are no images, or for the reason given."""
    source = Path(name).name
    reads = {t: f"{source}: facenet-pytorch, files, {t} thread{'s' * (t > 1)}" for t in apart}
    reference = next(iter(reads.values()))
    stage, theirs, ours = (f"{source}: {what}" for what in (STAGE, THEIRS, OURS))
    try:
        root = Path() if why else folder_of(name, given.images, scratch)
    except FerBenchError as error:
        why = str(error)
    if why:
        names = dict.fromkeys((*reads.values(), stage), reference) | dict.fromkeys(
            (theirs, ours), theirs
        )
        return Measured(source, [skipped(row, to, why) for row, to in names.items()])
    table = Folder().index(root, {})
    table = table.sample(min(given.images, len(table)), random_state=0).reset_index(drop=True)
    workers = given.threads if given.device == "cpu" else 1
    if len(table) < 2 * workers * chunks.CHUNK:
        raise SystemExit(
            f"error: {len(table)} images are fewer than two chunks of {chunks.CHUNK} for each of "
            f"{workers} processes; give more --images, or fewer --threads"
        )
    files = [root / path for path in table["path"]]
    result = Measured(source, [], files)
    result.stage = Stage(root, table, OPTIONS, given.device, workers, scratch / f"stage_{source}")
    pictures = [read_rgb(file) for file in files[: len(files) // 4]]
    cascade = Cascade(OPTIONS.thresholds, OPTIONS.factor, given.device)
    alone = Reference(OPTIONS, given.device)
    result.versions = [
        *(
            Version(row, len(files), _reading(result, apart[t], row), reference, clocked=True)
            for t, row in reads.items()
        ),
        Version(stage, len(files), _staging(result.stage, stage), reference, clocked=True),
        Version(theirs, len(pictures), lambda: [alone.detect(p) for p in pictures], theirs),
        Version(ours, len(pictures), lambda: search(cascade, pictures, OPTIONS), theirs),
    ]
    return result


def _reading(result: Measured, apart: ReferenceApart, row: str) -> Callable[[], dict[str, float]]:
    def call() -> dict[str, float]:
        result.found, seconds = apart.detect(result.files)
        return {row: seconds}

    return call


def _staging(stage: Stage, row: str) -> Callable[[], dict[str, float]]:
    return lambda: {row: stage.run()}


def concluded(source: Measured, device: str) -> dict[str, str | int]:
    """Take ratios to the faster of the reference's rows; agreement and the processes' start."""
    if not source.stage:
        return {}
    *readers, stage = (version for version in source.versions if version.clocked)
    faster = min(readers, key=lambda version: statistics.median(version.seconds))
    for version in (*readers, stage):
        version.reference = faster.name
    start = f"{statistics.median(source.stage.startup):.1f} s"
    cascade = Cascade(OPTIONS.thresholds, OPTIONS.factor, device)
    agreed = agreement(source.files, source.found, source.stage.numbers, cascade, OPTIONS)
    return {
        f"{source.source}: start of the stage's processes, not counted": start,
        **agreed.said(source.source),
    }


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """Those of the command line, or the ones given."""
    parser = device_options(__doc__, rounds=5)
    parser.add_argument(
        "--source", default="both",
        help="synthetic (rendered faces), facial_expressions (photographs; `fer-bench data add "
        "facial_expressions`), both, or a folder of images (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--images", type=int, default=1024, help="at most, of a source (default: %(default)s)"
    )
    parser.add_argument(
        "--stream", type=int, default=0, help="images of the memory measurement (default: none)"
    )
    return parser.parse_args(given)


if __name__ == "__main__":
    main()
