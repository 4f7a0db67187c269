"""Models whose code is not part of this package: files named in params, and installed packages.

Nothing here is imported by a model family or by training, so that it is no part of a cell's code.
A file's own code, and what it imports that no version number stands for, is: see `recorded`.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import logging
import sys
import traceback
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import Distribution, entry_points, packages_distributions, version
from pathlib import Path
from types import ModuleType
from typing import Any

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.fingerprint import CARD, code_hash, imported_elsewhere
from fer_bench.model_card import check_card
from fer_bench.records.spec import RowSpec

log = logging.getLogger(__name__)

GROUP = "fer_bench.models"
"""The entry point group of installed packages; each entry names a module that registers models."""

_PREFIX = "model_file_"
_files: dict[str, Path] = {}  # module -> the file or folder as it was given


def register_everything(files: Iterable[str | Path] = ()) -> None:
    """Register the models of `files` and of installed packages.

    A package that cannot be imported is told in the log and passed over: it must not stop others.
    """
    for file in files:
        register_file(file)
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.value):
        try:
            register_module(point.module)
        except FerBenchError as error:
            log.warning("left out: %s", error)


def register_file(path: str | Path) -> list[str]:
    """Register the models of a Python file, or of a package's folder; returns their names.

    Args:
        path: `my_net.py`, or a folder with an `__init__.py` whose modules import one another
            relatively.

    Raises:
        FerBenchError: it is not there, fails, registers nothing, or takes a name that exists.
    """
    path = Path(path)
    start = path / "__init__.py" if path.is_dir() else path
    if not start.is_file():
        raise FerBenchError(
            f"there is no model file {start}: give the path from here, or write one with "
            "`fer-bench models new NAME`"
        )
    module = _PREFIX + path.stem
    known = _files.get(module)
    if known is not None and known.resolve() != path.resolve():
        raise FerBenchError(
            f"two model files are called {path.name}: {known} and {path}; rename one"
        )
    models.names()  # the package's own first: it is the newcomer that takes a name twice
    if known is not None:
        return _registered(module, str(path))
    folder = [str(path)] if path.is_dir() else None
    try:
        _run(module, start, folder)
        names = _registered(module, str(path))
    except BaseException:  # so that it can be put right and registered again
        for name in [m for m in sys.modules if m == module or m.startswith(f"{module}.")]:
            del sys.modules[name]
        raise
    _files[module] = path
    return names


def register_module(module: str) -> list[str]:
    """Register the models of an installed module, as an entry point names it; returns their names.

    Raises:
        FerBenchError: it cannot be imported, or registers nothing.
    """
    models.names()
    try:
        importlib.import_module(module)
    except FerBenchError as error:
        raise FerBenchError(f"{module}, of the entry points `{GROUP}`: {error}") from error
    except Exception as error:
        raise FerBenchError(
            f"{module}, of the entry points `{GROUP}`, cannot be imported "
            f"({type(error).__name__}: {error}): install it again, or remove it"
        ) from error
    return _registered(module, module)


def recorded(name: str) -> dict[str, Any]:
    """What a spec says of a model from outside; nothing for one of this package.

    Returns:
        `outside`: the `file` or `module` to register; `others`: versions of the packages it
        imports, by name.
    """
    module = models.preset(name).module
    if module in _files:
        where = {"file": _files[module].as_posix()}
    elif module.split(".")[0] != "fer_bench":
        where = {"module": _entry_module(module)}
    else:
        return {}
    return {"outside": where, "others": _others(module)}


def code_of(name: str, entry: str) -> str:
    """The hash of all code that `entry` runs with the model `name`, wherever it lies."""
    module = models.preset(name).module
    return code_hash(entry, module, outside=_local(module)[0])


def receipt(path: Path) -> dict[str, Any]:
    """What is recorded of a model file: its models with their cards, and the hash of its code."""
    names, module = register_file(path), _PREFIX + path.stem
    cards = {name: card(name) for name in names}
    return {"models": cards, "code": code_hash(module, outside=_local(module)[0])}


def prepare(spec: RowSpec) -> None:
    """Register the model that a cell's spec was written for, if it is one from outside.

    Raises:
        FerBenchError: its code is another one by now, so that the cell would not be what it says.
    """
    where = spec.outside
    if where is None:
        return
    register(where)
    if code_of(spec.base, "fer_bench.training.train") != spec.code:
        raise FerBenchError(
            f"{spec.dataset}/{spec.model}: the code of {next(iter(where.values()))}, or of "
            "what it imports, has changed since its spec was written; run `fer-bench sweep`, which "
            "writes specs anew"
        )


def register(where: Mapping[str, str]) -> list[str]:
    """Register what `recorded` says of a model, its `file` or `module`; returns the names."""
    if "file" in where:
        return register_file(where["file"])
    return register_module(where["module"])


def card(name: str) -> dict[str, Any] | None:
    """A model's card, as its file states it; None for a model of this package.

    Raises:
        FerBenchError: there is none, or it does not state all that a row must.
    """
    module = models.preset(name).module
    if module.split(".")[0] == "fer_bench":
        return None
    return check_card(getattr(sys.modules[module], CARD, None), f"{CARD} in {_said(module)}")


def _said(module: str) -> str:
    return str(_files.get(module, module))


def _run(module: str, start: Path, folder: list[str] | None) -> None:
    spec = importlib.util.spec_from_file_location(module, start, submodule_search_locations=folder)
    if spec is None or spec.loader is None:
        raise FerBenchError(f"{start} is no Python file: its name must end in .py")
    found = importlib.util.module_from_spec(spec)
    sys.modules[module] = found  # dataclasses look their module up
    try:
        spec.loader.exec_module(found)
    except FerBenchError:
        raise
    except Exception as error:
        raise FerBenchError(_explained(start, error)) from error


def _explained(start: Path, error: Exception) -> str:
    if isinstance(error, SyntaxError):
        return f"{start}, line {error.lineno}: {error.msg}; correct it there"
    inside = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == str(start)]
    where = f"{start}, line {inside[-1].lineno}" if inside else str(start)
    said = f"{where}: {type(error).__name__}: {error}"
    if isinstance(error, ModuleNotFoundError):
        return (
            f"{said}; install that package, or, if it is a file of yours, make a folder with an "
            "__init__.py of both and import it relatively (from . import helper)"
        )
    return f"{said}; correct it there"


def _registered(module: str, where: str) -> list[str]:
    def inside(other: str) -> bool:
        return other == module or other.startswith(f"{module}.")

    found = [name for name in models.names() if inside(models.preset(name).module)]
    if not found:
        raise FerBenchError(
            f"{where} registers no model: put `@register(Config())` above a function "
            "`name(num_classes, config)`; `fer-bench models new NAME` writes one to start from"
        )
    return found


def _entry_module(module: str) -> str:
    """The entry point that leads to a module: itself or a package above it."""
    points = {point.module for point in entry_points(group=GROUP)}
    name = module
    while name and name not in points:
        name = name.rpartition(".")[0]
    return name or module


def _local(module: str) -> tuple[dict[str, Path], dict[str, str]]:
    """The code that a module from outside runs and whose versions say nothing of it, and the rest.

    Returns:
        Top-level modules with their files or folders: its own, and those it imports that were not
        installed as a fixed version (in development, or found by PYTHONPATH). And the versions of
        the packages it imports otherwise.
    """
    top = module.split(".")[0]
    if top == "fer_bench":
        return {}, {}
    local = {top: _files[module] if module in _files else _place(top)}
    fixed: dict[str, str] = {}
    while new := imported_elsewhere(module, outside=local) - set(fixed):
        for name in new:
            packages = _distributions().get(name, [])
            if packages and not any(_editable(package) for package in packages):
                fixed[name] = packages[0]
            elif (place := _found(name)) is not None:
                local[name] = place
            else:
                fixed[name] = ""  # not there: an import that the file itself makes optional
    return local, {package: version(package) for package in sorted(set(fixed.values()) - {""})}


def _others(module: str) -> dict[str, str]:
    return _local(module)[1]


@cache
def _distributions() -> Mapping[str, list[str]]:
    return packages_distributions()


def _editable(package: str) -> bool:
    text = Distribution.from_name(package).read_text("direct_url.json")
    return bool(text and json.loads(text).get("dir_info", {}).get("editable"))


def _place(top: str) -> Path:
    found: ModuleType = sys.modules[top]
    paths = list(getattr(found, "__path__", []))
    return Path(paths[0]) if paths else Path(str(found.__file__))


def _found(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    if spec is None:
        return None
    if spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations)))
    return Path(spec.origin) if spec.origin and spec.origin.endswith(".py") else None
