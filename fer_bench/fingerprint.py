"""Which code a stage runs, as a hash: the files it imports, found without importing them.

Cells depend on this hash, not on code folders, so that a new model file makes no existing cell
stale. Comments, docstrings and layout do not count: only what the interpreter would run does.
"""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from pathlib import Path

PACKAGE = "fer_bench"
ROOT = Path(__file__).parent


def code_hash(*modules: str, root: Path = ROOT) -> str:
    """SHA-256 over every file of the package that `modules` import, directly or not."""
    digest = hashlib.sha256()
    for module in sorted(closure(*modules, root=root)):
        digest.update(f"{module}\n{_normalised(_file(module, root))}\n".encode())
    return digest.hexdigest()


def closure(*modules: str, root: Path = ROOT) -> set[str]:
    """The modules of the package that `modules` import, directly or not, themselves included.

    Imports inside functions count; modules found at run time (a registry's scan) do not: name
    those the stage uses.
    """
    seen: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module in seen or _file(module, root) is None:
            continue
        seen.add(module)
        parent = module.rpartition(".")[0]
        if parent:
            waiting.append(parent)
        waiting.extend(_imports(_file(module, root), module))
    return seen


def _file(module: str, root: Path) -> Path | None:
    parts = module.split(".")
    if parts[0] != PACKAGE:
        return None
    path = root.joinpath(*parts[1:])
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file() and candidate != root.with_suffix(".py"):
            return candidate
    return None


@cache
def _imports(path: Path | None, module: str) -> list[str]:
    assert path is not None
    names: list[str] = []
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.extend(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = module if path.name == "__init__.py" else module.rpartition(".")[0]
                for _ in range(node.level - 1):
                    package = package.rpartition(".")[0]
                base = f"{package}.{base}".rstrip(".")
            names.append(base)
            names.extend(f"{base}.{alias.name}" for alias in node.names)
    return [name for name in names if name.split(".")[0] == PACKAGE]


@cache
def _normalised(path: Path | None) -> str:
    assert path is not None
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [
                part
                for part in node.body
                if not (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))
            ] or [ast.Pass()]
    return ast.unparse(tree)
