"""Options as stages see them: params over defaults."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from fer_bench import datasets as registry
from fer_bench.datasets.base import Dataset
from fer_bench.errors import FerBenchError, nearest
from fer_bench.params import Align, DatasetOptions, Params
from fer_bench.records.spec import View

Spec = dict[str, Any]


def dataset_options(params: Params, dataset: Dataset) -> DatasetOptions:
    """The dataset's options over those of the unmasked dataset it derives from."""
    base = params.datasets.get(identity_home(dataset), DatasetOptions())
    own = params.datasets.get(dataset.name, DatasetOptions())
    keys = DatasetOptions.model_fields
    return DatasetOptions(**{key: getattr(base, key) | getattr(own, key) for key in keys})


def identity_home(dataset: Dataset) -> str:
    """The dataset whose people a dataset's identity weights know: the unmasked one."""
    source = source_of(dataset)
    return source if source in registry.datasets() else dataset.name


def identity_of(dataset: Dataset, start: str | None) -> str | None:
    """The dataset whose people weights know that are called `identity` or `identity(<dataset>)`."""
    named = re.fullmatch(r"identity(?:\((\w+)\))?", start or "")
    return (named[1] or identity_home(dataset)) if named else None


def identity_homes(params: Params, dataset: Dataset) -> list[str]:
    """Whose identity weights a dataset's rows may start from: its own first, then those named."""
    return list(dict.fromkeys([identity_home(dataset), *_named_homes(params, dataset)]))


def _named_homes(params: Params, dataset: Dataset) -> Iterator[str]:
    settings, cells = dataset_options(params, dataset), params.enabled.get(dataset.name)
    rows = (*cells.trained, *cells.transfer_models) if cells else ()
    of_rows = [params.every_variant[row].model for row in rows if row in params.every_variant]
    options = [settings.model, *params.models.values(), *of_rows]
    for start in (*settings.weights.values(), *(o.get("pretrained") for o in options)):
        if home := identity_of(dataset, start):
            yield home


def source_of(dataset: Dataset) -> str:
    """The source of its first pack."""
    return registry.get_pack(dataset.packs[0]).source


def module_of(dataset: str) -> str:
    """The module that defines a dataset's source."""
    source = source_of(registry.get_dataset(dataset))
    return type(registry.get_source(source)).__module__


def view(dataset: Dataset) -> View:
    """A dataset as training, evaluation and audit see it."""
    parts = [part.to_json() for part in dataset.parts]
    return View(dataset.name, parts, dataset.classes, dataset.protocol)


def align_options(params: Params, source: str) -> Align:
    """How a source is aligned; without a choice of pixels in params, as the source prefers."""
    align, possible = params.align.get(source, Align()), registry.get_source(source).pixels
    pixels = align.pixels or possible[0]
    if pixels not in possible:
        raise FerBenchError(
            f"align.{source}.pixels: {pixels!r} is not possible here; {nearest(pixels, possible)}"
        )
    if align.points == "detected" and pixels == "mtcnn":
        raise FerBenchError(
            f"align.{source}.points: with pixels: mtcnn each face's points lie on its detected "
            "landmarks anyway: leave it out"
        )
    return align.model_copy(update={"pixels": pixels})


def compute(params: Params) -> Spec:
    """`params.compute`; `auto` stays, so that a cell may run on another machine than this."""
    return params.compute.model_dump()


def versions(*packages: str) -> dict[str, str]:
    """Installed versions of packages whose change makes a stage stale."""
    return {package: version(package) for package in packages}
