"""Peak memory and time of `data add` for a set of one's own with as many images as the largest.

    python benchmarks/speed/adding_memory.py [--images N] [--cores C] [--folder FOLDER]
                                             [--out FOLDER]

The images are invented: PNGs of 8 x 8 random pixels, no two alike, named by a CSV with label, split
and person. What is added takes little memory to decode; the lists and paths take all there is.
Writes results/speed/adding_memory_<device>.json and .md.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).parent))
import one_add
from options import common_options
from report import Page, write
from watched import watch

from fer_bench.cores import cores
from fer_bench.labels import SEVEN

TARGET_MIB = 1024
A_FOLDER = 1000
"""Images in each folder."""
PEOPLE = 5000
ABOUT = [
    "An invented set by a CSV, added in a fresh process. Memory is the largest sum over the "
    "process and its workers, what they share counted once (PSS), every 0.05 seconds.",
]


def main() -> None:
    """Measure and write."""
    given = _arguments()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: given.cores])
    torch.set_num_threads(given.cores)
    with tempfile.TemporaryDirectory(dir=given.folder) as scratch:
        folder = Path(scratch) / "mine"
        listed_images(folder, given.images)
        watched = watch([sys.executable, one_add.__file__, "mine", str(folder), f"{scratch}/to"])
    seconds = json.loads(watched.said)
    found = {
        "peak memory": "not measured" if watched.peak is None else f"{watched.peak:.0f} MiB",
        "seconds": f"{seconds['add']:.0f}, {seconds['decoding']:.0f} of them decoding",
    }
    if watched.peak is not None:
        met = "met" if watched.peak <= TARGET_MIB else "**missed**"
        found[f"target, {TARGET_MIB:,} MiB"] = met
    settings = {"images": given.images, "cores": given.cores}
    page = Page("adding_memory", "Memory of `data add`", ABOUT, [], settings, None, found,
                packages=("pillow", "pandas"))  # fmt: skip
    write(page, torch.device("cpu"), given.out)


def listed_images(folder: Path, images: int) -> None:
    """`images` PNGs in folders below `folder`, and `faces.csv` that lists them."""
    pixels = np.random.default_rng(0)
    lines = ["image,label,split,person"]
    for number in tqdm(range(images), desc="draw"):
        path = f"pictures/{number // A_FOLDER:04}/{number:07}.png"
        if number % A_FOLDER == 0:
            (folder / path).parent.mkdir(parents=True)
        drawn = Image.fromarray(pixels.integers(0, 256, (8, 8, 3), np.uint8))
        drawn.save(folder / path, compress_level=0)
        split = "train" if number % 10 else "test"
        lines.append(f"{path},{SEVEN[number % len(SEVEN)]},{split},person {number % PEOPLE}")
    (folder / "faces.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = common_options(__doc__, rounds=None)
    parser.add_argument("--images", type=int, default=300_000)
    parser.add_argument("--cores", type=int, default=min(2, cores()))
    parser.add_argument("--folder", type=Path, help="where the images may lie meanwhile")
    return parser.parse_args()


if __name__ == "__main__":
    main()
