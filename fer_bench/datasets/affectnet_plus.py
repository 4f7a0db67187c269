"""AffectNet+'s annotations: one JSON file an image, with soft labels and what a machine saw.

Columns beside those of every release, in `Expression`'s order where they are by class:
`soft_label` (eight numbers), `difficulty` (`subset`), `gender`, `race` (the likeliest where scores
are given), `age`, `pose` (groups of years and of degrees of yaw) and `head_pose` (the numbers as
published, whose order and unit are not public: yaw is taken only where it is named).
"""

from __future__ import annotations

import json
import math
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from fer_bench.datasets.affectnet_labels import (
    CODES,
    FOLDERS,
    LAST_CODE,
    WITHOUT_EXPRESSION,
    Labels,
    counted_notes,
    with_labels,
)
from fer_bench.datasets.base import UNKNOWN
from fer_bench.datasets.skipped import Skipped
from fer_bench.errors import FerBenchError
from fer_bench.labels import EIGHT, Expression

GROUPS = ("difficulty", "gender", "race", "age", "pose")
"""Columns by whose values accuracy is reported; other releases know none of them."""

DIFFICULTY: Final = {0: "easy", 1: "challenging", 2: "difficult"}
AGES = ((4, "0-3"), (20, "4-19"), (40, "20-39"), (70, "40-69"), (151, "70+"))
YAWS = ((15, "0-15"), (30, "15-30"), (45, "30-45"), (181, "45+"))
"""Groups, each with the number that its members stay below."""

MAX_BYTES = 1 << 20
"""Of one annotation; a real one has some thousand."""

_ANNOTATION = re.compile(r"(\d+)\.json", re.IGNORECASE)
_PLACES = [CODES.index(Expression[name]) for name in EIGHT]


def plus_release(root: Path) -> Labels:
    """Read `{train_set,val_set}/annotations/<number>.json`, in order of number.

    Args:
        root: the folder that holds `train_set` and `val_set`.

    Raises:
        FerBenchError: a folder is missing, or more than single files cannot be understood.
    """
    columns: dict[str, list[Any]] = {}
    notes: list[str] = []
    annotated: dict[str, int] = {}
    without = 0
    for split, folder in FOLDERS.items():
        place = root / folder / "annotations"
        if not place.is_dir():
            raise FerBenchError(f"{folder}/annotations is missing: add AffectNet+ again.")
        names = (_ANNOTATION.fullmatch(entry.name) for entry in os.scandir(place))
        files = sorted((int(match[1]), match.string) for match in names if match)
        skipped = Skipped(f"{folder}/annotations", "file")
        for _, name in files:
            try:
                row = read_annotation(place / name)
            except ValueError as error:
                skipped.add(str(error))
                continue
            if row["expression"] >= len(CODES):
                without += 1
                continue
            stem = name.rpartition(".")[0]
            row["sample_id"] = f"{folder.removesuffix('_set')}_{stem}"
            row["split"], row["path"] = split, f"{folder}/images/{stem}.jpg"
            for column, value in row.items():
                columns.setdefault(column, []).append(value)
        annotated[split] = len(files)
        notes += skipped.notes(len(files))
    if not columns:
        raise FerBenchError(
            "no annotation of train_set and val_set has an expression: get AffectNet+ again."
        )
    notes += counted_notes((without, WITHOUT_EXPRESSION))
    rows = with_labels(pd.DataFrame(columns))
    first = ["sample_id", "label", "split", "path", "valence", "arousal"]
    return Labels(rows[[*first, "soft_label", "head_pose", *GROUPS]], tuple(notes), annotated)


def read_annotation(path: Path) -> dict[str, Any]:
    """One annotation; raises ValueError, naming no file, when its expression cannot be read.

    What else is missing or has another form than known is None, NaN or `unknown`.
    """
    content = _content(path)
    meta = content.get("meta-data")
    meta = meta if isinstance(meta, dict) else {}
    code = content.get("human-label")
    if isinstance(code, str) and code.strip().isdecimal():
        code = int(code)
    if isinstance(code, bool) or not isinstance(code, int) or not 0 <= code <= LAST_CODE:
        raise ValueError(f"human-label is {str(code)[:20]!r}, no number from 0 to {LAST_CODE}")
    pose = meta.get("pose")
    return {
        "expression": code,
        "valence": _number(meta.get("valence")),
        "arousal": _number(meta.get("arousal")),
        "soft_label": _soft_label(content.get("soft-label")),
        "head_pose": _head_pose(pose),
        "difficulty": _difficulty(content.get("subset")),
        "gender": _likeliest(meta.get("gender")),
        "race": _likeliest(meta.get("race")),
        "age": _group(_number(meta.get("age")), AGES),
        "pose": _group(abs(_number(_named_yaw(pose))), YAWS),
    }


def _content(path: Path) -> dict[str, Any]:
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"{path.stat().st_size:,} bytes, far more than an annotation has")
    try:
        content = json.loads(path.read_bytes())
    except RecursionError as error:
        raise ValueError("JSON nested far deeper than an annotation is") from error
    except ValueError as error:
        raise ValueError("no JSON") from error
    if not isinstance(content, dict):
        raise ValueError("a JSON value that is no object")
    return content


def _number(value: object) -> float:
    """A finite number, also one written as text; NaN for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return math.nan
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return math.nan
    return number if math.isfinite(number) else math.nan


def _numbers(values: object, length: int) -> np.ndarray | None:
    if not isinstance(values, list) or len(values) != length:
        return None
    numbers = np.array([_number(value) for value in values], dtype=np.float32)
    return None if np.isnan(numbers).any() else numbers


def _soft_label(values: object) -> np.ndarray | None:
    numbers = _numbers(values, len(CODES))
    return None if numbers is None else numbers[_PLACES]


def _head_pose(pose: object) -> np.ndarray | None:
    return _numbers(list(pose.values()) if isinstance(pose, dict) else pose, 3)


def _named_yaw(pose: object) -> object:
    named = pose if isinstance(pose, dict) else {}
    return next((value for key, value in named.items() if str(key).lower() == "yaw"), None)


def _difficulty(subset: object) -> str:
    number = _number(subset)
    return DIFFICULTY.get(int(number), UNKNOWN) if number in DIFFICULTY else UNKNOWN


def _likeliest(value: object) -> str:
    """A word, or of words with scores the first with the highest one."""
    if isinstance(value, Mapping):
        scores = {str(k): s for k, v in value.items() if not math.isnan(s := _number(v))}
        value = max(scores, key=scores.__getitem__) if scores else None
    words = re.findall(r"[a-z]+", value.lower()) if isinstance(value, str) else []
    # One object a word, not one an image: there are 400,000 images.
    return sys.intern("_".join(words)[:40]) or UNKNOWN


def _group(number: float, groups: Sequence[tuple[int, str]]) -> str:
    if not number >= 0:  # NaN too
        return UNKNOWN
    return next((name for end, name in groups if number < end), UNKNOWN)
