"""Options that params.yaml declares, whether an enabled row uses them or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from fer_bench import models
from fer_bench.errors import FerBenchError, nearest
from fer_bench.params import Params
from fer_bench.training.recipe import Recipe


def check_declared(params: Params) -> list[str]:
    """What is wrong with models' options and recipes, one sentence each."""
    return [said for check in _checks(params) if (said := _failure(check))]


def _checks(params: Params) -> Iterator[Callable[[], None]]:
    for name, settings in params.datasets.items():
        where = f"datasets.{name}"
        yield partial(_known, f"{where}.model", settings.model)
        tuned = {f"tuned.{row}.recipe": one.recipe for row, one in settings.tuned.items()}
        for key in ("recipe", "transfer", "identity"):
            tuned[key] = getattr(settings, key)
        for key, keys in tuned.items():
            yield partial(_recipe, f"{where}.{key}", keys)
    for name, options in params.models.items():
        yield partial(_model, f"models.{name}", name, options)
    for name, variant in params.variants.items():
        where, base = f"variants.{name}", variant.base
        options = {**params.models.get(base, {}), **variant.model}
        yield partial(_model, f"{where}.model", base, options)
        yield partial(_recipe, f"{where}.recipe", variant.recipe)


def _failure(check: Callable[[], None]) -> str | None:
    try:
        check()
    except FerBenchError as error:
        return str(error)
    return None


def _recipe(where: str, keys: Mapping[str, Any]) -> None:
    Recipe().with_(keys, where)


def _model(where: str, name: str, options: Mapping[str, Any]) -> None:
    _no_size(where, options)
    try:
        models.configure(name, {k: v for k, v in options.items() if k != "pretrained"})
    except FerBenchError as error:
        raise FerBenchError(f"{where}: {error}") from error


def _known(where: str, options: Mapping[str, Any]) -> None:
    """Options of every model of a dataset: some model must have each."""
    _no_size(where, options)
    valid = {"pretrained"}.union(*(models.preset(name).defaults for name in models.names()))
    for key in options:
        if key not in valid:
            raise FerBenchError(f"{where}.{key}: unknown option; {nearest(key, valid)}")


def _no_size(where: str, options: Mapping[str, Any]) -> None:
    if "size" in options:
        raise FerBenchError(
            f"{where}.size: a model's size is that of its faces; set align.<source>.size"
        )
