"""`results/explain/<dataset>/<model>/<seed>/<set>.json`: where a cell looks, in numbers.

No face is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fer_bench.files import read_json, write_json
from fer_bench.records.base import check_place, from_json, to_json

FORMAT = 1
Measure = Literal["deletion", "insertion"]
Order = Literal["cam", "random", "centre"]


@dataclass(frozen=True)
class Mean:
    """A mean over `n` faces and its 95 % interval; None where there are too few.

    The interval is over `units`: people, and groups of equal faces where nobody knows them. Files
    from before that have None there: theirs is over faces.
    """

    mean: float | None
    low: float | None
    high: float | None
    n: int | None = None
    units: int | None = None

    def side_of(self, value: float) -> int:
        """Where the interval lies: 1 above `value`, -1 below, 0 for neither."""
        if self.low is None or self.high is None:
            return 0
        return 1 if self.low > value else -1 if self.high < value else 0


@dataclass(frozen=True)
class Faithful:
    """Deletion or insertion.

    Attributes:
        cam, random, centre: mean area under the curve of each order of pixels.
        gain_over: by reference order, how much better the map is, face by face.
        curves: by order, the mean curve.
    """

    cam: Mean
    random: Mean
    centre: Mean
    gain_over: dict[str, Mean]
    curves: dict[str, list[float]]

    def area(self, order: Order) -> Mean:
        """Of one order."""
        found: Mean = getattr(self, order)
        return found


@dataclass(frozen=True)
class Faithfulness:
    """Does the map name the pixels that the answer rests on? Of `n` faces, in equal `steps`."""

    n: int
    steps: int
    deletion: Faithful
    insertion: Faithful

    def of(self, measure: Measure) -> Faithful:
        """One of the two."""
        return self.deletion if measure == "deletion" else self.insertion


@dataclass(frozen=True)
class OnOccluders:
    """Attention on what hides the face.

    Attributes:
        n: faces.
        area: the occluder's share of the face.
        mass: its share of the map.
        clean_mass: the share of the same pixels of the same face without it.
        change: mass minus clean mass.
        centre_mass: of a Gaussian in the middle.
        ratio, clean_ratio: mean mass over mean area.
    """

    n: int
    area: Mean
    mass: Mean
    clean_mass: Mean
    change: Mean
    centre_mass: float | None
    ratio: Mean
    clean_ratio: Mean


@dataclass(frozen=True)
class Occluders(OnOccluders):
    """All occluders, those of each kind, and faces left out because a map is all zeros."""

    empty: int
    kinds: dict[str, OnOccluders]


@dataclass(frozen=True)
class Channels:
    """How channels answer to a covered area (Figure 2).

    Attributes:
        count: how many there are.
        silent: those that respond to no clean face.
        patch: the covered area as shares of the side: x0, y0, x1, y1.
        inside, outside: quartiles over channels of the change in it and beside it.
    """

    count: int
    silent: int
    patch: tuple[float, ...]
    inside: tuple[float, ...]
    outside: tuple[float, ...]


@dataclass(frozen=True)
class Explanation:
    """One cell explained on one set.

    Attributes:
        dataset, model, seed: the cell.
        set: whose test faces.
        layer: whose output is explained.
        selection: which epoch's weights.
        classes: in the order of its logits.
        n: faces that the numbers are of.
        test_faces: how many the set has.
        accuracy: on the n faces.
        empty_maps: of these, maps of zeros.
        faithfulness: deletion and insertion.
        occluders: None where no occluder's pixels are known.
        channels: of the layer.
        format: of this record; the first files do not say it, nor their seed.
    """

    dataset: str
    model: str
    seed: int
    set: str
    layer: str
    selection: str
    classes: tuple[str, ...]
    n: int
    test_faces: int
    accuracy: float
    empty_maps: int
    faithfulness: Faithfulness
    occluders: Occluders | None
    channels: Channels
    format: int = FORMAT

    @staticmethod
    def read(file: Path) -> Explanation:
        """Read a file; raises FerBenchError when it is none, or not the one its path says."""
        value = read_json(file)
        if isinstance(value, dict) and "seed" not in value and file.parent.name.isdigit():
            value = {**value, "seed": int(file.parent.name)}
        found = from_json(Explanation, value, str(file), "delete it and run `fer-bench sweep`")
        check_place(file, found.dataset, found.model, found.seed, found.set)
        return found

    def write(self, file: Path) -> None:
        """Write it."""
        write_json(file, to_json(self))
