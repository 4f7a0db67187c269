"""The whole way of a model in small, in a folder of its own: for CI, which has no hours."""

from __future__ import annotations

import shutil
from contextlib import chdir
from pathlib import Path
from typing import Any

from fer_bench import params
from fer_bench.errors import FerBenchError
from fer_bench.files import read_json, write_text, yaml_text
from fer_bench.models import outside
from fer_bench.specs import write_specs
from fer_bench.stages import before_training as before
from fer_bench.stages import cells, paths, reports

DATASET, SEED = "synthetic", 0
NEEDS = ("docs/protocol.md", f"{paths.BENCHMARKS}/weights.json", paths.PAPER, paths.REPORTED)
"""What the stages read of the project."""
SMALL: dict[str, Any] = {
    "compute": {"device": "cpu"},
    "data": {
        DATASET: {
            "identities_train": 9, "identities_test": 4, "images_per_identity": 7,
            "image_size": 128,
        }
    },
    "align": {DATASET: {"size": 80}},
    "datasets": {
        DATASET: {
            "model": {"backbone": "resnet18_slim"},
            "weights": dict.fromkeys(("imagenet", "vggface2", "msceleb", "ms1m"), "identity"),
            "recipe": {"epochs": 2, "batch_size": 16},
            "identity": {"epochs": 2, "batch_size": 16},
        }
    },
}  # fmt: skip
"""Two epochs on 63 rendered faces; real weights of a model's start are not asked for."""


def smoke(file: Path, folder: Path) -> dict[str, float]:
    """Train, score and show the models of a file in `folder`; nothing else is touched.

    Args:
        file: a model file, or a package's folder.
        folder: empty or new; it then holds runs, scores and `results/leaderboard/index.html`.

    Returns:
        The accuracy of each model, a fraction of 28 test faces.

    Raises:
        FerBenchError: the folder holds something, or the model fails somewhere on the way.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FerBenchError(f"{folder} is not empty: name another folder for the smoke run")
    if missing := [name for name in NEEDS if not Path(name).exists()]:
        raise FerBenchError(f"{missing[0]} is not here: run it in the project's folder")
    if not file.exists():
        raise FerBenchError(f"there is no model file {file}")
    for source in (*map(Path, NEEDS), file):
        target = folder / (source if source != file else file.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, target)
    with chdir(folder):
        names = outside.register_file(file.name)
        enabled = {DATASET: {**params.Enabled.nothing(), "models": names, "seeds": [SEED]}}
        given = {**SMALL, "model_files": [file.name], "enabled": enabled}
        write_text(Path(paths.PARAMS), yaml_text(given))
        write_specs(params.load(), Path(paths.SPECS))
        steps = [before.align, before.view, before.audit, before.identity, before.starts]
        for step in steps:
            step(DATASET).run()
        for name in names:
            cells.train(DATASET, name, SEED).run()
            cells.score(DATASET, name, SEED).run()
        reports.leaderboard().run()
        scores = {name: read_json(Path(paths.score(DATASET, name, SEED))) for name in names}
    return {name: s["sets"][DATASET]["last"]["all"]["accuracy"] for name, s in scores.items()}
