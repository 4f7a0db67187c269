"""Specs of the benchmark's rows: a model or variant on a dataset, with what it starts from."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Mapping
from typing import Any

from fer_bench import datasets as registry
from fer_bench import models
from fer_bench.datasets.base import Dataset
from fer_bench.errors import FerBenchError, nearest
from fer_bench.fingerprint import code_hash
from fer_bench.models import outside
from fer_bench.models.base import OWN
from fer_bench.models.face_and_landmarks import IR50_MOBILEFACENET
from fer_bench.params import Align, DatasetOptions, Params, Variant, recipe_keys
from fer_bench.records.base import to_json
from fer_bench.records.spec import RowSpec
from fer_bench.row_names import transferred
from fer_bench.rules import read_protocol
from fer_bench.specs.options import (
    Spec,
    align_options,
    compute,
    dataset_options,
    identity_home,
    identity_of,
    module_of,
    source_of,
    versions,
    view,
)
from fer_bench.training.recipe import Recipe


def row_specs(
    params: Params, dataset: Dataset, homes: Mapping[str, list[str]]
) -> Iterator[tuple[str, Spec]]:
    """The specs of one dataset's rows, of its identity pre-training and of its scoring.

    `homes` has the `identity_homes` of every enabled dataset.
    """
    cells = params.enabled[dataset.name]
    for row in cells.trained:
        yield f"{dataset.name}/{row}", to_json(row_spec(params, dataset, row))
        yield f"cards/{row}", _card(params, row)
    for source in cells.init_from:
        for row in cells.transfer_models:
            spec = row_spec(params, dataset, row, init_from=source)
            yield f"{dataset.name}/{spec.model}", to_json(spec)
            yield f"cards/{spec.model}", _card(params, row)
    yield f"identity/{dataset.name}", _identity_spec(params, dataset, homes)
    yield (
        f"scores/{dataset.name}",
        {
            "dataset": dataset.name,
            "sets": [dataset.name, *cells.evaluate_on],
            "rules": read_protocol().to_json(),
            "code": code_hash(
                "fer_bench.evaluation.score",
                *(module_of(name) for name in (dataset.name, *cells.evaluate_on)),
            ),
        },
    )


def _in_words(align: Align) -> str:
    """How faces are cut, and where points lie unless on the mean face."""
    return f"{align.pixels} with points {align.points}" if align.points else str(align.pixels)


def row_spec(params: Params, dataset: Dataset, row: str, init_from: str | None = None) -> RowSpec:
    """The spec of one row: options from preset, dataset, model and variant, in this order.

    Its `input`, unless one of the last three names it, is that of the weights it starts from, where
    those are of another row or tell people apart. Its recipe comes from the dataset, the preset,
    what was tuned for the base, the variant and what was tuned for it; a transferred row's from
    `transfer` last.

    Raises:
        FerBenchError: an unknown option or recipe key, or a model that cannot be built.
    """
    where = f"enabled.{dataset.name}.{row}"
    variant = params.every_variant.get(row)
    base = variant.base if variant else row
    preset = models.preset(base)
    settings = dataset_options(params, dataset)
    options = dict(settings.model)
    if preset.own_backbone:
        options.pop("backbone", None)
    options |= params.models.get(base, {})
    if variant:
        options |= variant.model
    aligned = [align_options(params, registry.get_pack(pack).source) for pack in dataset.packs]
    if len({align.size for align in aligned}) > 1:
        raise FerBenchError(
            f"{where}: the sources of its packs are aligned to different sizes "
            f"({', '.join(str(align.size) for align in aligned)} px); set align.<source>.size alike"
        )
    options["size"] = aligned[0].size
    pretrained = options.pop("pretrained", preset.pretrained)
    pretrained = settings.weights.get(pretrained, pretrained) if pretrained else None
    if init_from is not None:
        whole = row_spec(params, registry.get_dataset(init_from), row)
        options.setdefault("input", whole.options["input"])
    elif (home := identity_of(dataset, pretrained)) in registry.datasets():
        options.setdefault("input", _identity_input(params, registry.get_dataset(home)))
    own = recipe_keys(preset.recipe, f"{base}'s recipe")
    searched = settings.tuned.get(row) or settings.tuned.get(base)
    try:
        layers = ChainMap(*_layers(settings, base, own, row, variant, init_from))
        cells = params.enabled.get(dataset.name)
        teacher = cells.students.get(row, "") if cells and init_from is None else ""
        recipe = Recipe.of({**layers, "teacher": teacher})
        options = models.configure(base, options).as_dict()
    except FerBenchError as error:
        raise FerBenchError(f"{where}: {error}") from error
    recorded = outside.recorded(base)
    libraries = ("torch", "numpy", *models.libraries(str(options["backbone"])))
    begins, start = _start(params, dataset, pretrained, options, where)
    return RowSpec(
        dataset=dataset.name,
        model=row if init_from is None else transferred(row, init_from),
        method=row,
        base=base,
        source=identity_home(dataset),
        style=registry.get_pack(dataset.packs[0]).mask_style,
        options=options,
        recipe=recipe.to_json(),
        tuning=f"{identity_home(dataset)}/{searched.log}" if searched else None,
        view=view(dataset),
        alignment=", ".join(dict.fromkeys(_in_words(align) for align in aligned)),
        align=aligned[0].model_dump(mode="json", exclude_none=True),
        compute=compute(params),
        code=outside.code_of(base, "fer_bench.training.train"),
        versions=versions(*libraries) | recorded.get("others", {}),
        pretrained=begins,
        start=start,
        init_from=init_from,
        outside=recorded.get("outside"),
    )


def _layers(
    settings: DatasetOptions,
    base: str,
    preset: dict[str, Any],
    row: str,
    variant: Variant | None,
    init_from: str | None,
) -> Iterator[dict[str, Any]]:
    """What a row's recipe is made of, each before those that it replaces."""
    if init_from is not None:
        yield settings.transfer
    for name, declared in ((row, variant), (base, None)):
        if name in settings.tuned:
            yield settings.tuned[name].recipe
        if declared:
            yield declared.recipe
    yield preset
    yield settings.recipe


