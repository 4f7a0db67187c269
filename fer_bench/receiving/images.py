"""Decode every image once before a set is accepted."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pandas as pd
from tqdm import tqdm

from fer_bench.datasets.base import Source
from fer_bench.errors import FerBenchError

SHOWN = 5


def check_images(source: Source, root: Path, index: pd.DataFrame, progress: bool = True) -> None:
    """Load each indexed image as `align` will.

    Raises:
        FerBenchError: names the first few that cannot be read and how many there are.
    """
    bad: list[str] = []
    rows = cast("list[dict[str, Any]]", index.to_dict("records"))
    for row in tqdm(rows, desc=f"check {source.name}", unit=" images", disable=not progress):
        try:
            source.load(root, row, {})
        except FerBenchError as error:
            bad.append(str(error).replace(f"{root}/", ""))
    if bad:
        more = f"\n  ... and {len(bad) - SHOWN} more" if len(bad) > SHOWN else ""
        raise FerBenchError(
            f"{len(bad)} of {len(rows)} images cannot be used:\n  "
            + "\n  ".join(bad[:SHOWN])
            + more
            + "\nGet them again, or delete them so that they count as missing."
        )
