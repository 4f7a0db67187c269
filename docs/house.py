"""Write docs/house.md: the house in one picture, drawn from what stages say of themselves.

python docs/house.py
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from fer_bench.stages import before_training, cells, paths, reports
from fer_bench.stages.base import Stage

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/house.md"
DATASET, MODEL, SEED = "facial_expressions", "scan_cci", 0
"""A set of photographs, so that there is a receipt."""

ABOUT = """\
# The house

Written by `python docs/house.py` from what the stages say that they read and write
(`fer_bench/stages`), for one dataset, model and seed. Boxes are files, each stage has the file of
what it runs below its name. Follow a face from the top: it is received, cut out, listed in a
manifest, chosen by a view, learned from or predicted, known in public by a running number alone,
and counted in a score that tables, figures and pages show. Each stage also reads its spec below
`runs/specs`, which `specs` resolves from `params.yaml`: left out here.

"""
BELOW = """
What the picture leaves out: a training has its view in its spec, without the hashes; `mask` makes a
second pack beside the first; `identity` and `starts` make what weights start from; `evaluate`
predicts another set's view, `explain` looks where the network looks. [engine.md](engine.md) says
what runs when, [where.md](where.md) where everything is.
"""


def where() -> ModuleType:
    """The script beside this one."""
    spec = importlib.util.spec_from_file_location("where", ROOT / "docs/where.py")
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def stages() -> dict[str, Stage]:
    """The way of a face, stage by stage."""
    row = (DATASET, MODEL, SEED)
    return {
        "align": before_training.align(DATASET),
        "view": before_training.view(DATASET),
        "audit": before_training.audit(DATASET),
        "train": cells.train(*row),
        "robustness": cells.robustness(*row),
        "score": cells.score(*row),
        "table": reports.table("01"),
        "tables": reports.tables(),
        "figures": reports.figures(),
        "leaderboard": reports.leaderboard(),
    }


WORK = {
    "table": "reports/tables", "tables": "reports/pages", "figures": "reports/figures",
    "leaderboard": "reports/leaderboard",
}  # fmt: skip
SHOWN = {
    paths.RAW + f"/{DATASET}": "raw files",
    paths.receipt(DATASET): "receipt: hashes and counts",
    paths.pack(DATASET): "pack: faces.npy, manifest.parquet",
    paths.view(DATASET): "view: packs, classes, hashes",
    paths.trained(DATASET, MODEL, SEED): "predictions, history, weights",
    paths.faces(DATASET): "table of faces, without names",
    paths.audit_page(DATASET): "what the audit found",
    paths.robustness(DATASET, MODEL, SEED): "accuracies on corrupted faces",
    paths.score(DATASET, MODEL, SEED): "score",
    f"{paths.TABLES}/table01.md": "table",
    f"{paths.TABLES}/across_datasets.md": "page",
    f"{paths.FIGURES}/intervals.png": "figure",
    paths.LEADERBOARD: "leaderboard",
}
"""The files of the picture, and what each is."""


def arrows() -> Iterator[tuple[str, str]]:
    """From each file to the stages that read it, and from each stage to the files it writes."""
    yield "data add", paths.RAW + f"/{DATASET}"
    yield "data add", paths.receipt(DATASET)
    yield paths.RAW + f"/{DATASET}", "align"  # no stage's out, so that DVC never deletes it
    for name, stage in stages().items():
        for file in SHOWN:
            if any(_reads(dep, file) for dep in stage.deps):
                yield file, name
            if file in [*stage.outs, *stage.results]:
                yield name, file


def _reads(dep: str, file: str) -> bool:
    """Whether a stage that reads `dep` reads `file`, its folder or something in it."""
    return file == dep or file.startswith(f"{dep}/") or dep.startswith(f"{file}/")


def markdown() -> str:
    """The page."""
    find, drawn = where(), list(arrows())
    files = {"data add": find.command("data", "add").removeprefix("fer_bench/")}
    for name in stages():
        files[name] = WORK.get(name) or find.work(name).removeprefix("fer_bench/")
    lines = ["flowchart TD"]
    lines += [f'    {_key(name)}(["{name}<br/>{file}"])' for name, file in files.items()]
    lines += [f'    {_key(file)}["{what}<br/>{file}"]' for file, what in SHOWN.items()]
    lines += [f"    {_key(one)} --> {_key(other)}" for one, other in drawn]
    return ABOUT + "```mermaid\n" + "\n".join(lines) + "\n```\n" + BELOW


def _key(name: str) -> str:
    """A name that Mermaid takes."""
    return "n_" + "".join(letter if letter.isalnum() else "_" for letter in name)


if __name__ == "__main__":
    PAGE.write_text(markdown(), encoding="utf-8")
