"""Models by name, found by scanning the files of this package.

A file registers a builder by `@register`, or one network with several sets of options as lines of
`register_presets`; adding a file is enough to add a model. This file imports no model family by
name, so that a family's code hash covers only what it uses.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from torch import Tensor

from fer_bench.errors import FerBenchError, nearest
from fer_bench.models.backbones import libraries
from fer_bench.models.base import OWN, FERModel, ModelConfig, Output, Preset

__all__ = [
    "FERModel",
    "Family",
    "ModelConfig",
    "Output",
    "Preset",
    "PresetLine",
    "backbone_state",
    "build",
    "configure",
    "exists",
    "libraries",
    "load_pretrained",
    "names",
    "preset",
    "register",
    "register_family",
    "register_presets",
    "resolve_weights",
]

C = TypeVar("C", bound=ModelConfig)
Builder = Callable[[int, C], FERModel]

Entry = tuple[Preset, ModelConfig, Builder[Any]]

_registry: dict[str, Entry] = {}


class Member(NamedTuple):
    """One of the models that a family builds by name."""

    config: ModelConfig
    builder: Builder[Any]
    summary: str


_families: dict[str, tuple[str, Callable[[str], Member]]] = {}


def register(
    config: C, *, pretrained: str | None = None, recipe: Mapping[str, Any] | None = None
) -> Callable[[Builder[C]], Builder[C]]:
    """Register a builder under its function's name; its docstring's first line is the summary.

    Args:
        config: the options the builder is given where the caller says nothing else.
        pretrained: what its backbone starts from: None, "imagenet", "vggface2", "msceleb", "ms1m"
            or "identity".
        recipe: training keys this model sets otherwise than its dataset's recipe.

    Raises:
        FerBenchError: the name is taken or holds other characters than a-z, 0-9 and _.
    """

    def add(builder: Builder[C]) -> Builder[C]:
        summary = (builder.__doc__ or "").strip().split("\n")[0]
        _add(builder, PresetLine(builder.__name__, config, pretrained, summary, recipe or {}))
        return builder

    return add


class PresetLine(NamedTuple):
    """A preset as one line; the attributes are arguments of `register`, or what it reads there."""

    name: str
    config: ModelConfig
    pretrained: str | None
    summary: str
    recipe: Mapping[str, Any] = {}


def register_presets(builder: Builder[Any], *lines: PresetLine) -> None:
    """Register several presets of one network, which differ in options, start or recipe alone.

    Args:
        builder: the network's class.
        lines: the presets; summaries name the paper's table or section.

    Raises:
        FerBenchError: as of `register`.
    """
    for line in lines:
        _add(builder, line)


def _add(builder: Builder[Any], line: PresetLine) -> None:
    name, config, pretrained, summary, recipe = line
    module = builder.__module__
    if not re.fullmatch("[a-z0-9_]+", name):
        raise FerBenchError(f"model name {name!r} in {module}: use a-z, 0-9 and _ only")
    if name in _registry and _registry[name][0].module != module:
        taken = _registry[name][0].module
        raise FerBenchError(f"model name {name!r} in {module} is taken by {taken}: rename one")
    own = config.backbone == OWN
    shown = Preset(name, module, config.as_dict(), pretrained, dict(recipe), summary, own)
    _registry[name] = (shown, config, builder)


def register_family(prefix: str) -> Callable[[Callable[[str], Member]], Callable[[str], Member]]:
    """Register models by the beginning of their names, where there are too many to list.

    The function takes a whole name and raises FerBenchError where the family has no such model. Its
    models have their backbone in their name.
    """

    def add(make: Callable[[str], Member]) -> Callable[[str], Member]:
        _families[prefix] = (make.__module__, make)
        return make

    return add


@cache
def _discover() -> None:
    for info in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{info.name}")


def _get(name: str) -> Entry:
    _discover()
    if name in _registry:
        return _registry[name]
    for prefix in _families:
        if name.startswith(prefix):
            return _of_family(prefix, name)
    raise FerBenchError(f"unknown model {name!r}: {nearest(name, _registry)}")


@cache
def _of_family(prefix: str, name: str) -> Entry:
    module, make = _families[prefix]
    config, builder, summary = make(name)
    preset = Preset(name, module, config.as_dict(), None, {}, summary, own_backbone=True)
    return preset, config, builder


def names() -> list[str]:
    """Every model's name, sorted; without the families', which are too many."""
    _discover()
    return sorted(_registry)


def exists(name: str) -> bool:
    """Whether `build` knows the name: one of `names()`, or a family's."""
    try:
        _get(name)
    except FerBenchError:
        return False
    return True


def preset(name: str) -> Preset:
    """What `name` is: module, default options, pretraining, recipe overrides, summary."""
    return _get(name)[0]


def configure(name: str, options: Mapping[str, Any]) -> ModelConfig:
    """The options `name` would be built with, checked without building it.

    Raises:
        FerBenchError: unknown name, option or value; the message names the nearest valid one.
    """
    shown, config, _ = _get(name)
    for option in options:
        if option not in shown.defaults:
            raise FerBenchError(
                f"{name}: unknown option {option!r}: {nearest(option, shown.defaults)}"
            )
    try:
        return replace(config, **options)
    except FerBenchError as error:
        raise FerBenchError(f"{name}: {error}") from error


def build(name: str, num_classes: int = 7, **options: Any) -> FERModel:
    """Build the model `name` with random weights drawn from torch's global generator.

    Args:
        name: one of `names()`.
        num_classes: K, the width of the logits.
        options: overrides of `preset(name).defaults`.

    Raises:
        FerBenchError: unknown name, option or value; the message names the nearest valid one.
    """
    config = configure(name, options)
    if num_classes < 2:
        raise FerBenchError(f"{name}: num_classes must be at least 2, got {num_classes}")
    return _get(name)[2](num_classes, config)


def load_pretrained(model: FERModel, state: Mapping[str, Tensor]) -> None:
    """Load backbone weights, e.g. identity weights, into `model`; heads are left as they are.

    Raises:
        FerBenchError: a weight the model needs is missing, has another shape, or is not one of
            the backbone's.
    """
    model.load_backbone(state)


def backbone_state(model: FERModel) -> dict[str, Tensor]:
    """The backbone's weights under torchvision's names, as `load_pretrained` takes them."""
    return {
        name: value.detach().cpu().contiguous()
        for name, value in model.backbone.state_dict().items()
    }


def resolve_weights(kind: str, backbone: str) -> tuple[Path, str]:
    """The file of pretrained weights (`imagenet` or `vggface2`) and its recorded sha256.

    Raises:
        FerBenchError: it is not there; says where it comes from and the command to run.
    """
    # Not an import statement: how weights files are converted is no part of a trained cell's code.
    weights = importlib.import_module(f"{__name__}.weights")
    path: Path = weights.resolve(kind, backbone)
    return path, weights.recorded_sha256(path)
