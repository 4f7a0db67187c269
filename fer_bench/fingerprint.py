"""Which code a stage runs, as a hash: the files it imports, found without importing them.

Cells depend on this hash, not on code folders, so that a new model file makes no existing cell
stale. Comments, docstrings and layout do not count: only what the interpreter would run does. Nor
does a model's `CARD`, which is said about it and not run, nor, of the package's own `__init__.py`,
anything but the version: the rest are doors for people, and no stage goes through them.

Code outside the package, a model file of somebody else's, is followed where a caller says where its
top-level module lies (`outside`).
"""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

PACKAGE = "fer_bench"
ROOT = Path(__file__).parent
CARD = "CARD"
NOWHERE: Mapping[str, Path] = {}


def code_hash(*modules: str, root: Path = ROOT, outside: Mapping[str, Path] = NOWHERE) -> str:
    """SHA-256 over every file that `modules` import, directly or not: see `closure`."""
    digest = hashlib.sha256()
    for module in sorted(closure(*modules, root=root, outside=outside)):
        text = _normalised(_file(module, root, outside), module)
        digest.update(f"{module}\n{text}\n".encode())
    return digest.hexdigest()


def closure(*modules: str, root: Path = ROOT, outside: Mapping[str, Path] = NOWHERE) -> set[str]:
    """The known modules that `modules` import, directly or not, themselves included.

    Known are those of the package and those below `outside`. Imports inside functions count;
    modules found at run time (a registry's scan) do not: name those the stage uses.

    Args:
        modules: dotted names.
        root: the package's folder.
        outside: other top-level modules, each with its file or its package's folder.
    """
    seen: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module in seen or _file(module, root, outside) is None:
            continue
        seen.add(module)
        parent = module.rpartition(".")[0]
        if parent:
            waiting.append(parent)
        waiting.extend(_imports(_file(module, root, outside), module))
    return seen


def imported_elsewhere(
    *modules: str, root: Path = ROOT, outside: Mapping[str, Path] = NOWHERE
) -> set[str]:
    """The top-level modules that the closure's modules outside the package import from elsewhere.

    Neither the package, nor those of `outside`, nor Python's own library.
    """
    found: set[str] = set()
    for module in closure(*modules, root=root, outside=outside):
        if module.split(".")[0] != PACKAGE:
            names = _imports(_file(module, root, outside), module)
            found |= {name.split(".")[0] for name in names}
    return found - {PACKAGE, *outside, *sys.stdlib_module_names, *sys.builtin_module_names}


def _file(module: str, root: Path, outside: Mapping[str, Path]) -> Path | None:
    parts = module.split(".")
    if parts[0] in outside:
        path = outside[parts[0]]
        if path.is_file():
            return path if len(parts) == 1 else None
        root = path
    elif parts[0] != PACKAGE:
        return None
    path = root.joinpath(*parts[1:])
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file() and candidate != root.with_suffix(".py"):
            return candidate
    return None


@cache
def _imports(path: Path | None, module: str) -> list[str]:
    names: list[str] = []
    for node in ast.walk(_tree(path, module)):
        if isinstance(node, ast.Import):
            names.extend(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = module if path and path.name == "__init__.py" else _parent(module)
                for _ in range(node.level - 1):
                    package = _parent(package)
                base = f"{package}.{base}".rstrip(".")
            names.append(base)
            names.extend(f"{base}.{alias.name}" for alias in node.names)
    return names


def _parent(module: str) -> str:
    return module.rpartition(".")[0]


@cache
def _normalised(path: Path | None, module: str) -> str:
    tree = _tree(path, module)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [
                part
                for part in node.body
                if not (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))
            ] or [ast.Pass()]
    return ast.unparse(tree)


def _tree(path: Path | None, module: str) -> ast.Module:
    """The file's syntax tree, without what does not count."""
    assert path is not None
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    if module == PACKAGE:
        tree.body = [part for part in tree.body if _sets(part, "__version__")]
    tree.body = [part for part in tree.body if not _sets(part, CARD)]
    return tree


def _sets(part: ast.stmt, name: str) -> bool:
    targets = part.targets if isinstance(part, ast.Assign) else [getattr(part, "target", None)]
    return any(isinstance(target, ast.Name) and target.id == name for target in targets)
