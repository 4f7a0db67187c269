"""What a source and a dataset are.

A *source* is what one obtains, adds and aligns once (rafdb, affectnet, ...). A *dataset* is a
view of one or more packs of aligned faces: classes, split, filters and subsets. A view holds no
pixels.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_bench.errors import FerBenchError
from fer_bench.labels import SEVEN

SPLITS = ("train", "val", "test")

Subset = Callable[[pd.DataFrame], "np.ndarray[Any, np.dtype[np.bool_]]"]


class Source(ABC):
    """A set of face images as its owner publishes it.

    Subclasses live one to a file; the file's docstring is the datasheet (origin, licence, how to
    obtain, size, classes, splits, known faults).
    """

    name: str
    title: str
    licence: str
    homepage: str
    how_to_get: str
    rendered: bool = False
    """True when the images are drawn by this project, so nothing has to be added."""

    def check(self, options: Mapping[str, Any]) -> None:
        """Raise FerBenchError when `options` (`data.<name>` of params.yaml) hold something wrong.

        A source without options of its own accepts none.
        """
        if options:
            raise FerBenchError(f"data.{self.name}: takes no options, got {', '.join(options)}")

    @abstractmethod
    def index(self, root: Path, options: Mapping[str, Any]) -> pd.DataFrame:
        """List every face image, one row each, in a fixed order.

        Columns: `sample_id` (str, stable across machines), `label` (int, `Expression`), `split`
        (train, val or test), `subject` (str or None), `fold` (int or None), then the source's own
        columns (a column named `path` is dropped from manifests: file names can be people's names).

        Args:
            root: the source's folder, `data/raw/<name>` (unused by rendered sources).
            options: the source's options from params.yaml, `data.<name>`.
        """

    @abstractmethod
    def load(self, root: Path, row: Mapping[str, Any], options: Mapping[str, Any]) -> np.ndarray:
        """The image of one index row: (H, W, 3) uint8, RGB."""


@dataclass(frozen=True)
class Dataset:
    """A view of packs: which faces, which classes, which named subsets of the test split."""

    name: str
    packs: tuple[str, ...]
    classes: tuple[str, ...] = SEVEN
    subsets: Mapping[str, Subset] = field(default_factory=dict)
    """Named boolean masks over a manifest, e.g. `occluded`, `pose_gt_30`, `pose_gt_45`."""
    title: str = ""


@dataclass(frozen=True)
class PackSpec:
    """One folder `data/aligned/<name>`: a source aligned as it is, or with masks worn."""

    name: str
    source: str
    mask_style: str | None = None
    """None, `blue` (the paper's tool) or `mixed` (realistic artwork)."""
