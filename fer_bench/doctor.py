"""What is missing for what params.yaml enables, and how to get it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from fer_bench import datasets as registry
from fer_bench import models, specs
from fer_bench.contract.onnx_export import PACKAGES as ONNX
from fer_bench.cores import cores
from fer_bench.errors import FerBenchError
from fer_bench.faces.face_points import NETWORK as LANDMARKS
from fer_bench.files import WEIGHTS
from fer_bench.models import outside, weights
from fer_bench.params import Params, load
from fer_bench.receiving import status
from fer_bench.receiving.receipt import read_receipt
from fer_bench.specs.options import align_options, dataset_options, identity_of
from fer_bench.stages.recorded import is_readable, unrecorded

BROWSERS = ("chromium", "google-chrome", "chromium-browser")
GIB = 2**30


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        about: what.
        state: `ok`; `missing`: what params enable needs it; `optional`: nothing needs it.
        said: what was found.
        then: how to get it, where it is not there.
    """

    about: str
    state: Literal["ok", "missing", "optional"]
    said: str
    then: str = ""


def examine(folder: Path = Path(".")) -> list[Finding]:
    """Look at tools, params.yaml, data, weights, GPU and disk.

    Args:
        folder: where params.yaml lies and data and runs go.
    """
    found = [*_tools()]
    try:
        params = load(folder / "params.yaml")
        outside.register_everything(params.model_files)
    except FerBenchError as error:
        return [*found, Finding("params.yaml", "missing", str(error), "Correct it there.")]
    found += [*_data(params, folder), *_weights(params, folder), *_device(params)]
    found.append(_params(params))
    found += [*_links(folder), _disk(params, folder)]
    return [*found, *_record(params, folder)]


def _tools() -> Iterator[Finding]:
    version = sys.version_info[:2]
    fits = (3, 11) <= version <= (3, 14)
    said = ".".join(map(str, version))
    yield Finding(
        "Python",
        "ok" if fits else "missing",
        said,
        ""
        if fits
        else "Install 3.11 to 3.14; of the pinned releases torch, torchvision, triton, numpy, "
        "scipy, ray, onnxruntime, contourpy, PyYAML and ruamel.yaml.clib have no build for 3.15.",
    )
    for tool, how in (
        ("git", "Install git; DVC and provenance need it."),
        ("dvc", "Activate the environment (source .venv/bin/activate), or run `make demo`."),
    ):
        place = shutil.which(tool)
        yield Finding(tool, "ok" if place else "missing", "found" if place else "not on the path",
                      "" if place else how)  # fmt: skip
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    yield Finding("browser", "ok" if browser else "optional", "found" if browser else "none",
                  "" if browser else "The tests of the leaderboard page need Debian's chromium; "
                  "without it they skip.")  # fmt: skip
    lost = [name for name in ONNX if find_spec(name) is None]
    yield Finding("ONNX", "optional" if lost else "ok",
                  f"without {', '.join(lost)}" if lost else "installed",
                  f"Only `fer-bench models check` uses it: pip install {' '.join(lost)}"
                  if lost else "")  # fmt: skip


def _params(params: Params) -> Finding:
    try:
        specs.resolve(params)
    except FerBenchError as error:
        return Finding("params.yaml", "missing", str(error), "What it names must be there.")
    cells = sum(c.cells for c in params.enabled.values())
    return Finding("params.yaml", "ok", f"{cells} cells enabled, all of them can be built")


