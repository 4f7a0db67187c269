"""Score a trained tool that people install, on a dataset's test faces.

python benchmarks/shipped/measure_tool.py ferplus face_api vladmandic-face-api-1.7.15.tgz

In the project's folder, the dataset received, aligned and audited. The package file is what its
registry serves (`npm pack`, `pip download --no-deps`): nothing of it is installed or run, its
weights are read and known by their SHA-256. Crop and colour order are chosen on validation faces
and logged in `results/tuning/<dataset>/<tool>.json`; then the test faces are looked at, once, and
`fer-bench submit` scores what was answered.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import yaml
from face_api import TOOL as FACE_API
from face_crops import CROPS, faces_of, rows_of
from facex_package import TOOL as FACEX
from fer_package import TOOL as FER
from human_package import TOOL as HUMAN
from tool import ORDERS, Net, Tool, probabilities

from fer_bench import datasets
from fer_bench.cli.submit import submit
from fer_bench.errors import FerBenchError, nearest
from fer_bench.evaluation.metrics import measure
from fer_bench.evaluation.submission import first_line
from fer_bench.files import sha256_file, write_json, write_text
from fer_bench.labels import Expression
from fer_bench.rules import read_protocol

TOOLS = {tool.name: tool for tool in (FACE_API, FER, HUMAN, FACEX)}
TUNING, RUNS = Path("results/tuning"), Path("runs/shipped")
DIGITS = 6
FACES = 1000
"""As many validation faces decide; crops differ by more than so few leave open (results/tuning)."""


def choose(dataset: str, tool: Tool, net: Net) -> dict[str, Any]:
    """The crop, then the colour order, that are best on validation faces.

    Of crops with the usual order the first of the most accurate; then the other order of this crop,
    if it is better. Where the split has more than `FACES`, as many at equal distances.
    """
    rows = rows_of(dataset, "val")
    rows = rows.iloc[np.linspace(0, len(rows) - 1, min(FACES, len(rows))).astype(int)]
    faces = faces_of(dataset, rows, list(CROPS), tool.size)

    def trial(crop: str, order: str) -> dict[str, Any]:
        answers = answered(dataset, tool, probabilities(net, faces[crop], order))
        return {"crop": crop, "order": order, **_reached(dataset, rows, answers)}

    trials = [trial(crop, ORDERS[0]) for crop in CROPS]
    best = max(trials, key=_accuracy)
    if coloured(faces[best["crop"]]):
        trials += [trial(best["crop"], order) for order in ORDERS[1:]]
        best = max(trials, key=_accuracy)
    return {"faces": len(rows), "trials": trials, "chosen": {k: best[k] for k in ("crop", "order")}}


def _accuracy(trial: dict[str, Any]) -> float:
    return float(trial["accuracy"])


def coloured(faces: np.ndarray) -> bool:
    """Whether the order of colours can matter: not where every face (N, H, W, 3) is grey."""
    return bool((faces[..., :1] != faces).any())


def answered(dataset: str, tool: Tool, given: np.ndarray) -> np.ndarray:
    """(N, K) probabilities of the dataset's classes; 0 of one that the tool does not know.

    Raises:
        FerBenchError: the tool knows a class that the dataset lacks.
    """
    classes = datasets.get_dataset(dataset).classes
    if strange := [c.name for c in tool.classes if c.name not in classes]:
        raise FerBenchError(f"{tool.name} also answers {', '.join(strange)}: not in {dataset}")
    found = np.zeros((len(given), len(classes)))
    found[:, [classes.index(c.name) for c in tool.classes]] = given
    return found


def _reached(dataset: str, rows: pd.DataFrame, answers: np.ndarray) -> dict[str, float]:
    classes = datasets.get_dataset(dataset).classes
    labels = [classes.index(Expression(label).name) for label in rows["label"]]
    found = measure(np.array(labels), answers, classes)
    return {key: round(found[key], DIGITS) for key in ("accuracy", "balanced_accuracy")}


def write_submission(
    dataset: str, tool: Tool, net: Net, chosen: dict[str, str], card: dict[str, Any], file: Path
) -> None:
    """Predict the test faces; write the CSV and, beside it, the card."""
    rows = rows_of(dataset, "test")
    faces = faces_of(dataset, rows, [chosen["crop"]], tool.size)[chosen["crop"]]
    answers = answered(dataset, tool, probabilities(net, faces, chosen["order"]))
    columns = [f"probability_{name}" for name in datasets.get_dataset(dataset).classes]
    frame = pd.DataFrame(answers, columns=columns)
    frame.insert(0, "sample_id", rows["sample_id"])
    first = f"{first_line(read_protocol(), dataset)}\n"
    write_text(file, first + frame.to_csv(index=False, lineterminator="\n"))
    write_text(file.with_suffix(".yaml"), yaml.safe_dump(card, allow_unicode=True, width=1000))


def card_of(dataset: str, tool: Tool, chosen: dict[str, str]) -> dict[str, Any]:
    """What is stated beside the score."""
    cut = CROPS[chosen["crop"]]
    crop = "the aligned face" if cut is None else f"{cut:g} x the detector's box"
    return {
        **tool.card,
        "code": f"{tool.package} ({tool.card['code']})",
        "landmarks": f"{tool.card['landmarks']}; crop chosen on validation faces: {crop}, "
        f"{chosen['order'].upper()}",
        "may_have_seen": tool.may_have_seen.get(dataset, "unknown"),
    }


def run(dataset: str, tool: Tool, package: Path) -> None:
    """Choose on validation faces, log it, then score the test faces."""
    net = tool.load(package)
    log = choose(dataset, tool, net)
    said = {"dataset": dataset, "tool": tool.name, "package": tool.package}
    sums = {"package_sha256": sha256_file(package), "weights_sha256": dict(tool.members)}
    write_json(TUNING / dataset / f"{tool.name}.json", {**said, **sums, **log})
    file = RUNS / dataset / f"{tool.name}.csv"
    write_submission(dataset, tool, net, log["chosen"], card_of(dataset, tool, log["chosen"]), file)
    submit(file, model=tool.name, dataset=dataset)


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("dataset")
    parser.add_argument("tool", help=", ".join(TOOLS))
    parser.add_argument("package", type=Path, help="the .tgz or .whl of its registry")
    given = parser.parse_args()
    torch.set_num_threads(1)
    try:
        if given.tool not in TOOLS:
            raise FerBenchError(f"no tool {given.tool!r}: {nearest(given.tool, TOOLS)}")
        run(given.dataset, TOOLS[given.tool], given.package)
    except FerBenchError as error:
        raise SystemExit(f"Error: {error}") from error


if __name__ == "__main__":
    main()
