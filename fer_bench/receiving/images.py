"""Decode every image once before a set is accepted, and again when it is verified."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple, cast

import pandas as pd
from tqdm import tqdm

from fer_bench.datasets.base import Source
from fer_bench.errors import FerBenchError

SHOWN = 5


class Unreadable(NamedTuple):
    """An image that cannot be read: its path below the source's folder, and why."""

    path: str
    why: str


def check_images(
    source: Source, root: Path, index: pd.DataFrame, progress: bool = True
) -> list[Unreadable]:
    """Load each image as `align` will, of every kind of pixels; those that cannot be read.

    Args:
        source: whose they are.
        root: its folder.
        index: its rows, with the default pixels.
        progress: show a bar.
    """
    rows = cast("list[dict[str, Any]]", index.to_dict("records"))
    rows += _of_other_pixels(source, root, {row["path"] for row in rows})
    bad = []
    bar = tqdm(
        rows, desc=f"check {source.name}", unit=" images", disable=None if progress else True
    )
    for row in bar:
        try:
            source.load(root, row, {})
        except FerBenchError as error:
            bad.append(Unreadable(row["path"], str(error).replace(f"{root}/", "")))
    return bad


def _of_other_pixels(source: Source, root: Path, known: set[str]) -> list[dict[str, Any]]:
    """Rows of images that only another `pixels` than the default reads (photographs, uncut)."""
    rows: list[dict[str, Any]] = []
    for pixels in source.pixels[1:] if "official" in source.pixels else ():
        try:
            index = source.index(root, {"pixels": pixels})
        except FerBenchError:  # images of that kind were not given
            continue
        others = index[~index["path"].isin(known)]
        known |= set(others["path"])
        rows += cast("list[dict[str, Any]]", others.to_dict("records"))
    return rows


def refusal(bad: list[Unreadable], what: str) -> str:
    """What to say of unreadable images: the first few, and how many there are."""
    more = f"\n  ... and {len(bad) - SHOWN} more" if len(bad) > SHOWN else ""
    return f"{what}\n  " + "\n  ".join(image.why for image in bad[:SHOWN]) + more


def leave_out(root: Path, index: pd.DataFrame, bad: list[Unreadable]) -> None:
    """Delete unreadable images below `root`, so that the source no longer lists them.

    Raises:
        FerBenchError: one of them is a part of a file that holds others.
    """
    holds, spoilt = Counter(index["path"]), Counter(image.path for image in bad)
    for image in bad:
        if holds[image.path] > spoilt[image.path]:
            raise FerBenchError(
                f"{image.why}\n{image.path} holds other images too, so none can be left out of "
                "it: get the file again."
            )
    for path in spoilt:
        (root / path).unlink()