def _record(params: Params, folder: Path) -> Iterator[Finding]:
    """What DVC knows of what lies here."""
    locks = sorted(folder.glob("benchmarks/*/dvc.lock"))
    merged = [p for p in locks if "\n<<<<<<< " in "\n" + p.read_text(encoding="utf-8")]
    if merged:
        names = ", ".join(path.relative_to(folder).as_posix() for path in merged)
        then = "`git checkout --ours` (or `--theirs`) each, then `fer-bench sweep`."
        yield Finding("DVC's record", "missing", f"{names}: conflict markers of a git merge", then)
        return
    cut = [path.relative_to(folder).as_posix() for path in locks if not is_readable(path)]
    if cut:
        said = f"{', '.join(cut)}: cut off, as DVC leaves it where it is killed while it writes"
        then = "Take it from git, or remove it: a sweep then restores what DVC's cache holds."
        yield Finding("DVC's record", "missing", said, then)
        return
    lost = [
        stage
        for name, cells in params.enabled.items()
        for stage in unrecorded(name, cells.models, cells.students, folder)
    ]
    if lost:
        some = " ".join(lost[:3]) + (" ..." if len(lost) > 3 else "")
        yield Finding("DVC's record", "missing", f"{len(lost)} finished trainings are not in it",
                      f"`dvc commit -f {some}` records them, else they run again.")  # fmt: skip
    kept, made = folder / ".dvc/cache", any(folder.glob("runs/*/*/*/train"))
    if (
        locks
        and made
        and not any(p.is_file() for p in kept.rglob("*"))
        and not (folder / ".dvc/config.local").exists()
    ):
        yield Finding("DVC's cache", "missing", "empty, though what it held lies in runs/",
                      "`dvc commit -f` fills it again, else every stage runs anew.")  # fmt: skip


def _needed(params: Params) -> set[str]:
    """The datasets whose faces some enabled cell reads."""
    found: set[str] = set()
    for name, cells in params.enabled.items():
        if cells.cells:
            found |= {name, *cells.evaluate_on}
    return found & set(registry.datasets())


def _data(params: Params, folder: Path) -> Iterator[Finding]:
    rows = status(folder / "data/raw", folder / "benchmarks", _needed(params))
    for row in rows:
        about = f"data: {row.source}"
        if row.enabled and row.have in ("yes", "rendered"):
            yield Finding(about, "ok", f"for {', '.join(row.enabled)}")
        elif row.enabled:
            optional = row.source not in registry.sources() or row.have == "partial"
            yield Finding(
                about, "optional" if optional else "missing",
                f"{row.have}, for {', '.join(row.enabled)}",
                f"{row.how_to_get}. Licence: {row.licence}.",
            )  # fmt: skip
    if others := [row.source for row in rows if not row.enabled and row.have == "no"]:
        yield Finding("data: others", "optional", f"not here, not enabled: {', '.join(others)}",
                      "`fer-bench data status` says how to get each.")  # fmt: skip


def _weights(params: Params, folder: Path) -> Iterator[Finding]:
    asked: dict[str, list[str]] = {}
    for name, cells in params.enabled.items():
        settings = dataset_options(params, registry.get_dataset(name)) if cells.models else None
        for row in cells.trained if settings else ():
            variant = params.every_variant.get(row)
            base = variant.base if variant else row
            if not models.exists(base):
                continue  # params.yaml's own finding names it
            options = {**settings.model, **params.models.get(base, {})} if settings else {}
            preset = models.preset(base)
            if preset.own_backbone:
                options.pop("backbone", None)
            options |= variant.model if variant else {}
            kind = options.get("pretrained", preset.pretrained)
            kind = settings.weights.get(kind, kind) if settings and kind else kind
            if kind and not identity_of(registry.get_dataset(name), kind):
                backbone = options.get("backbone", preset.defaults["backbone"])
                asked.setdefault(f"{kind}_{backbone}", []).append(f"{name}/{row}")
    packs = {pack for name in _needed(params) for pack in registry.get_dataset(name).packs}
    for source in sorted({registry.get_pack(pack).source for pack in packs}):
        if align_options(params, source).by_network:
            asked.setdefault(LANDMARKS, []).append(f"align.{source}")
    for name, known in weights.KNOWN.items():
        there = (folder / WEIGHTS / f"{name}.safetensors").is_file()
        users = asked.pop(name, [])
        said = f"for {', '.join(users[:3])}" if users else "no enabled row starts from it"
        yield Finding(
            f"weights: {name}", "ok" if there else "missing" if users else "optional", said,
            "" if there else f"From {known.origin}: `{weights.command(name)}`.",
        )  # fmt: skip
    for name, users in asked.items():
        yield Finding(f"weights: {name}", "missing", f"for {', '.join(users[:3])}",
                      "Nobody publishes these: choose another backbone, or set "
                      "datasets.<name>.weights, e.g. {vggface2: identity}.")  # fmt: skip


