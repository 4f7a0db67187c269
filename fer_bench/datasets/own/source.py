"""A set of one's own as a source: what every other source is a file of Python for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd

from fer_bench.datasets.identity_split import pseudonym
from fer_bench.datasets.own import collecting
from fer_bench.datasets.own.definition import Definition
from fer_bench.datasets.photograph import read_rgb
from fer_bench.datasets.receivable import Collected, Inventory, ReceivableSource, put
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError
from fer_bench.labels import Expression

DECIDED = "decided.json"
BORDER = 0.25
"""A box is widened by this much of itself on each side, as far as the picture goes: the detector
looks for whole heads."""


class OwnSource(ReceivableSource):
    """A set defined by `benchmarks/<name>/source.yaml`.

    Args:
        name: its name.
        definition: what is said of it; `collect` completes it.
    """

    def __init__(self, name: str, definition: Definition) -> None:
        self.name = name
        self.definition = definition
        self.said: list[str] = []
        """What to tell of how it was understood, after `collect`."""

    @property
    def title(self) -> str:  # type: ignore[override]
        """As source.yaml says."""
        return self.definition.title

    @property
    def licence(self) -> str:  # type: ignore[override]
        """As source.yaml says."""
        return self.definition.licence

    @property
    def homepage(self) -> str:  # type: ignore[override]
        """As source.yaml says."""
        return self.definition.homepage

    @property
    def how_to_get(self) -> str:  # type: ignore[override]
        """It is one's own."""
        return f"your own: fer-bench data add {self.name} FOLDER"

    @property
    def decides(self) -> Mapping[str, Any]:
        """What a pack made of it depends on beside its files."""
        return self.definition.decides

    def collect(self, tree: Tree) -> Collected:
        """Everything that is a face by one of the forms in `own.collecting`."""
        found = collecting.collect(self.name, tree, self.definition)
        self.definition, self.said = found.definition, found.said
        decided = tree.scratch / DECIDED
        decided.write_text(_as_json(self.definition), encoding="utf-8")
        put(found.collected, DECIDED, decided)
        return found.collected

    def inventory(self, root: Path) -> Inventory:
        """Faces listed, and those whose picture is there."""
        faces = _listed(root)
        present = int(_there(root, faces).sum())
        if not present:
            raise FerBenchError("none of the pictures that are listed is there: give them too.")
        return Inventory(len(faces), present)

    def faults(self, root: Path) -> list[str]:
        """Pictures that are listed and not there."""
        faces = _listed(root)
        missing = int((~_there(root, faces)).sum())
        said = f"{missing:,} of {len(faces):,} pictures that are listed are missing"
        return [said] if missing else []

    def index(self, root: Path, options: Mapping[str, Any]) -> pd.DataFrame:
        """One row a face whose picture is there, in the order of `faces.csv`; no options.

        Raises:
            FerBenchError: it was not added, or source.yaml was changed since.
        """
        faces = _listed(root)
        decided = (root / DECIDED).read_text(encoding="utf-8") if (root / DECIDED).is_file() else ""
        if decided != _as_json(self.definition):
            raise FerBenchError(
                f"benchmarks/{self.name}/source.yaml was changed after the set was added, in more "
                "than title, licence or homepage: undo that, or `fer-bench data remove "
                f"{self.name}` and add it again."
            )
        faces = faces[_there(root, faces)].reset_index(drop=True)
        label = faces["label"].map({e.name: int(e) for e in Expression})
        subject = [
            pseudonym(self.name, f"person {who}") if who else None for who in faces["subject"]
        ]
        return pd.DataFrame(
            {
                "sample_id": self._ids(faces),
                "label": label.astype("int64"),
                "split": faces["split"],
                "subject": pd.Series(subject, dtype=object),
                "fold": pd.to_numeric(faces["fold"]).astype("Int64"),
                "path": faces["image"],
                **{f"given_{e}": pd.to_numeric(faces[e]) for e in _EDGES},
            }
        )

    def load(self, root: Path, row: Mapping[str, Any], options: Mapping[str, Any]) -> np.ndarray:
        """The picture of one row, or its part around the face's box: (H, W, 3) uint8 RGB."""
        image = read_rgb(root / row["path"])
        left, top, right, bottom = (float(row[f"given_{edge}"]) for edge in _EDGES)
        if np.isnan(left):
            return image
        height, width = image.shape[:2]
        across, down = BORDER * (right - left), BORDER * (bottom - top)
        x0, x1 = max(0, round(left - across)), min(width, round(right + across))
        y0, y1 = max(0, round(top - down)), min(height, round(bottom + down))
        if x1 - x0 < 1 or y1 - y0 < 1:
            raise FerBenchError(f"{root / row['path']}: the box of its face lies outside it.")
        return np.ascontiguousarray(image[y0:y1, x0:x1])

    def _ids(self, faces: pd.DataFrame) -> pd.Series:
        """Names made of each picture's bytes; further faces with the same are numbered."""
        names = self.name + "_" + faces["sha256"].str[:16]
        number = faces.groupby(names).cumcount()
        return names.where(number == 0, names + "_" + (number + 1).astype(str))


_EDGES = ("left", "top", "right", "bottom")


def _listed(root: Path) -> pd.DataFrame:
    path = root / collecting.LIST
    if not path.is_file():
        raise FerBenchError(
            f"{root} does not hold {root.name}: `fer-bench data add {root.name} FOLDER`."
        )
    faces = pd.read_csv(path, dtype=str, keep_default_na=False)
    if tuple(faces.columns) != collecting.COLUMNS:
        raise FerBenchError(f"{path} was changed: remove the set and add it again.")
    return faces


def _there(root: Path, faces: pd.DataFrame) -> np.ndarray:
    images = root / "images"
    there = {
        PurePosixPath("images", path.relative_to(images)).as_posix()
        for path in images.rglob("*")
        if path.is_file()
    }
    return faces["image"].isin(there).to_numpy()


def _as_json(said: Definition) -> str:
    return json.dumps(said.decides, indent=1, sort_keys=True) + "\n"
