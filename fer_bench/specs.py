"""Specs: what each stage will do, resolved to the last option, with a hash of the code it runs.

DVC stages depend on their spec file, so a cell is stale exactly when its own options, its own
code or the library versions change. `runs/specs/` holds:

    packs/<pack>.json      align and mask
    views/<dataset>.json   which faces an evaluation reads
    <dataset>/<row>.json   one row of the benchmark (model, variant or transfer)
    identity/<dataset>.json, scores/<dataset>.json
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from fer_bench import datasets as registry
from fer_bench import models
from fer_bench.datasets.base import Dataset
from fer_bench.errors import FerBenchError
from fer_bench.files import replacing_folder, write_json
from fer_bench.fingerprint import code_hash
from fer_bench.params import Align, DatasetOptions, Params, check_names
from fer_bench.training.recipe import Recipe

Spec = dict[str, Any]
ALIGNED = "data/aligned"


def resolve(params: Params) -> dict[str, Spec]:
    """Every spec by its path below `runs/specs`, without the ending.

    Raises:
        FerBenchError: one line for each name or option of params that is wrong.
    """
    wrong = check_names(params, list(registry.datasets()), list(registry.sources()), models.names())
    specs: dict[str, Spec] = {}
    if not wrong:
        parts = [_pack_specs(params), _view_specs()]
        parts += [_row_specs(params, registry.get_dataset(name)) for name in params.enabled]
        for part in parts:
            try:
                specs.update(part)
            except FerBenchError as error:
                wrong.append(str(error))
    if wrong:
        raise FerBenchError("params.yaml:\n  " + "\n  ".join(wrong))
    return specs


def write_specs(params: Params, out: Path) -> None:
    """Write every spec below `out`, replacing what was there as a whole."""
    specs = resolve(params)
    with replacing_folder(out) as folder:
        for name, spec in specs.items():
            write_json(folder / f"{name}.json", spec)


def _pack_specs(params: Params) -> Iterator[tuple[str, Spec]]:
    versions = _versions("torch", "facenet-pytorch", "pillow", "numpy")
    for pack in registry.packs().values():
        source = registry.get_source(pack.source)
        options = dict(params.data.get(pack.source, {}))
        source.check(options)
        entry = "fer_bench.faces.align" if pack.mask_style is None else "fer_bench.faces.mask_pack"
        yield (
            f"packs/{pack.name}",
            {
                "pack": pack.name,
                "source": pack.source,
                "mask_style": pack.mask_style,
                "root": f"data/raw/{pack.source}",
                "source_options": options,
                "options": _align(params, pack.source).model_dump(mode="json"),
                "code": code_hash(entry, type(source).__module__),
                "versions": versions,
            },
        )


def _view_specs() -> Iterator[tuple[str, Spec]]:
    code = code_hash("fer_bench.evaluation.predict")
    for dataset in registry.datasets().values():
        yield f"views/{dataset.name}", {**_view(dataset), "code": code}


def _row_specs(params: Params, dataset: Dataset) -> Iterator[tuple[str, Spec]]:
    cells = params.enabled[dataset.name]
    for row in cells.models:
        yield f"{dataset.name}/{row}", row_spec(params, dataset, row)
    for source in cells.init_from:
        for row in cells.transfer_models:
            spec = row_spec(params, dataset, row, init_from=source)
            yield f"{dataset.name}/{spec['model']}", spec
    yield f"identity/{dataset.name}", _identity_spec(params, dataset)
    yield (
        f"scores/{dataset.name}",
        {
            "dataset": dataset.name,
            "sets": [dataset.name, *cells.evaluate_on],
            "code": code_hash(
                "fer_bench.evaluation.score",
                *(_module_of(name) for name in (dataset.name, *cells.evaluate_on)),
            ),
        },
    )


def row_spec(params: Params, dataset: Dataset, row: str, init_from: str | None = None) -> Spec:
    """The spec of one row: options from preset, dataset, model and variant, in this order.

    Raises:
        FerBenchError: an unknown option or recipe key, or a model that cannot be built.
    """
    where = f"enabled.{dataset.name}.{row}"
    variant = params.variants.get(row)
    base = variant.base if variant else row
    preset = models.preset(base)
    settings = dataset_options(params, dataset)
    options = {**settings.model, **params.models.get(base, {})}
    if variant:
        options |= variant.model
    align = _align(params, _source_of(dataset))
    options["size"] = align.size
    pretrained = options.pop("pretrained", preset.pretrained)
    pretrained = settings.weights.get(pretrained, pretrained) if pretrained else None
    recipe = Recipe().with_(settings.recipe, f"datasets.{dataset.name}.recipe")
    recipe = recipe.with_(preset.recipe, f"{base}'s recipe")
    if variant:
        recipe = recipe.with_(variant.recipe, f"variants.{row}.recipe")
    if init_from is not None:
        recipe = recipe.with_(settings.transfer, f"datasets.{dataset.name}.transfer")
    try:
        options = models.configure(base, options).as_dict()
    except FerBenchError as error:
        raise FerBenchError(f"{where}: {error}") from error
    spec: Spec = {
        "dataset": dataset.name,
        "model": row if init_from is None else f"{row}_from_{init_from}",
        "base": base,
        "options": options,
        "recipe": recipe.to_json(),
        "init_from": init_from,
        "view": _view(dataset),
        "alignment": align.pixels,
        "compute": _compute(params),
        "code": code_hash("fer_bench.training.run", preset.module),
        "versions": _versions("torch", "numpy"),
    }
    return spec | _start(dataset, pretrained, str(options["backbone"]), where)


def _start(dataset: Dataset, pretrained: str | None, backbone: str, where: str) -> Spec:
    """What the weights start from: a label for the tables and a file, checked to exist."""
    if pretrained is None:
        return {"pretrained": None, "start": None}
    if pretrained == "identity":
        home = identity_home(dataset)
        file = f"runs/{home}/identity/{backbone}.safetensors"
        return {"pretrained": f"identity({home})", "start": {"file": file, "sha256": None}}
    try:
        path, sha256 = models.resolve_weights(pretrained, backbone)
    except FerBenchError as error:
        raise FerBenchError(f"{where}: {error}") from error
    return {"pretrained": pretrained, "start": {"file": path.as_posix(), "sha256": sha256}}


def _identity_spec(params: Params, dataset: Dataset) -> Spec:
    """Which backbones to pre-train on the people of this dataset: those some row starts from."""
    backbones: set[str] = set()
    for name, cells in params.enabled.items():
        other = registry.get_dataset(name)
        if identity_home(other) == dataset.name:
            for row in cells.models:
                spec = row_spec(params, other, row)
                if str(spec["pretrained"]).startswith("identity("):
                    backbones.add(spec["options"]["backbone"])
    settings = dataset_options(params, dataset)
    recipe = Recipe(sampler="shuffle").with_(settings.recipe, f"datasets.{dataset.name}.recipe")
    recipe = recipe.with_({"sampler": "shuffle", **settings.identity}, "identity")
    return {
        "dataset": dataset.name,
        "backbones": sorted(backbones),
        "size": _align(params, _source_of(dataset)).size,
        "input": settings.model.get("input", "half"),
        "recipe": recipe.to_json(),
        "view": _view(dataset),
        "compute": _compute(params),
        "code": code_hash("fer_bench.training.identity", models.preset("baseline1").module),
        "versions": _versions("torch", "numpy"),
    }


def dataset_options(params: Params, dataset: Dataset) -> DatasetOptions:
    """The dataset's options over those of the unmasked dataset it derives from."""
    base = params.datasets.get(identity_home(dataset), DatasetOptions())
    own = params.datasets.get(dataset.name, DatasetOptions())
    keys = DatasetOptions.model_fields
    return DatasetOptions(**{key: getattr(base, key) | getattr(own, key) for key in keys})


def identity_home(dataset: Dataset) -> str:
    """The dataset whose people a dataset's identity weights know: the unmasked one."""
    source = _source_of(dataset)
    return source if source in registry.datasets() else dataset.name


def _source_of(dataset: Dataset) -> str:
    return registry.get_pack(dataset.packs[0]).source


def _module_of(dataset: str) -> str:
    source = _source_of(registry.get_dataset(dataset))
    return type(registry.get_source(source)).__module__


def _view(dataset: Dataset) -> Spec:
    return {
        "name": dataset.name,
        "packs": list(dataset.packs),
        "classes": list(dataset.classes),
    }


def _align(params: Params, source: str) -> Align:
    return params.align.get(source, Align())


def _compute(params: Params) -> Spec:
    device = params.compute.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    return {
        "device": device,
        "precision": params.compute.precision,
        "threads": params.compute.threads,
    }


def _versions(*packages: str) -> dict[str, str]:
    return {package: version(package) for package in packages}