def _device(params: Params) -> Iterator[Finding]:
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    asked = params.compute
    if asked.device == "cuda" and count < asked.devices:
        yield Finding(
            "GPU", "missing", f"compute asks for {asked.devices}, torch sees {count}",
            "Set compute.device: auto, or install a driver and a torch build for it.",
        )  # fmt: skip
    elif count:
        names = ", ".join(torch.cuda.get_device_name(i) for i in range(count))
        yield Finding("GPU", "ok", names)
    else:
        yield Finding(
            "GPU", "optional", f"none; {cores()} CPU cores",
            "The rendered faces need none. For photographs at 224 px use an NVIDIA GPU with a "
            "torch build for it.",
        )  # fmt: skip
    if asked.threads > cores():
        yield Finding("threads", "optional", f"compute.threads is {asked.threads}, cores {cores()}",
                      "Fewer threads are faster here, and give other last bits.")  # fmt: skip


def _links(folder: Path) -> Iterator[Finding]:
    """What DVC writes itself must lie in the git repository; it says so once it writes."""
    inside = folder.resolve()
    out = [name for name in ("data", "data/aligned", "runs")
           if not (folder / name).resolve().is_relative_to(inside)]  # fmt: skip
    if out:
        yield Finding(
            "links", "missing", f"{out[0]} leads out of the project, where DVC does not write",
            "Make a folder of it. Only data/raw may be a link; `dvc cache dir --local FOLDER` has "
            "what DVC keeps on another disk.",
        )  # fmt: skip


def _disk(params: Params, folder: Path) -> Finding:
    places = [folder / name for name in ("", "data", "runs", "results", "benchmarks")]
    if shut := [str(p) for p in places if p.exists() and not os.access(p, os.W_OK)]:
        how = "Work in a clone of your own, or ask its owner for the right to write."
        return Finding("disk", "missing", f"{', '.join(shut)} cannot be written to", how)
    free = shutil.disk_usage(folder).free
    wanted = _bytes(params, folder)
    said = f"{free / GIB:.1f} GiB free, about {wanted / GIB:.1f} GiB still to be written"
    if free > 1.2 * wanted + GIB / 2:
        return Finding("disk", "ok", said)
    how = "Free some, or move the project; `make clean` removes what the pipeline made."
    return Finding("disk", "missing", said, how)


def _bytes(params: Params, folder: Path) -> int:
    """Faces that are not aligned yet, and weights of cells that are not trained yet."""
    total = 0
    for name in _needed(params):
        for pack in registry.get_dataset(name).packs:
            source = registry.get_pack(pack).source
            receipt = read_receipt(folder / "benchmarks", source)
            if receipt and not (folder / "data/aligned" / pack).is_dir():
                size = align_options(params, source).size
                total += int(receipt["images"]["present"]) * 3 * size**2
    for name, cells in params.enabled.items():
        for row in cells.trained:
            done = [(folder / f"runs/{name}/{row}/{seed}/train").is_dir() for seed in cells.seeds]
            total += done.count(False) * _cell_bytes(params, name, row)
    return total


def _cell_bytes(params: Params, dataset: str, row: str) -> int:
    """The weights of three selections, once in `runs` and once in DVC's cache."""
    import torch

    variant = params.every_variant.get(row)
    base = variant.base if variant else row
    if not models.exists(base):
        return 0
    given = dataset_options(params, registry.get_dataset(dataset)).model
    options = {k: v for k, v in given.items() if k in models.preset(base).defaults}
    with torch.device("meta"):
        model = models.build(base, 8, **options)
    return 2 * 3 * 4 * sum(p.numel() for p in model.parameters())
