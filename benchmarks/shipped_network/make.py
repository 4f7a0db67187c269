"""Make the network that comes with the package, from a trained cell, and measure it.

python benchmarks/shipped_network/make.py synthetic/scan_cci/0 synthetic facial_expressions ferplus

In the project's folder, the cell trained and the sets aligned. Writes the run's folder
`fer_bench/inference/shipped_run`: the cell's spec and record, its weights in half precision, and
`measured.json`, what it reaches on the sets' test faces. Rendered faces alone may have trained it:
nobody's photograph is in it.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from fer_bench import datasets
from fer_bench.errors import FerBenchError
from fer_bench.evaluation.metrics import measure
from fer_bench.evaluation.opened import test_faces
from fer_bench.files import read_json, replacing_folder, write_json
from fer_bench.inference.shipped import FOLDER, MEASURED
from fer_bench.inference.trained import Trained, load
from fer_bench.specs.options import source_of, view
from fer_bench.stages import paths

TOLERANCE = 0.02
"""The most that half precision may move a logit."""
DIGITS = 6


def make(run: str, sets: list[str], folder: Path = FOLDER) -> None:
    """Write `folder`; nothing is left where a check fails.

    Args:
        run: a trained cell.
        sets: on whose test faces it is measured.
        folder: where it goes.

    Raises:
        FerBenchError: the cell was trained on photographs, or half precision changes its answers.
    """
    whole = load(run, device="cpu")
    trained = read_json(whole.run.folder / "train/train.json")
    source = datasets.get_source(whole.run.spec.source)
    if not source.rendered:
        raise FerBenchError(f"{run} was trained on photographs: only rendered faces may be shared")
    with replacing_folder(folder) as there:
        for name in ("spec.json", "train.json"):
            (there / "train").mkdir(exist_ok=True)
            shutil.copyfile(whole.run.folder / "train" / name, there / "train" / name)
        weights = there / "train/weights/last.safetensors"
        weights.parent.mkdir()
        state = load_file(whole.run.weights("last"))
        save_file({n: v.half() if v.is_floating_point() else v for n, v in state.items()}, weights)
        small = load(there, device="cpu")
        measured = [_measured(small, whole, name) for name in sets]
        said = {"trained_on": f"{trained['n']['train']:,} rendered faces", "sets": measured}
        write_json(there / MEASURED, said)


def _measured(small: Trained, whole: Trained, name: str) -> dict[str, Any]:
    """What the network reaches on a set, and how far its logits are from the cell's."""
    dataset = datasets.get_dataset(name)
    shown = view(dataset)
    pixels, rows = test_faces(small.run.spec, shown, Path(paths.ALIGNED), "name another set")
    faces, landmarks = pixels[rows["row"].to_numpy()], list(rows["landmarks"])
    logits, before = small.logits(faces, landmarks), whole.logits(faces, landmarks)
    moved = float(np.abs(logits - before).max())
    if moved > TOLERANCE:
        raise FerBenchError(f"half precision moves a logit on {name} by {moved:.3f} > {TOLERANCE}")
    found = measure(rows["target"].to_numpy(), logits.astype(np.float64), small.classes)
    rendered = datasets.get_source(source_of(dataset)).rendered
    keys = ("accuracy", "balanced_accuracy", "macro_f1")
    return {
        "dataset": name,
        "faces": "rendered faces" if rendered else "photographs",
        "n": found["n"],
        "classes": [c for c in small.classes if c in dataset.classes],
        **{key: round(float(found[key]), DIGITS) for key in keys},
        "largest_difference_of_a_logit": round(moved, DIGITS),
        "other_answers": int((logits.argmax(1) != before.argmax(1)).sum()),
    }


def main() -> None:
    """Read the arguments and make it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("run")
    parser.add_argument("sets", nargs="+")
    given = parser.parse_args()
    torch.set_num_threads(1)
    try:
        make(given.run, given.sets)
    except FerBenchError as error:
        raise SystemExit(f"Error: {error}") from error


if __name__ == "__main__":
    main()