def _card(params: Params, row: str) -> Spec:
    """What a model from outside says of itself, apart from its spec: words train nothing again."""
    variant = params.every_variant.get(row)
    return {"card": outside.card(variant.base if variant else row)}


def _start(
    params: Params, dataset: Dataset, pretrained: str | None, options: Spec, where: str
) -> tuple[str | None, dict[str, str | None] | None]:
    """What the weights start from: a label for the tables and a file, checked to exist."""
    backbone = str(options["backbone"])
    if backbone == IR50_MOBILEFACENET and (pretrained is None or identity_of(dataset, pretrained)):
        raise FerBenchError(
            f"{where}: its network of landmarks never learns, so that it must start from one that "
            f"has: `pretrained: ms1m`, with no other start for ms1m in datasets.{dataset.name}."
            "weights"
        )
    if pretrained is None:
        return None, None
    if backbone == OWN:
        raise FerBenchError(
            f"{where}: its network is its own, and no {pretrained} weights fit it; register the "
            "model with pretrained=None"
        )
    if home := identity_of(dataset, pretrained):
        _check_identity(params, dataset, home, options, where)
        file = f"runs/{home}/identity/{backbone}.safetensors"
        return f"identity({home})", {"file": file, "sha256": None}
    try:
        path, sha256 = models.resolve_weights(pretrained, backbone)
    except FerBenchError as error:
        raise FerBenchError(f"{where}: {error}") from error
    return pretrained, {"file": path.as_posix(), "sha256": sha256}


def _check_identity(params: Params, dataset: Dataset, home: str, options: Spec, where: str) -> None:
    """Raise FerBenchError where a row cannot start from the identity weights of `home`."""
    if home == identity_home(dataset):
        if dataset.protocol == "folds":
            raise FerBenchError(
                f"{where}: identity weights would have seen the people of every fold; set "
                f"`datasets.{dataset.name}.model: {{pretrained: null}}` or start from another "
                "dataset (init_from, transfer_models)"
            )
        return
    known = registry.datasets()
    homes = [n for n, d in known.items() if d.protocol == "split" and identity_home(d) == n]
    if home not in homes:
        raise FerBenchError(
            f"{where}: identity({home}) cannot be trained: it takes the training people of an "
            f"unmasked dataset with splits of its own; {nearest(home, homes)}"
        )
    other = known[home]
    size = align_options(params, source_of(other)).size
    if size != options["size"]:
        raise FerBenchError(
            f"{where}: identity({home}) learns from faces of {size} px and this row from "
            f"{options['size']} px; set align.{source_of(other)}.size and "
            f"align.{source_of(dataset)}.size alike"
        )
    given = _identity_input(params, other)
    if given != options["input"]:
        raise FerBenchError(
            f"{where}: identity({home}) is trained with input {given!r} and this row takes "
            f"{options['input']!r}; set datasets.{home}.model.input and this row's `input` alike"
        )


def _identity_input(params: Params, home: Dataset) -> str:
    return str(dataset_options(params, home).model.get("input", "half"))


def _identity_spec(params: Params, dataset: Dataset, homes: Mapping[str, list[str]]) -> Spec:
    """Which backbones to pre-train on the people of this dataset: those some row starts from."""
    backbones: set[str] = set()
    for name, cells in params.enabled.items():
        if dataset.name in homes[name]:
            for row in cells.trained:
                spec = row_spec(params, registry.get_dataset(name), row)
                if spec.pretrained == f"identity({dataset.name})":
                    backbones.add(spec.options["backbone"])
    settings = dataset_options(params, dataset)
    recipe = Recipe.of({"sampler": "shuffle", **settings.identity})
    return {
        "dataset": dataset.name,
        "backbones": sorted(backbones),
        "size": align_options(params, source_of(dataset)).size,
        "input": _identity_input(params, dataset),
        "recipe": recipe.to_json(),
        "view": to_json(view(dataset)),
        "compute": compute(params),
        "code": code_hash("fer_bench.training.identity", models.preset("baseline1").module),
        "versions": versions("torch", "numpy"),
    }
