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
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from fer_bench.errors import FerBenchError
from fer_bench.labels import SEVEN

SPLITS = ("train", "val", "test")

Subset = Callable[[pd.DataFrame], "np.ndarray[Any, np.dtype[np.bool_]]"]

PIXELS = ("mtcnn", "resize", "official")
"""Where a pack's pixels come from: a detected and aligned face, the image's centre square without
looking for a face, or the faces that the set's owner publishes already aligned."""

UNKNOWN = "unknown"
"""What a column of groups (`Dataset.slices`) says of a face whose group nobody knows."""

PROTOCOLS = ("split", "folds", "test")
"""How a dataset is used: trained on its train split and tested on its test split, cross-validated
over its folds, or only tested on."""


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
    pixels: tuple[str, ...] = ("mtcnn", "resize")
    """Which of `PIXELS` it can be aligned with; the first is the default. A source that has
    `official` among them gets the choice as `options["pixels"]` in `index`, whose `path` column
    then names the images of that kind."""

    @property
    def decides(self) -> Mapping[str, Any]:
        """What its faces depend on beside files, options and code: the labels of one's own set."""
        return {}

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
class Part:
    """Some faces of one pack.

    Attributes:
        pack: its name.
        splits: only faces of these splits.
        cap: at most this many train faces a class, the first ones in the pack's order.
        where: only faces whose column (key) holds one of these values.
    """

    pack: str
    splits: tuple[str, ...] = SPLITS
    cap: int | None = None
    where: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The part as plain JSON values."""
        return {
            "pack": self.pack,
            "splits": list(self.splits),
            "cap": self.cap,
            "where": {column: list(values) for column, values in self.where.items()},
        }


@dataclass(frozen=True)
class Dataset:
    """A view of packs: which faces, which classes, which named parts of the test faces.

    Attributes:
        name: `[a-z0-9_]`, the same in params, stages and tables.
        parts: the packs it stands on and what it takes of each.
        classes: expressions, in the order of a model's logits.
        subsets: boolean masks over a manifest by name, e.g. `occluded`, `pose_gt_30`.
        challenge: the set of the RAN challenge lists (`rafdb`, `ferplus`, `affectnet`) that names
            its `occluded`, `pose_gt_30` and `pose_gt_45` test faces, or None.
        restrictions: parts scored among fewer classes by name: only test faces of these classes,
            and only their logits compared (`without_neutral`: how FMPN and DeRL are scored).
        slices: manifest columns by whose values accuracy is reported (demographic groups).
        protocol: one of `PROTOCOLS`.
        sizes: faces in the published set by split (`folds` for a cross-validated one), for the
            dataset table and the audit.
        printed: what the paper prints for the same splits, where it does.
        title: what a reader sees.
    """

    name: str
    parts: tuple[Part, ...]
    classes: tuple[str, ...] = SEVEN
    subsets: Mapping[str, Subset] = field(default_factory=dict)
    challenge: str | None = None
    restrictions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    slices: tuple[str, ...] = ()
    protocol: str = "split"
    sizes: Mapping[str, int] = field(default_factory=dict)
    printed: Mapping[str, int] = field(default_factory=dict)
    title: str = ""

    @property
    def packs(self) -> tuple[str, ...]:
        """The packs it stands on, each once."""
        return tuple(dict.fromkeys(part.pack for part in self.parts))


@dataclass(frozen=True)
class PackSpec:
    """One folder `data/aligned/<name>`: a source aligned as it is, or with masks worn."""

    name: str
    source: str
    mask_style: str | None = None
    """None, `blue` (the paper's tool) or `mixed` (realistic artwork)."""


class Family(NamedTuple):
    """A source with all that is made of it alone."""

    source: Source
    packs: tuple[PackSpec, ...]
    datasets: tuple[Dataset, ...]
