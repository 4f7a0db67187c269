"""Drawn JPEGs in the layout of `facial_expressions`: shapes over a smooth ground, with noise."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from fer_bench.cores import cores
from fer_bench.labels import SEVEN

PEOPLE = 2000


def draw_set(folder: Path, images: int, side: int) -> None:
    """`images` JPEGs of `side` pixels below `folder/images`, and their list."""
    for part in ("images", "data"):
        (folder / part).mkdir(parents=True)
    names = [f"Drawn_Person{n % PEOPLE:04}_{n // PEOPLE:04}.jpg" for n in range(images)]
    with ProcessPoolExecutor(cores(), get_context("spawn")) as pool:
        numbered = list(enumerate(names))
        list(pool.map(partial(_draw, folder / "images", side), numbered, chunksize=200))
    lines = [f"drawn,{name},{SEVEN[n % len(SEVEN)]}" for n, name in enumerate(names)]
    legend = "\n".join(["user.id,image,emotion", *lines]) + "\n"
    (folder / "data/legend.csv").write_text(legend, encoding="utf-8")


def _draw(folder: Path, side: int, numbered: tuple[int, str]) -> None:
    """One picture; about as many bytes a pixel as a photograph has (0.27 at a side of 224)."""
    number, name = numbered
    rng = np.random.default_rng(number)
    ground = Image.fromarray(rng.integers(0, 256, (12, 12, 3), np.uint8))
    image = ground.resize((side, side), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    for box in rng.integers(0, side, (6, 4)):
        (left, right), (top, bottom) = sorted(box[::2]), sorted(box[1::2])
        colour = tuple(int(c) for c in rng.integers(0, 256, 3))
        draw.ellipse((left, top, right, bottom), fill=colour)
    noise = rng.integers(-6, 7, (side, side, 1), np.int16)
    noisy = np.clip(np.asarray(image, np.int16) + noise, 0, 255).astype(np.uint8)
    Image.fromarray(noisy).save(folder / name, quality=80 + number % 15)
