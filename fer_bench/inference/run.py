"""Where a trained run lies and what it was trained with."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fer_bench.errors import FerBenchError, nearest
from fer_bench.files import read_json, sha256_json

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Run:
    """A trained cell.

    Attributes:
        folder: `runs/<dataset>/<model>/<seed>`.
        spec: its spec.
        align: how the faces it was trained on were cut out: `AlignOptions`' values.
    """

    folder: Path
    spec: Mapping[str, Any]
    align: Mapping[str, Any]

    @property
    def name(self) -> str:
        """`<dataset>/<model>/<seed>`."""
        return "/".join(self.folder.parts[-3:])

    def weights(self, selection: str) -> Path:
        """The weights that a selection chose.

        Raises:
            FerBenchError: there are none; names those that are there.
        """
        folder = self.folder / "train" / "weights"
        file = folder / f"{selection}.safetensors"
        if not file.is_file():
            there = [path.stem for path in sorted(folder.glob("*.safetensors"))]
            raise FerBenchError(
                f"{self.name} has no weights {selection!r}: {nearest(selection, there)}"
                if there
                else f"{folder} holds no weights: train the cell again (`dvc repro`)"
            )
        return file


def find_run(run: str | Path) -> Run:
    """The run that `run` names.

    Args:
        run: its folder, or `<dataset>/<model>/<seed>` below `runs` in the current folder.

    Raises:
        FerBenchError: there is none; names the nearest.
    """
    places = [Path(run), Path("runs") / run]
    folder = next((p for p in places if (p / "train" / "train.json").is_file()), None)
    if folder is None:
        there = ["/".join(p.parts[-5:-2]) for p in Path("runs").glob("*/*/*/train/train.json")]
        raise FerBenchError(
            f"there is no trained run {run}: {nearest(str(run), there)}"
            if there
            else f"there is no trained run {run}, and no other below {Path('runs').absolute()}: "
            "run `dvc repro` there first, or give the folder of a run"
        )
    trained = read_json(folder / "train" / "train.json")
    specs = folder.resolve().parents[2] / "specs"
    spec = read_json(specs / trained["dataset"] / f"{trained['model']}.json")
    if sha256_json(spec) != trained["spec_sha256"]:
        log.warning(
            "%s was trained with other options, code or library versions than %s says by now; its "
            "answers may not be those that were scored (`dvc repro` trains it again)",
            folder,
            f"runs/specs/{trained['dataset']}/{trained['model']}.json",
        )
    pack = read_json(specs / "packs" / f"{spec['view']['parts'][0]['pack']}.json")
    return Run(folder.resolve(), spec, pack["options"])
