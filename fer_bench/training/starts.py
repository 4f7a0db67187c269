"""What each cell's weights start from, as one small file a row: the cell's own dependency.

Between the identity pre-training and the cells, so that new identity weights make stale only the
rows that start from them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fer_bench.errors import FerBenchError
from fer_bench.files import read_json, replacing_folder, sha256_file, write_json
from fer_bench.records.spec import RowSpec

FACTS = ("people", "faces", "verification_accuracy", "pairs", "auc")


def start_from_scratch(file: Path) -> None:
    """Write what a row from scratch starts from; no cell of it waits for `write_starts`."""
    write_json(file, {"pretrained": None})


def write_starts(specs: Path, rows: list[str], out: Path) -> None:
    """Write `<row>.json` for each row: `pretrained` (label or null), `file`, `sha256`.

    Rows that start from identity weights get `start_facts` too, for their records.

    Raises:
        FerBenchError: a file is missing or is not the one the spec was made for.
    """
    with replacing_folder(out) as folder:
        for row in rows:
            spec = RowSpec.read(specs / f"{row}.json")
            start = spec.start
            if start is None:
                start_from_scratch(folder / f"{row}.json")
                continue
            file = Path(str(start["file"]))
            if not file.is_file():
                raise FerBenchError(
                    f"{file} is missing, and {spec.dataset}/{row} starts from it; "
                    "`fer-bench sweep` makes identity weights, `fer-bench weights add` takes others"
                )
            sha256 = sha256_file(file)
            if (wanted := start["sha256"]) not in (None, sha256):
                raise FerBenchError(
                    f"{file} has sha256 {sha256[:12]}..., but the specs were written for "
                    f"{str(wanted)[:12]}...; run `fer-bench weights add` again"
                )
            begin = {"pretrained": spec.pretrained, "file": str(file), "sha256": sha256}
            write_json(folder / f"{row}.json", begin | _facts(file))


def _facts(file: Path) -> dict[str, Any]:
    """What is known of identity weights, `start_facts`: people, faces, verification accuracy."""
    report = file.parent / "identity.json"
    if not report.is_file():
        return {}
    found = read_json(report)["backbones"][file.stem]
    return {"start_facts": {key: found[key] for key in FACTS}}
