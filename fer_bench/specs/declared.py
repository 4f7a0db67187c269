"""Models' options that params.yaml declares, whether an enabled row uses them or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from fer_bench import models
from fer_bench.errors import FerBenchError, nearest
from fer_bench.params import Params


def check_declared(params: Params) -> list[str]:
    """What is wrong with models' options, one sentence each."""
    return [said for check in _checks(params) if (said := _failure(check))]


def _checks(params: Params) -> Iterator[Callable[[], None]]:
    for name, settings in params.datasets.items():
        yield partial(_known, f"datasets.{name}.model", settings.model)
    for name, options in params.models.items():
        yield partial(_model, f"models.{name}", name, options)
    for name, variant in params.variants.items():
        options = {**params.models.get(variant.base, {}), **variant.model}
        yield partial(_model, f"variants.{name}.model", variant.base, options)


def _failure(check: Callable[[], None]) -> str | None:
    try:
        check()
    except FerBenchError as error:
        return str(error)
    return None


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
