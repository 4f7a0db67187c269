"""Where a trained run lies and what it was trained with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fer_bench.errors import FerBenchError, nearest
from fer_bench.inference.shipped import FOLDER
from fer_bench.records.spec import FILE, RowSpec


@dataclass(frozen=True)
class Run:
    """A trained cell.

    Attributes:
        folder: `runs/<dataset>/<model>/<seed>`.
        spec: what it was trained by; its copy lies beside the weights.
    """

    folder: Path
    spec: RowSpec

    @property
    def name(self) -> str:
        """`<dataset>/<model>/<seed>`, or words for the network that comes with the package."""
        if self.folder == FOLDER.resolve():
            return "the network of the package"
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
                else f"{folder} holds no weights: train the cell again (`fer-bench sweep`)"
            )
        return file


def find_run(run: str | Path | None) -> Run:
    """The run that `run` names.

    Args:
        run: its folder, or `<dataset>/<model>/<seed>` below `runs` in the current folder; None for
            the network that comes with the package.

    Raises:
        FerBenchError: there is none; names the nearest.
    """
    if run is None:
        run = FOLDER
    places = [Path(run), Path("runs") / run]
    folder = next((p for p in places if (p / "train" / "train.json").is_file()), None)
    if folder is None:
        there = ["/".join(p.parts[-5:-2]) for p in Path("runs").glob("*/*/*/train/train.json")]
        raise FerBenchError(
            f"there is no trained run {run}: {nearest(str(run), there)}"
            if there
            else f"there is no trained run {run}, and no other below {Path('runs').absolute()}: "
            "run `fer-bench sweep` there first, or give the folder of a run"
        )
    return Run(folder.resolve(), RowSpec.read(folder / "train" / FILE))
